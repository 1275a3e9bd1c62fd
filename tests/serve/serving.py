"""Servers on free ports of loopback, and models for them whose answers are known or waited for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import httpx
import openai
from openai.types.chat import ChatCompletionUserMessageParam

from kernelc.serve.app import create_app
from kernelc.serve.bodies import Limits
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Served, Worker
from kernelc.serve.security import Access
from kernelc.serve.server import Server, listening, url_of
from runtime.chat.answer import Sequencer
from runtime.chat.completion import Completer
from tests.runtime.fake_engine import (
    EOS,
    BytesCoder,
    FakeEngine,
    JoinTemplate,
    TurnsTemplate,
    encode_bytes,
    piece,
    show,
)

PATIENCE = 60.0
"""Seconds after which a test gives up waiting. None asserts that anything is faster."""


@dataclass(frozen=True)
class Running:
    """A server under test."""

    url: str
    workers: Sequence[Worker]
    metrics: Metrics
    server: Server

    def client(self, key: str = "none", **options: object) -> openai.OpenAI:
        """The official client, which tries nothing twice unless asked to."""
        named = {"max_retries": 0, "timeout": PATIENCE, **options}
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, **named)  # type: ignore[arg-type]

    def http(self) -> httpx.Client:
        """A plain client, for what the official one never sends."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE)

    def connect(self, received_bytes: int | None = None) -> socket.socket:
        """A connection for bytes, of which the system holds about `received_bytes` that were not read."""
        url = httpx.URL(self.url)
        assert url.port is not None
        opened = socket.socket()
        if received_bytes is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received_bytes)
        opened.settimeout(PATIENCE)
        opened.connect((url.host, url.port))
        return opened

    def metric(self, line: str) -> float:
        """The value of a counter, with its labels as /metrics shows them; 0 where it has not begun."""
        for each in self.metrics.text().splitlines():
            name, _, value = each.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0


@contextmanager
def serving(
    *models: Served,
    access: Access | None = None,
    limits: Limits | None = None,
    most_waiting: int = 64,
    sent_bytes: int | None = None,
) -> Generator[Running]:
    """Serve models in a thread. `sent_bytes` is how much the system holds for a slow reader."""
    limits, metrics = limits or Limits(grace_seconds=5), Metrics()
    with ExitStack() as stack:
        workers: list[Worker] = []
        for model in models:
            opened = partial(nullcontext[Served], model)
            worker = Worker(opened, most_waiting=most_waiting, metrics=metrics)
            stack.callback(worker.close)
            workers.append(worker)
        bound = stack.enter_context(listening("127.0.0.1", 0))
        if sent_bytes is not None:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sent_bytes)
        url = url_of(bound)

        def refuse() -> None:
            for worker in workers:
                worker.refuse()

        def stop() -> None:
            for worker in workers:
                worker.stop()

        app = create_app(workers, metrics=metrics, access=access, limits=limits)
        server = Server(app, limits, refuse=refuse, stop=stop)
        thread = threading.Thread(target=server.serve_on, args=([bound],))
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            yield Running(url, workers, metrics, server)
        finally:
            server.should_exit = True
            for worker in workers:  # so that answers that never end by themselves do
                current = worker.current
                if current is not None:
                    current.cancel()
            thread.join()


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.005)


# ---- models ----


def served(engine: Sequencer, name: str = "fake", *, plain: bool = False) -> Served:
    """A model of bytes on an engine without one."""
    template = JoinTemplate() if plain else TurnsTemplate()
    completer = Completer(engine, BytesCoder(), template, stop_ids=[EOS])
    return Served(
        name,
        completer,
        engine.vocab_size,
        engine.context,
        1_700_000_000,
        _Bytes(),
        lambda ids: b"".join(map(piece, ids)).decode(),
    )


@dataclass(frozen=True)
class Spelled:
    """The bytes of a token."""

    data: bytes


class _Bytes:
    """The names of tokens of the fake engine's tokenizer."""

    def token(self, token_id: int) -> str:
        return show([token_id])

    def piece(self, token_id: int) -> Spelled:
        return Spelled(piece(token_id))


def fake(reply: Callable[[Sequence[int]], Iterable[int] | str], name: str = "fake", **options: int) -> Served:
    """A model that answers with `reply` of the prompt's ids."""
    return served(FakeEngine(reply, **options), name)


@dataclass
class Gate:
    """An engine's reply that gives a token for each `step`, for tests that look in between."""

    text: str = "abcdefghijklmnopqrstuvwxyz" * 40
    given: int = 0
    begun: int = 0
    steps: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, ids: Sequence[int]) -> Iterator[int]:
        self.begun += 1
        for token in encode_bytes(self.text):
            assert self.steps.acquire(timeout=PATIENCE)
            self.given += 1
            yield token

    def step(self, count: int = 1) -> None:
        """Let the engine give so many tokens."""
        self.steps.release(count)

    def open(self) -> None:
        """Let the engine give all tokens of all answers that tests ask for."""
        self.steps.release(1_000_000)


def ask(text: str) -> list[ChatCompletionUserMessageParam]:
    return [{"role": "user", "content": text}]
