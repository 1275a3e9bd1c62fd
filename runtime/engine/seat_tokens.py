"""The tokens of a seat (see `runtime.engine.seat`), each made by a step of its own or by one of several rows.

A seat that is alone generates as an `Engine` does, several steps ahead of the host, or where there is a draft
model, several tokens a step (`runtime.engine.drafts.speculation`); among others each of its tokens is a row
of a step that all of them share. Its ids are the same. Tokens that a chooser knows without logits are given
and read here, in both cases, so that others may come and go between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from time import perf_counter

from runtime.engine.chooser import LooksAhead
from runtime.engine.drafts.speculation import Speculation, Speculator
from runtime.engine.feeding import append
from runtime.engine.generation import Generated, Generation, Request, check_score, chosen, first_score
from runtime.engine.masked import chosen_here, generation, masks_of
from runtime.engine.rows import Row, RowResult
from runtime.engine.sequence import CachedSequence
from runtime.grammar.masks import Mask


class SeatTokens(Iterator[Generated | None]):
    """The tokens of a seat, None where the next one waits for a step.

    `finish_reason` and `stop_id` are those of `Generation`.
    """

    def __init__(
        self,
        sequence: CachedSequence,
        request: Request,
        alone: Callable[[], bool],
        speculator: Speculator | None = None,
        masks: bool = False,
    ) -> None:
        """`alone` says whether no other seat is taken; `masks`, whether rows of steps may have masks."""
        self.finish_reason: str | None = None
        self.stop_id: int | None = None
        self.waiting = False
        self._sequence, self._request, self._is_alone = sequence, request, alone
        self._speculator = speculator
        self._left = request.max_new
        self._alone: Generation | Speculation | None = None
        self._made: Generated | Exception | None = None
        self._known: Iterator[Generated] = iter(())
        self._looks_ahead = request.choose if isinstance(request.choose, LooksAhead) else None
        self._masks = masks_of(request) if masks else None
        self._watching = True  # behind an id of 0, and in the beginning
        self._last_seen = perf_counter()

    def __next__(self) -> Generated | None:
        if self.finish_reason is not None:
            raise StopIteration
        if self.waiting and self._made is None:
            return None
        if self._made is not None:
            return self._taken()
        known = next(self._known, None)
        if known is not None:
            return known
        if self.finish_reason is not None:
            raise StopIteration
        if self._is_alone() or self._sequence.has_logits:
            return self._generated_alone()
        self._end_alone()
        if not self._left or self.position > self._sequence.context:
            self._end("context" if self._left else "length")
        self.waiting = True
        return None

    def close(self) -> None:
        """Stop; what was handed over is discarded."""
        self._end_alone()
        self.waiting, self._made = False, None
        self.finish_reason = self.finish_reason or "cancelled"

    # ---- among others

    @property
    def position(self) -> int:
        """The position of the next token."""
        return len(self._sequence.ids) + (self._sequence.next_id is not None)

    @property
    def has_made(self) -> bool:
        """Whether the next token is there already."""
        return self._made is not None

    def step_alone(self) -> None:
        """Make the next token where no other sequence waits for one."""
        request = replace(self._request, max_new=1, stop_ids=frozenset[int](), ahead=1)
        try:
            with generation(self._sequence, request) as tokens:
                self._made = next(tokens)
            self._last_seen = perf_counter()
        except Exception as error:  # it is no other sequence's
            self._made = error

    def wants(self, count: int) -> bool:
        """Whether so many more tokens may follow, as far as is known before they are there."""
        return count <= self._left and self.position + count - 1 <= self._sequence.context

    @property
    def row(self) -> Row:
        """The row of the step that makes the next token."""
        request, masked = self._request, self._masks is not None
        whole = request.choose is not None and not masked
        return Row(self._sequence, self.position, request.sampling, whole, masked, self._watching)

    @property
    def mask(self) -> Mask | None:
        """What may come next, where the device draws among it; None where that could not be prepared. What
        is wrong with it is raised by the next `__next__`.
        """
        if self._masks is None or self._made is not None:
            return None
        try:
            return self._masks.mask()
        except Exception as error:  # it is no other sequence's
            self._made = error
            return None

    def prepare(self) -> None:
        """Do what the next choice needs, while the device computes its logits. What is wrong with that is
        raised by the next `__next__`.
        """
        if self._looks_ahead is None:
            return
        try:
            self._looks_ahead.prepare()
        except Exception as error:  # it is no other sequence's
            self._made = error

    def deliver(self, result: RowResult) -> bool:
        """Take what a step made. What is wrong with it is raised by the next `__next__`. Return whether the
        token is another one than the device drew.
        """
        position = self.position
        if self._made is not None:
            return False  # it failed while it was prepared
        try:
            token = self._token(result, position)
        except Exception as error:  # it is no other sequence's
            self._made = error
            return False
        self._sequence.sampled(token)
        self._last_seen = self._sequence.timings.count_token(self._last_seen)
        self._made = Generated(token, position)
        return self._masks is not None and token != result.token

    def _token(self, result: RowResult, position: int) -> int:
        """The token of a row. Raises: DeviceError where scores are no numbers, and what the chooser does."""
        token = result.token
        if self._masks is not None and not self._masks.took(token):
            return chosen_here(self._sequence, self._request, position)
        if self._request.choose is not None and result.logits is not None:
            token = chosen(self._request.choose, self._sequence, result.logits.copy(), position)
        self._watching = token == 0
        if token == 0:
            self._check_score(result, position)
        return token

    def _check_score(self, result: RowResult, position: int) -> None:
        """Check the score of id 0, which was sampled. Raises: DeviceError where it is no number."""
        score = result.first_score
        if score is None:
            score = first_score(self._sequence, self._request.sampling, position)
        may_be_least = self._masks is not None  # of few that are allowed
        if math.isnan(score) or not may_be_least:
            check_score(self._sequence, score, position)

    def _taken(self) -> Generated:
        made, self._made, self.waiting = self._made, None, False
        if isinstance(made, Exception):
            self.finish_reason = "cancelled"
            raise made
        assert made is not None
        if made.id in self._request.stop_ids:
            self.stop_id = made.id
            self._end("stop")
        return self._given(made)

    def _given(self, token: Generated) -> Generated:
        """Count a token that came of logits. Some that need none may follow it."""
        self._left -= 1
        if self._looks_ahead is not None:
            self._known = self._following(token, self._looks_ahead)
        return token

    def _following(self, token: Generated, choose: LooksAhead) -> Generator[Generated]:
        """Yield the tokens that the chooser knows to follow one, then read them, which leaves logits."""
        room = min(self._left, self._sequence.context - token.position)
        ahead = choose.ahead(room)
        for position, known in enumerate(ahead, token.position + 1):
            self._left -= 1
            self._last_seen = self._sequence.timings.count_token(self._last_seen)
            yield Generated(known, position)
        if ahead:
            self._end_alone()
        if len(ahead) == room:
            self.finish_reason = "context" if self._left else "length"
        elif ahead:
            append(self._sequence, [token.id, *ahead])

    def _end(self, reason: str) -> None:
        self.finish_reason = reason
        raise StopIteration

    # ---- alone

    def _generated_alone(self) -> Generated:
        """The next token of a generation of one's own. That is of one token where the seat is not alone, but
        the logits of its prompt are there. Tokens that a chooser knows are read here, and end it.
        """
        if self._alone is None:
            ahead = self._request.ahead if self._is_alone() else 1
            request = replace(self._request, max_new=self._left, ahead=ahead, jumps=False)
            if self._speculator is not None and self._is_alone():
                self._alone = self._speculator.generation(self._sequence, request)
            else:
                self._alone = generation(self._sequence, request, early=self._is_alone())
        try:
            token = next(self._alone)
        except StopIteration:
            self.stop_id = self._alone.stop_id
            self.finish_reason = self._alone.finish_reason
            raise
        self._last_seen = perf_counter()
        if not self._is_alone():
            self._end_alone()
        return self._given(token)

    def _end_alone(self) -> None:
        if self._alone is not None:
            self._alone.close()
            self._alone = None
