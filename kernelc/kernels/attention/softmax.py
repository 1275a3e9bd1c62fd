"""How attention scores keys, and its softmax, computed piece by piece so that each position is seen once.

Every invocation keeps a running maximum and sums relative to it, and rescales them when a greater score
appears. Scores are in powers of two (the scale of the queries includes log2 e), since GPUs have exp2.

Source: Milakov and Gimelshein, Online normalizer calculation for softmax (2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.kernels.parts.precise_math import tanh
from kernelc.kir.functions import exp2, logical_and, maximum, minimum, named, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value, Variable

LOG2_E = math.log2(math.e)


@dataclass(frozen=True)
class Scoring:
    """How a query scores the keys: query . key * `scale`, and what becomes of that.

    `window`: a position sees itself and the window - 1 positions before it; 0: all before it. `soft_cap`:
    scores become cap * tanh(score / cap); 0: they stay as they are.
    """

    scale: float
    window: int = 0
    soft_cap: float = 0.0

    @property
    def query_scale(self) -> float:
        """What queries are multiplied by before they meet keys; without a cap, scores are in powers of two
        then."""
        return self.scale if self.soft_cap else self.scale * LOG2_E

    def finished(self, score: Value) -> Value:
        """A scaled query times a key (or a vector of such) as a score in powers of two."""
        if not self.soft_cap:
            return score
        return tanh(score * (1 / self.soft_cap)) * (self.soft_cap * LOG2_E)

    def first_seen(self, position: Operators) -> Value | None:
        """The first position that a query at `position` sees; None where that is always 0."""
        known = position + 1
        return known - minimum(known, self.window) if self.window else None

    def reference(self, products: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores, in powers of e, of queries times keys."""
        scores = products * self.scale
        return self.soft_cap * np.tanh(scores / self.soft_cap) if self.soft_cap else scores

    def describe(self) -> str:
        """Such as "_window1024_cap50", for a kernel's name; empty where scores are plain."""
        window = f"_window{self.window}" if self.window else ""
        return window + (f"_cap{self.soft_cap:g}".replace(".", "p") if self.soft_cap else "")


# The score of a masked position: far below any real one, and finite, since not every driver keeps infinities.
# If no other score was seen yet, its weight is 1; the first real score rescales that to 0.
LOWEST = -1e30


def pack(values: Sequence[Value]) -> Value:
    """Scalars as the lanes of a vector; a single one stays a scalar."""
    return values[0] if len(values) == 1 else vector(*values)


def lane(value: Operators, row: int) -> Value:
    """Lane `row` of a vector, or the scalar itself."""
    return value.value() if value.value().type.lanes == 1 else value.lane(row)


class Running:
    """The softmax over the positions seen so far, for `rows` queries, each in its lane of every register.

    `sums` are of `elements` neighbouring elements of the values, one a register; the result is sums / total.
    """

    def __init__(self, k: Tracer, rows: int, elements: int) -> None:
        self.k, self.rows, type = k, rows, f32.with_lanes(rows)
        self.maximum = k.var(LOWEST, type, name="maximum")
        self.total = k.var(0.0, type, name="total")
        self.sums = [k.var(0.0, type, name=f"sum_{element}") for element in range(elements)]

    @property
    def registers(self) -> list[Variable]:
        return [self.maximum, self.total, *self.sums]

    def see(self, scores: Sequence[Value]) -> Value:
        """Rescale everything to the greatest of `scores` and the maximum so far; returns the new maximum."""
        highest = self.maximum.value()
        for score in scores:
            highest = maximum(highest, score)
        named("highest", highest)
        rescale = exp2(self.maximum - highest)
        for register in (self.total, *self.sums):
            register *= rescale
        self.k.assign(self.maximum, highest)
        return highest

    def add(
        self,
        weight: Value,
        values: Sequence[Operators],
        total: Operators | None = None,
        scale: Value | None = None,
    ) -> None:
        """Add values, or the sums and the total of several, times their weight relative to the maximum.

        `scale`: what the values are still to be multiplied by.
        """
        whole, sums = self.total, self.sums
        whole += weight if total is None else weight * total
        share = weight if scale is None else named("share", weight * scale)
        for register, value in zip(sums, values, strict=True):
            register += share * value

    def row(self, row: int, width: int) -> list[Value]:
        """The sums of one row, in vectors of `width`."""
        elements = [lane(register, row) for register in self.sums]
        return [named("row_sums", vector(*elements[i : i + width])) for i in range(0, len(elements), width)]


def exchange_cells(threads: int, elements: int) -> int:
    """Length of the shared array, of vectors of rows, through which `join` works."""
    return threads // 2 * (elements + 2)


def join(
    k: Tracer, running: Sequence[Running], streams: int, exchange: Array, share: int | None = None
) -> None:
    """Join what `streams` (a power of two) equal shares of the workgroup saw, into the first share.

    A share is `share` invocations, the first of a workgroup that may have more; or all of it is shared.

    An invocation joins its own state with those of the invocations in its place in the other shares, half of
    the shares at each level:

        level 1   shares 2, 3 write to `exchange`; shares 0, 1 take what they wrote     (4 streams)
        level 2   share 1 writes; share 0 takes

    All invocations must call this, when none of them uses `exchange` any more.
    """
    columns = share or k.workgroup // streams
    half = streams * columns // 2
    with k.loop(1, streams.bit_length()) as level:
        distance = (k.constant(streams, u32) >> level) * columns
        gives = logical_and(k.local_id >= distance, k.local_id < distance * 2)
        takes = k.local_id < distance
        for state in running:
            with k.when(gives):
                cell = k.local_id - distance
                for at, register in enumerate(state.registers):
                    exchange[cell + at * half] = register
            k.barrier()
            with k.when(takes):
                _take(k, state, exchange, half)
            k.barrier()


def _take(k: Tracer, state: Running, exchange: Array, half: int) -> None:
    cells = [exchange[k.local_id + at * half] for at in range(len(state.registers))]
    other_maximum = named("other_maximum", cells[0])
    highest = state.see([other_maximum])
    weight = exp2(other_maximum - highest)
    state.add(weight, cells[2:], cells[1])
