"""Answers held to calls: whatever is drawn, thoughts end, calls follow, and each is of its schema."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runtime.chat.completion import Completer
from runtime.chat.constraints import Constraints
from runtime.chat.planning import Plan, Planner
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import Delta, calls_of, text_of
from runtime.chat.tools.guide import MOST_CALLS, CallMark, Course, Guide
from runtime.chat.tools.rendering import Definitions, Messages
from runtime.chat.tools.typed_calls import BEGIN, BEGINS, SEPARATOR
from runtime.chat.tools.use import Tool, ToolUse
from runtime.engine.chooser import AnswerMatcher, KnowsTokens
from runtime.grammar.json.schema import json_schema_grammar
from runtime.grammar.matcher import Constraint
from runtime.grammar.regular import regex_grammar
from runtime.grammar.vocabulary import Vocabulary
from tests.runtime.fake_engine import EOS, BytesCoder, FakeEngine, TurnsTemplate

SCHEMA = {"type": "object", "properties": {"n": {"enum": [1, 23]}}, "required": ["n"]}
TOOLS = tuple(
    Tool(name, {"type": "function", "function": {"name": name}}, json_schema_grammar(SCHEMA))
    for name in ("one", "other")
)
LOOSE = replace(TOOLS[1], grammar=None)
SOURCES = {
    "hermes": "tools <tool_call>",
    "listed": "tools [TOOL_CALLS]",
    "args": "tools [TOOL_CALLS] [ARGS]",
    "granite": "tools <|tool_call|>",
    "phi": "tools <|tool_call|> <|/tool_call|>",
    "deepseek": f"tools {BEGIN} ```json",
    "plain": "tools",
}
SEVERAL = {"hermes", "listed", "granite", "phi"}


class Template(TurnsTemplate):
    """Its thoughts are between <think> and </think>, where it has some; `begins`: it begins one."""

    def __init__(self, source: str, thoughts: bool, begins: bool) -> None:
        self.source = source + (" </think>" if thoughts else "")
        self._begins = begins

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
        return super().render(messages, tools=tools) + ("<think>\n" if self._begins else "")


MARKS = {"<s>": 1, "</s>": EOS, "<think>": 300, "</think>": 301, "<tool_call>": 302}


class Coder(BytesCoder):
    """Has the marks of thoughts and calls as tokens of their own, which stand for no text."""

    special_tokens = MARKS
    markup = MARKS

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        ids: list[int] = []
        while parse_special and text:
            found = [(text.find(mark), mark) for mark in self.special_tokens if mark in text]
            if not found:
                break
            at, mark = min(found)
            ids += [*super().encode(text[:at]), self.special_tokens[mark]]
            text = text[at + len(mark) :]
        return [*ids, *super().encode(text)]

    def vocabulary(self, size: int) -> Any:
        whole = super().vocabulary(259)
        return type(whole)([*whole.pieces, *([b""] * (size - 259))], excluded=self.special_tokens.values())


class Setting:
    def __init__(
        self,
        form: str,
        coder: BytesCoder,
        *,
        thoughts: bool,
        begins: bool,
        several: bool = False,
        required: bool = True,
    ) -> None:
        self.coder, size = coder, 304
        template = Template(SOURCES.get(form, form), thoughts, begins)
        self.planner = Planner(coder, template, prefix=[], context=4000, ends=[EOS])
        self.constraints = Constraints(coder, size, [EOS])
        self.request = CompletionRequest(
            messages=[{"role": "user", "content": "q"}],
            tools=ToolUse(
                TOOLS if required else (TOOLS[0], LOOSE), ("one", "other"), required=required, several=several
            ),
            splits_thoughts=True,
            max_new=900,
        )

    def begin(self) -> tuple[Plan, AnswerMatcher]:
        plan = self.planner.plan(self.request)
        return plan, self.planner.matcher_of(self.request, plan, self.constraints)


def drawn(plan: Plan, matcher: AnswerMatcher, seed: int) -> tuple[list[int], list[Delta]]:
    """Any answer: tokens at random, and those that must come at once, now and then."""
    chance, ids, deltas = random.Random(seed), list[int](), list[Delta]()
    assert plan.parser is not None
    while not matcher.ended and not plan.parser.done:
        known: list[int] = []
        if isinstance(matcher, KnowsTokens) and chance.random() < 0.5:
            known = matcher.known(chance.choice([1, 3, 99]))
        if not known:
            bits = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
            token = int(chance.choice(np.flatnonzero(bits)))
            assert matcher.advance(token)
            known = [token]
        ids += known
        for token in known:
            if token != EOS:
                deltas += plan.parser.feed(plan.decoder.feed(token))
        assert len(ids) < 900
    return ids, [*deltas, *plan.parser.flush()]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("thoughts", "begins"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("form", SOURCES)
def test_every_answer_has_its_calls(
    form: str, special: bool, thoughts: bool, begins: bool, several: bool
) -> None:
    setting = Setting(
        form, Coder() if special else BytesCoder(), thoughts=thoughts, begins=begins, several=several
    )
    numbers, thinking = set[int](), 0
    for seed in range(8):
        _, deltas = drawn(*setting.begin(), seed)
        calls = calls_of(deltas)
        numbers.add(len(calls))
        thinking += bool(text_of(deltas, "reasoning"))
        assert {call.name for call in calls} <= {"one", "other"}
        assert all(json.loads(call.arguments) in ({"n": 1}, {"n": 23}) for call in calls)
        assert not text_of(deltas, "text")
    most = MOST_CALLS if several and form in SEVERAL else 1
    assert min(numbers) >= 1 and max(numbers) <= most
    assert (max(numbers) > 1) == (most > 1)
    assert (thinking == 8) if begins else (thinking > 0) == (special and form != "plain")


def test_a_thought_that_does_not_end_is_ended() -> None:
    setting = Setting("hermes", Coder(), thoughts=True, begins=True, several=False)
    _, matcher = setting.begin()
    letter, count = setting.coder.encode("a")[0], 0
    while matcher.advance(letter):
        count += 1
    assert count == 450  # half of what may come
    assert isinstance(matcher, KnowsTokens)
    assert matcher.known(9) == setting.coder.encode("</think>\n\n<tool_call>\n", parse_special=True)[:9]


def test_what_may_not_come_changes_nothing() -> None:
    setting = Setting("hermes", Coder(), thoughts=True, begins=False, several=True)
    _, matcher = setting.begin()
    before = matcher.mask().tolist()
    assert not matcher.advance(EOS) and not matcher.advance(50)
    assert matcher.mask().tolist() == before
    bits = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
    assert np.flatnonzero(bits).tolist() == [300, 302]  # think, or call


def test_the_engine_gets_such_a_matcher() -> None:
    completer = Completer(
        FakeEngine(lambda _: ""), Coder(), Template("tools <tool_call>", True, True), stop_ids=[EOS]
    )
    request = Setting("hermes", Coder(), thoughts=True, begins=True, several=True).request
    with pytest.raises(AssertionError, match="this engine has no logits"):
        list(completer.stream(request))


def test_there_are_sixteen_calls_at_most() -> None:
    setting = Setting("hermes", Coder(), thoughts=False, begins=False, several=True)
    plan, matcher = setting.begin()
    ids: list[int] = []
    while not matcher.ended:
        bits = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
        ids.append(int(np.flatnonzero(bits)[-1]))  # which is no end where there is another way
        assert matcher.advance(ids[-1])
    assert not plan.begun and ids.count(MARKS["<tool_call>"]) == MOST_CALLS


@pytest.mark.parametrize("thoughts", [False, True])
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("form", ["hermes", "listed", "args", "granite", "phi", "deepseek"])
def test_a_call_of_a_strict_tool_follows_its_schema_wherever_it_comes(
    form: str, special: bool, thoughts: bool
) -> None:
    """The model writes text and marks as it likes, and now and then the mark of a call."""
    setting = Setting(
        form, Coder() if special else BytesCoder(), thoughts=thoughts, begins=thoughts, required=False
    )
    mark = setting.planner._form.opens[0]  # pyright: ignore[reportPrivateUsage]
    made = 0
    for seed in range(6):
        chance, (plan, matcher) = random.Random(seed), setting.begin()
        deltas: list[Delta] = []
        assert plan.parser is not None and matcher is not None
        close = "x</think>" if thoughts else ""
        wanted = setting.coder.encode(
            f"{mark} no {close}Hello {mark}" if thoughts else f"Hello {mark}", parse_special=True
        )
        while not matcher.ended:
            bits = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
            token = int(chance.choice(np.flatnonzero(bits)))
            if wanted:
                token = wanted.pop(0)
            elif bits[EOS]:
                token = EOS
            assert matcher.advance(token)
            deltas += [] if token == EOS else plan.parser.feed(plan.decoder.feed(token))
        deltas += plan.parser.flush()
        calls = calls_of(deltas)
        made += len(calls)
        assert text_of(deltas, "text").strip() == "Hello"
        for call in calls:
            given = json.loads(call.arguments)
            assert given in ({"n": 1}, {"n": 23}) if call.name == "one" else isinstance(given, dict)
    assert made >= 6


MESSAGES = "tools <|channel|><|message|>"


def test_a_call_that_must_come_is_a_message_where_answers_are_messages() -> None:
    setting = Setting(MESSAGES, BytesCoder(), thoughts=False, begins=False)
    for seed in range(8):
        plan, matcher = setting.begin()
        assert plan.text is not None and plan.text.endswith("<|channel|>commentary to=functions.")
        _, deltas = drawn(plan, matcher, seed)
        (call,) = calls_of(deltas)
        assert call.name in ("one", "other") and json.loads(call.arguments) in ({"n": 1}, {"n": 23})
        assert not text_of(deltas, "text")


def test_a_call_that_may_come_is_held_only_where_a_mark_begins_it() -> None:
    for form in (MESSAGES, "plain"):
        setting = Setting(form, BytesCoder(), thoughts=False, begins=False, required=False)
        assert setting.planner.grammar_of(setting.request) is None
        assert setting.planner.plan(setting.request).parser is not None


LONG = (b">\n", b"l>{", b"<tool_call>\n", b"on")


def free_guide(*marks: CallMark) -> Guide:
    """Of an answer that is free, with a token for each byte, and longer ones from 256 on."""
    vocabulary = Vocabulary([*(bytes([byte]) for byte in range(256)), *LONG, b""])
    constraint = Constraint(regex_grammar("no"), vocabulary, [260])
    return Guide(
        Course((), constraint, marks=marks), [260], None, begun=False, thinking=False, drops_space=False
    )


@pytest.mark.parametrize(("said", "beyond"), [("", 2), ("a <tool_cal", 1), ("<tool_call", 0)])
def test_no_token_leads_through_the_text_of_a_mark_into_a_call(said: str, beyond: int) -> None:
    """What stood behind the mark in it would not be held."""
    guide = free_guide(CallMark(b"<tool_call>", None, [10]))
    assert all(guide.advance(byte) for byte in said.encode())
    bits = np.unpackbits(guide.mask().view("u1"), bitorder="little")[:261]
    assert set(np.flatnonzero(bits == 0)) == {256 + beyond, 256 + 2}
    assert not guide.advance(256 + beyond)
    assert all(guide.advance(byte) for byte in b"<tool_call>"[len(said.lstrip("a ")) :])
    assert guide.known(9) == [10] and guide.forced_bytes() == b"no"


def test_each_mark_of_a_form_begins_a_call() -> None:
    """DeepSeek's calls after the first have no mark of a list of calls before them."""
    calls, call = CallMark(b"[", None, [*b"<f:"]), CallMark(b"<", None, [*b"f:"])
    guide = free_guide(calls, call)
    assert guide.advance(ord("[")) and guide.known(9) == [*b"<f:"]
    assert all(guide.advance(byte) for byte in b"no> <")
    assert guide.known(9) == [*b"f:"] and guide.forced_bytes() == b"no"


def test_a_form_has_the_marks_that_its_calls_begin_with() -> None:
    setting = Setting("deepseek", BytesCoder(), thoughts=False, begins=False, required=False)
    _, guide = setting.begin()
    assert isinstance(guide, Guide)
    marks = guide._course.marks  # pyright: ignore[reportPrivateUsage]
    ids = setting.coder.encode
    assert [mark.text.decode() for mark in marks] == [BEGINS, BEGIN]
    follows = f"function{SEPARATOR}"
    assert [mark.begins for mark in marks] == [ids(f"{BEGIN}{follows}"), ids(follows)]
