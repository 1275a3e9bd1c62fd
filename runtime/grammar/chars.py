"""Sets of characters: sorted, disjoint ranges of Unicode scalar values.

A set is a tuple of (low, high) pairs, both ends included. Surrogates (U+D800 to U+DFFF) are no characters of
their own in UTF-8, so no set has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from kernelc.errors import UsageError

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, disjoint, not adjacent ranges of integers, both ends included."""

LAST = 0x10FFFF
ALL: Ranges = ((0, 0xD7FF), (0xE000, LAST))
NONE: Ranges = ()


def ranges(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Return any ranges as a set: sorted, joined where they touch, without surrogates."""
    return intersect(_joined(pairs), ALL)


def check_text(text: str, where: str) -> None:
    """Raises: UsageError for a text with lone surrogates, which JSON may hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as reason:
        raise UsageError("the text has half of a surrogate pair", where=where) from reason


def of_text(characters: str) -> Ranges:
    """Return the set of the characters of a text."""
    return ranges((ord(char), ord(char)) for char in characters)


def union(a: Ranges, b: Ranges) -> Ranges:
    """Return what is in either set."""
    return _joined((*a, *b))


def complement(a: Ranges) -> Ranges:
    """Return the characters that are not in a set."""
    gaps: list[tuple[int, int]] = []
    begin = 0
    for low, high in a:
        if begin < low:
            gaps.append((begin, low - 1))
        begin = high + 1
    if begin <= LAST:
        gaps.append((begin, LAST))
    return intersect(tuple(gaps), ALL)


def intersect(a: Ranges, b: Ranges) -> Ranges:
    """Return what is in both sets."""
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            found.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def contains(a: Ranges, char: int) -> bool:
    """Whether a set has a character."""
    return any(low <= char <= high for low, high in a)


def _joined(pairs: Iterable[tuple[int, int]]) -> Ranges:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        elif low <= high:
            joined.append((low, high))
    return tuple(joined)


# Classes of ECMA-262 (CharacterClassEscape), which JSON Schema's patterns follow: \d and \w are ASCII, \s is
# WhiteSpace and LineTerminator. The dot leaves out the four line terminators.
DIGITS = ranges([(0x30, 0x39)])
WORD = ranges([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACE = ranges(
    [
        (0x09, 0x0D),
        (0x20, 0x20),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF),
    ]
)
DOT = complement(ranges([(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]))
