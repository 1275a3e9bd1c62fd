"""The official client against a running server: answers, streams and models."""

from __future__ import annotations

import threading
from typing import Any

import openai

from kernelc.serve.scheduler import Served
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import SamplingParams
from tests.runtime.letters import letters
from tests.serve.conftest import ToyCompleter
from tests.serve.serving import Running, ask, fake, serving

# ---- answers ----


def test_a_chat_completion(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(model="fake", messages=ask("hi"), temperature=0)
    (choice,) = done.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "stop")
    assert choice.message.content == "Hello, you."
    assert done.usage is not None and done.object == "chat.completion" and done.model == "fake"
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (len("1U:hi2A:"), 11)


def test_a_stream_has_the_same_text(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="fake", messages=ask("hi"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert choices[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in choices) == "Hello, you."
    assert [choice.finish_reason for choice in choices[-2:]] == [None, "stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 11


def test_a_stream_is_server_sent_events_to_the_letter(running: Running) -> None:
    body = {"model": "fake", "messages": ask("hi"), "stream": True, "max_tokens": 1}
    with running.http() as http:
        answer = http.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith('data: {"id":"chatcmpl-') and "\n" not in event for event in events[:-2])


def test_text_completions(client: openai.OpenAI) -> None:
    done = client.completions.create(model="org/other", prompt=["one", "two"], n=2, echo=True)
    assert [choice.text for choice in done.choices] == ["oneOther."] * 2 + ["twoOther."] * 2
    assert [choice.index for choice in done.choices] == [0, 1, 2, 3]
    texts = [""] * 2
    for chunk in client.completions.create(model="org/other", prompt="x", n=2, max_tokens=3, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == ["Oth"] * 2


def test_stop_strings_and_limits(client: openai.OpenAI) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"stop": [", "]}, "Hello", "stop"),
        ({"max_completion_tokens": 4}, "Hell", "length"),
        ({"max_tokens": 0}, "", "length"),
    ]
    for options, text, reason in cases:
        for stream in (False, True):
            asked = client.chat.completions.create(model="fake", messages=ask("hi"), stream=stream, **options)
            if isinstance(asked, openai.Stream):
                choices = [chunk.choices[0] for chunk in asked]
                got = "".join(each.delta.content or "" for each in choices), choices[-1].finish_reason
            else:
                got = asked.choices[0].message.content, asked.choices[0].finish_reason
            assert got == (text, reason), (options, stream)


def test_the_model_need_not_be_named_where_there_is_one() -> None:
    with serving(fake(lambda ids: "yes")) as running, running.http() as http:
        answer = http.post("/v1/completions", json={"prompt": "x"})
        assert answer.json()["choices"][0]["text"] == "yes" and answer.json()["model"] == "fake"


# ---- models ----


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    listed = list(client.models.list())
    assert [(model.id, model.object, model.owned_by) for model in listed] == [
        ("fake", "model", "kernelc"),
        ("org/other", "model", "kernelc"),
    ]
    assert client.models.retrieve("org/other").created == 1_700_000_000


# ---- the toy model: answers through the server are the completer's ----

PROMPTS = ["BRE", "A", "ZYXWV", "HELLO", "QQQQQQQQQQQQQQQQQQQQ", "KERNELC", "ABCDEFGH", "ABCDEFGZ"]


def test_ids_are_those_of_the_completer(toy: Served, toy_completer: ToyCompleter) -> None:
    alone = toy_completer()
    with serving(toy) as running:
        client = running.client()
        for prompt in PROMPTS:
            wanted = alone.complete(
                CompletionRequest(prompt=prompt, max_new=12, sampling=SamplingParams(), top_logprobs=2)
            )
            done = client.completions.create(
                model="toy", prompt=prompt, max_tokens=12, temperature=0, logprobs=2
            ).choices[0]
            assert done.text == wanted.text == letters(wanted.ids)
            assert done.logprobs is not None
            assert done.logprobs.tokens == [letters([token]) for token in wanted.ids]
            assert done.logprobs.token_logprobs == [each.chosen.logprob for each in wanted.logprobs]
            streamed = client.completions.create(
                model="toy", prompt=prompt, max_tokens=12, temperature=0, logprobs=2, stream=True
            )
            tokens: list[str] = []
            for chunk in streamed:
                news = chunk.choices[0].logprobs
                got = [] if news is None else news.tokens or []
                assert "".join(got) == chunk.choices[0].text  # each with the text that it belongs to
                tokens += got
            assert "".join(tokens) == wanted.text


def test_several_clients_at_once_get_their_own_answers(toy: Served, toy_completer: ToyCompleter) -> None:
    alone = toy_completer()
    wanted = {
        prompt: alone.complete(CompletionRequest(prompt=prompt, max_new=20, sampling=SamplingParams())).text
        for prompt in PROMPTS
    }
    assert len(set(wanted.values())) == len(PROMPTS)
    got: list[tuple[str, str]] = []

    def work(running: Running, at: int) -> None:
        client = running.client()
        for turn in range(4):
            prompt = PROMPTS[(at + turn) % len(PROMPTS)]
            asked = client.completions.create(
                model="toy", prompt=prompt, max_tokens=20, temperature=0, stream=(at + turn) % 2 == 0
            )
            if isinstance(asked, openai.Stream):
                got.append((prompt, "".join(chunk.choices[0].text for chunk in asked)))
            else:
                got.append((prompt, asked.choices[0].text))

    with serving(toy) as running:
        threads = [threading.Thread(target=work, args=(running, at)) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(got) == 32
    assert all(text == wanted[prompt] for prompt, text in got)
