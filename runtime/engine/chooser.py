"""Choosing the next token on the host: where the device's sampling programs cannot decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runtime.engine.host_sampling import F32, Adjustments, LogprobTable, TokenLogprob, adjust, draw
from runtime.engine.sampling import SamplingParams

Chooser: TypeAlias = Callable[[F32, Sequence[int]], int]
"""`choose(logits, ids)` returns the id that comes after `ids`, all ids of the sequence so far.

Shapes: logits f32 [vocab], a copy that it may change. The position of the chosen id is len(ids).
"""


@dataclass(frozen=True)
class ChosenLogprobs:
    """Log probabilities at one position: of the chosen token, and of the likeliest ones."""

    chosen: TokenLogprob
    top: tuple[TokenLogprob, ...]


class SamplingChooser:
    """A `Chooser` that samples as the device does, after adjustments that the device does not know.

    `logprobs` grows by one entry per chosen token where log probabilities were asked for. They are those of
    the model itself, before any adjustment, temperature or filter.
    """

    def __init__(
        self,
        sampling: SamplingParams,
        adjustments: Adjustments,
        *,
        prompt_tokens: int,
        top_logprobs: int | None = None,
    ) -> None:
        """`sampling` has its seed. Ids from `prompt_tokens` on count as generated; `top_logprobs` is how many
        of the likeliest tokens to report, None for no log probabilities at all."""
        self.logprobs: list[ChosenLogprobs] = []
        self._sampling = sampling
        self._adjustments = adjustments
        self._prompt_tokens = prompt_tokens
        self._top_logprobs = top_logprobs

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        """Return the next id; see `Chooser`."""
        table = None if self._top_logprobs is None else LogprobTable(logits)
        adjust(logits, self._sampling, self._adjustments, ids, Counter(ids[self._prompt_tokens :]))
        token = draw(logits, self._sampling, len(ids))
        if table is not None:
            self.logprobs.append(ChosenLogprobs(table.of(token), table.top(self._top_logprobs or 0)))
        return token
