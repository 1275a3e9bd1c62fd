"""Regular expressions as trees over characters, whoever wrote them: a parser, or a keyword of a schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from runtime.grammar.chars import ALL, Ranges, of_text


@dataclass(frozen=True)
class Chars:
    """One character of a set."""

    of: Ranges


@dataclass(frozen=True)
class Concat:
    """One part after the other; the empty text where there are none."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Either:
    """One of the parts; nothing at all where there are none."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Repeat:
    """`low` to `high` times the part; `high` None is without end."""

    part: Tree
    low: int
    high: int | None


Tree: TypeAlias = Chars | Concat | Either | Repeat

EMPTY = Concat(())
NEVER = Either(())
ANYTHING = Repeat(Chars(ALL), 0, None)
"""Any text, with line ends."""


def text(characters: str) -> Tree:
    """Return the tree of exactly this text."""
    return Concat(tuple(Chars(of_text(char)) for char in characters))


def concat(*parts: Tree) -> Tree:
    """Return one part after the other."""
    return Concat(parts)


def either(parts: Iterable[Tree]) -> Tree:
    """Return one of the parts."""
    return Either(tuple(parts))


def size(tree: Tree) -> int:
    """Return about how many states the tree's automaton takes, without building it."""
    if isinstance(tree, Chars):
        return 1
    if isinstance(tree, Repeat):
        copies = tree.low + 1 if tree.high is None else tree.high
        return 1 + size(tree.part) * max(copies, 1)
    return 1 + sum(size(part) for part in tree.parts)
