"""A running generation: steps are handed over ahead of their ids, and the ids are read back late.

With a chooser, which must see the logits of each position, there is nothing to hand over ahead: each step
waits for the id before it. But it may know tokens without logits (`LooksAhead`), which are read in one step.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter, thread_time
from types import TracebackType

import numpy as np
import numpy.typing as npt

from kernelc.errors import UsageError
from runtime.device.executor import Fetch, Ticket
from runtime.engine.chooser import Chooser, LooksAhead
from runtime.engine.feeding import append
from runtime.engine.sampling import SamplingParams
from runtime.engine.sequence import CachedSequence


@dataclass(frozen=True)
class Generated:
    """One new token: its id, its position and, if requested, the logits [vocab] that it was drawn from."""

    id: int
    position: int
    logits: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Request:
    """What to generate.

    `ahead` steps are handed over before the first id is read back; 1 is lock-step. With `choose`, ids are
    chosen on the host, and `ahead` must be 1. `jumps`: tokens that `choose` knows to follow are given and
    read here; otherwise whoever iterates asks it for them.
    """

    max_new: int
    sampling: SamplingParams
    stop_ids: frozenset[int]
    ahead: int
    vocab_size: int
    keep_logits: bool = False  # yield the logits with each token
    choose: Chooser | None = None
    jumps: bool = True

    @property
    def fetches_logits(self) -> bool:
        """Whether the host sees the logits of each position."""
        return self.keep_logits or self.choose is not None


@dataclass(frozen=True)
class Flight:
    """A step that was handed over. `watched`: the first logit comes back with its id. No ticket: the id comes
    of another one."""

    ticket: Ticket | None
    watched: bool


class Generation(Iterator[Generated]):
    """Iterates over new tokens. An id that stops the generation is not among them.

    `finish_reason` is None while running, then "stop" (`stop_id` says which id), "length" (as many tokens as
    asked for), "context" (the context is full) or "cancelled" (`close` was called early). `close` may be
    called at any time, also by leaving a `with` block. Whatever was handed over ahead is then discarded, and
    the cache ends at the last token that was yielded, or before tokens that a chooser knew, which are read
    only when the next one is asked for. The same `seed` repeats the text.

    Scores that are no numbers raise a DeviceError, which names the kernel where that begins (`diagnosis`).
    Sampling takes id 0 where it finds no score above -inf, so only a step that gave id 0 needs a look at its
    first logit: that logit is read back with the first id, and with those that follow an id of 0. Where id 0
    ends an answer nothing follows it: its step runs once more.
    """

    def __init__(self, sequence: CachedSequence, request: Request) -> None:
        self.finish_reason: str | None = None
        self.stop_id: int | None = None
        self.seed = request.sampling.seed
        self._sequence = sequence
        self._request = request
        self._fields = request.sampling.step_fields()
        self._flying: deque[Flight] = deque()
        self._watching = True
        self._tokens = self._generate()
        self._last_seen = 0.0
        self._end = 0  # the position after the last token that may come

    def __next__(self) -> Generated:
        return next(self._tokens)

    def __enter__(self) -> Generation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop. Steps in flight run to their end on the device, but nothing of them is kept."""
        self._tokens.close()
        self._settle("cancelled")

    def _settle(self, reason: str) -> None:
        self._discard()
        if self.finish_reason is None:
            self.finish_reason = reason

    def _discard(self) -> None:
        while self._flying:
            ticket = self._flying.popleft().ticket
            if ticket is not None:
                ticket.discard()

    def _generate(self) -> Generator[Generated, None, None]:
        try:
            yield from self._receive_all()
        finally:
            self._settle("cancelled")

    def _receive_all(self) -> Generator[Generated, None, None]:
        self._last_seen = perf_counter()
        first = self._first_position()
        room = self._sequence.context + 1 - first  # the last token may lie just beyond the cache
        count = min(self._request.max_new, room)
        self._end = first + count
        submitted = received = 0
        while received < count:
            while submitted < min(count, received + self._request.ahead):
                self._flying.append(self._submit(first + submitted))
                submitted += 1
            token = self._receive(first + received)
            if token.id in self._request.stop_ids:
                self.stop_id = token.id
                self._settle("stop")
                return
            received += 1
            yield token
            ahead = self._ahead(count - received)
            for token_id in ahead:
                self._count_token()
                yield Generated(token_id, first + received)
                received += 1
            if ahead and received < count:
                append(self._sequence, [token.id, *ahead])
                submitted = received
        self._settle("length" if count == self._request.max_new else "context")

    def _ahead(self, room: int) -> Sequence[int]:
        """Return the tokens that the chooser knows to follow, none of those that end the generation."""
        choose = self._request.choose
        request = self._request
        if request.keep_logits or not request.jumps or not isinstance(choose, LooksAhead):
            return ()
        return choose.ahead(room)

    def _first_position(self) -> int:
        """Return the position of the first new token: after the cached ones and the one that is already
        known.
        """
        return len(self._sequence.ids) + (self._sequence.next_id is not None)

    def _submit(self, position: int) -> Flight:
        """Hand over the step whose sampled id goes to `position`.

        It runs the token before that position, unless its logits are already there. If that token is in the
        cache already, as after `truncate`, its step runs once more.
        """
        sequence, request = self._sequence, self._request
        sampled = [] if request.choose else [request.sampling.role]
        fetch = [sequence.fetch_token(position)]
        if request.fetches_logits:
            fetch.append(Fetch("logits", 0, 4 * request.vocab_size))
        elif self._watching:
            fetch.append(Fetch("logits", 0, 4))
        watched, self._watching = len(fetch) > 1, False
        has_logits = sequence.has_logits
        sequence.has_logits = False  # sampling may change them, decoding does
        if has_logits:
            return Flight(sequence.run(sampled, position - 1, 1, self._fields, fetch), watched)
        return Flight(sequence.decode(["decode", *sampled], position - 1, self._fields, fetch), watched)

    def _receive(self, position: int) -> Generated:
        choose = self._request.choose
        if isinstance(choose, LooksAhead):
            choose.prepare()
        flight = self._flying.popleft()
        began = thread_time()
        assert flight.ticket is not None
        fetched = flight.ticket.result()
        self._sequence.timings.host_seconds += thread_time() - began
        logits = np.frombuffer(fetched[1], dtype="<f4") if self._request.fetches_logits else None
        if self._request.choose is not None and logits is not None:
            token = chosen(self._request.choose, self._sequence, logits.copy(), position)
        else:
            token = int.from_bytes(fetched[0], "little")
        if token == 0:
            self._watching = True
            if not flight.watched and token in self._request.stop_ids:
                return self._receive_again(position)
            if flight.watched:
                check_score(self._sequence, float(np.frombuffer(fetched[1][:4], dtype="<f4")[0]), position)
        self._sequence.sampled(token)
        self._count_token()
        return Generated(token, position, logits if self._request.keep_logits else None)

    def _receive_again(self, position: int) -> Generated:
        """Repeat the step of a position, whose logits those handed over ahead have overwritten."""
        self._discard()
        self._flying.append(self._submit(position))
        return self._receive(position)

    def _count_token(self) -> None:
        self._last_seen = self._sequence.timings.count_token(self._last_seen)


def chosen(choose: Chooser, sequence: CachedSequence, logits: npt.NDArray[np.float32], position: int) -> int:
    """Ask for the id of a position and write it to where the device's own sampling would have.

    Raises: UsageError for an id outside the vocabulary.
    """
    token = choose(logits, sequence.known_ids)
    if not 0 <= token < len(logits):
        raise UsageError(f"the chooser gave token {token}, outside the vocabulary of {len(logits)}")
    sequence.write_token(position, token)
    return token


def check_score(sequence: CachedSequence, score: float, position: int) -> None:
    """Check the score of id 0, where that id was sampled. Raises: DeviceError where no score is a number,
    naming the kernel that made the first that is none.
    """
    if not score > -math.inf:  # so for NaN, too
        raise sequence.no_numbers(position, "scores")


def first_score(sequence: CachedSequence, sampling: SamplingParams, position: int) -> float:
    """Return the score of id 0 at a position whose scores are gone: its step runs once more."""
    fetch = [Fetch("logits", 0, 4)]
    fetched = sequence.decode(["decode"], position - 1, sampling.step_fields(), fetch).result()
    return float(np.frombuffer(fetched[0], dtype="<f4")[0])
