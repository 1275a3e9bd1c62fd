"""The official client, unchanged, against what we read and answer: it is handed our JSON, with no server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import openai
import pytest

from kernelc.errors import KernelcError
from runtime.chat.completion import Completer
from runtime.chat.openai.requests import parse_chat, parse_text
from runtime.chat.openai.responses import Head, chat_completion, error_of, text_completion
from runtime.chat.openai.streams import ChatStream, TextStream
from tests.runtime.fake_engine import EOS, PAIRS, BytesCoder, FakeEngine, TurnsTemplate
from tests.runtime.openai.test_responses import BytesVocabulary

VOCAB = PAIRS + 65536


class Service:
    """What stands for a server: answers every body, and keeps the last one."""

    def __init__(self, reply: str) -> None:
        self.body: dict[str, Any] = {}
        self._completer = Completer(
            FakeEngine(lambda ids: reply), BytesCoder(), TurnsTemplate(), stop_ids=[EOS]
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.body = json.loads(request.content)
        try:
            chat = request.url.path.endswith("/chat/completions")
            return self._chat() if chat else self._text()
        except KernelcError as error:
            return httpx.Response(400, json=error_of(error))

    def _chat(self) -> httpx.Response:
        call = parse_chat(self.body, vocab_size=VOCAB)
        head = Head.chat(call.model or "demo")
        if call.stream:
            stream = ChatStream(head, call, BytesVocabulary())
            return self._stream(call, stream, stream.begin)
        answers = [self._completer.complete(each) for each in call.requests]
        return httpx.Response(200, json=chat_completion(head, call, answers, BytesVocabulary()))

    def _text(self) -> httpx.Response:
        call = parse_text(self.body, vocab_size=VOCAB)
        head = Head.text(call.model or "demo")
        if call.stream:
            stream = TextStream(head, call, BytesVocabulary())
            return self._stream(call, stream, stream.echo)
        answers = [self._completer.complete(each) for each in call.requests]
        return httpx.Response(200, json=text_completion(head, call, answers, BytesVocabulary()))

    def _stream(self, call: Any, stream: Any, begin: Callable[[int], Any]) -> httpx.Response:
        def chunks() -> Iterator[dict[str, Any]]:
            for index, request in enumerate(call.requests):
                answer = self._completer.stream(request)
                if first := begin(index):
                    yield first
                for piece in answer.deltas:
                    yield stream.piece(index, piece, answer)
                yield stream.end(index, answer)
            if call.include_usage:
                yield stream.usage()

        events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks()]
        body = "".join([*events, "data: [DONE]\n\n"])
        return httpx.Response(200, text=body, headers={"content-type": "text/event-stream"})


def client_of(service: Service) -> openai.OpenAI:
    http = httpx.Client(transport=httpx.MockTransport(service))
    return openai.OpenAI(api_key="none", base_url="http://test/v1", http_client=http, max_retries=0)


MESSAGES: list[Any] = [
    {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
    {"role": "user", "content": "hi", "name": "ann"},
]


def test_the_client_asks_and_reads_with_every_field_that_it_has():
    service = Service("hello")
    read = client_of(service).chat.completions.create(
        model="demo",
        messages=MESSAGES,
        frequency_penalty=0,
        logit_bias={},
        logprobs=False,
        max_completion_tokens=9,
        metadata={"a": "b"},
        modalities=["text"],
        n=2,
        presence_penalty=0,
        prompt_cache_key="k",
        response_format={"type": "text"},
        safety_identifier="s",
        seed=1,
        service_tier="auto",
        stop=["llo"],
        store=False,
        temperature=0,
        top_p=1,
        user="u",
        extra_body={"top_k": 1, "min_p": 0, "repetition_penalty": 1},
    )
    assert [each.message.content for each in read.choices] == ["he", "he"]
    assert read.choices[0].finish_reason == "stop" and read.model == "demo"
    assert service.body["messages"] == MESSAGES


def test_an_answer_may_be_given_back_as_it_came():
    service = Service("hello")
    client = client_of(service)
    first = client.chat.completions.create(model="demo", messages=MESSAGES)
    said: Any = first.choices[0].message
    client.chat.completions.create(model="demo", messages=[*MESSAGES, said, MESSAGES[1]])
    assert service.body["messages"][2]["content"] == "hello"


def test_the_client_reads_a_stream():
    options: Any = {"include_usage": True}
    stream = client_of(Service("héllo")).chat.completions.create(
        model="demo", messages=MESSAGES, stream=True, stream_options=options
    )
    chunks = list(stream)
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "héllo"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens == 6
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_the_client_gathers_a_stream():
    with client_of(Service("hello")).chat.completions.stream(model="demo", messages=MESSAGES) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "hello"


def test_the_client_completes_texts():
    client = client_of(Service("hello"))
    read = client.completions.create(model="demo", prompt=["a", "b"], max_tokens=3, stop=None)
    assert [each.text for each in read.choices] == ["hel", "hel"]
    stream = client.completions.create(model="demo", prompt="a", stream=True)
    assert "".join(each.choices[0].text for each in stream) == "hello"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f g"}}]}, "tools[0].function.name"),
        ({"temperature": 1000}, "temperature"),
        ({"extra_body": {"temprature": 1}}, "temprature"),
    ],
)
def test_the_client_tells_what_was_refused(fields: dict[str, Any], param: str):
    with pytest.raises(openai.BadRequestError, match=re.escape(param)) as caught:
        client_of(Service("hello")).chat.completions.create(model="demo", messages=MESSAGES, **fields)
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
