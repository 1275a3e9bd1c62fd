"""Steps of several rows, each handed over before the one before it has been read.

A device then begins the next step while the host reads the ids of this one and lets every answer go on. What
samples on the device alone needs no id of the host's: the next step's rows read theirs where this step's rows
wrote them. Where rows have masks, the sampling of a step is handed over as soon as these are known, and then
the next step. An answer that ends meanwhile leaves a row of the next step that nobody takes, as one that
generates alone does; a step that fits no answer any more is discarded. Work on the device keeps its order, so
whoever takes the sequence of such a row overwrites what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runtime.engine.rows import BegunStep, Row, RowSteps
from runtime.engine.seat_tokens import SeatTokens
from runtime.grammar.masks import Mask


@dataclass(frozen=True)
class _Ahead:
    """A step that was handed over, and whose tokens its rows make."""

    step: BegunStep
    rows: Sequence[tuple[SeatTokens, Row]]

    def row_of(self, tokens: SeatTokens) -> int | None:
        """Which row makes the next token of these, if any does."""
        for at, (each, row) in enumerate(self.rows):
            if each is tokens and row.position == tokens.position:
                return at
        return None


class StepsAhead:
    """Makes the next tokens of those that wait."""

    def __init__(self, steps: RowSteps, *, ahead: bool, vocab: int) -> None:
        """`ahead`: whether steps may be handed over before their ids are asked for."""
        self._steps, self._may = steps, ahead
        self._all = np.full(-(-vocab // 32), 0xFFFFFFFF, np.uint32)
        self._begun: _Ahead | None = None

    def step(self, waiting: Sequence[SeatTokens]) -> None:
        """Deliver the next token to those that wait, to some a step later. Raises: DeviceError."""
        begun = self._of(waiting)
        if begun is None and len(waiting) < 2:
            for tokens in waiting:
                tokens.step_alone()
            return
        if begun is None:
            begun = self._begin([(tokens, tokens.row) for tokens in waiting])
        made = {at: tokens for tokens in waiting if (at := begun.row_of(tokens)) is not None}
        if not begun.step.masked:
            self._begun = self._next(begun, waiting, list(made.values()))
        for tokens in made.values():
            tokens.prepare()
        if begun.step.masked:
            begun.step.sample([self._mask(made.get(at)) for at in range(begun.step.masked)])
            self._begun = self._next(begun, waiting, list(made.values()))
        redrawn = [made[at].deliver(result) for at, result in enumerate(begun.step.finish()) if at in made]
        if any(redrawn) and self._begun is not None:  # it goes on from what the device drew
            self._begun.step.discard()
            self._begun = None

    def _of(self, waiting: Sequence[SeatTokens]) -> _Ahead | None:
        """The step that was handed over, where it makes a token that somebody waits for."""
        begun, self._begun = self._begun, None
        if begun is None or any(begun.row_of(tokens) is not None for tokens in waiting):
            return begun
        begun.step.discard()
        return None

    def _mask(self, tokens: SeatTokens | None) -> Mask:
        """The mask of a row; where nobody takes it, any."""
        mask = None if tokens is None else tokens.mask
        return self._all if mask is None else mask

    def _begin(self, rows: Sequence[tuple[SeatTokens, Row]]) -> _Ahead:
        rows = sorted(rows, key=lambda each: not each[1].masked)
        return _Ahead(self._steps.begin([row for _, row in rows]), rows)

    def _next(
        self, begun: _Ahead, waiting: Sequence[SeatTokens], served: Sequence[SeatTokens]
    ) -> _Ahead | None:
        """Hand over the step after one that is under way, for those that want more than that makes."""
        if not self._may or begun.step.over or any(tokens.row.whole for tokens in waiting):
            return None
        rows: list[tuple[SeatTokens, Row]] = []
        for tokens in waiting:
            more = int(tokens in served)
            if tokens.wants(more + 1):
                rows.append((tokens, replace(tokens.row, position=tokens.position + more)))
        return self._begin(rows) if len(rows) > 1 else None
