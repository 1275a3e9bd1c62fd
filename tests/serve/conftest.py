"""The toy model of the runtime's tests, behind a server and without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import openai
import pytest

from kernelc.artifact import Artifact
from kernelc.serve.scheduler import Served
from runtime.chat.completion import Completer
from runtime.engine.engine import Engine
from runtime.references.executor import NumpyExecutor
from tests.runtime.fake_engine import JoinTemplate
from tests.runtime.letters import LettersCoder, letters
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES, VOCAB
from tests.serve.serving import Running, Spelled, fake, serving

ToyCompleter = Callable[[], Completer]


class Letters:
    """The names of the toy model's tokens."""

    def token(self, token_id: int) -> str:
        return letters([token_id])

    def piece(self, token_id: int) -> Spelled:
        return Spelled(letters([token_id]).encode())


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "toy")


@pytest.fixture
def toy_completer(tiny: Artifact) -> Iterator[ToyCompleter]:
    """A function that opens the toy model once more."""
    engines: list[Engine] = []

    def opened() -> Completer:
        engines.append(Engine(NumpyExecutor(REFERENCES), tiny))
        return Completer(engines[-1], LettersCoder(), JoinTemplate(), stop_ids=())

    yield opened
    for engine in engines:
        engine.close()


@pytest.fixture
def toy(toy_completer: ToyCompleter) -> Served:
    return Served("toy", toy_completer(), VOCAB, 64, 1_700_000_000, Letters(), letters)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving(fake(lambda ids: "Hello, you."), fake(lambda ids: "Other.", "org/other")) as running:
        yield running


@pytest.fixture(scope="module")
def client(running: Running) -> openai.OpenAI:
    return running.client()
