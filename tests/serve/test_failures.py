"""Errors of a running server, and the exceptions that the official client makes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

import openai
import pytest

from kernelc.errors import DeviceError, TemplateError
from kernelc.serve.scheduler import Served
from runtime.chat.completion import Completer
from tests.runtime.fake_engine import BytesCoder, FakeEngine, TurnsTemplate, encode_bytes
from tests.serve.serving import PATIENCE, Running, ask, fake, served, serving


def refused(
    kind: type[openai.APIStatusError], code: str | None, words: str, asked: Callable[[], object]
) -> None:
    with pytest.raises(kind, match=words) as caught:
        asked()
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_errors_become_the_clients_exceptions(client: openai.OpenAI) -> None:
    chat = client.chat.completions.create
    for stream in (False, True):
        refused(
            openai.NotFoundError,
            "model_not_found",
            "there is no model gpt-4; there is fake, org/other",
            lambda s=stream: chat(model="gpt-4", messages=ask("x"), stream=s),
        )
        refused(
            openai.BadRequestError,
            "invalid_value",
            "temperature",
            lambda s=stream: chat(model="fake", messages=ask("x"), temperature=-1, stream=s),
        )
        refused(
            openai.BadRequestError,
            "context_length_exceeded",
            "the context holds 1000",
            lambda s=stream: chat(model="fake", messages=ask("x" * 2000), stream=s),
        )
    refused(
        openai.BadRequestError,
        "unknown_parameter",
        "temprature",
        lambda: chat(model="fake", messages=ask("x"), extra_body={"temprature": 1}),
    )
    refused(openai.NotFoundError, "model_not_found", "there is no model", lambda: client.models.retrieve("x"))
    embed = client.embeddings.create
    refused(openai.NotFoundError, "unsupported", "no embeddings", lambda: embed(model="fake", input="x"))


def test_the_field_that_is_wrong_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="fake", messages=[{"role": "user", "content": 3}])  # type: ignore[list-item]
    assert caught.value.param == "messages[0].content"


def test_of_several_models_one_must_be_named(running: Running) -> None:
    with running.http() as http:
        error = http.post("/v1/completions", json={"prompt": "x"}).json()["error"]
    assert error["param"] == "model" and "wanted one of fake, org/other" in error["message"]


class FailingEngine(FakeEngine):
    """Fails at some token of the answer to a prompt of the letter F, and at none of others."""

    def __init__(self, error: Exception, after: int) -> None:
        def reply(ids: Sequence[int]) -> Iterable[int]:
            yield from encode_bytes("x" * after)
            if encode_bytes("F")[0] in ids:
                raise error

        super().__init__(reply)


@pytest.mark.parametrize("after", [0, 3])
def test_a_device_that_fails_is_the_servers_error(after: int) -> None:
    with serving(served(FailingEngine(DeviceError("the device is lost"), after))) as running:
        client = running.client()
        with pytest.raises(openai.InternalServerError, match="the device is lost"):
            client.chat.completions.create(model="fake", messages=ask("F"))
        with running.http() as http:
            assert http.get("/health").status_code == 503
        with pytest.raises(openai.APIError, match="the device is lost"):
            list(client.chat.completions.create(model="fake", messages=ask("F"), stream=True))
        again = client.chat.completions.create(model="fake", messages=ask("ok"))
        assert again.choices[0].message.content == "x" * after
        with running.http() as http:
            assert http.get("/health").status_code == 200


def test_an_error_after_the_first_piece_is_an_event() -> None:
    go = threading.Event()

    def reply(ids: Sequence[int]) -> Iterator[int]:
        yield from encode_bytes("xyz")
        assert go.wait(PATIENCE)
        raise DeviceError("the device is lost")

    with serving(fake(reply)) as running:
        stream = running.client().completions.create(model="fake", prompt="x", stream=True)
        assert "".join(next(stream).choices[0].text for _ in range(3)) == "xyz"
        go.set()
        with pytest.raises(openai.APIError, match="the device is lost"):
            next(stream)


def test_a_bug_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    for after in (0, 3):
        with serving(served(FailingEngine(RuntimeError("our secret"), after))) as running:
            client = running.client()
            for stream in (False, True):
                with pytest.raises(openai.APIError) as caught:
                    list(client.chat.completions.create(model="fake", messages=ask("F"), stream=stream))
                assert "secret" not in str(caught.value) and "internal error" in str(caught.value)
            again = client.chat.completions.create(model="fake", messages=ask("ok"))
            assert again.choices[0].message.content == "x" * after
    assert "our secret" in caplog.text


def test_a_template_that_refuses_is_the_clients_error() -> None:
    class Refusing(TurnsTemplate):
        def render(self, messages: object, *, tools: object = None) -> str:
            raise TemplateError("roles must alternate")

    completer = Completer(FakeEngine(lambda ids: "x"), BytesCoder(), Refusing(), stop_ids=())
    model = fake(lambda ids: "x")
    refusing = Served("fake", completer, 1000, 1000, 0, model.vocabulary, model.decode)
    with serving(refusing) as running, pytest.raises(openai.BadRequestError, match="roles must alternate"):
        running.client().chat.completions.create(model="fake", messages=ask("x"))
