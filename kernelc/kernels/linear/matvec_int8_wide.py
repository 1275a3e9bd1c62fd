"""The int8 matrix times one row on a processor: a workgroup is one invocation, a group is one vector of codes.

As in `kernelc.kernels.linear.matvec_wide` the row is put into shared memory once for each workgroup, here as
codes of bytes, and rows run along it, `rows` at a time. Of a group's weights w = (byte - zero) * scale + offset
and activations x = code * code_scale:

    sum of w * x = (sum of byte * code) * (scale * code_scale) + x_sum * (offset - zero * scale)

    codes     [groups] u32x8   the 32 codes of a group, in the order of the format's bytes
    scales    [groups] f32     their scale
    x_sums    [groups] f32     the sum of the codes times their scale, where the format has an offset or a zero
"""

from __future__ import annotations

from kernelc.ir.formats import WeightFormat
from kernelc.kernels import step_block
from kernelc.kernels.linear.activations import coded
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.parts.packed_rows import FUNCTIONS, VECTORS_PER_GROUP
from kernelc.kir.functions import concat, dot, dot4_i8, fma, minimum, rsqrt, splat, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32x8
from kernelc.kir.values import Value

WIDE = 8
_LOAD_WORDS = 4


def fits_bytes(form: WeightFormat) -> bool:
    """Whether a group's bytes are made of loads of four words alike."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group % _LOAD_WORDS == 0


def int8_shared_bytes(groups: int) -> int:
    """The most bytes of shared memory that the kernel declares."""
    return groups * 4 * (WIDE + 2)


class WideInt8Product:
    """One kernel being traced. `rows` are multiplied at once, `blocks` times in a workgroup."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        self.k, self.linear, self.problem = k, linear, linear.problem
        self.rows, self.blocks = rows, blocks
        form, groups = linear.weights.form, linear.weights.groups
        self.zero = float(form.byte_zero or 0)
        self.codes = k.shared("codes", u32x8, groups)
        self.scales = k.shared("code_scales", f32, groups)
        self.x_sums = k.shared("x_sums", f32, groups) if form.has_offset or self.zero else None
        self.nothing = splat(k.constant(0, i32), WIDE)
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
        """Round the row into shared memory; the factor 1/rms where the row is normalised."""
        k, linear = self.k, self.linear
        normed = self.problem.norm_eps is not None
        token = step_block.rows(k).last if self.problem.last_row else 0
        squares = k.var(0.0, f32, name="squares") if normed else None
        with k.loop(0, linear.weights.groups) as group:
            values: list[Value] = []
            for i in range(VECTORS_PER_GROUP):
                x = linear.four("x", token, group * VECTORS_PER_GROUP + i)
                if squares is not None:
                    squares += dot(x, x)
                    x = x * linear.four("norm_weight", 0, group * VECTORS_PER_GROUP + i)
                values.append(x)
            found = coded(values, native=True)
            words = [found.words[at] for at in self._order]
            self.codes[group] = concat(vector(*words[:4]), vector(*words[4:]))
            self.scales[group] = found.scale
            if self.x_sums is not None:
                self.x_sums[group] = to_f32(found.times(1)) * found.scale
        if squares is None or self.problem.norm_eps is None:
            return None
        return rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)

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

    def _block(self, first: Value, scale: Value | None) -> None:
        k, problem, weights = self.k, self.problem, self.linear.weights
        zeros = splat(k.constant(0.0, f32), WIDE)
        sums = [k.var(zeros, name=f"sum_{r}") for r in range(self.rows)]
        shifts = [k.var(0.0, f32, name=f"shift_{r}") for r in range(self.rows)] if self.x_sums else []
        starts: list[Value] = []
        for r in range(self.rows):
            row = first + r if r else first
            if problem.rows % self.rows:
                row = minimum(row, problem.rows - 1)
            starts.append(row * weights.groups)
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
                    shift = factor * -self.zero if offset is None else offset
                    shift = shift - factor * self.zero if offset is not None and self.zero else shift
                    k.assign(shifts[r], fma(x_sum, shift, shifts[r].value()))
        results = [dot(total, self.ones) for total in sums]
        if shifts:
            results = [result + shift for result, shift in zip(results, shifts, strict=True)]
        if scale is not None:
            results = [result * scale for result in results]
        self._finish(first, results)

    def _bytes(self, at: Value) -> Value:
        """The bytes of group number `at` of the whole matrix, in `_order`."""
        weights = self.linear.weights
        loads = weights.form.words_per_group // _LOAD_WORDS
        fours: list[Value] = []
        for load in range(loads):
            fours += weights.form.byte_words(FUNCTIONS, [weights.quants[at * loads + load]])
        return concat(*fours)

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
