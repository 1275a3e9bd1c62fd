"""Reading a text that comes in pieces, one character after the other, by coroutines.

A coroutine asks for the next character with `yield from`, so that readers look as if the whole text were
there, and however a text is cut into pieces, the same is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Reading: TypeAlias = Generator[None, str, T]

SPACE = " \t\r\n"
_AFTER_WORD = ",}]" + SPACE
END = ""
"""What comes after the last character, again and again."""


_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """What was read is not what it began like."""


class Characters:
    """The characters of a text, which may be read again."""

    def __init__(self) -> None:
        self._raw: list[str] = []
        self._back: list[str] = []
        self._ended = False
        self._marked = False

    @property
    def raw(self) -> str:
        """What was read since `mark`."""
        return "".join(self._raw)

    def mark(self) -> None:
        """Begin to note what is read."""
        self._raw, self._marked = [], True

    def unmark(self) -> None:
        """Note no more: what follows may be long."""
        self._raw, self._marked = [], False

    def next(self) -> Reading[str]:
        """Return the next character, END after the last."""
        if self._back:
            char = self._back.pop()
        else:
            char = END if self._ended else (yield)
            self._ended = char == END
        if self._marked and char:
            self._raw.append(char)
        return char

    def unread(self, text: str) -> None:
        """Let these characters, which were read last, be read again."""
        self._back += reversed(text)
        if self._marked and text:
            del self._raw[-len(text) :]

    def after_space(self) -> Reading[str]:
        """Return the next character that is no white space."""
        while (char := (yield from self.next())) and char in SPACE:
            pass
        return char

    def string(self) -> Reading[str]:
        """Return the text of a JSON string, behind its first quote. Raises: Unreadable."""
        escaped, raw = False, list[str]()
        while (char := (yield from self.next())) != '"' or escaped:
            if char < " ":  # the end, too
                raise Unreadable
            escaped = char == "\\" and not escaped
            raw.append(char)
        try:
            text = str(json.loads(f'"{"".join(raw)}"'))
        except ValueError as error:
            raise Unreadable from error
        if _SURROGATE.search(text):
            raise Unreadable
        return text

    def balanced(self, put: Callable[[str], None]) -> Reading[None]:
        """Hand over everything from a brace, which was read, to the one that closes it, or to the end.

        Control characters in strings, which JSON does not allow and models write, are handed over escaped.
        """
        put("{")
        depth, quoted, escaped = 1, False, False
        while depth and (char := (yield from self.next())):
            if not quoted:
                quoted = char == '"'
                depth += (char in "{[") - (char in "}]")
            elif escaped:
                escaped = False
            else:
                quoted, escaped = char != '"', char == "\\"
            put(json.dumps(char)[1:-1] if quoted and char < " " else char)

    def skip_value(self, first: str) -> Reading[str]:
        """Read any JSON value, whose first character was read; return the text of a number or a word."""
        if first == '"':
            yield from self.string()
        elif first in ("{", "["):
            yield from self.balanced(lambda char: None)
        else:
            word = list[str]()
            while first and first not in _AFTER_WORD:
                word.append(first)
                first = yield from self.next()
            self.unread(first)
            return "".join(word)
        return ""
