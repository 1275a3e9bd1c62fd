"""Reads regular expressions: the subset of ECMA-262 that is regular, and that Python's `re` means alike.

Literals, escapes, classes with ranges, `.`, \\d \\w \\s and their opposites, groups, alternation, and the
quantifiers * + ? {n} {n,} {n,m}, greedy or lazy, which accept the same texts. Refused by name: assertions
other than ^ and $ at the ends, lookaround, backreferences, flags, Unicode properties, possessive quantifiers.
Source: ECMA-262, "Patterns"; JSON Schema draft 2020-12, section 6.4 (which points to it).
"""

from __future__ import annotations

from kernelc.errors import UsageError
from runtime.grammar import chars, syntax
from runtime.grammar.syntax import Tree

_MOST_CHARACTERS = 10_000
_MOST_DEPTH = 100
_MOST_REPEATS = 10_000
_CLASSES = {
    "d": chars.DIGITS,
    "w": chars.WORD,
    "s": chars.SPACE,
    "D": chars.complement(chars.DIGITS),
    "W": chars.complement(chars.WORD),
    "S": chars.complement(chars.SPACE),
}
_CONTROLS = {"n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B, "0": 0x00}
_REFUSED_GROUPS = {
    "(?=": "lookahead",
    "(?!": "lookahead",
    "(?<=": "lookbehind",
    "(?<!": "lookbehind",
    "(?P=": "a backreference",
    "(?>": "an atomic group",
    "(?#": "a comment",
    "(?(": "a condition",
}


def parse_regex(pattern: str, where: str = "regex", *, search: bool = False) -> Tree:
    """Return the tree of a pattern, which must match a whole text.

    With `search` it may match anywhere in the text, as JSON Schema's `pattern` does, unless ^ or $ hold it to
    an end. Raises: UsageError with the place in the pattern, for what is wrong or not supported.
    """
    return _Parser(pattern, where, search).whole()


class _Parser:
    def __init__(self, pattern: str, where: str, search: bool) -> None:
        self._text, self._where, self._search = pattern, where, search
        self._at = 0
        chars.check_text(pattern, where)
        if len(pattern) > _MOST_CHARACTERS:
            raise UsageError(
                f"the pattern has {len(pattern)} characters, wanted at most {_MOST_CHARACTERS}", where=where
            )

    def whole(self) -> Tree:
        branches = [self._branch()]
        while self._take("|"):
            branches.append(self._branch())
        if self._at < len(self._text):
            raise self._fail("got a ) that closes nothing")
        return syntax.either(branches)

    def _branch(self) -> Tree:
        """Read an alternative of the whole pattern, the only place where ^ and $ may stand."""
        begins = self._take("^")
        body = self._sequence(0)
        ends = self._take("$")
        if self._at < len(self._text) and self._text[self._at] not in "|)":
            raise self._fail("$ is supported only at the end of the pattern or of one of its alternatives")
        if not self._search:
            return body
        parts = [*([] if begins else [syntax.ANYTHING]), body, *([] if ends else [syntax.ANYTHING])]
        return syntax.concat(*parts)

    def _alternation(self, depth: int) -> Tree:
        if depth > _MOST_DEPTH:
            raise self._fail(f"groups are nested more than {_MOST_DEPTH} deep")
        branches = [self._sequence(depth)]
        while self._take("|"):
            branches.append(self._sequence(depth))
        return syntax.either(branches)

    def _sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)$":
            parts.append(self._quantified(self._atom(depth)))
        return syntax.concat(*parts)

    def _quantified(self, atom: Tree) -> Tree:
        bounds = self._bounds()
        if bounds is None:
            return atom
        self._take("?")  # lazy: other matches first, the same texts
        if self._peek() == "+":
            raise self._fail("possessive quantifiers are not supported")
        if self._bounds() is not None:
            raise self._fail("a quantifier follows another; put the first in a group")
        low, high = bounds
        return syntax.Repeat(atom, low, high)

    def _bounds(self) -> tuple[int, int | None] | None:
        """Read a quantifier, if there is one."""
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if self._peek() != "{":
            return None
        closing = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : max(closing, 0)].partition(",")
        if closing < 0 or not _is_count(low) or (high and not _is_count(high)):
            raise self._fail("wanted {n}, {n,} or {n,m}; write \\{ for the brace itself")
        least = int(low)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > _MOST_REPEATS:
            raise self._fail(f"a quantifier above {_MOST_REPEATS} is not supported")
        if most is not None and most < least:
            raise self._fail("the quantifier's bounds are the wrong way round")
        self._at = closing + 1
        return least, most

    def _atom(self, depth: int) -> Tree:
        char = self._next()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return syntax.Chars(self._class())
        if char == ".":
            return syntax.Chars(chars.DOT)
        if char == "\\":
            return syntax.Chars(self._escape(in_class=False))
        if char in "*+?{":
            self._at -= 1
            raise self._fail(f"{char} has nothing to repeat; write \\{char} for the character itself")
        if char == "^":
            self._at -= 1
            raise self._fail("^ is supported only at the start of the pattern or of one of its alternatives")
        return syntax.text(char)

    def _group(self, depth: int) -> Tree:
        rest = self._text[self._at - 1 :]
        for start, name in _REFUSED_GROUPS.items():
            if rest.startswith(start):
                self._at -= 1
                raise self._fail(f"{name} is not supported")
        if rest.startswith("(?:"):
            self._at += 2
        elif rest.startswith(("(?<", "(?P<")):
            closing = self._text.find(">", self._at)
            if closing < 0:
                raise self._fail("the name of a group does not end")
            self._at = closing + 1
        elif rest.startswith("(?"):
            self._at -= 1
            raise self._fail("flags in a pattern are not supported")
        inside = self._alternation(depth + 1)
        if self._peek() == "$":
            raise self._fail("$ is supported only at the end of the pattern or of one of its alternatives")
        if not self._take(")"):
            raise self._fail("a ( is not closed")
        return inside

    def _class(self) -> chars.Ranges:
        """Read what follows a [ up to its ]."""
        negated = self._take("^")
        pairs: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            if first and self._peek() == "]":  # empty in ECMA-262, a literal ] in Python: so neither
                raise self._fail("a class that begins with ] is not supported; write \\]")
            first = False
            item = self._class_item()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                end = self._class_item()
                low, high = _single(item), _single(end)
                if low is None or high is None or low > high:
                    raise self._fail("wanted a range of two characters in order; write \\- for the minus")
                item = chars.ranges([(low, high)])
            pairs += item
        self._at += 1
        found = chars.ranges(pairs)
        return chars.complement(found) if negated else found

    def _class_item(self) -> chars.Ranges:
        if self._at >= len(self._text):
            raise self._fail("a [ is not closed")
        char = self._next()
        return self._escape(in_class=True) if char == "\\" else chars.of_text(char)

    def _escape(self, *, in_class: bool) -> chars.Ranges:
        """Read what follows a backslash."""
        if self._at >= len(self._text):
            raise self._fail("the pattern ends in a backslash")
        char = self._next()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _CONTROLS and not (char == "0" and self._peek().isdigit()):
            return chars.ranges([(_CONTROLS[char], _CONTROLS[char])])
        if char == "b" and in_class:
            return chars.of_text("\b")
        if char in "xu":
            return chars.of_text(self._hexadecimal(2 if char == "x" else 4))
        if char in "bBAZzG":
            raise self._fail(f"the assertion \\{char} is not supported")
        if char.isdigit() or char == "k":
            raise self._fail(f"the backreference \\{char} is not supported")
        if char in "pP":
            raise self._fail("Unicode properties are not supported")
        if char.isalnum():
            raise self._fail(f"the escape \\{char} is not known")
        return chars.of_text(char)

    def _hexadecimal(self, digits: int) -> str:
        code = self._text[self._at : self._at + digits]
        if digits == 4 and code.startswith("{"):
            closing = self._text.find("}", self._at)
            code = self._text[self._at + 1 : max(closing, 0)]
            self._at += 2
            digits = len(code)
        if len(code) != digits or not 0 < digits <= 8 or not all(char in _HEXADECIMAL for char in code):
            raise self._fail("wanted \\xHH, \\uHHHH or \\u{H...}")
        self._at += digits
        value = int(code, 16)
        if value > chars.LAST or 0xD800 <= value <= 0xDFFF:
            raise self._fail(f"\\u{code} is no character; write characters above U+FFFF as \\u{{...}}")
        return chr(value)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _take(self, char: str) -> bool:
        found = self._peek() == char
        self._at += found
        return found

    def _fail(self, message: str) -> UsageError:
        return UsageError(message, where=f"{self._where}: character {self._at + 1}")


_HEXADECIMAL = "0123456789abcdefABCDEF"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _single(item: chars.Ranges) -> int | None:
    """Return the only character of a set."""
    return item[0][0] if len(item) == 1 and item[0][0] == item[0][1] else None
