"""Several calls at once on an engine of several sequences: one that ends leaves the others alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import pytest

from kernelc.errors import DeviceError
from kernelc.serve import together
from kernelc.serve.job import ClientGone, Failed, Finished, Job
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Worker
from runtime.chat.completion import Completed, Completion, completed
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import Delta
from runtime.engine.chooser import Chooser
from runtime.engine.sampling import SamplingParams
from tests.runtime.fake_engine import FakeEngine, FakeToken, FakeTokens
from tests.serve.serving import PATIENCE, served

REPLY = "abcdefghijklmnopqrst"


class SteppedTokens(Iterator[FakeToken | None]):
    """Tokens that each wait for a step."""

    def __init__(self, tokens: FakeTokens) -> None:
        self.stepped = False
        self._tokens = tokens

    @property
    def finish_reason(self) -> str | None:
        return self._tokens.finish_reason

    def __next__(self) -> FakeToken | None:
        if not self.stepped:
            return None
        self.stepped = False
        return next(self._tokens)

    def close(self) -> None:
        self._tokens.close()


class FakePlace(FakeEngine):
    """A sequence of a fake engine of several."""

    tokens: SteppedTokens | None = None

    def __init__(self, shared: FakeShared) -> None:
        super().__init__(lambda ids: REPLY)
        self._shared = shared
        shared.taken.append(self)

    def generate(  # type: ignore[override]
        self,
        max_new: int,
        sampling: SamplingParams,
        stop_ids: Iterable[int],
        *,
        choose: Chooser | None = None,
    ) -> SteppedTokens:
        self.tokens = SteppedTokens(super().generate(max_new, sampling, stop_ids, choose=choose))
        return self.tokens

    def back(self) -> None:
        self._shared.taken.remove(self)


class FakeShared:
    """An engine of two sequences, which calls `before_step` before each step."""

    places = 2

    def __init__(self, before_step: Callable[[int], None]) -> None:
        self.taken: list[FakePlace] = []
        self.steps = 0
        self.all_asked = threading.Event()
        self._before_step = before_step

    def lease(self) -> FakePlace:
        return FakePlace(self)

    def step(self) -> None:
        assert self.all_asked.wait(PATIENCE) and len(self.taken) <= self.places
        self.steps += 1
        self._before_step(self.steps)
        for place in self.taken:
            if place.tokens is not None:
                place.tokens.stepped = True

    def settle(self) -> None:
        assert not self.taken

    def when_feeding(self, between_chunks: Callable[[], None]) -> None:
        pass


def worker_on(shared: FakeShared) -> Worker:
    model = replace(served(FakeEngine(lambda ids: REPLY)), shared=shared)
    return Worker(lambda: nullcontext(model), most_waiting=9, metrics=Metrics())


async def ended(job: Job) -> str | Exception:
    """The text of a call's answer, or what it failed with."""
    try:
        while True:
            for event in await job.next_events():
                if isinstance(event, Finished):
                    return event.completed.text
                if isinstance(event, Failed):
                    return event.error
    except ClientGone as error:
        return error


async def answers(running: Worker, shared: FakeShared, jobs: list[Job]) -> list[str | Exception]:
    """What three calls end with; they are added to `jobs` before the first step."""
    jobs += [running.submit([CompletionRequest(prompt=f"{at}", max_new=30)]) for at in range(3)]
    shared.all_asked.set()
    return list(await asyncio.gather(*map(ended, jobs)))


def test_a_client_that_goes_gives_its_place_to_the_next() -> None:
    jobs: list[Job] = []

    def leave(step: int) -> None:
        if step == 5:
            jobs[0].cancel()

    shared = FakeShared(leave)
    running = worker_on(shared)
    found = asyncio.run(answers(running, shared, jobs))
    running.close()
    assert isinstance(found[0], ClientGone)
    assert found[1:] == [REPLY, REPLY]
    assert not shared.taken and running.running == 0
    assert shared.steps < 2 * len(REPLY) + 5  # the third began before the second ended


def test_a_step_that_fails_ends_the_calls_in_it_and_no_other() -> None:
    seen: list[bool] = []

    def fail(step: int) -> None:
        seen.append(running.healthy)
        if step == 4:
            raise DeviceError("the device is lost")

    shared = FakeShared(fail)
    running = worker_on(shared)
    found = asyncio.run(answers(running, shared, []))
    running.close()
    assert [str(each) for each in found[:2]] == ["the device is lost"] * 2
    assert found[2] == REPLY
    assert not shared.taken and running.running == 0
    assert seen[3:5] == [True, False] and not running.healthy  # the thread has ended


def test_the_end_of_a_server_ends_answers_and_gives_places_back() -> None:
    def stop(step: int) -> None:
        if step == 3:
            running.stop()

    shared = FakeShared(stop)
    running = worker_on(shared)
    found = asyncio.run(answers(running, shared, []))
    running.close()
    assert all(isinstance(each, Exception) for each in found) and not shared.taken


def test_a_bug_in_one_answer_leaves_the_thread_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = iter([ValueError("a bug"), None, None])

    def sometimes(answer: Completion, deltas: Sequence[Delta]) -> Completed:
        wrong = next(whole)
        if wrong is not None:
            raise wrong
        return completed(answer, deltas)

    monkeypatch.setattr(together, "completed", sometimes)
    shared = FakeShared(lambda step: None)
    running = worker_on(shared)
    found = asyncio.run(answers(running, shared, []))
    assert running.healthy
    running.close()
    assert [str(each) for each in found] == ["a bug", REPLY, REPLY] and not shared.taken
