"""A conversation in the making: its random numbers, its split and what has been told in it.

Everything comes in two splits. Phrasings marked as held back are never used in training, nor are the
operands, words and names that `is_held` picks; the held-out questions use those and no others.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

T = TypeVar("T")

DONT_KNOW = "Sorry, I do not know that."
ONE_HELD_IN = 12


@dataclass(frozen=True)
class Turn:
    """What the user says and what the model is to answer; `accepted` are further right answers."""

    user: str
    answer: str
    skill: str
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Phrases:
    """Ways to say one thing: those of the training and those kept for the held-out questions."""

    train: tuple[str, ...]
    held: tuple[str, ...]


def phrases(train: str, held: str) -> Phrases:
    """Split two texts of one phrasing a line into `Phrases`."""

    def lines(text: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in text.strip().splitlines() if line.strip())

    both = Phrases(lines(train), lines(held))
    overlap = set(both.train) & set(both.held)
    if overlap or not both.train or not both.held:
        raise ValueError(f"phrases must be there in both splits and differ; in both: {sorted(overlap)}")
    return both


def is_held(*key: object) -> bool:
    """Whether a question about `key` belongs to the held-out split (one in ONE_HELD_IN does)."""
    return zlib.crc32(repr(key).encode()) % ONE_HELD_IN == 0


@cache
def _of_split(items: tuple[T, ...], held: bool, *kind: object) -> tuple[T, ...]:
    return tuple(item for item in items if is_held(*kind, item) == held) or items


@dataclass
class Talk:
    """One conversation; skills draw from it and add their turns.

    `facts` is what the user has told, by kind and key; `capitals` that the system prompt asked for capitals.
    """

    rng: random.Random
    held: bool = False
    system: str = ""
    capitals: bool = False
    assistant_name: str = "Kit"
    facts: dict[tuple[str, str], str] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)

    def choose(self, items: Sequence[T]) -> T:
        """Return any one of the items."""
        return items[int(self.rng.random() * len(items))]

    def chance(self, share: float) -> bool:
        """Return True in `share` of all cases."""
        return self.rng.random() < share

    def phrase(self, ways: Phrases) -> str:
        """Return one way to say it, of this conversation's split."""
        return self.choose(ways.held if self.held else ways.train)

    def fresh(self, draw: Callable[[], T], *kind: object) -> T:
        """Draw until the value is of this conversation's split; `kind` keeps kinds of question apart."""
        while True:
            value = draw()
            if is_held(*kind, value) == self.held:
                return value

    def pick(self, items: Sequence[T], *kind: object) -> T:
        """Return one of the items of this conversation's split, or any where there is none."""
        return self.choose(_of_split(tuple(items), self.held, *kind))

    def roughen(self, text: str, *, keep_case: bool = False) -> str:
        """Return a question as people type it: now and then without capitals or the mark at its end."""
        chance = self.rng.random()
        if chance < 0.06 and text[-1] in ".?!":
            return text[:-1]
        if chance < 0.16 and not keep_case:
            return text.lower().rstrip(".?!") if chance < 0.12 else text.lower()
        if chance < 0.20:
            return text[0].lower() + text[1:]
        return text

    def say(
        self, skill: str, user: str, answer: str, *, accepted: tuple[str, ...] = (), keep_case: bool = False
    ) -> None:
        """Add a turn."""
        if self.capitals:
            answer, accepted = answer.upper(), tuple(text.upper() for text in accepted)
        self.turns.append(Turn(self.roughen(user, keep_case=keep_case), answer, skill, accepted))
