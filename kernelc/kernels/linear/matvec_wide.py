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

from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.wide_product import WideProduct
from kernelc.kernels.parts.wide_rows import VECTORS, WIDE, in_order, order_of, shift_of, unpacked_group
from kernelc.kir.functions import dot, fma, splat
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x8
from kernelc.kir.values import Value


class WideF32Product(WideProduct):
    """The product with activations of f32."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        super().__init__(k, linear, rows, blocks)
        self.cells = cells_per_group(self.shifted)
        self.staged = k.shared("staged", f32x8, linear.weights.groups * self.cells)
        self.ones = splat(k.constant(1.0, f32), WIDE)

    def stage(self) -> Value | None:
        """Fill shared memory; the factor 1/rms where the row is normalised."""
        k, linear = self.k, self.linear
        token = self.token
        order = order_of(self.problem.format)
        squares = k.var(self.zeros(), name="squares") if self.normed else None
        with k.loop(0, linear.weights.groups) as group:
            values = in_order(self.fours("x", token, group), order)
            if squares is not None:
                for value in values:
                    k.assign(squares, fma(value, value, squares))
                weights = in_order(self.fours("norm_weight", 0, group), order)
                values = [value * weight for value, weight in zip(values, weights, strict=True)]
            for at, value in enumerate(values):
                self.staged[group * self.cells + at] = value
            if self.shifted:
                self.staged[group * self.cells + VECTORS] = (values[0] + values[1]) + (values[2] + values[3])
        return None if squares is None else self.one_over_rms(dot(squares, self.ones))

    def products(self, first: Value) -> list[Value]:
        """A vector of sums for each row, whose lanes are added up at the end."""
        k = self.k
        sums = [k.var(self.zeros(), name=f"sum_{r}") for r in range(self.rows)]
        starts = self.starts(first)
        with k.loop(0, self.linear.weights.groups) as group:
            x = [self.staged[group * self.cells + i] for i in range(self.cells)]
            for start, total in zip(starts, sums, strict=True):
                at = start + group
                k.assign(total, self._plus(total.value(), at, x))
        return [dot(total, self.ones) for total in sums]

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
        if self.shifted:
            shift = shift_of(scale, offset, self.zero)
            total = fma(x[VECTORS], splat(shift, WIDE), total)
        return total


def cells_per_group(shifted: bool) -> int:
    """Cells of shared memory that a group takes."""
    return VECTORS + shifted


def wide_shared_bytes(groups: int) -> int:
    """The most bytes of shared memory that the kernel declares."""
    return groups * cells_per_group(True) * 4 * WIDE
