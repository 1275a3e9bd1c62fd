"""What the kernels that multiply one row on a processor share: a workgroup is one invocation.

The row of activations is put into shared memory once for each workgroup, in the form that a subclass stages,
and then `rows` rows of the matrix at a time run along it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import nullcontext

from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.parts.packed_rows import VECTORS_PER_GROUP
from kernelc.kernels.parts.wide_rows import WIDE
from kernelc.kir.functions import minimum, rsqrt, splat
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value


class WideProduct(ABC):
    """One kernel being traced. `rows` are multiplied at once, `blocks` times in a workgroup."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        self.k, self.linear, self.problem = k, linear, linear.problem
        self.rows, self.blocks = rows, blocks
        self.zero = float(linear.weights.form.byte_zero or 0)
        self.shifted = linear.weights.form.has_offset or self.zero != 0

    @abstractmethod
    def stage(self) -> Value | None:
        """Put the row into shared memory; returns 1/rms where the row is normalised (see `one_over_rms`)."""

    @abstractmethod
    def products(self, first: Value) -> list[Value]:
        """The row times each of the `rows` rows from `first` on, as scalars."""

    def trace(self) -> None:
        """Stage the activations, and multiply block by block."""
        k = self.k
        scale = self.stage()
        with k.loop(0, self.blocks) as block:
            first = (k.workgroup_id(0) * self.blocks + block) * self.rows
            with k.when(first < self.problem.rows):
                results = self.products(first)
                results = [each * scale for each in results] if scale is not None else results
                self._finish(first, block * self.rows, results)
        self.done()

    def finished(self, place: Value, unit: Value, made: Value | None) -> None:  # noqa: B027  (most need nothing)
        """Called with what the epilogue made of the workgroup's result number `place`."""

    def done(self) -> None:  # noqa: B027
        """Called after all of the workgroup's results were made."""

    # ---- for subclasses

    @property
    def token(self) -> Operators | int:
        """The row of x that is multiplied."""
        return step_block.rows(self.k).last if self.problem.last_row else 0

    @property
    def normed(self) -> bool:
        """Whether the row is normalised first."""
        return self.problem.norm_eps is not None

    def fours(self, name: str, row: Operators | int, group: Value) -> list[Value]:
        """The elements of a group of a bound row, as vectors of four."""
        return [self.linear.four(name, row, group * VECTORS_PER_GROUP + i) for i in range(VECTORS_PER_GROUP)]

    def zeros(self) -> Value:
        """A vector of zeros, in which sums begin."""
        return splat(self.k.constant(0.0, f32), WIDE)

    def one_over_rms(self, squares: Operators) -> Value:
        """The factor that normalises the row. `squares`: the sum of those of its elements."""
        assert self.problem.norm_eps is not None
        return rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)

    def starts(self, first: Value) -> list[Value]:
        """The first group of each of the rows from `first` on; rows past the last one repeat it."""
        starts: list[Value] = []
        for r in range(self.rows):
            row = first + r if r else first
            if self.problem.rows % self.rows:
                row = minimum(row, self.problem.rows - 1)
            starts.append(row * self.linear.weights.groups)
        return starts

    def _finish(self, first: Value, place: Value, results: list[Value]) -> None:
        step = self.problem.rows_together
        for r in range(0, self.rows, step):
            row = first + r if r else first
            with self.k.when(row < self.problem.rows) if self.problem.rows % self.rows else nullcontext():
                unit = row if step == 1 else row // step
                made = self.linear.finish(0, unit, *results[r : r + step])
                self.finished(place + r if step == 1 else (place + r) // step, unit, made)
