"""Random regular expressions, each with a judge of its own that takes no more time than the text is long.

Python's `re` tries one way after the other: under nested repetitions a text of 100 characters can take it for
ever. This judge keeps all places that some way has come to, so it is done after as many steps as the
expression has parts and the text places; only single characters are left to `re`. It shares nothing with the
grammars.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

Places = frozenset[int]


@dataclass(frozen=True)
class Pattern:
    """A regular expression; `ends` has the places in a text where what begins at some others may end."""

    text: str
    ends: Callable[[str, Places], Places]

    def fits(self, whole: str) -> bool:
        return len(whole) in self.ends(whole, frozenset([0]))


def random_pattern(chance: random.Random, depth: int = 0) -> Pattern:
    """Draw a regular expression that Python reads as ECMA-262 does, with re.ASCII."""
    if depth > 2 or chance.random() < 0.3:
        return _atom(
            chance.choice(
                ["a", "the ", "[a-z]", "\\d", "[A-Z][a-z]", "\\w", "é", "日", "[^x\\n]", ", ", "\\."]
            )
        )
    parts = [random_pattern(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    inner = _either(parts) if chance.random() < 0.4 else _sequence(parts)
    low, high = _COUNTS[suffix := chance.choice(["", "", "?", "{2}", "{1,3}", "{0,9}", "+", "*"])]
    return Pattern(f"(?:{inner.text}){suffix}", _repeated(inner, low, high).ends)


_COUNTS: dict[str, tuple[int, int | None]] = {
    "": (1, 1),
    "?": (0, 1),
    "{2}": (2, 2),
    "{1,3}": (1, 3),
    "{0,9}": (0, 9),
    "+": (1, None),
    "*": (0, None),
}


def _atom(pattern: str) -> Pattern:
    """What has no more than one way to match."""
    compiled = re.compile(pattern, re.ASCII)

    def ends(text: str, begins: Places) -> Places:
        found = (compiled.match(text, at) for at in begins)
        return frozenset(each.end() for each in found if each)

    return Pattern(pattern, ends)


def _sequence(parts: list[Pattern]) -> Pattern:
    def ends(text: str, begins: Places) -> Places:
        for part in parts:
            begins = part.ends(text, begins)
        return begins

    return Pattern("".join(part.text for part in parts), ends)


def _either(parts: list[Pattern]) -> Pattern:
    def ends(text: str, begins: Places) -> Places:
        return frozenset[int]().union(*(part.ends(text, begins) for part in parts))

    return Pattern("|".join(part.text for part in parts), ends)


def _repeated(part: Pattern, low: int, high: int | None) -> Pattern:
    def ends(text: str, begins: Places) -> Places:
        for _ in range(low):
            begins = part.ends(text, begins)
        found, count = begins, low
        while begins and (high is None or count < high):
            begins = part.ends(text, begins) - found
            found, count = found | begins, count + 1
        return found

    return Pattern(part.text, ends)
