"""Answers taken apart into text, thoughts and calls, as answers.json has it, however they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.chat.tools.channels import CHANNEL_MARKS, ENDS
from runtime.chat.tools.characters import Characters
from runtime.chat.tools.deltas import Delta, calls_of, text_of
from runtime.chat.tools.forms import FORMS, HARMONY, CallForm, Thoughts, form_of, thoughts_of
from runtime.chat.tools.parser import AnswerParser

VECTORS = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
BY_NAME = {form.name: form for form in FORMS}
NAMES = VECTORS["names"]
THINK = Thoughts("<think>", "</think>")
PARTS = st.sampled_from(
    [
        *("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "<|python_tag|>", "<think>", "</think>"),
        *('{"name": "f", "arguments": {', '"name"', '"f"', '"arguments"', "f", "g", "get_time", "null", "1"),
        *("<function=f>", "<parameter=s>", "<parameter=n>", "</parameter>", "</function>"),
        *("{", "}", "[", "]", ":", ",", '"', "\\", " ", "\n", "<", "<tool", "a", "é", "\U0001f600", ";"),
    ]
)


def merged(deltas: list[Delta]) -> list[list[str]]:
    """The deltas with neighbours of a kind as one, as answers.json writes them."""
    found: list[list[str]] = []
    last = -1
    for delta in deltas:
        if found and found[-1][0] == delta.kind != "call" and last == delta.index:
            found[-1][1] += delta.text
        else:
            found.append([delta.kind, delta.text])
        last = delta.index
    return found


def read(pieces: list[str], form: CallForm | None, thoughts: Thoughts | None, **options: Any) -> list[Delta]:
    parser = AnswerParser(form, thoughts, NAMES, strings=VECTORS["strings"], **options)
    deltas: list[Delta] = []
    for piece in pieces:
        deltas += parser.feed(piece)
    return deltas + parser.flush()


@pytest.mark.parametrize("vector", VECTORS["answers"], ids=lambda vector: vector["name"])
def test_an_answer_comes_apart(vector: dict[str, Any]):
    form = BY_NAME[vector["form"]] if vector["form"] else None
    thoughts = Thoughts(*vector["thoughts"]) if "thoughts" in vector else None
    options = {name: vector[name] for name in ("thinking", "most_calls") if name in vector}
    text = vector["text"]
    for length in (1, 2, 3, 7, len(text) + 1):
        pieces = [text[at : at + length] for at in range(0, len(text), length)]
        deltas = read(pieces, form, thoughts, **options)
        assert merged(deltas) == vector["deltas"], length
        starts = [delta.index for delta in deltas if delta.kind == "call"]
        assert starts == list(range(len(starts)))


@given(
    st.lists(PARTS, max_size=25),
    st.sampled_from([*(form for form in FORMS if form is not HARMONY), None]),
    st.sampled_from([THINK, None]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
@settings(deadline=2000, max_examples=300)
def test_pieces_change_nothing_and_nothing_is_lost(
    parts: list[str], form: CallForm | None, thoughts: Thoughts | None, thinking: bool, random: Any
):
    text = "".join(parts)
    whole = read([text], form, thoughts, thinking=thinking)
    cuts = sorted(random.randint(0, len(text)) for _ in range(random.randint(0, 8)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert merged(read(pieces, form, thoughts, thinking=thinking)) == merged(whole)
    calls = calls_of(whole)
    if not calls:
        shown = text_of(whole, "reasoning") + text_of(whole, "text")
        marks = ("<think>", "</think>") if thoughts else ()
        for mark in marks:
            shown, text = shown.replace(mark, ""), text.replace(mark, "")
        assert "".join(shown.split()) == "".join(text.split())
    for call in calls:
        assert call.name in NAMES and call.arguments.startswith("{")


@given(
    st.lists(
        st.sampled_from(
            [
                *(*CHANNEL_MARKS, "<|channel|>analysis<|message|>", "<|start|>assistant", " to=functions.f"),
                *(
                    "final",
                    "analysis",
                    "commentary",
                    "to=",
                    "{",
                    '"',
                    "}",
                    "[",
                    " ",
                    "\n",
                    "<",
                    "a",
                    "\U0001f600",
                ),
            ]
        ),
        max_size=25,
    ),
    st.sampled_from([HARMONY, None]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
@settings(deadline=2000, max_examples=300)
def test_messages_come_apart_in_any_pieces(parts: list[str], form: CallForm | None, split: bool, random: Any):
    text = "".join(parts)
    thoughts = thoughts_of("<|channel|><|message|>", ()) if split or form is None else None
    whole = read([text], form, thoughts)
    cuts = sorted(random.randint(0, len(text)) for _ in range(random.randint(0, 8)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert merged(read(pieces, form, thoughts)) == merged(whole)
    assert all(call.name == "f" and call.arguments.startswith("{") for call in calls_of(whole))
    if not any(mark in text for mark in ENDS) and "<|message|>" not in text:
        assert "".join(text_of(whole, "text").split()) == "".join(text.split())


@pytest.mark.parametrize("vector", VECTORS["forms"], ids=lambda vector: vector["form"])
def test_a_templates_text_says_the_form(vector: dict[str, str]):
    assert form_of(vector["source"]).name == vector["form"]


@pytest.mark.parametrize("vector", VECTORS["thoughts"], ids=lambda vector: str(vector["thoughts"]))
def test_templates_and_tokens_say_the_marks_of_thoughts(vector: dict[str, Any]):
    found = thoughts_of(vector["source"], vector["tokens"])
    assert (found and [found.open, found.close]) == vector["thoughts"]


def test_no_text_is_read_again_and_again(monkeypatch: pytest.MonkeyPatch):
    again = 0
    unread = Characters.unread

    def counted(self: Characters, text: str) -> None:
        nonlocal again
        again += len(text)
        unread(self, text)

    monkeypatch.setattr(Characters, "unread", counted)
    for text in ("<|channel|>", "<|start|>to=<|message|>", "to=", "<|channel|>a<|end|>"):
        again = 0
        read([text * 500], HARMONY, None)
        assert again <= 2 * 500 * len(text), text
    for text in ('<tool_call>{"a": "', "<tool_call>{", '<tool_call>{"name": "f"} x', "<think>", "{"):
        for form in (BY_NAME["hermes"], BY_NAME["llama"]):
            again = 0
            read([text * 500], form, THINK)
            assert again <= 2 * 500 * len(text), text
