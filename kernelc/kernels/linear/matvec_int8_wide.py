"""The int8 matrix times one row on a processor: a workgroup is one invocation, a group one vector of codes.

As in `kernelc.kernels.linear.matvec_wide` the row is put into shared memory once for each workgroup, here as
codes of bytes, and rows run along it, `rows` at a time. Of a group's weights
w = (byte - zero) * scale + offset and activations x = code * code_scale:

    sum of w * x = (sum of byte * code) * (scale * code_scale) + x_sum * (offset - zero * scale)

    codes     [groups] u32x8   the 32 codes of a group, in the order of the format's bytes
    scales    [groups] f32     their scale
    x_sums    [groups] f32     the sum of the codes times their scale, where there is an offset or a zero
"""

from __future__ import annotations

from kernelc.ir.formats import WeightFormat
from kernelc.kernels.linear.activations import coded
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.wide_product import WideProduct
from kernelc.kernels.parts.packed_rows import FUNCTIONS, VECTORS_PER_GROUP
from kernelc.kernels.parts.wide_rows import WIDE, shift_of
from kernelc.kir.functions import concat, dot, dot4_i8, fma, splat, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32x8
from kernelc.kir.values import Operators, Value, Variable

_LOAD_WORDS = 4


def fits_bytes(form: WeightFormat) -> bool:
    """Whether a group's bytes are made of loads of four words alike."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group % _LOAD_WORDS == 0


def int8_shared_bytes(groups: int) -> int:
    """The most bytes of shared memory that the kernel declares."""
    return groups * 4 * (WIDE + 2)


class WideInt8Product(WideProduct):
    """The product with activations rounded to bytes."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        super().__init__(k, linear, rows, blocks)
        groups = linear.weights.groups
        self.codes = k.shared("codes", u32x8, groups)
        self.scales = k.shared("code_scales", f32, groups)
        self.x_sums = k.shared("x_sums", f32, groups) if self.shifted else None
        self.nothing = splat(k.constant(0, i32), WIDE)
        self.ones = splat(k.constant(1.0, f32), WIDE)

    def stage(self) -> Value | None:
        """Round the row into shared memory; the factor 1/rms where the row is normalised."""
        k, token = self.k, self.token
        squares = k.var(0.0, f32, name="squares") if self.normed else None
        with k.loop(0, self.linear.weights.groups) as group:
            found = coded(self._group(token, group, squares), native=True)
            words = [found.words[at] for at in self._order]
            self.codes[group] = concat(vector(*words[:4]), vector(*words[4:]))
            self.scales[group] = found.scale
            if self.x_sums is not None:
                self.x_sums[group] = to_f32(found.times(1)) * found.scale
        return None if squares is None else self.one_over_rms(squares)

    def _group(self, token: Operators | int, group: Value, squares: Variable | None) -> list[Value]:
        """A group of activations, times the weights of the norm; their squares are added up."""
        values: list[Value] = []
        for i in range(VECTORS_PER_GROUP):
            x = self.linear.four("x", token, group * VECTORS_PER_GROUP + i)
            if squares is not None:
                squares += dot(x, x)
                x = x * self.linear.four("norm_weight", 0, group * VECTORS_PER_GROUP + i)
            values.append(x)
        return values

    @property
    def _order(self) -> list[int]:
        """For each word of codes the number of its four elements in the group."""
        form = self.linear.weights.form
        each, loads = form.vectors_per_unit, form.words_per_group // _LOAD_WORDS
        return [
            (load * _LOAD_WORDS + word) * each + at
            for load in range(loads)
            for at in range(each)
            for word in range(_LOAD_WORDS)
        ]

    def products(self, first: Value) -> list[Value]:
        """A vector of sums for each row, and what the offsets add to it."""
        k, weights = self.k, self.linear.weights
        sums = [k.var(self.zeros(), name=f"sum_{r}") for r in range(self.rows)]
        shifts = [k.var(0.0, f32, name=f"shift_{r}") for r in range(self.rows)] if self.shifted else []
        starts = self.starts(first)
        with k.loop(0, weights.groups) as group:
            codes, code_scale = self.codes[group], self.scales[group]
            x_sum = None if self.x_sums is None else self.x_sums[group]
            for r, start in enumerate(starts):
                at = start + group
                products = dot4_i8(self._bytes(at), codes, self.nothing)
                factor, offset = weights.factors(weights.stored_sides(at), at)
                common = code_scale if factor is None else factor * code_scale
                k.assign(sums[r], fma(to_f32(products), splat(common, WIDE), sums[r].value()))
                if x_sum is not None and factor is not None:
                    shift = shift_of(factor, offset, self.zero)
                    k.assign(shifts[r], fma(x_sum, shift, shifts[r].value()))
        results = [dot(total, self.ones) for total in sums]
        if shifts:
            results = [result + shift for result, shift in zip(results, shifts, strict=True)]
        return results

    def _bytes(self, at: Value) -> Value:
        """The bytes of group number `at` of the whole matrix, in `_order`."""
        weights = self.linear.weights
        loads = weights.form.words_per_group // _LOAD_WORDS
        fours: list[Value] = []
        for load in range(loads):
            fours += weights.form.byte_words(FUNCTIONS, [weights.quants[at * loads + load]])
        return concat(*fours)
