"""Characters become bytes: sets and automata of characters as edges of a grammar over bytes.

There are two encodings. `PLAIN` is UTF-8. `JSON` is what stands between the quotes of a JSON string, with one
spelling for each character: itself in UTF-8, or the short escape that RFC 8259, section 7 has for it, or
\\u00XX for the other control characters. One spelling each keeps grammars unambiguous, and lets automata of
characters decide about strings whose JSON is longer than they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

from runtime.grammar.chars import Ranges, complement, intersect, ranges
from runtime.grammar.dfa import Dfa
from runtime.grammar.grammar import Grammar

ByteRanges: TypeAlias = tuple[tuple[int, int], ...]
"""A range for each of several bytes in a row."""

_SHORT_ESCAPES = {0x22: '"', 0x5C: "\\", 0x08: "b", 0x0C: "f", 0x0A: "n", 0x0D: "r", 0x09: "t"}
_ESCAPED = ranges([(0x00, 0x1F), (0x22, 0x22), (0x5C, 0x5C)])
_NOT_ESCAPED = complement(_ESCAPED)
_LENGTH_ENDS = (0x7F, 0x7FF, 0xFFFF, 0x10FFFF)


class Encoding(Enum):
    """How a character is written as bytes."""

    PLAIN = "plain"
    JSON = "json"


def json_escape(char: int) -> str:
    """Return a character as it stands in a JSON string of a grammar."""
    if char in _SHORT_ESCAPES:
        return "\\" + _SHORT_ESCAPES[char]
    return f"\\u{char:04x}" if char < 0x20 else chr(char)


def json_string(text: str) -> bytes:
    """Return a text as a JSON string, with its quotes, in the one spelling that grammars have."""
    return ('"' + "".join(json_escape(ord(char)) for char in text) + '"').encode()


class Embedder:
    """Adds edges for characters to a grammar, and shares the ends of their encodings."""

    def __init__(self, grammar: Grammar, encoding: Encoding) -> None:
        self._grammar = grammar
        self._encoding = encoding
        self._nodes: dict[tuple[int, object], int] = {}

    def add_chars(self, begin: int, of: Ranges, end: int) -> None:
        """Let one character of a set lead from one node to another."""
        if self._encoding is Encoding.JSON:
            self._add_escapes(begin, intersect(of, _ESCAPED), end)
            of = intersect(of, _NOT_ESCAPED)
        for low, high in of:
            for sequence in utf8_ranges(low, high):
                self._grammar.add_range(begin, *sequence[0], self._rest(sequence[1:], end))

    def add_dfa(self, begin: int, dfa: Dfa, end: int) -> None:
        """Let every text that an automaton accepts lead from one node to another."""
        nodes = [self._grammar.node() for _ in dfa.edges]
        self._grammar.add_empty(begin, nodes[0])
        for state, edges in enumerate(dfa.edges):
            of: dict[int, list[tuple[int, int]]] = {}
            for low, high, to in edges:
                of.setdefault(to, []).append((low, high))
            for to, pairs in of.items():
                self.add_chars(nodes[state], tuple(pairs), nodes[to])
            if dfa.accepting[state]:
                self._grammar.add_empty(nodes[state], end)

    def _rest(self, sequence: ByteRanges, end: int) -> int:
        """Return the node from which a sequence of bytes leads to `end`."""
        if not sequence:
            return end
        key = (end, sequence)
        if key not in self._nodes:
            node = self._grammar.node()
            self._nodes[key] = node
            self._grammar.add_range(node, *sequence[0], self._rest(sequence[1:], end))
        return self._nodes[key]

    def _add_escapes(self, begin: int, of: Ranges, end: int) -> None:
        if not of:
            return
        key = (end, ("escapes", of))
        if key not in self._nodes:
            node = self._grammar.node()
            self._nodes[key] = node
            self._add_after_backslash(node, [char for low, high in of for char in range(low, high + 1)], end)
        self._grammar.add_range(begin, 0x5C, 0x5C, self._nodes[key])

    def _add_after_backslash(self, node: int, characters: list[int], end: int) -> None:
        by_first_digit: dict[int, list[int]] = {}
        for char in characters:
            if char in _SHORT_ESCAPES:
                letter = ord(_SHORT_ESCAPES[char])
                self._grammar.add_range(node, letter, letter, end)
            else:
                by_first_digit.setdefault(char >> 4, []).append(char & 15)
        if not by_first_digit:
            return
        first = self._grammar.node()
        self._grammar.add_bytes(node, b"u00", first)
        for digit, last_digits in by_first_digit.items():
            last = self._grammar.node()
            self._grammar.add_range(first, 0x30 + digit, 0x30 + digit, last)
            for low, high in ranges((ord(f"{each:x}"), ord(f"{each:x}")) for each in last_digits):
                self._grammar.add_range(last, low, high, end)


def utf8_ranges(low: int, high: int) -> Iterator[ByteRanges]:
    """Yield ranges of bytes that together are the UTF-8 of the characters from `low` to `high`.

    Source: R. Cox, Regular Expression Matching with a Trigram Index, and his RE2: a range is cut where the
    length changes, then until all bytes but the first that differs take all of their values.
    """
    for last in _LENGTH_ENDS:
        if low <= last < high:
            yield from utf8_ranges(low, last)
            yield from utf8_ranges(last + 1, high)
            return
    first, final = chr(low).encode("utf-8", "surrogatepass"), chr(high).encode("utf-8", "surrogatepass")
    for tail in range(1, len(first)):
        mask = (1 << (6 * tail)) - 1
        if (low & ~mask) == (high & ~mask):
            break  # the bytes before this tail agree, and so do those of any longer one
        if low & mask:
            yield from utf8_ranges(low, low | mask)
            yield from utf8_ranges((low | mask) + 1, high)
            return
        if high & mask != mask:
            yield from utf8_ranges(low, (high & ~mask) - 1)
            yield from utf8_ranges(high & ~mask, high)
            return
    yield tuple(zip(first, final, strict=True))
