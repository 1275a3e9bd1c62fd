"""Tools and thoughts through the server, with the official client: whole answers and streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import openai
import pytest
from openai.types.chat import ChatCompletionMessage

from kernelc.serve.scheduler import Served
from runtime.chat.completion import Completer
from runtime.chat.tools.rendering import Definitions, Messages
from runtime.engine.chooser import Chooser
from tests.runtime.fake_engine import EOS, BytesCoder, FakeEngine, FakeTokens, TurnsTemplate, show
from tests.serve.serving import ask, served, serving

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "get_time",
            "description": "The time.",
            "parameters": {
                "type": "object",
                "properties": {"zone": {"type": "string", "enum": ["CET", "UTC"]}},
                "required": ["zone"],
            },
        },
    },
    {"type": "function", "function": {"name": "stop"}},
]
THOUGHT = "<think>\nIt wants\nthe time.\n</think>\n\n"
TEXT = "Let me see.\n"
CALL = '<tool_call>\n{"name": "get_time", "arguments": {"zone": "CET"}}\n</tool_call>'


class Template(TurnsTemplate):
    """Turns, tools, calls and results, each in a few characters."""

    source = "{{ tools }} <tool_call> </think>"

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
        plain = [
            {"role": "user" if m["role"] == "tool" else m["role"], "content": m["content"] + _calls(m)}
            for m in messages
        ]
        names = ",".join(each["function"]["name"] for each in tools or ())
        return f"[{names}]" + super().render(plain)


def _calls(message: Any) -> str:
    return "".join(json.dumps(call["function"]["arguments"]) for call in message.get("tool_calls", ()))


class ChoosingEngine(FakeEngine):
    """Has logits: those of the ids that it would like to say, one after the other."""

    def generate(self, *args: Any, choose: Chooser | None = None, **more: Any) -> FakeTokens:
        if choose is None:
            return super().generate(*args, **more)
        return _Chosen(self, choose, args[0], frozenset(args[2]))


class _Chosen(FakeTokens):
    def __init__(self, engine: FakeEngine, choose: Chooser, max_new: int, stop_ids: frozenset[int]) -> None:
        super().__init__(engine, self._chosen(engine, choose), max_new, stop_ids)

    def _chosen(self, engine: FakeEngine, choose: Chooser) -> Iterator[int]:
        while True:
            logits = np.zeros(engine.vocab_size, np.float32)
            logits[EOS] = 9.0  # it would like to say nothing at all
            yield choose(logits, engine.ids)


def model(
    reply: Callable[[Sequence[int]], Iterable[int] | str],
    coder: BytesCoder | None = None,
    template: TurnsTemplate | None = None,
) -> Served:
    engine = ChoosingEngine(reply, context=4000)
    completer = Completer(engine, coder or BytesCoder(), template or Template(), stop_ids=[EOS])
    plain = served(engine)
    return Served("fake", completer, engine.vocab_size, engine.context, 0, plain.vocabulary, plain.decode)


PROMPTS: list[str] = []


def answer(ids: Sequence[int]) -> str:
    PROMPTS.append(show(ids))
    return "Noon." if "12:00" in PROMPTS[-1] else THOUGHT + TEXT + CALL + "\n" + CALL.replace("CET", "UTC")


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with serving(model(answer)) as running:
        yield running.client()


def calls_of(message: ChatCompletionMessage) -> list[tuple[str, str]]:
    calls = message.tool_calls or []
    assert len({call.id for call in calls}) == len(calls) and all(len(call.id) == 9 for call in calls)
    return [(call.function.name, call.function.arguments) for call in calls if call.type == "function"]


BOTH = [("get_time", '{"zone": "CET"}'), ("get_time", '{"zone": "UTC"}')]


def test_calls_and_thoughts_come_apart(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(model="fake", messages=ask("hi"), tools=TOOLS)
    (choice,) = done.choices
    assert PROMPTS[-1].startswith("[get_time,stop]<s>U:hi</s>A:")
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "Let me see.")
    assert calls_of(choice.message) == BOTH
    assert choice.message.model_extra == {"reasoning_content": "It wants\nthe time."}
    details = done.usage and done.usage.completion_tokens_details
    assert details is not None and details.reasoning_tokens == len(THOUGHT.rstrip())


def test_a_stream_has_the_same(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="fake", messages=ask("hi"), tools=TOOLS) as stream:
        deltas = [event.chunk.choices[0].delta for event in stream if event.type == "chunk"]
        done = stream.get_final_completion().choices[0]
    assert (done.finish_reason, done.message.content) == ("tool_calls", "Let me see.")
    assert calls_of(done.message) == BOTH
    thoughts = [(delta.model_extra or {}).get("reasoning_content", "") for delta in deltas]
    assert "".join(thoughts) == "It wants\nthe time."
    begun = [call for delta in deltas for call in delta.tool_calls or [] if call.id]
    assert [call.index for call in begun] == [0, 1]
    fragments = [call for delta in deltas for call in delta.tool_calls or []]
    assert len(fragments) > 10  # as they come, not at once


def test_a_result_is_given_back(client: openai.OpenAI) -> None:
    asked: list[Any] = ask("hi")
    said = client.chat.completions.create(model="fake", messages=asked, tools=TOOLS).choices[0].message
    (first, second) = said.tool_calls or []
    asked += [
        said.model_dump(exclude_none=True),  # with its reasoning_content
        {"role": "tool", "tool_call_id": first.id, "content": "12:00"},
        {"role": "tool", "tool_call_id": second.id, "content": "11:00"},
    ]
    done = client.chat.completions.create(model="fake", messages=asked, tools=TOOLS).choices[0]
    assert (done.message.content, done.message.tool_calls, done.finish_reason) == ("Noon.", None, "stop")
    assert 'A:Let me see.{"zone": "CET"}{"zone": "UTC"}</s>U:12:00</s>U:11:00</s>A:' in PROMPTS[-1]


def test_what_is_not_wanted_stays_text(client: openai.OpenAI) -> None:
    for options in ({}, {"tools": TOOLS, "tool_choice": "none"}):
        done = client.chat.completions.create(model="fake", messages=ask("hi"), **options).choices[0]
        assert done.message.content == TEXT + CALL + "\n" + CALL.replace("CET", "UTC")
        assert (done.message.tool_calls, done.finish_reason) == (None, "stop")
        assert PROMPTS[-1].startswith("[]")
    whole = client.chat.completions.create(
        model="fake", messages=ask("hi"), extra_body={"reasoning_format": "none"}
    )
    assert (whole.choices[0].message.content or "").startswith(THOUGHT)
    only: Any = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "stop"}}]}
    done = client.chat.completions.create(
        model="fake",
        messages=ask("hi"),
        tools=TOOLS,
        tool_choice={"type": "allowed_tools", "allowed_tools": only},
    )
    assert done.choices[0].message.tool_calls is None and CALL in (done.choices[0].message.content or "")


def test_one_call_at_a_time_and_limits(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(
        model="fake", messages=ask("hi"), tools=TOOLS, parallel_tool_calls=False
    )
    assert calls_of(done.choices[0].message) == BOTH[:1] and done.choices[0].finish_reason == "tool_calls"
    most = len(THOUGHT + TEXT + CALL) - len('"}}\n</tool_call>')
    for parallel in (True, False):
        cut = client.chat.completions.create(
            model="fake",
            messages=ask("hi"),
            tools=TOOLS,
            parallel_tool_calls=parallel,
            max_completion_tokens=most,
        )
        assert calls_of(cut.choices[0].message) == [("get_time", '{"zone": "CET')]
        assert cut.choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"get_time", "stop"}),
        ({"type": "function", "function": {"name": "stop"}}, {"stop"}),
        ({"type": "function", "function": {"name": "get_time"}}, {"get_time"}),
    ],
)
def test_a_call_that_is_required_comes(client: openai.OpenAI, choice: Any, names: set[str]) -> None:
    for seed in range(3):
        done = client.chat.completions.create(
            model="fake", messages=ask("hi"), tools=TOOLS, tool_choice=choice, temperature=1, seed=seed
        ).choices[0]
        ((name, arguments),) = calls_of(done.message)
        assert name in names and (done.message.content, done.finish_reason) == (None, "tool_calls")
        given = json.loads(arguments)
        assert given == {} if name == "stop" else given["zone"] in ("CET", "UTC")


def test_a_thought_that_the_prompt_begins() -> None:
    class Opening(Template):
        def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
            return super().render(messages, tools=tools) + "<think>\n"

    with serving(model(lambda ids: answer(ids).removeprefix("<think>"), template=Opening())) as running:
        client = running.client()
        done = client.chat.completions.create(model="fake", messages=ask("hi"), tools=TOOLS).choices[0]
        assert done.message.model_extra == {"reasoning_content": "It wants\nthe time."}
        assert calls_of(done.message) == BOTH
        forced = client.chat.completions.create(
            model="fake", messages=ask("hi"), tools=TOOLS, tool_choice="required"
        )
        assert len(calls_of(forced.choices[0].message)) == 1
        # It would never end by itself, so it is ended after half of the context.
        assert forced.usage is not None and 1000 < forced.usage.completion_tokens <= 2200


def test_marks_that_are_special_tokens_are_seen() -> None:
    coder = BytesCoder()
    coder.special_tokens = {**BytesCoder.special_tokens, "<tool_call>": 0}
    ids = [0, *BytesCoder().encode(CALL.removeprefix("<tool_call>"))]
    with serving(model(lambda _: ids, coder)) as running:
        done = running.client().chat.completions.create(model="fake", messages=ask("hi"), tools=TOOLS)
        assert calls_of(done.choices[0].message) == BOTH[:1]
        plain = running.client().chat.completions.create(model="fake", messages=ask("hi"))
        assert plain.choices[0].message.content == CALL.removeprefix("<tool_call>")


def test_a_base_model_knows_no_tools() -> None:
    plain = served(FakeEngine(lambda ids: "x"), plain=True)
    with serving(plain) as running, pytest.raises(openai.BadRequestError, match="so it knows no tools"):
        running.client().chat.completions.create(model="fake", messages=ask("hi"), tools=TOOLS)
