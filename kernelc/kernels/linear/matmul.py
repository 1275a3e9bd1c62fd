"""Matrix times a chunk of activation rows: prefill, in tiles whose operands are staged in shared memory.

For each `depth` columns the workgroup stages `tokens` rows of x and `rows` rows of W, dequantised; then its
teams multiply: an invocation one or several 4 x 4 blocks of results, or where there are matrix units a
subgroup several of their tiles (operands in f16, sums in f32). While a team multiplies, its invocations'
loads of the next columns are under way. The results go through shared memory once more, so that the epilogue
is written once and its stores are coalesced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule, every_schedule, usual_schedule
from kernelc.kernels.linear.matmul_wide import WideMatmul
from kernelc.kernels.linear.operands import Activations, Weights, unit_type
from kernelc.kernels.linear.problem import (
    LinearProblem,
    linear_bindings,
    linear_reference,
    require_floats,
)
from kernelc.kernels.linear.spec import LinearSpec
from kernelc.kernels.parts.packed_rows import GROUP, side_types
from kernelc.kernels.parts.staged_rows import Panel, cell_type
from kernelc.kernels.parts.wide_rows import quants_type
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, Params, Tolerance
from kernelc.kir.functions import bitcast, minimum
from kernelc.kir.tile import TileSum
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x8, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities


class Matmul(LinearSpec[MatmulSchedule]):
    """x [seq, cols] -> out [seq, out_width] or q and the KV cache."""

    name = "matmul"

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        require_floats(problem)
        return linear_bindings(problem, SEQ)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        linear_reference(problem, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatmulSchedule]:
        return every_schedule(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
        return usual_schedule(capabilities, problem)

    def workgroup(self, problem: LinearProblem, schedule: MatmulSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatmulSchedule) -> Grid:
        return (ceildiv(problem.rows, schedule.rows), ceildiv(SEQ, schedule.tokens), 1)

    def access_types(self, problem: LinearProblem, schedule: MatmulSchedule) -> Mapping[str, Type]:
        rows = f32.with_lanes(problem.epilogue.stored_together(problem.piece))
        types = {"quants": unit_type(problem.format, schedule.kind)}
        if schedule.wide:
            types = {"quants": quants_type(problem.format, ordered=True), "x": f32x8}
        types |= dict.fromkeys((*problem.epilogue.row_inputs, "out"), rows)
        return side_types(problem.format, schedule.f16) | types

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: LinearProblem, schedule: MatmulSchedule
    ) -> None:
        linear = LinearBuffers.of(k, problem, arrays)
        if schedule.wide:
            WideMatmul(k, schedule, linear, partial(finish_cell, k, linear)).trace()
            return
        _Matmul(k, schedule, linear).run()

    def tile_tolerance(self, problem: LinearProblem) -> Tolerance:
        """Both factors of a product are rounded to f16, each by at most 2^-11 of itself.

        The products' squares add up to one, so the sum is off by a normal error of at most 2^-11 * sqrt(2/3),
        and six times that is what no test will see; one product alone is off by 2^-10. A gated result
        multiplies one such sum by another of up to five.
        """
        exact = self.tolerance(problem)
        sum_error = 6 * 2**-11 * (2 / 3) ** 0.5
        factor = problem.epilogue.rounding_amplification
        return Tolerance(exact.relative + 2**-10, exact.absolute + factor * sum_error)


class _Matmul:
    """One kernel being traced: its buffers, where this workgroup and team stand, and its steps.

    A workgroup computes `tokens` x `rows` results. Its teams stand in a grid of teams[0] x teams[1] (`line`,
    `column`), and each computes tiles[0] x tiles[1] tiles of m x n results:

                      rows of W (packed rows) ->
                      column 0        column 1
        tokens  +-----------------+-----------------+
          |     | tile 00 tile 01 | tile 00 tile 01 |  line 0
          v     | tile 10 tile 11 | tile 10 tile 11 |
                +-----------------+-----------------+
                | ...             |                 |  line 1
    """

    def __init__(self, k: Tracer, schedule: MatmulSchedule, linear: LinearBuffers) -> None:
        self.k, self.schedule, self.linear, self.problem = k, schedule, linear, linear.problem
        kind, depth, tokens = schedule.kind, schedule.depth, schedule.tokens
        self.shared = k.shared("tile", cell_type(kind), schedule.shared_cells)
        first_row = k.workgroup_id(0) * schedule.rows
        first_token = k.workgroup_id(1) * tokens
        team = k.local_id if kind.lanes == 1 else k.subgroup_id
        column = team % schedule.teams[1]
        line = team // schedule.teams[1]
        self.first_row, self.first_token, self.column, self.line = first_row, first_token, column, line
        down, across = schedule.tiles
        x = Panel(self.shared, kind, 0, tokens, depth, tiles=down)
        w = Panel(self.shared, kind, tokens * x.stride, schedule.rows, depth, tiles=across)
        self.activations = Activations(k, linear, x, first_token)
        self.weights = Weights(k, linear, w, first_row)

    def run(self) -> None:
        k, (down, across) = self.k, self.schedule.tiles
        kind, one = self.schedule.kind, (down, across) == (1, 1)
        sums = [[TileSum(kind, "sum" if one else f"sum_{i}{j}") for j in range(across)] for i in range(down)]
        steps = self.linear.weights.groups * GROUP // self.schedule.depth
        if self.schedule.ahead:
            self._multiply_ahead(steps, sums)
        else:
            with k.loop(0, steps) as group:
                self.activations.stage(group)
                self.weights.stage(group)
                k.barrier()
                self._multiply(sums)
                k.barrier()
        for i, row in enumerate(sums):
            if i:
                k.barrier()
            self._hand_over(row)
            k.barrier()
            self._finish_slabs(i)

    def _multiply_ahead(self, steps: int, sums: list[list[TileSum]]) -> None:
        k = self.k
        loaded = [operand.ahead(k.constant(0, u32)) for operand in (self.activations, self.weights)]
        with k.loop(0, steps) as group:
            for each in loaded:
                each.put()
            k.barrier()
            for each in loaded:
                each.load(_next(group, steps))
            self._multiply(sums)
            k.barrier()

    def _multiply(self, sums: list[list[TileSum]]) -> None:
        k, schedule, kind = self.k, self.schedule, self.schedule.kind
        x, w = self.activations.panel, self.weights.panel
        line, column = (self._first(side) for side in (0, 1))
        with k.loop(0, schedule.depth // kind.k) as part:
            a = [x.tile("a", _below(line, i * kind.m * x.spacing), part, "x") for i in range(x.tiles)]
            b = [w.tile("b", _below(column, j * kind.n * w.spacing), part, "w") for j in range(w.tiles)]
            for i, row in enumerate(sums):
                for j, sum in enumerate(row):
                    sum.add(a[i], b[j])

    def _first(self, side: int) -> Value:
        """The first row of the team's first tile in the panel of tokens or of rows."""
        team, kind = (self.line, self.column)[side], self.schedule.kind
        return team if kind.lanes == 1 else team * ((kind.m, kind.n)[side] * self.schedule.tiles[side])

    # The epilogue, one row of every team's tiles at a time. The teams write their sums to shared memory, in
    # 16-byte cells of four neighbouring packed rows of one token, and all invocations read them back in the
    # order in which they are stored.
    #
    # Register tiles: token by token, one cell per tile and line of the tile.
    # Matrix units: one slab per team, m tokens of all its tiles side by side, `stride` cells apart (one more
    # than they fill, against bank conflicts):
    #
    #     team 0, token 0   | tile 0: n/4 cells | tile 1: n/4 cells | . |
    #     team 0, token 1   | tile 0: n/4 cells | tile 1: n/4 cells | . |
    #     ...
    #     team 1, token 0   | ...

    def _hand_over(self, row: list[TileSum]) -> None:
        schedule = self.schedule
        if schedule.kind.lanes == 1:
            across = schedule.rows // 4
            first = self.line * across + self.column * len(row)
            for j, sum in enumerate(row):
                sum.store(self.shared, _below(first, j), schedule.teams[0] * across)
            return
        rows, stride = schedule.slab
        start = self.k.subgroup_id * (rows * stride)
        for j, sum in enumerate(row):
            sum.store(self.shared, start + j * (schedule.kind.n // 4) if j else start, stride)

    def _finish_slabs(self, i: int) -> None:
        k, schedule, kind = self.k, self.schedule, self.schedule.kind
        across = schedule.rows // 4
        if kind.lanes == 1:
            tokens = schedule.teams[0] * kind.m
            first_token = _below(self.first_token, i * tokens)
            with k.loop(k.local_id, tokens * across, schedule.threads) as block:
                token = first_token + block // across
                self._finish(self.shared[block], token, self.first_row + block % across * 4)
            return
        lines = schedule.teams[0] * kind.m
        slab_rows, stride = schedule.slab
        of_team = schedule.tiles[1] * kind.n // 4
        with k.loop(k.local_id, lines * across, schedule.threads) as block:
            line = block // across
            column = block % across
            team = line // kind.m * schedule.teams[1] + column // of_team
            cell = (team * slab_rows + line % kind.m) * stride + column % of_team
            token = line // kind.m * (schedule.tiles[0] * kind.m) + line % kind.m + i * kind.m
            results = bitcast(self.shared[cell], f32)
            self._finish(results, self.first_token + token, self.first_row + column * 4)

    def _finish(self, results: Value, token: Value, row: Value) -> None:
        with self.k.when(step_block.rows(self.k).include(token)):
            finish_cell(self.k, self.linear, results, token, row)


def finish_cell(k: Tracer, linear: LinearBuffers, results: Value, token: Value, row: Value) -> None:
    """The epilogue of packed rows row .. row+3 of a token, as far as there are so many."""
    problem = linear.problem
    if problem.epilogue.stored_together(problem.piece) > 1:
        with k.when(row < problem.rows):
            linear.finish_four(token, row, results)
        return
    step = problem.rows_together
    for j in range(0, 4, step):
        with k.when(row + j < problem.rows):
            linear.finish(
                token,
                (row + j) // step if step > 1 else row + j,
                *(results.lane(j + at) for at in range(step)),
            )


def _below(first: Value, rows: int) -> Value:
    return first + rows if rows else first


def _next(group: Value, steps: int) -> Value:
    """The number of the step after this one; for the last step its own, since loads must stay in bounds."""
    return minimum(group + 1, steps - 1)


MATMUL = Matmul()
