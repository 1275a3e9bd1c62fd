"""Reads GBNF, llama.cpp's form of grammars.

Rules `name ::= ...` with "literals", [classes], `.`, names of rules, groups, alternatives, the quantifiers
* + ? {n} {n,} {n,m}, and # comments. The text follows the rule `root`. A rule goes on over a line's end
inside parentheses, and after ::= or |. Source: grammars/README.md of llama.cpp, "GBNF Guide"; its parser lets
a rule go on in the same places. Left recursion is refused, as it is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from kernelc.errors import UsageError
from runtime.grammar import chars
from runtime.grammar.embed import Embedder, Encoding
from runtime.grammar.grammar import Grammar

_MOST_CHARACTERS = 200_000
_MOST_DEPTH = 100
_MOST_REPEATS = 2_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-", "^": "^"}
_HEX = re.compile("[0-9a-fA-F]+", re.ASCII)
_CODES = {"x": 2, "u": 4, "U": 8}

_Part: TypeAlias = Callable[[int, int], None]
"""Adds itself between two nodes of the grammar."""


def gbnf_grammar(source: str, where: str = "grammar") -> Grammar:
    """Return the grammar of a GBNF text. Raises: UsageError with the line, for what is wrong or not known."""
    return _Parser(source, where).whole()


class _Parser:
    def __init__(self, source: str, where: str) -> None:
        self._text, self._where, self._at = source, where, 0
        self._grammar = Grammar()
        self._embedder = Embedder(self._grammar, Encoding.PLAIN)
        self._rules: dict[str, int] = {}
        self._defined: set[str] = set()
        self._used_at: dict[str, int] = {}
        chars.check_text(source, where)
        if len(source) > _MOST_CHARACTERS:
            raise UsageError(
                f"the grammar has {len(source)} characters, wanted at most {_MOST_CHARACTERS}", where=where
            )

    def whole(self) -> Grammar:
        self._skip(newlines=True)
        while self._at < len(self._text):
            self._rule()
            self._skip(newlines=True)
        for name, at in self._used_at.items():
            if name not in self._defined:
                self._at = at
                raise self._fail(f"there is no rule {name!r}")
        if "root" not in self._defined:
            raise UsageError("there is no rule 'root', which the text follows", where=self._where)
        self._grammar.start = self._rules["root"]
        return self._grammar

    def _rule(self) -> None:
        name = self._name()
        if name in self._defined:
            raise self._fail(f"the rule {name!r} is there twice")
        self._skip()
        if not self._text.startswith("::=", self._at):
            raise self._fail("wanted ::=")
        self._at += 3
        self._skip(newlines=True)
        rule = self._grammar.rules[self._number(name)]
        self._defined.add(name)
        self._alternatives(0)(rule.entry, rule.exit)
        if self._at < len(self._text) and self._peek() not in "\r\n":
            raise self._fail(f"got {self._peek()!r}, wanted the end of the rule")

    def _number(self, name: str) -> int:
        if name not in self._rules:
            self._rules[name] = self._grammar.add_rule(f"{self._where}: {name}")
        return self._rules[name]

    def _alternatives(self, depth: int) -> _Part:
        if depth > _MOST_DEPTH:
            raise self._fail(f"groups are nested more than {_MOST_DEPTH} deep")
        branches = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            self._skip(newlines=True)
            branches.append(self._sequence(depth))

        def add(begin: int, end: int) -> None:
            for branch in branches:
                branch(begin, end)

        return add

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while (atom := self._atom(depth)) is not None:
            self._skip(newlines=depth > 0)
            parts.append(self._quantified(atom))
            self._skip(newlines=depth > 0)
        return lambda begin, end: self._grammar.sequence(begin, parts, end)

    def _atom(self, depth: int) -> _Part | None:
        """Read one element of a sequence; None where the sequence ends."""
        char = self._peek()
        if char == '"':
            return self._literal()
        if char == "[":
            of = self._class()
            return lambda begin, end: self._embedder.add_chars(begin, of, end)
        if char == ".":
            self._at += 1
            return lambda begin, end: self._embedder.add_chars(begin, chars.ALL, end)
        if char == "(":
            self._at += 1
            self._skip(newlines=True)
            inside = self._alternatives(depth + 1)
            if self._peek() != ")":
                raise self._fail("a ( is not closed")
            self._at += 1
            return inside
        if _in_name(char):
            at, number = self._at, self._number(name := self._name())
            self._used_at.setdefault(name, at)
            return lambda begin, end: self._grammar.add_call(begin, number, end)
        if char in ("<", "!"):
            raise self._fail("tokens in a grammar are not supported; write their text")
        return None

    def _quantified(self, atom: _Part) -> _Part:
        bounds = self._bounds()
        if bounds is None:
            return atom
        low, high = bounds
        grammar = self._grammar
        # Copies share one rule, so that nested repetitions add up and do not multiply.
        rule = grammar.add_rule(f"{self._where}: a repetition")
        atom(grammar.rules[rule].entry, grammar.rules[rule].exit)

        def add(begin: int, end: int) -> None:
            for _ in range(low):
                after = grammar.node()
                grammar.add_call(begin, rule, after)
                begin = after
            if high is None:
                loop, again = grammar.node(), grammar.node()
                grammar.add_empty(begin, loop)
                grammar.add_call(loop, rule, again)
                grammar.add_empty(again, loop)
                begin = loop
            for _ in range((high or low) - low):
                grammar.add_empty(begin, end)
                after = grammar.node()
                grammar.add_call(begin, rule, after)
                begin = after
            grammar.add_empty(begin, end)

        return add

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._peek() == sign:
                self._at += 1
                return bounds
        if self._peek() != "{":
            return None
        closing = self._text.find("}", self._at)
        low, comma, high = (
            part.strip() for part in self._text[self._at + 1 : max(closing, 0)].partition(",")
        )
        counts = [part for part in (low, high) if part]
        if closing < 0 or not low or not all(part.isascii() and part.isdigit() for part in counts):
            raise self._fail("wanted {n}, {n,} or {n,m}")
        if any(len(part) > 5 or int(part) > _MOST_REPEATS for part in counts):
            raise self._fail(f"a repetition above {_MOST_REPEATS} is not supported")
        least, most = int(low), (int(low) if not comma else int(high) if high else None)
        if most is not None and most < least:
            raise self._fail("the bounds of a repetition are the wrong way round")
        self._at = closing + 1
        return least, most

    def _literal(self) -> _Part:
        self._at += 1
        found: list[str] = []
        while self._peek() != '"':
            found.append(self._character("a literal"))
        self._at += 1
        data = "".join(found).encode()
        return lambda begin, end: self._grammar.add_bytes(begin, data, end)

    def _class(self) -> chars.Ranges:
        self._at += 1
        negated = self._peek() == "^"
        self._at += negated
        pairs: list[tuple[int, int]] = []
        while self._peek() != "]":
            low = high = ord(self._character("a class"))
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                high = ord(self._character("a class"))
                if high < low:
                    raise self._fail("the range of a class is the wrong way round")
            pairs.append((low, high))
        self._at += 1
        found = chars.ranges(pairs)
        return chars.complement(found) if negated else found

    def _character(self, inside: str) -> str:
        """Read one character of a literal or a class."""
        char = self._peek()
        if char in ("", "\n"):
            raise self._fail(f"{inside} does not end on its line")
        self._at += 1
        if char != "\\":
            return char
        code = self._peek()
        self._at += 1
        if code in _CODES:
            digits = self._text[self._at : self._at + _CODES[code]]
            try:
                found = chr(int(digits, 16) if _HEX.fullmatch(digits) else -1)
                found.encode()
            except (ValueError, OverflowError) as reason:
                raise self._fail(f"\\{code}{digits} is no character") from reason
            self._at += len(digits)
            return found
        if code not in _ESCAPES or not code:
            raise self._fail(f"the escape \\{code} is not known")
        return _ESCAPES[code]

    def _name(self) -> str:
        begin = self._at
        while _in_name(self._peek()):
            self._at += 1
        if begin == self._at:
            raise self._fail(f"got {self._peek()!r}, wanted the name of a rule")
        return self._text[begin : self._at]

    def _skip(self, newlines: bool = False) -> None:
        """Skip spaces and comments, and line ends where asked to."""
        while char := self._peek():
            if char == "#":
                while self._peek() not in ("", "\n", "\r"):
                    self._at += 1
            elif char in " \t" or (newlines and char in "\r\n"):
                self._at += 1
            else:
                break

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _fail(self, message: str) -> UsageError:
        line = self._text.count("\n", 0, self._at) + 1
        return UsageError(message, where=f"{self._where}: line {line}")


def _in_name(char: str) -> bool:
    return bool(char) and ((char.isascii() and char.isalnum()) or char in "-_")
