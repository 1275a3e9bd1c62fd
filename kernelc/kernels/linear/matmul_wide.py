"""Matrix times a chunk of rows on a processor: a workgroup is one invocation with vectors of eight.

A workgroup computes `rows` packed rows of `tokens` tokens. `depth` columns at a time it dequantises its rows
into shared memory, once for all tokens, and multiplies: three tokens by four rows are twelve vectors of sums,
which with what they are made of fill the sixteen registers of AVX2. Activations are read where they lie. At
the end of each depth the lanes are added up, into one cell of four rows for each token.

    panel   cell r * depth / 8 + c      columns 8 c .. 8 c + 7 of row r of the workgroup
    totals  cell t * rows / 4 + q       rows 4 q .. 4 q + 3 of token t of the workgroup
"""

from __future__ import annotations

from collections.abc import Callable

from kernelc.ir.formats import groups_of
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kernels.parts.wide_rows import VECTORS, WIDE, natural_group, shift_of
from kernelc.kir.functions import dot, fma, minimum, splat, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x4, f32x8
from kernelc.kir.values import Value

TOKENS, ROWS = 3, 4  # of a block of sums

Finish = Callable[[Value, Value, Value], None]
"""The epilogue of four rows of a token: (results, token, first row)."""


class WideMatmul:
    """One kernel being traced."""

    def __init__(self, k: Tracer, schedule: MatmulSchedule, linear: LinearBuffers, finish: Finish) -> None:
        self.k, self.linear, self.problem, self.finish = k, linear, linear.problem, finish
        self.tokens, self.rows, self.depth = schedule.tokens, schedule.rows, schedule.depth
        self.cells = schedule.depth // WIDE  # of a row of the panel
        self.panel = k.shared("panel", f32x8, self.rows * self.cells)
        self.totals = k.shared("totals", f32x4, (self.tokens + TOKENS - 1) * (self.rows // ROWS))
        self.first_row = k.workgroup_id(0) * self.rows
        self.first_token = k.workgroup_id(1) * self.tokens
        self.ones = splat(k.constant(1.0, f32), WIDE)

    def trace(self) -> None:
        """Multiply, and finish every result."""
        k, steps = self.k, groups_of(self.problem.cols) * GROUP // self.depth
        rows = step_block.rows(k)
        count = minimum(
            rows.clamped(self.first_token + (self.tokens - 1)) + 1 - self.first_token, self.tokens
        )
        with k.loop(0, steps) as step:
            self._dequantise(step)
            with k.loop(0, count, TOKENS) as token, k.loop(0, self.rows // ROWS) as quad:
                self._multiply(step, token, quad, steps > 1)
        with k.loop(0, count) as token, k.loop(0, self.rows // ROWS) as quad:
            results = self.totals[token * (self.rows // ROWS) + quad]
            self.finish(results, self.first_token + token, self.first_row + quad * ROWS)

    def _dequantise(self, step: Value) -> None:
        """Fill the panel with `depth` columns of every row; rows past the last one repeat it."""
        k, weights, groups = self.k, self.linear.weights, self.depth // GROUP
        zero = float(weights.form.byte_zero or 0)
        with k.loop(0, self.rows) as line:
            row = self.first_row + line
            if self.problem.rows % self.rows:
                row = minimum(row, self.problem.rows - 1)
            with k.loop(0, groups) as group:
                at = row * weights.groups + (step * groups + group)
                elements = natural_group(weights, at)
                scale, offset = weights.factors(weights.stored_sides(at), at)
                if scale is not None:
                    shift = shift_of(scale, offset, zero)
                    factor, shifts = splat(scale, WIDE), splat(shift, WIDE)
                    exact = offset is None and not zero
                    elements = [each * factor if exact else fma(each, factor, shifts) for each in elements]
                for i, element in enumerate(elements):
                    self.panel[line * self.cells + group * VECTORS + i] = element

    def _multiply(self, step: Value, token: Value, quad: Value, several: bool) -> None:
        """Three tokens by four rows, along the panel."""
        k, x = self.k, self.linear.buffers["x"]
        width = self.problem.cols // WIDE
        clamped = step_block.rows(k).clamped
        lines = [clamped(self.first_token + token + t) * width + step * self.cells for t in range(TOKENS)]
        starts = [(quad * ROWS + r) * self.cells for r in range(ROWS)]
        nothing = splat(k.constant(0.0, f32), WIDE)
        sums = [[k.var(nothing, name=f"sum_{t}{r}") for r in range(ROWS)] for t in range(TOKENS)]
        with k.loop(0, self.cells) as cell:
            activations = [x[line + cell] for line in lines]
            for r, start in enumerate(starts):
                weights = self.panel[start + cell]
                for t, activation in enumerate(activations):
                    k.assign(sums[t][r], fma(activation, weights, sums[t][r].value()))
        for t, four in enumerate(sums):
            total = vector(*(dot(each, self.ones) for each in four))
            place = (token + t) * (self.rows // ROWS) + quad
            if several:
                with k.when(step.equals(0)):
                    self.totals[place] = total
                with k.otherwise():
                    self.totals[place] = self.totals[place] + total
            else:
                self.totals[place] = total
