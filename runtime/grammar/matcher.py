"""One answer on its way through a grammar: which tokens may come next, and what a token does."""

from __future__ import annotations

import threading
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from kernelc.errors import UsageError
from runtime.grammar.grammar import Grammar
from runtime.grammar.machine import DEAD, Machine
from runtime.grammar.masks import Mask, Masks
from runtime.grammar.pushdown import prepare
from runtime.grammar.vocabulary import Vocabulary


class Constraint:
    """A grammar for a vocabulary. It may serve many answers, whose masks are then computed once.

    Answers may run in several threads: each call of a matcher holds the constraint's lock.
    """

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary, end_ids: Collection[int]) -> None:
        """`end_ids` are the tokens that end an answer.

        Every byte that a text may go on with must be a token of its own, or a text could begin that no tokens
        finish. Characters for which that does not hold are left out of the grammar.
        Raises: UsageError where nothing is left of it, or no token ends an answer.
        """
        ends = [token for token in end_ids if 0 <= token < vocabulary.size]
        if not ends:
            raise UsageError(
                "the model has no token that ends an answer, so a grammar cannot end one",
                help="name one in generation_config.json: eos_token_id",
            )
        pushdown = prepare(grammar)
        if not pushdown.used_bytes() <= vocabulary.single_bytes:
            pushdown = prepare(grammar, vocabulary.single_bytes)
        self.lock = threading.RLock()
        self.machine = Machine(pushdown)
        self.masks = Masks(self.machine, vocabulary)
        self.vocabulary = vocabulary
        self.end_ids = frozenset(ends)
        self.end_mask = mask_of(vocabulary, ends)
        self.spaces = mask_of(vocabulary, vocabulary.droppable)


class Matcher:
    """The state of one answer. `ended` says that a token of the end has come, after which nothing may."""

    def __init__(self, constraint: Constraint, *, drops_space: bool = True) -> None:
        """`drops_space`: the tokenizer drops a space that the answer begins with (`Vocabulary.droppable`).

        Raises: UsageError where the answer cannot but begin with one.
        """
        self._constraint = constraint
        self._machine = constraint.machine
        self._below: list[int] = []  # sets of stacks below the state's own, the lowest first
        self._epoch = self._machine.epoch
        self._state = DEAD
        self._at_start = drops_space and bool(constraint.vocabulary.droppable)
        self.ended = False
        with constraint.lock:
            self._enter(self._machine.begin())
        if self._at_start and not self.mask().any():
            raise UsageError(
                "every text that fits begins with a space, which this tokenizer drops from an answer",
                where=self._machine.where,
                help="leave the space out of the grammar",
            )

    @property
    def may_end(self) -> bool:
        """Whether the text so far may be the whole answer."""
        with self._constraint.lock:
            state = self._current()  # before the table, which may be a new one after it
            return bool(self._machine.ends[state])

    def mask(self) -> Mask:
        """Return the tokens that may come next, u32 [words], not to be changed.

        Tokens of the end are among them exactly where the answer may end. Raises: UsageError where the
        grammar is too ambiguous to go on.
        """
        constraint = self._constraint
        with constraint.lock:
            if self.ended:
                return constraint.end_mask
            state = self._current()
            mask = constraint.masks.mask(state, self._below)
            if self._at_start:
                mask = mask & ~constraint.spaces
            return mask | constraint.end_mask if self._machine.ends[state] else mask

    def advance(self, token: int) -> bool:
        """Take a token that was chosen. Returns False, and changes nothing, where it may not come here."""
        if token in self._constraint.end_ids:
            self.ended = self.ended or self.may_end
            return self.ended
        if self.ended or not 0 <= token < self._constraint.vocabulary.size:
            return False
        piece = self._constraint.vocabulary.pieces[token]
        if self._at_start and token in self._constraint.vocabulary.droppable:
            return False
        return bool(piece) and self.advance_bytes(piece)

    def advance_bytes(self, data: bytes) -> bool:
        """Take bytes of the answer. Returns False, and changes nothing, where they may not come here."""
        with self._constraint.lock:
            state, below, at_start = self._current(), list(self._below), self._at_start
            if self.ended and data:
                return False
            for byte in data:
                following = self._machine.step(self._state, byte)
                if following == DEAD:
                    self._become(state, below)
                    self._at_start = at_start
                    return False
                self._enter(following)
                self._at_start = False
            return True

    def forced_bytes(self, most: int = 256) -> bytes:
        """Return the bytes that must come next, up to `most`, for whoever feeds them without sampling.

        The text they stand for is certain; which tokens the model would have written it with is not, so they
        should go through the tokenizer together with the text before them.
        """
        with self._constraint.lock:
            state, below, found = self._current(), list(self._below), bytearray()
            while len(found) < most and not self._machine.ends[self._state]:
                row = self._machine.row(self._state)
                byte = int((row != DEAD).argmax())
                if np.count_nonzero(row) != 1:
                    break
                found.append(byte)
                self._enter(int(row[byte]))
            self._become(state, below)
            return bytes(found)

    def shortest_end(self) -> bytes:
        """Return the fewest bytes that end the answer from here."""
        with self._constraint.lock:
            state, below, found = self._current(), list(self._below), bytearray()
            while not self._machine.ends[self._state]:
                row = self._machine.row(self._state)
                choices = {int(following): byte for byte, following in enumerate(row) if following != DEAD}
                byte = choices[min(choices, key=self._machine.cost)]
                found.append(byte)
                self._enter(int(row[byte]))
            self._become(state, below)
            return bytes(found)

    def _current(self) -> int:
        """Return the state, found again where the machine has forgotten all states since."""
        self._machine.tidy()
        if self._epoch != self._machine.epoch:
            self._state = self._machine.intern(self._configurations)
            self._epoch = self._machine.epoch
        return self._state

    def _enter(self, state: int) -> None:
        """Become a state, with what is known of the stack below used and added to."""
        while self._machine.ends[state] and self._below:
            state = self._machine.resume(state, self._below.pop())
        state, pushed = self._machine.split(state)
        self._become(state, [*self._below, *pushed] if pushed else self._below)

    def _become(self, state: int, below: list[int]) -> None:
        self._state, self._below = state, below
        self._configurations = self._machine.configurations[state]


def mask_of(vocabulary: Vocabulary, tokens: Collection[int]) -> Mask:
    """Return the mask that has just these tokens."""
    allowed = np.zeros(32 * vocabulary.words, np.bool_)
    allowed[[token for token in tokens if 0 <= token < vocabulary.size]] = True
    return np.packbits(allowed, bitorder="little").view("<u4")


def bits_of(mask: Mask, size: int) -> npt.NDArray[np.bool_]:
    """Return a mask as one bool per token, for the first `size` tokens."""
    return np.unpackbits(mask.view(np.uint8), count=size, bitorder="little").view(np.bool_)


def is_allowed(mask: Mask, token: int) -> bool:
    """Whether a mask has a token."""
    return bool(mask[token >> 5] >> (token & 31) & 1)
