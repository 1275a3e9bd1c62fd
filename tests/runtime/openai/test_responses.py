"""Our answers as the official client's own types read them, whole and in pieces."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from openai.types import Completion as OpenAICompletion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kernelc.artifact import Artifact
from runtime.chat.completion import Completer, Completion
from runtime.chat.openai.logprobs import TextLogprobs, chat_logprobs
from runtime.chat.openai.requests import ChatCall, TextCall, parse_chat, parse_text
from runtime.chat.openai.responses import (
    Head,
    chat_completion,
    prompt_texts,
    text_completion,
)
from runtime.chat.openai.streams import ChatStream, TextStream
from runtime.chat.tools.deltas import Delta
from runtime.chat.tools.rendering import Definitions, Messages
from runtime.engine.chooser import ChosenLogprobs
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import TokenLogprob
from runtime.references.executor import NumpyExecutor
from tests.runtime.fake_engine import EOS, BytesCoder, FakeEngine, TurnsTemplate
from tests.runtime.fake_engine import piece as bytes_of
from tests.runtime.letters import LettersCoder, letters
from tests.runtime.tiny_kernels import REFERENCES, VOCAB, continuation

Body = Mapping[str, Any]
PROMPT = [1, 17, 4, 30, 8]
ASK: Body = {"messages": [{"role": "user", "content": "hi"}]}


@dataclass(frozen=True)
class Piece:
    data: bytes


class BytesVocabulary:
    """Names of the ids of `BytesCoder`."""

    def token(self, token_id: int) -> str:
        return f"<{token_id}>"

    def piece(self, token_id: int) -> Piece:
        return Piece(bytes_of(token_id))


class LettersVocabulary:
    """Names of the ids of the toy model."""

    def token(self, token_id: int) -> str:
        return letters([token_id])

    def piece(self, token_id: int) -> Piece:
        return Piece(letters([token_id]).encode())


class BareTemplate:
    """Joins the messages, with no markup, of which the toy model has none."""

    is_plain = True
    source = ""

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
        return "".join(message["content"] for message in messages)


def says(text: str) -> Completer:
    return Completer(FakeEngine(lambda ids: text), BytesCoder(), TurnsTemplate(), stop_ids=[EOS])


@pytest.fixture
def toy(tiny: Artifact) -> Iterator[Completer]:
    with Engine(NumpyExecutor(REFERENCES), tiny) as engine:
        yield Completer(engine, LettersCoder(), BareTemplate(), stop_ids=())


def whole_chat(completer: Completer, body: Body, vocabulary: Any = None) -> dict[str, Any]:
    call = parse_chat(body, vocab_size=VOCAB)
    answers = [completer.complete(request) for request in call.requests]
    return as_json(chat_completion(Head.chat("toy"), call, answers, vocabulary or BytesVocabulary()))


def whole_text(completer: Completer, body: Body, vocabulary: Any = None) -> dict[str, Any]:
    call = parse_text(body, vocab_size=VOCAB)
    answers = [completer.complete(request) for request in call.requests]
    prompts = prompt_texts(call, letters)
    return as_json(text_completion(Head.text("toy"), call, answers, vocabulary or BytesVocabulary(), prompts))


def as_json(value: dict[str, Any]) -> dict[str, Any]:
    """What the client reads: it crosses as text, in which no infinity may stand."""
    return json.loads(json.dumps(value, allow_nan=False))


def pieces_of(completer: Completer, request: Any) -> Iterator[tuple[Delta | None, Completion]]:
    answer = completer.stream(request)
    with contextlib.closing(answer):
        for delta in itertools.chain([next(answer.deltas, None)], answer.deltas):
            yield delta, answer
    yield None, answer


def chat_chunks(completer: Completer, body: Body, vocabulary: Any = None) -> list[dict[str, Any]]:
    call = parse_chat({**body, "stream": True}, vocab_size=VOCAB)
    stream = ChatStream(Head.chat("toy"), call, vocabulary or BytesVocabulary())
    return [as_json(chunk) for chunk in _chunks(completer, call, stream)]


def text_chunks(completer: Completer, body: Body, vocabulary: Any = None) -> list[dict[str, Any]]:
    call = parse_text({**body, "stream": True}, vocab_size=VOCAB)
    prompts = prompt_texts(call, letters)
    stream = TextStream(Head.text("toy"), call, vocabulary or BytesVocabulary(), prompts)
    return [as_json(chunk) for chunk in _chunks(completer, call, stream)]


def _chunks(completer: Completer, call: ChatCall | TextCall, stream: Any) -> Iterator[dict[str, Any]]:
    for index, request in enumerate(call.requests):
        begin = stream.begin(index) if isinstance(stream, ChatStream) else stream.echo(index)
        if begin is not None:
            yield begin
        for delta, answer in pieces_of(completer, request):
            if delta is not None:
                yield stream.piece(index, delta, answer)
        yield stream.end(index, answer)
    if call.include_usage:
        yield stream.usage()


# ---- chat completions ----


def test_a_whole_answer_is_the_clients_own_type():
    said = whole_chat(says("hello"), ASK)
    read = ChatCompletion.model_validate(said, strict=True)
    assert (read.object, read.model, read.choices[0].message.content) == ("chat.completion", "toy", "hello")
    assert (read.choices[0].finish_reason, read.choices[0].logprobs) == ("stop", None)
    assert read.usage and read.usage.completion_tokens == 5
    assert read.usage.total_tokens == read.usage.prompt_tokens + 5
    assert not read.model_extra and not read.choices[0].model_extra, "a field that the client does not know"


def test_a_limit_is_the_reason_length():
    read = ChatCompletion.model_validate(whole_chat(says("hello"), {**ASK, "max_completion_tokens": 2}))
    assert (read.choices[0].message.content, read.choices[0].finish_reason) == ("he", "length")


def test_several_answers_are_several_choices_and_one_prompt():
    read = ChatCompletion.model_validate(whole_chat(says("abc"), {**ASK, "n": 3}), strict=True)
    assert [each.index for each in read.choices] == [0, 1, 2]
    assert [each.message.content for each in read.choices] == ["abc"] * 3
    one = ChatCompletion.model_validate(whole_chat(says("abc"), ASK))
    assert read.usage and one.usage
    assert (read.usage.prompt_tokens, read.usage.completion_tokens) == (one.usage.prompt_tokens, 9)


def test_chunks_are_the_clients_own_type_in_its_order():
    body = {**ASK, "stream_options": {"include_usage": True}, "n": 2}
    sent = chat_chunks(says("héy"), body)
    chunks = [ChatCompletionChunk.model_validate(each, strict=True) for each in sent]
    assert chunks[0].choices[0].delta.role == "assistant"
    for index in (0, 1):
        own = [each.choices[0] for each in chunks if each.choices and each.choices[0].index == index]
        assert "".join(each.delta.content or "" for each in own) == "héy"
        assert [each.finish_reason for each in own] == [None] * (len(own) - 1) + ["stop"]
    assert [each.usage is None for each in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].choices == [] and chunks[-1].usage and chunks[-1].usage.completion_tokens == 8
    assert len({each.id for each in chunks}) == 1


def test_without_stream_options_no_chunk_speaks_of_usage():
    assert not any("usage" in each for each in chat_chunks(says("hey"), ASK))


def test_log_probabilities_are_the_same_whole_and_in_pieces(toy: Completer):
    body = {"messages": [{"role": "user", "content": letters(PROMPT)}]}
    body |= {"temperature": 0, "max_tokens": 6, "logprobs": True, "top_logprobs": 2}
    read = ChatCompletion.model_validate(whole_chat(toy, body, LettersVocabulary()), strict=True)
    assert read.choices[0].logprobs
    content = read.choices[0].logprobs.content or []
    assert "".join(each.token for each in content) == read.choices[0].message.content
    assert [each.bytes for each in content] == [list(each.token.encode()) for each in content]
    assert all(each.top_logprobs[0].token == each.token for each in content), "greedy takes the likeliest"
    chunks = chat_chunks(toy, body, LettersVocabulary())
    sent = [each["choices"][0]["logprobs"] for each in chunks]
    streamed = itertools.chain.from_iterable(each["content"] for each in sent if each)
    assert list(streamed) == [each.model_dump() for each in content]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_tokens_of_a_stop_string_have_no_log_probability(toy: Completer, length: int):
    said = letters(continuation(PROMPT, 8))
    stop = said[4 : 4 + length]
    shown = said[: said.index(stop)]
    body = {"messages": [{"role": "user", "content": letters(PROMPT)}], "stop": stop}
    body |= {"temperature": 0, "max_tokens": 8, "logprobs": True}
    whole = whole_chat(toy, body, LettersVocabulary())["choices"][0]
    assert (whole["message"]["content"], whole["finish_reason"]) == (shown, "stop")
    assert "".join(each["token"] for each in whole["logprobs"]["content"]) == shown
    parts = [each["choices"][0]["logprobs"] for each in chat_chunks(toy, body, LettersVocabulary())]
    assert "".join(each["token"] for part in parts if part for each in part["content"]) == shown


# ---- text completions ----


def test_whole_texts_are_the_clients_own_type(toy: Completer):
    body = {"prompt": [PROMPT, letters(PROMPT[:3])], "temperature": 0, "max_tokens": 4, "n": 2, "echo": True}
    read = OpenAICompletion.model_validate(whole_text(toy, body), strict=True)
    first = letters(PROMPT) + letters(continuation(PROMPT, 4))
    second = letters(PROMPT[:3]) + letters(continuation(PROMPT[:3], 4))
    assert [each.text for each in read.choices] == [first, first, second, second]
    assert [each.index for each in read.choices] == [0, 1, 2, 3]
    assert read.usage and (read.usage.prompt_tokens, read.usage.completion_tokens) == (8, 16)
    assert not read.model_extra and not read.choices[0].model_extra


def test_streamed_texts_are_the_same(toy: Completer):
    body = {"prompt": [PROMPT, letters(PROMPT[:3])], "temperature": 0, "max_tokens": 4, "echo": True}
    whole = OpenAICompletion.model_validate(whole_text(toy, body))
    chunks = text_chunks(toy, {**body, "stream_options": {"include_usage": True}})
    assert [each["choices"][0]["finish_reason"] for each in chunks[:-1]].count("length") == 2
    read = [OpenAICompletion.model_validate(with_reason(each), strict=True) for each in chunks]
    for at in (0, 1):
        own = [each.choices[0].text for each in read if each.choices and each.choices[0].index == at]
        assert "".join(own) == whole.choices[at].text
    assert read[-1].usage and whole.usage and read[-1].choices == []
    assert read[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert [each["usage"] for each in chunks[:-1]] == [None] * (len(chunks) - 1)


def with_reason(chunk: dict[str, Any]) -> dict[str, Any]:
    """A chunk as the client's type has it: that of whole answers, which has no null before the end."""
    choices = [{**each, "finish_reason": each["finish_reason"] or "stop"} for each in chunk["choices"]]
    return {**chunk, "choices": choices}


