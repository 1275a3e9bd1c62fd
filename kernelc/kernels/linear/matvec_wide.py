"""Matrix times one row on a processor: a workgroup is one invocation, which works with vectors of eight.

The row of activations is put into shared memory once for each workgroup, normalised and in the order in which
the format unpacks (`kernelc.kernels.parts.wide_rows`). Then `rows` rows at a time run along it, with a vector
of sums each. Of a group's weights w = (byte - zero) * scale + offset:

    sum of w * x = (sum of byte * x) * scale + (sum of x) * (offset - zero * scale)

and the sum of x, as a vector whose lanes are added up at the end, is staged with the group.

    staged cell 5 g + i     vector i of group g, i < 4
                5 g + 4     their sum, where the format has an offset or a zero
"""

from __future__ import annotations

from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.parts.packed_rows import VECTORS_PER_GROUP
from kernelc.kernels.parts.wide_rows import VECTORS, WIDE, in_order, order_of, unpacked_group
from kernelc.kir.functions import dot, fma, minimum, rsqrt, splat
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x8
from kernelc.kir.values import Operators, Value


class WideProduct:
    """One kernel being traced. `rows` are multiplied at once, `blocks` times in a workgroup."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        self.k, self.linear, self.problem = k, linear, linear.problem
        self.rows, self.blocks = rows, blocks
        form = linear.weights.form
        self.zero = float(form.byte_zero or 0)
        self.sums_of_x = form.has_offset or self.zero != 0
        self.cells = cells_per_group(self.sums_of_x)
        self.staged = k.shared("staged", f32x8, linear.weights.groups * self.cells)
        self.ones = splat(k.constant(1.0, f32), WIDE)

    def trace(self) -> None:
        """Stage the activations, and multiply block by block."""
        k = self.k
        scale = self._stage()
        with k.loop(0, self.blocks) as block:
            first = (k.workgroup_id(0) * self.blocks + block) * self.rows
            with k.when(first < self.problem.rows):
                self._block(first, scale)

    def _stage(self) -> Value | None:
        """Fill shared memory; the factor 1/rms where the row is normalised."""
        k, linear = self.k, self.linear
        normed = self.problem.norm_eps is not None
        token = step_block.rows(k).last if self.problem.last_row else 0
        order = order_of(self.problem.format)
        squares = k.var(self._nothing(), name="squares") if normed else None
        with k.loop(0, linear.weights.groups) as group:
            values = in_order(self._fours("x", token, group), order)
            if squares is not None:
                for value in values:
                    k.assign(squares, fma(value, value, squares))
                weights = in_order(self._fours("norm_weight", 0, group), order)
                values = [value * weight for value, weight in zip(values, weights, strict=True)]
            for at, value in enumerate(values):
                self.staged[group * self.cells + at] = value
            if self.sums_of_x:
                self.staged[group * self.cells + VECTORS] = (values[0] + values[1]) + (values[2] + values[3])
        if squares is None or self.problem.norm_eps is None:
            return None
        return rsqrt(dot(squares, self.ones) * (1.0 / self.problem.cols) + self.problem.norm_eps)

    def _fours(self, name: str, row: Operators | int, group: Value) -> list[Value]:
        return [self.linear.four(name, row, group * VECTORS_PER_GROUP + i) for i in range(VECTORS_PER_GROUP)]

    def _nothing(self) -> Value:
        return splat(self.k.constant(0.0, f32), WIDE)

    def _block(self, first: Value, scale: Value | None) -> None:
        k, problem, weights = self.k, self.problem, self.linear.weights
        sums = [k.var(self._nothing(), name=f"sum_{r}") for r in range(self.rows)]
        starts: list[Value] = []
        for r in range(self.rows):
            row = first + r if r else first
            if problem.rows % self.rows:
                row = minimum(row, problem.rows - 1)
            starts.append(row * weights.groups)
        with k.loop(0, weights.groups) as group:
            x = [self.staged[group * self.cells + i] for i in range(self.cells)]
            for start, total in zip(starts, sums, strict=True):
                at = start + group
                k.assign(total, self._plus(total.value(), at, x))
        results = [dot(total, self.ones) for total in sums]
        if scale is not None:
            results = [result * scale for result in results]
        self._finish(first, results)

    def _plus(self, total: Value, at: Value, x: list[Value]) -> Value:
        """A vector of sums and the products of group number `at`."""
        weights = self.linear.weights
        elements = unpacked_group(weights, at)
        scale, offset = weights.factors(weights.stored_sides(at), at)
        if scale is None:
            for element, value in zip(elements, x, strict=False):
                total = fma(element, value, total)
            return total
        products = elements[0] * x[0]
        for i in range(1, VECTORS):
            products = fma(elements[i], x[i], products)
        total = fma(products, splat(scale, WIDE), total)
        if self.sums_of_x:
            shift = (
                scale * -self.zero if offset is None else offset - scale * self.zero if self.zero else offset
            )
            total = fma(x[VECTORS], splat(shift, WIDE), total)
        return total

    def _finish(self, first: Value, results: list[Value]) -> None:
        step = self.problem.rows_together
        for r in range(0, self.rows, step):
            row = first + r if r else first
            unit = row if step == 1 else row // step
            if self.problem.rows % self.rows:
                with self.k.when(row < self.problem.rows):
                    self.linear.finish(0, unit, *results[r : r + step])
            else:
                self.linear.finish(0, unit, *results[r : r + step])


def cells_per_group(sums_of_x: bool) -> int:
    """Cells of shared memory that a group takes."""
    return VECTORS + sums_of_x


def wide_shared_bytes(groups: int) -> int:
    """The most bytes of shared memory that the kernel declares."""
    return groups * cells_per_group(True) * 4 * WIDE
