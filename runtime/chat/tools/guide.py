"""Holds an answer to calls that must come, to thoughts before them where the model has some, and to several.

Where a call follows a grammar, a matcher says which tokens may come. What stands around calls, such as marks,
often has tokens of its own, which stand for no text; so it is not written by the grammar but as these tokens,
of which the model is asked only where it may go on in several ways: think or call, call again or end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.grammar.masks import Mask
from runtime.grammar.matcher import Constraint, Matcher

MOST_CALLS = 16
"""Calls of an answer that must have some: a model that never ends would go on for ever."""
_END = -1  # in ways: any token that ends an answer


@dataclass(frozen=True)
class Way:
    """Tokens that may come, and what follows them."""

    tokens: Sequence[int]
    then: Callable[[], None]


@dataclass(frozen=True)
class CallMark:
    """What a call begins with in an answer that is free: a text, which may be a `token`, and the tokens that
    come between it and what the grammar of calls holds."""

    text: bytes
    token: int | None
    begins: Sequence[int]


@dataclass(frozen=True)
class Course:
    """What an answer consists of, in tokens.

    `begins` come before the first call, and `after_thought` before these where the model has thought;
    `separator` comes between two calls and `tail` after the last; `call` is their grammar. With `most` 1 the
    answer ends with its call.

    With `marks` it is free: an answer may be anything, and end anywhere; a call begins where one of them is
    written, as its token or as its text, unless it is within a thought, and then what belongs to the mark
    comes.
    """

    begins: Sequence[int]
    call: Constraint
    after_thought: Sequence[int] = ()
    separator: Sequence[int] = ()
    tail: Sequence[int] = ()
    most: int = 1
    marks: Sequence[CallMark] = ()

    @property
    def free(self) -> bool:
        """Whether no call must come."""
        return bool(self.marks)


@dataclass(frozen=True)
class ThoughtMarks:
    """The marks of thoughts, as tokens. Without `opens` no thought may begin; `text` is what ends one, and
    after `most` tokens it is ended, so that there is room for the call."""

    opens: Sequence[int]
    closes: Sequence[int]
    text: bytes
    most: int


class Guide:
    """One answer on its way; see `runtime.grammar.matcher.Matcher` for what a chooser asks of it.

    `begun`: the prompt has `begins` already. `thinking`: it ends within a thought.
    """

    def __init__(
        self,
        course: Course,
        ends: Collection[int],
        thoughts: ThoughtMarks | None,
        *,
        begun: bool,
        thinking: bool,
        drops_space: bool,
    ) -> None:
        self.ended = False
        self._course, self._thoughts = course, thoughts
        self._ends = frozenset(ends)
        self._vocabulary = course.call.vocabulary
        self._inner: Matcher | None = None
        self._ways: list[Way] = []
        self._calls = 0
        self._said = b""
        self._thought = 0
        self._thinking = thinking and not course.free
        self._free = course.free
        self._in_thought = thinking
        if self._free:
            return
        if begun:
            self._call(drops_space=drops_space)
        elif not thinking:
            self._think_or_call()

    # ---- what a chooser asks

    def mask(self) -> Mask:
        """Return the tokens that may come next, u32 [words], not to be changed."""
        if self._inner is not None:
            return self._inner.mask()
        bits = np.zeros(32 * self._vocabulary.words, np.bool_)
        if self._thinking or self._free:
            bits[: self._vocabulary.size] = True
            bits[list(self._ends)] = self._free
            bits[self._beyond_marks()] = False
        for way in self._ways:
            bits[list(self._ends) if way.tokens[0] == _END else way.tokens[0]] = True
        if self.ended:
            bits[list(self._ends)] = True
        return np.packbits(bits, bitorder="little").view("<u4")

    def advance(self, token: int) -> bool:
        """Take a token that was chosen. Returns False, and changes nothing, where it may not come here."""
        if self._inner is not None:
            return self._advance_call(self._inner, token)
        if self._thinking:
            return self._advance_thought(token)
        if self._free:
            return self._advance_freely(token)
        ways = [way for way in self._ways if self._is(way.tokens[0], token)]
        if not ways:
            return False
        done = next((way for way in ways if len(way.tokens) == 1), None)
        self._ways = [] if done else [Way(way.tokens[1:], way.then) for way in ways]
        if done is not None:
            done.then()
        return True

    def forced_bytes(self) -> bytes:
        """Return the bytes that a grammar leaves no choice about; see `Matcher.forced_bytes`."""
        return b"" if self._inner is None else self._inner.forced_bytes()

    def known(self, most: int) -> list[int]:
        """Return the tokens that must come here, at most `most`, and take them."""
        found: list[int] = []
        while len(found) < most and self._inner is None and not self._thinking and not self._free:
            following = {way.tokens[0] for way in self._ways}
            token = next(iter(following), _END)
            if len(following) != 1 or token == _END:
                break
            self.advance(token)
            found.append(token)
        return found

    # ---- on its way

    def _is(self, wanted: int, token: int) -> bool:
        return token in self._ends if wanted == _END else token == wanted

    def _think_or_call(self) -> None:
        """Let the model think first where it has a token for that, else call."""
        self._ways = [Way(self._course.begins, self._call)]
        if self._thoughts is not None and self._thoughts.opens:
            self._ways.append(Way(self._thoughts.opens, self._think))

    def _think(self) -> None:
        self._thinking, self._said = True, b""

    def _advance_thought(self, token: int) -> bool:
        assert self._thoughts is not None
        if token in self._ends or not 0 <= token < self._vocabulary.size:
            return False
        text = self._thoughts.text
        self._said = (self._said + self._vocabulary.pieces[token])[-len(text) - 64 :]
        self._thought += 1
        closed = [token] == list(self._thoughts.closes) or text in self._said
        if closed or self._thought >= self._thoughts.most:
            self._thinking = False
            closes = () if closed else self._thoughts.closes
            self._ways = [Way([*closes, *self._course.after_thought, *self._course.begins], self._call)]
        return True

    def _beyond_marks(self) -> list[int]:
        """Return the tokens that end the text of a mark and go on: what follows it would not be held."""
        found: list[int] = []
        if self._free and not self._in_thought:
            for mark in self._course.marks:
                for size in range(len(mark.text)):
                    if self._said.endswith(mark.text[:size]):
                        found += self._vocabulary.longer(mark.text[size:])
        return found

    def _advance_freely(self, token: int) -> bool:
        if token in self._ends:
            self.ended, self._free = True, False
            return True
        if not 0 <= token < self._vocabulary.size or token in self._beyond_marks():
            return False
        thoughts = self._thoughts
        self._said = (self._said + self._vocabulary.pieces[token])[-256:]
        if self._in_thought:
            assert thoughts is not None
            if [token] == list(thoughts.closes) or thoughts.text in self._said:
                self._in_thought, self._said = False, b""
        elif thoughts is not None and [token] == list(thoughts.opens):
            self._in_thought = True
        else:
            found = (m for m in self._course.marks if token == m.token or self._said.endswith(m.text))
            mark = next(found, None)
            if mark is not None:
                self._free = False
                self._ways = [Way(mark.begins, self._call)] if mark.begins else []
                if not mark.begins:
                    self._call()
        return True

    def _go_on(self) -> None:
        self._free, self._said = True, b""

    def _call(self, *, drops_space: bool = False) -> None:
        self._calls += 1
        self._inner = Matcher(self._course.call, drops_space=drops_space)

    def _advance_call(self, inner: Matcher, token: int) -> bool:
        if not inner.advance(token):
            return False
        if inner.ended:
            self.ended = True
        elif inner.may_end and (self._course.free or self._course.most > 1):  # whole with its last brace
            self._inner = None
            self._after_call()
        return True

    def _after_call(self) -> None:
        tail, separator = self._course.tail, self._course.separator
        if self._course.free and not tail:
            self._go_on()
            return
        ended = Way(tail, self._go_on) if self._course.free else Way([*tail, _END], self._end)
        again = [Way(separator, self._call)] if separator and self._calls < self._course.most else []
        self._ways = [ended, *again]

    def _end(self) -> None:
        self.ended = True
