"""`kernelc serve` as a command: what it refuses, and the demo model from end to end."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jsonschema
import openai
import pytest

from kernelc.artifact import Artifact
from kernelc.session import Session
from kernelc.target import Capabilities
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import SamplingParams
from tests.commands import run
from tests.kernels.executors import require

REPO = Path(__file__).resolve().parents[2]
GREEDY = SamplingParams()
QUESTIONS = ("Hello", "What is 12 + 30?", "What is the capital of France?", "Tell me a story about an owl.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "nosuch: there is no such model (help: give a model folder"),
        (["--port", "99999"], "argument --port: got '99999', wanted a port of 0..65535"),
        (["--host", "192.0.2.1"], "--host: this machine has no address 192.0.2.1 (help: name one of its"),
        (["--host", "a..b"], "--host: got 'a..b', which is no address (help: name an address"),
        (["--prefix-cache", "-1"], "argument --prefix-cache: "),
        (["--queue", "0"], "argument --queue: got '0', wanted an integer of at least 1"),
        (["--cors-origin", "a.example"], "--cors-origin: got 'a.example', wanted a scheme and a host"),
        (["--allow-host", "a.example:80"], "--allow-host: got 'a.example:80', wanted a name"),
        (["--api-key", "a b"], "--api-key: got a key of 3 characters, wanted"),
        (["--name", "a", "--name", "b"], "--name: got 2 of these for 1 models"),
    ],
)
def test_mistakes_are_explained(arguments: list[str], words: str) -> None:
    code, said, errors = run("serve", *arguments)
    assert (code, said) == (2, "")
    assert errors.startswith("error: ") and words in errors and errors.count("\n") == 1


def test_a_port_in_use_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, errors = run("serve", "--port", taken.getsockname()[1])
    assert code == 1
    assert "in use (help: name another port; 0 takes any free one)" in errors


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    code, _, errors = run("serve")
    assert code == 2
    assert errors == "error: `kernelc serve` needs uvicorn (help: pip install 'kernelc[serve]')\n"


def test_embeddings_take_an_artifact_that_was_built_for_them(tiny: Artifact) -> None:
    code, _, errors = run("serve", tiny.folder, "--embeddings", "--port", 0)
    assert code == 2
    assert "has no program for embeddings (help: build it again, with --embeddings)" in errors


def test_two_models_of_one_name_are_refused(tiny: Artifact) -> None:
    code, _, errors = run("serve", tiny.folder, tiny.folder, "--port", 0)
    assert code == 2 and "two models are called toy (help: give each a name of its own with --name" in errors
    code, _, errors = run("serve", tiny.folder, tiny.folder, "--port", 0, "--name", "a", "--name", "b")
    assert code == 2 and "the artifact has no tokenizer" in errors  # so the names were fine


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("c", Capabilities())
    out = tmp_path_factory.mktemp("demo") / "demo"
    code, _, errors = run("build", "--target", "c", "--out", out)
    assert code == 0, errors
    return out


@contextmanager
def command(*arguments: object, **environment: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Run `kernelc serve` in a process of its own; yields it and its address."""
    words = [sys.executable, "-m", "kernelc.cli", "serve", *map(str, arguments), "--port", "0"]
    environment = {**os.environ, **environment}
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, cwd=REPO, env=environment, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert " serves " in line
        yield process, line.split()[0]
    finally:
        process.kill()
        process.wait()


def check_shape(client: openai.OpenAI) -> None:
    """Answers follow a schema, and a schema that cannot be followed is refused."""
    shaped = client.chat.completions.create(
        model="demo",
        messages=[{"role": "user", "content": "Who are you?"}],
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}},
        temperature=1.5,
        seed=3,
        max_completion_tokens=200,
    ).choices[0]
    assert shaped.finish_reason == "stop"
    jsonschema.validate(json.loads(shaped.message.content or ""), PERSON)
    with pytest.raises(openai.BadRequestError, match="the keyword 'not' is not supported"):
        client.chat.completions.create(
            model="demo",
            messages=[{"role": "user", "content": "Who are you?"}],
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}},
        )


def test_the_demo_model_from_end_to_end(demo: Path) -> None:
    with Session.open(demo, device="cpu") as session:
        alone = session.completer()
        wanted = [
            alone.complete(
                CompletionRequest(
                    messages=[{"role": "user", "content": question}],
                    max_new=40,
                    sampling=GREEDY,
                    top_logprobs=0,
                )
            )
            for question in QUESTIONS
        ]
        pieces = [[session.tokenizer.piece(token).data for token in each.ids] for each in wanted]
    with command(demo, "--device", "cpu", "--name", "demo", KERNELC_API_KEY="one, two") as (process, url):
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=url, api_key="three", max_retries=0).models.list()
        client = openai.OpenAI(base_url=url, api_key="two", max_retries=0)
        assert [model.id for model in client.models.list()] == ["demo"]
        got: dict[str, tuple[str | None, list[bytes]]] = {}

        def ask(question: str) -> None:
            done = client.chat.completions.create(
                model="demo",
                messages=[{"role": "user", "content": question}],
                max_completion_tokens=40,
                temperature=0,
                logprobs=True,
            ).choices[0]
            assert done.logprobs is not None and done.logprobs.content is not None
            tokens = [bytes(each.bytes or ()) for each in done.logprobs.content]
            got[question] = done.message.content, tokens

        threads = [threading.Thread(target=ask, args=(question,)) for question in QUESTIONS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [got[question] for question in QUESTIONS] == [
            (each.text, tokens) for each, tokens in zip(wanted, pieces, strict=True)
        ]
        check_shape(client)
        stream = client.chat.completions.create(
            model="demo",
            messages=[{"role": "user", "content": QUESTIONS[3]}],
            max_completion_tokens=40,
            temperature=0,
            stream=True,
        )
        texts = [next(stream).choices[0].delta.content or ""]
        process.send_signal(signal.SIGTERM)  # what is being answered is answered
        texts += [chunk.choices[0].delta.content or "" for chunk in stream]
        assert "".join(texts) == wanted[3].text
        assert process.wait(60) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/models")


def test_a_second_ctrl_c_ends_an_answer(demo: Path) -> None:
    with command(demo, "--device", "cpu") as (process, url):
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        ends = {str(token): -100 for token in range(3)}  # so that the answer does not end by itself
        stream = client.completions.create(
            model="demo", prompt="Once", max_tokens=100_000, logit_bias=ends, stream=True
        )
        next(stream)
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert "finishing what is being answered" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(openai.APIError, match="the server is shutting down"):
            for _ in stream:
                pass
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


def test_ctrl_c_is_no_error(demo: Path) -> None:
    with command(demo, "--device", "cpu") as (process, url):
        assert httpx.get(url.removesuffix("/v1") + "/health").json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_what_was_computed_before_a_restart_is_not_computed_again(demo: Path, tmp_path: Path) -> None:
    long = "Tell me the tale of the owl and the mouse who lived in a tree. " * 20
    answers: list[tuple[str | None, int]] = []
    for _ in range(2):
        with command(demo, "--device", "cpu", "--prefix-dir", tmp_path / "kept") as (process, url):
            client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
            done = client.chat.completions.create(
                model="demo",
                messages=[{"role": "user", "content": long}],
                max_completion_tokens=10,
                temperature=0,
            )
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        assert done.usage is not None and done.usage.prompt_tokens_details is not None
        answers.append((done.choices[0].message.content, done.usage.prompt_tokens_details.cached_tokens or 0))
    assert answers[0][0] == answers[1][0]
    assert answers[0][1] == 0 and answers[1][1] >= 192
