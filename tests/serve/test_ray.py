"""The example with Ray Serve: replicas answer as one engine does, and prompts that begin alike meet again."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import httpx
import openai
import pytest

from kernelc.cli import main
from kernelc.session import Session
from runtime.chat.request import CompletionRequest

PORT = 8973  # Ray's proxy takes no free one
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "ray_replicas.py"
SYSTEMS = [f"You are helper number {number}." for number in range(8)]
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def example() -> ModuleType:
    pytest.importorskip("ray.serve", reason="ray is missing: pip install 'kernelc[ray]'")
    spec = importlib.util.spec_from_file_location("ray_replicas", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["build", "--target", "c", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def client(example: ModuleType, demo: Path) -> Generator[openai.OpenAI]:
    command = [sys.executable, EXAMPLE, demo, "--device", "cpu", "--port", PORT]
    # Ray would write a token into the home folder otherwise; its ports are loopback's.
    process = subprocess.Popen([*map(str, command)], env={**os.environ, "RAY_AUTH_MODE": "disabled"})
    url = f"http://127.0.0.1:{PORT}/v1"
    try:
        for _ in range(600):
            assert process.poll() is None
            try:
                if httpx.get(f"{url}/models", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        yield openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=60)
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"messages": 3}', b'{"messages": [3]}', b"[" * 100_000]
)
def test_what_is_no_request_goes_anywhere(example: ModuleType, body: bytes) -> None:
    assert len(example.prefix_key(body)) == 64


def test_requests_that_begin_alike_have_one_key(example: ModuleType) -> None:
    first, second, other = (
        example.prefix_key(
            b'{"model": "m", "messages": [{"role": "system", "content": "%s"}, {"content": "%s"}]}' % texts
        )
        for texts in ((b"a", b"b"), (b"a", b"c"), (b"b", b"b"))
    )
    assert first == second != other


def test_replicas_answer_as_one_engine_and_keep_their_prompts(client: openai.OpenAI, demo: Path) -> None:
    model = client.models.list().data[0].id
    with Session.open(demo, device="cpu") as session:
        alone = session.completer()
        wanted = [alone.complete(CompletionRequest(messages=asked(system))).text for system in SYSTEMS]
    for _ in range(100):  # until both replicas are there
        texts, replicas = answers(client, model)
        assert texts == wanted
        if len(set(replicas)) == 2:
            break
    assert len(set(replicas)) == 2
    assert answers(client, model) == (wanted, replicas)


def asked(system: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, {"role": "user", "content": "What is 2 + 3?"}]


def answers(client: openai.OpenAI, model: str) -> tuple[list[str | None], list[str]]:
    """The answers after each system prompt, and the replicas that gave them."""
    texts: list[str | None] = []
    replicas: list[str] = []
    for system in SYSTEMS:
        response = client.chat.completions.with_raw_response.create(
            model=model,
            messages=asked(system),  # type: ignore[arg-type]  # plain dicts, as JSON has them
            temperature=0,
        )
        texts.append(response.parse().choices[0].message.content)
        replicas.append(response.headers["x-replica"])
    return texts, replicas


def test_answers_are_streamed_and_refusals_are_ours(client: openai.OpenAI) -> None:
    model = client.models.list().data[0].id
    stream = client.chat.completions.create(model=model, messages=asked("Hi"), stream=True)  # type: ignore[call-overload]
    assert len([*stream]) > 3
    with pytest.raises(openai.NotFoundError, match="there is no model"):
        client.chat.completions.create(model="other", messages=asked("Hi"))  # type: ignore[call-overload]
