"""What an answer consists of, in the order in which it comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["text", "reasoning", "call", "arguments"]


@dataclass(frozen=True)
class Delta:
    """Something more of an answer.

    `text` and `reasoning` are what it says and what it thought. A `call` has the name of the tool as its
    `text`, its number in the answer, from 0 on, and its id; the JSON of its `arguments` follows in pieces.
    """

    kind: Kind
    text: str
    index: int = 0
    id: str = ""


WAITING = Delta("text", "")
"""Says that there is nothing more yet: the next token waits for a step of several sequences."""


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool. `arguments` is the text of a JSON object, or what a model wrote in place of one."""

    id: str
    name: str
    arguments: str


def text_of(deltas: Iterable[Delta], kind: Kind) -> str:
    """Return the text of one kind."""
    return "".join(delta.text for delta in deltas if delta.kind == kind)


def calls_of(deltas: Iterable[Delta]) -> tuple[ToolCall, ...]:
    """Return the calls, each with all of its arguments."""
    calls: list[ToolCall] = []
    for delta in deltas:
        if delta.kind == "call":
            calls.append(ToolCall(delta.id, delta.text, ""))
        elif delta.kind == "arguments":
            last = calls[-1]
            calls[-1] = ToolCall(last.id, last.name, last.arguments + delta.text)
    return tuple(calls)
