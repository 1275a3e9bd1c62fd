"""The worker's thread: a model is opened, used and closed in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import nullcontext

import pytest

from kernelc.errors import DeviceError
from kernelc.serve import answering
from kernelc.serve.failures import QueueFull, ShuttingDown
from kernelc.serve.job import Failed, Finished, Job
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Served, Worker
from runtime.chat.completion import Completion, completed
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import Delta
from tests.runtime.fake_engine import FakeEngine
from tests.serve.serving import Gate, fake, served, wait_until


def worker(model: Served, most_waiting: int = 1) -> Worker:
    return Worker(lambda: nullcontext(model), most_waiting=most_waiting, metrics=Metrics())


def test_a_model_that_does_not_open_is_said_by_the_constructor() -> None:
    def opened() -> nullcontext[Served]:
        raise DeviceError("there is no device")

    with pytest.raises(DeviceError, match="there is no device"):
        Worker(opened, most_waiting=1, metrics=Metrics())


def test_a_model_is_opened_used_and_closed_in_one_thread() -> None:
    threads: list[int] = []

    class Opened(nullcontext[Served]):
        def __enter__(self) -> Served:
            threads.append(threading.get_ident())
            return super().__enter__()

        def __exit__(self, *error: object) -> None:
            threads.append(threading.get_ident())

    def reply(ids: Sequence[int]) -> str:
        threads.append(threading.get_ident())
        return "x"

    async def ask(running: Worker) -> None:
        await running.submit([CompletionRequest(prompt="x")]).next_events()

    running = Worker(lambda: Opened(fake(reply)), most_waiting=1, metrics=Metrics())
    asyncio.run(ask(running))
    running.close()
    assert len(threads) == 3 and len(set(threads)) == 1 and threads[0] != threading.get_ident()


def test_what_an_answer_left_is_kept_when_its_reader_has_all_of_it() -> None:
    engine, kept = FakeEngine(lambda ids: "xyz"), threading.Event()
    finished_first: list[bool] = []

    async def ask(running: Worker) -> None:
        job = running.submit([CompletionRequest(prompt="x")])

        def remember() -> None:
            finished_first.append(job.over)
            kept.set()

        engine.remember = remember  # type: ignore[method-assign]
        await job.next_events()

    running = worker(served(engine))
    asyncio.run(ask(running))
    assert kept.wait(60)
    running.close()
    assert finished_first == [True]


def test_choices_that_end_in_another_order_are_answered_in_theirs() -> None:
    async def ask() -> list[str]:
        job = Job((CompletionRequest(prompt="x"),) * 3)
        for index in (2, 0, 1):
            answer = Completion(0)
            answer.finish_reason = "stop"
            job.put(Finished(index, answer, completed(answer, [Delta("text", str(index))])))
        return [each.text for each in await answering._collected(job)]  # pyright: ignore[reportPrivateUsage]

    assert asyncio.run(ask()) == ["0", "1", "2"]


def test_a_closed_worker_takes_nothing() -> None:
    async def ask() -> None:
        gate = Gate()
        running = worker(served(FakeEngine(gate)))
        job = running.submit([CompletionRequest(prompt="x")])
        wait_until(lambda: gate.begun == 1)
        second = running.submit([CompletionRequest(prompt="x")])
        with pytest.raises(QueueFull):
            running.submit([CompletionRequest(prompt="x")])
        closing = threading.Thread(target=running.close)
        closing.start()
        wait_until(lambda: job.over)
        gate.step()
        closing.join()
        assert gate.given == 1
        with pytest.raises(ShuttingDown):
            running.submit([CompletionRequest(prompt="x")])
        for ended in (job, second):
            (failed,) = await ended.next_events()
            assert isinstance(failed, Failed) and isinstance(failed.error, ShuttingDown)

    asyncio.run(ask())
