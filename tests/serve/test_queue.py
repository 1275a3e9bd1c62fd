"""The queue: its bound and its order, clients that go away, readers that do not read, and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from kernelc.serve.bodies import Limits
from tests.runtime.fake_engine import FakeEngine, encode_bytes
from tests.serve.serving import PATIENCE, Gate, Running, fake, served, serving, wait_until

WAITING = 'kernelc_calls_waiting{model="fake"}'
ABORTED = 'kernelc_answers_aborted_total{model="fake"}'
GENERATED = 'kernelc_generated_tokens_total{model="fake"}'
REQUEST = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}"


def complete(running: Running, prompt: str = "x", **options: object) -> str:
    done = running.client().completions.create(model="fake", prompt=prompt, max_tokens=4, **options)  # type: ignore[call-overload]
    return done.choices[0].text


def waiting(running: Running) -> int:
    return running.workers[0].waiting


# ---- the bound ----


def test_what_the_queue_cannot_hold_is_told_to_come_back() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate)), most_waiting=2) as running, ThreadPoolExecutor(8) as pool:
        first = [pool.submit(complete, running)]
        wait_until(lambda: gate.begun == 1)
        first += [pool.submit(complete, running) for _ in range(2)]
        wait_until(lambda: waiting(running) == 2)
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError, match="2 requests are waiting") as caught:
                complete(running, stream=stream)
            assert caught.value.code == "queue_full"
            assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60
        gate.open()
        assert [each.result(PATIENCE) for each in first] == ["abcd"] * 3
        assert complete(running) == "abcd"
    assert running.metric('kernelc_requests_refused_total{model="fake"}') == 2


def test_the_official_client_comes_back_by_itself() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate)), most_waiting=1) as running, ThreadPoolExecutor(8) as pool:
        first = [pool.submit(complete, running)]
        wait_until(lambda: gate.begun == 1)
        first.append(pool.submit(complete, running))
        wait_until(lambda: waiting(running) == 1)
        client = running.client(max_retries=5)
        late = pool.submit(client.completions.create, model="fake", prompt="x", max_tokens=4)
        wait_until(lambda: running.metric('kernelc_requests_refused_total{model="fake"}') == 1)
        gate.open()
        assert late.result(PATIENCE).choices[0].text == "abcd"  # type: ignore[attr-defined]


def test_calls_are_answered_in_their_order() -> None:
    order: list[str] = []
    go = threading.Event()

    def reply(ids: Sequence[int]) -> str:
        assert go.wait(PATIENCE)
        order.append(chr(ids[-1] - encode_bytes("a")[0] + ord("a")))
        return "x"

    with serving(fake(reply)) as running, ThreadPoolExecutor(8) as pool:
        for at, prompt in enumerate("abcdef"):
            pool.submit(complete, running, prompt)
            wait_until(lambda at=at: waiting(running) + running.workers[0].running == at + 1)
        go.set()
    assert order == list("abcdef")


def test_one_model_does_not_wait_for_another() -> None:
    gate = Gate()
    models = served(FakeEngine(gate)), fake(lambda ids: "quick", "quick")
    with serving(*models) as running, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(complete, running)
        wait_until(lambda: gate.begun == 1)
        done = running.client().completions.create(model="quick", prompt="x")
        assert done.choices[0].text == "quick" and not slow.done()
        gate.open()


# ---- clients that go away ----


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_stops_when_its_client_goes(stream: bool) -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate))) as running:
        body = f'{{"prompt": "x", "max_tokens": 900, "stream": {str(stream).lower()}}}'
        with running.connect() as connection:
            connection.sendall(REQUEST.format(len(body), body).encode())
            gate.step(5)
            wait_until(lambda: gate.given == 5)
        # The token that is being generated when the client goes is the last. It needs no more than one step.
        job = running.workers[0].current
        assert job is not None
        wait_until(lambda: job.cancelled)
        gate.step(1)
        wait_until(lambda: running.workers[0].current is None)
        assert gate.given == 6
        assert (running.metric(ABORTED), running.metric(GENERATED)) == (1, 6)
        gate.open()
        assert complete(running) == "abcd"


def test_the_official_clients_stream_stops_when_it_is_closed() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate))) as running:
        gate.step(3)
        stream = running.client().completions.create(model="fake", prompt="x", max_tokens=900, stream=True)
        assert "".join(next(stream).choices[0].text for _ in range(3)) == "abc"
        job = running.workers[0].current
        stream.close()
        wait_until(lambda: job is None or job.cancelled)
        gate.step(1)
        wait_until(lambda: running.workers[0].current is None)
        assert gate.given == 4


def test_a_call_whose_client_went_while_it_waited_is_never_begun() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate)), most_waiting=1) as running, ThreadPoolExecutor(4) as pool:
        first = pool.submit(complete, running)
        wait_until(lambda: gate.begun == 1)
        body = '{"prompt": "x"}'
        with running.connect() as connection:
            connection.sendall(REQUEST.format(len(body), body).encode())
            wait_until(lambda: waiting(running) == 1)
        wait_until(lambda: waiting(running) == 0)
        second = pool.submit(complete, running)  # its place is free again
        wait_until(lambda: waiting(running) == 1)
        gate.open()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == ("abcd", "abcd")
    assert gate.begun == 2


def test_reading_a_long_prompt_stops_too() -> None:
    engine = FakeEngine(lambda ids: "x", context=100_000)
    go, fed = threading.Event(), threading.Event()

    def on_feed() -> None:
        if len(engine.sequence) == 10:
            fed.set()
            assert go.wait(PATIENCE)

    engine.on_feed = on_feed
    with serving(served(engine)) as running:
        body = '{"prompt": "' + "y" * 50_000 + '"}'
        with running.connect() as connection:
            connection.sendall(REQUEST.format(len(body), body).encode())
            assert fed.wait(PATIENCE)
        job = running.workers[0].current
        assert job is not None
        wait_until(lambda: job.cancelled)
        go.set()
        wait_until(lambda: running.workers[0].current is None)
        assert len(engine.sequence) == 10


# ---- readers that do not read ----


def test_a_slow_reader_holds_up_nobody_and_is_cut_off() -> None:
    engine = FakeEngine(lambda ids: "x" * 20_000, context=100_000)
    limits = Limits(write_seconds=0.5, grace_seconds=1)
    with serving(served(engine), limits=limits, sent_bytes=4096) as running:
        body = '{"prompt": "x", "max_tokens": 20000, "stream": true}'
        with running.connect() as connection:
            connection.sendall(REQUEST.format(len(body), body).encode())
            # It reads nothing. The engine finishes its answer all the same, and takes the next call.
            assert complete(running) == "xxxx"
            wait_until(lambda: not running.server.server_state.connections)
            read = 0
            try:
                while data := connection.recv(1 << 16):
                    read += len(data)
            except ConnectionError:
                pass
    assert 0 < read < 20_000 * 100  # each token makes an event of more than 100 bytes


def test_a_slow_reader_who_reads_gets_everything() -> None:
    engine = FakeEngine(lambda ids: "x" * 3000, context=100_000)
    limits = Limits(write_seconds=1.0)  # in which it reads a part of what waits for it
    with serving(served(engine), sent_bytes=4096, limits=limits) as running:
        body = '{"prompt": "x", "max_tokens": 3000, "stream": true}'
        with running.connect(received_bytes=4096) as connection:
            connection.sendall(REQUEST.format(len(body), body).encode())
            assert complete(running) == "xxxx"
            data = b""
            while b"[DONE]" not in data[-50:]:
                received = connection.recv(1000)
                assert received, "the reader was cut off"
                data += received
                time.sleep(0.004)
    assert data.count(b'"text":"x"') == 3000


# ---- the end ----


def test_at_the_end_the_answer_at_work_is_finished_and_those_that_wait_are_refused() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate))) as running, ThreadPoolExecutor(4) as pool:
        first = pool.submit(complete, running)
        wait_until(lambda: gate.begun == 1)
        second = pool.submit(complete, running)
        wait_until(lambda: waiting(running) == 1)
        running.server.should_exit = True
        with pytest.raises(openai.InternalServerError, match="shutting down") as caught:
            second.result(PATIENCE)
        assert caught.value.status_code == 503
        gate.open()
        assert first.result(PATIENCE) == "abcd"
    assert gate.begun == 1


def test_an_answer_that_does_not_end_is_stopped_when_its_time_is_over() -> None:
    gate = Gate()
    with serving(served(FakeEngine(gate)), limits=Limits(grace_seconds=0.1)) as running:
        gate.step(1)
        stream = running.client().completions.create(model="fake", prompt="x", max_tokens=900, stream=True)
        assert next(stream).choices[0].text == "a"
        running.server.should_exit = True
        with pytest.raises(openai.APIError, match="the server is shutting down"):
            next(stream)
        gate.step(1)
        wait_until(lambda: running.workers[0].current is None)
    assert gate.given == 2
