"""The softmax of prefill's attention, between the scores of a tile of keys and their weights.

A query's scores lie in shared memory, and a few invocations share them: each takes a part of every tile's
keys. All of them hold the query's running maximum; each holds the total of the weights that it saw itself.

Source: Milakov and Gimelshein, Online normalizer calculation for softmax (2018).
"""

from __future__ import annotations

from collections.abc import Callable

from kernelc.kernels import step_block
from kernelc.kernels.attention.prefill_schedule import AttentionPrefillSchedule
from kernelc.kernels.attention.softmax import LOWEST, Scoring
from kernelc.kernels.parts.staged_rows import Panel, cell_elements
from kernelc.kir.functions import exp2, maximum, named, select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Value


class TileSoftmax:
    """`factors`: one number per query, which rescales earlier sums to the present maximum."""

    def __init__(
        self,
        k: Tracer,
        schedule: AttentionPrefillSchedule,
        scores: Array,
        weights: Panel,
        scoring: Scoring,
        first_row: Value,
    ) -> None:
        self.k, self.schedule, self.scores, self.weights = k, schedule, scores, weights
        self.scoring = scoring
        rows = schedule.rows
        if schedule.parts > 1:
            self.shares = k.shared("shares", f32, rows * schedule.parts)
        self.factors = k.shared("factors", f32, rows)
        row = k.local_id % rows
        part = k.local_id // rows
        self.row, self.part = row, part
        self.position = named("own_position", step_block.rows(k).position(first_row) + row)
        self.keys = schedule.tile_keys // schedule.parts
        self.maximum = k.var(LOWEST, f32, name="maximum")
        self.total = k.var(0.0, f32, name="total")

    def weigh(self, tile: Value) -> None:
        """Turn the tile's scores into weights relative to the greatest score so far, and set `factors`, which
        rescale earlier sums to the same."""
        k = self.k
        scores = self._masked(tile)
        own = scores[0]
        for at, score in enumerate(scores[1:], 1):
            own = maximum(own, score)
            own = named("own", own) if at % 8 == 0 else own  # keeps lines of emitted text short
        self._share(maximum(maximum(own.x, own.y), maximum(own.z, own.w)))
        highest = maximum(self.maximum, self._joined(maximum))
        rescale = exp2(self.maximum - highest)
        self.total *= rescale
        k.assign(self.maximum, highest)
        with k.when(self.part.equals(0)):
            self.factors[self.row] = rescale
        weights = [named("weight", exp2(score - highest)) for score in scores]
        for weight in weights:
            self.total += weight.x + weight.y + (weight.z + weight.w)
        self.weights.put(self.row, self.part * (self.keys // cell_elements(self.schedule.kind)), weights)

    def _masked(self, tile: Value) -> list[Value]:
        """The scores of the invocation's part, with the lowest for positions that the query does not see."""
        k, finished = self.k, self.scoring.finished
        cell = self.row * self.schedule.score_stride + self.part * (self.keys // 4)
        first = tile + self.part * self.keys
        four = first + vector(*(k.constant(at, u32) for at in range(4)))
        found: list[Value] = []
        for at in range(self.keys // 4):
            if self.scoring.window:  # the u32 difference to a later key is greater than any window
                seen = self.position - (four + at * 4 if at else four) < self.scoring.window
            else:
                seen = (four + at * 4 if at else four) <= self.position
            found.append(named("score", select(seen, finished(self.scores[cell + at]), LOWEST)))
        return found

    def finish(self) -> None:
        """Set `factors` to what turns sums of weighted values into their mean."""
        k = self.k
        k.barrier()  # the factors of the last tile have been read
        self._share(self.total.value())
        with k.when(self.part.equals(0)):
            self.factors[self.row] = 1.0 / self._joined(lambda one, other: one + other)
        k.barrier()

    def _share(self, own: Value) -> None:
        """Share `own` with the invocations of the query's other parts."""
        self.own = own
        if self.schedule.parts > 1:
            self.shares[self.k.local_id] = own
            self.k.barrier()

    def _joined(self, join: Callable[[Value, Value], Value]) -> Value:
        """What all parts of the query have shared, joined."""
        rows, parts = self.schedule.rows, self.schedule.parts
        if parts == 1:
            return self.own
        joined = self.shares[self.row]
        for part in range(1, parts):
            joined = join(joined, self.shares[self.row + part * rows])
        return joined
