"""A place at an engine of several sequences: one of them, with the tokens that are generated for it.

    tokens = seat.generate(100, sampling, stop_ids)
    for token in tokens:        # None where there is none yet: `SeveralEngine.step` makes it
        ...

Its ids are those that an `Engine` would give, whoever has the other places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kernelc.errors import UsageError
from runtime.device.executor import Progress
from runtime.engine.chooser import Chooser
from runtime.engine.drafts.speculation import Speculator
from runtime.engine.feeding import checked_ids, feed
from runtime.engine.generation import Request
from runtime.engine.sampling import SamplingParams
from runtime.engine.seat_tokens import SeatTokens
from runtime.engine.sequence import CachedSequence
from runtime.engine.timings import Timings
from runtime.prefixes.settings import Prefixes

LEAST_SHARED = 32
"""Tokens of a beginning that are worth what else a sequence holds: fewer take no longer to compute again."""

CROWDED_CHUNK = 128
"""Tokens of a prompt that are fed at once while others wait for their next token."""


class Seat:
    """One sequence of several; see `runtime.chat.answer.Sequencer` for what an answer asks of it.

    `taken`: whether an answer has it. `used` grows each time that one takes it.
    """

    def __init__(
        self,
        sequence: CachedSequence,
        vocab_size: int,
        ahead: int,
        others: Callable[[Seat], bool],
        *,
        masks: bool = False,
    ) -> None:
        """`others` says whether any other seat is taken; `masks`, whether rows of steps may have masks."""
        self.sequence, self.vocab_size, self.ahead = sequence, vocab_size, ahead
        self.taken, self.used = False, 0
        self.prefixes: Prefixes | None = None
        self.between_chunks: Callable[[], None] = lambda: None
        self.tokens: SeatTokens | None = None
        self.speculator: Speculator | None = None
        self._others, self._masks = others, masks

    @property
    def context(self) -> int:
        """The most tokens that the sequence holds."""
        return self.sequence.context

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids whose keys and values are in the cache, by position."""
        return tuple(self.sequence.ids)

    @property
    def alone(self) -> bool:
        """Whether no other seat is taken."""
        return not self._others(self)

    def start_timing(self) -> Timings:
        """Start counting from zero; returns the new counters."""
        self.sequence.timings = Timings()
        return self.sequence.timings

    def common_prefix(self, ids: Sequence[int]) -> int:
        """Return how many of the first `ids` are in the cache already."""
        return self.sequence.common_prefix(ids)

    def gain(self, ids: Sequence[int]) -> int:
        """Return how many of the first `ids` need not be computed in this sequence; 0 where these are few,
        and most of what it holds would go for them: BOS alone is no reason to take it.
        """
        common = self.common_prefix(ids)
        worth = min(LEAST_SHARED, (len(self.sequence.ids) + 1) // 2)
        return common if common >= worth else 0

    def truncate(self, length: int) -> int:
        """Keep the first `length` positions; see `Engine.truncate`."""
        self._stop()
        return self.sequence.truncate(length)

    def reuse(self, ids: Sequence[int]) -> int:
        """Make the cache hold a beginning of `ids` alone, computing nothing; see `Engine.reuse`."""
        common = self.common_prefix(ids)
        if common < len(self.ids):
            self.remember()
        kept = self.truncate(common)
        return self.prefixes.restore(ids, kept) if self.prefixes else kept

    def remember(self) -> None:
        """Keep what the cache holds for later prompts, of other seats too; see `Engine.remember`."""
        self._stop()
        if self.prefixes:
            self.prefixes.save()

    def feed(self, ids: Sequence[int], *, progress: Progress | None = None) -> None:
        """Append `ids` and wait until they are in the cache; see `Engine.feed`.

        While other seats are taken, it is done in short chunks, with `between_chunks` called after each.
        """
        self._stop()
        ids = checked_ids(ids, self.vocab_size)
        self.sequence.require_room(len(ids))
        start = 0

        def told(what: str, done: int, _total: int) -> None:
            if progress:
                progress(what, start + done, len(ids))

        while start < len(ids):
            part = ids[start:] if self.alone else ids[start : start + CROWDED_CHUNK]
            feed(self.sequence, part, "prefill", None, told)
            start += len(part)
            if start < len(ids):
                self.between_chunks()

    def generate(
        self,
        max_new: int,
        sampling: SamplingParams,
        stop_ids: Iterable[int],
        *,
        choose: Chooser | None = None,
    ) -> SeatTokens:
        """Start generating after what was fed; see `Engine.generate`."""
        self._stop()
        if max_new < 0:
            raise UsageError(f"`max_new` is {max_new}, wanted 0 or more")
        request = Request(
            max_new=max_new,
            sampling=sampling.with_seed(),
            stop_ids=frozenset(stop_ids),
            ahead=1 if choose else self.ahead,
            vocab_size=self.vocab_size,
            choose=choose,
        )
        self.tokens = SeatTokens(self.sequence, request, lambda: self.alone, self.speculator, self._masks)
        return self.tokens

    def _stop(self) -> None:
        if self.tokens is not None:
            self.tokens.close()
            self.tokens = None