def test_log_probabilities_of_texts_have_offsets(toy: Completer):
    body = {"prompt": PROMPT, "temperature": 0, "max_tokens": 4, "logprobs": 2}
    read = OpenAICompletion.model_validate(whole_text(toy, body, LettersVocabulary()), strict=True).choices[0]
    assert read.logprobs and read.logprobs.tokens == list(read.text)
    assert read.logprobs.text_offset == [0, 1, 2, 3]
    assert read.logprobs.top_logprobs and len(read.logprobs.top_logprobs[0]) == 2
    parts = [each["choices"][0]["logprobs"] for each in text_chunks(toy, body, LettersVocabulary())]
    for name, wanted in read.logprobs.model_dump().items():
        assert list(itertools.chain.from_iterable(part[name] for part in parts if part)) == wanted


def entry(token_id: int, logprob: float = -1.0) -> ChosenLogprobs:
    chosen = TokenLogprob(token_id, logprob)
    return ChosenLogprobs(chosen, (TokenLogprob(token_id + 1, -0.5),))


def test_halves_of_characters_and_markup_have_names():
    ids = [3 + byte for byte in "é".encode()]
    chosen = [entry(ids[0]), entry(ids[1], float("-inf")), entry(EOS)]
    content = chat_logprobs(chosen, BytesVocabulary())["content"]
    assert [each["token"] for each in content] == ["\ufffd", "\ufffd", "<2>"]
    assert [each["bytes"] for each in content] == [[0xC3], [0xA9], None]
    assert content[1]["logprob"] == -9999.0, "JSON has no infinity"
    found = TextLogprobs(BytesVocabulary(), 5).of(chosen)
    assert found["tokens"] == ["bytes:\\xc3", "bytes:\\xa9", "<2>"]
    assert found["text_offset"] == [5, 5, 6]
    assert set(found["top_logprobs"][0]) == {"bytes:\\xc3", "bytes:\\xc4"}


# ---- errors ----
