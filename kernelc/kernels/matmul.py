"""Matrix times a chunk of activation rows: prefill, in tiles whose operands are staged in shared memory.

For each `depth` columns the workgroup stages `tokens` rows of x and `rows` rows of W, dequantised; then its
teams multiply: an invocation one or several 4 x 4 blocks of results, or where there are matrix units a
subgroup several of their tiles (operands in f16, sums in f32). While a team multiplies, its invocations'
loads of the next columns are under way. The results go through shared memory once more, so that the epilogue
is written once and its stores are coalesced.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kernelc.ir.dim import ceildiv
from kernelc.ir.formats import groups_of
from kernelc.kernels.linear import (
    LinearBuffers,
    LinearProblem,
    linear_bindings,
    linear_reference,
    stored_together,
)
from kernelc.kernels.linear_spec import LinearSpec
from kernelc.kernels.operands import Activations, Weights, unit_type
from kernelc.kernels.panel import Panel, cell_type, row_cells
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, Params, Tolerance
from kernelc.kernels.weights import GROUP
from kernelc.kir.functions import bitcast, minimum
from kernelc.kir.nodes import Value
from kernelc.kir.tile import TileSum
from kernelc.kir.tile_types import F16, REGISTERS, TileKind
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from kernelc.target import Capabilities

# Prefill chunks have this many rows, but for the last: what a workgroup's tile is chosen for.
_USUAL_TOKENS = 512
_FEW_WORKGROUPS = 96  # a large GPU has more processors than this
_MANY_WORKGROUPS = 512  # and runs several on each of them
_ROOMY_BYTES = 32 << 10  # of shared memory, so that two workgroups fit where there are 48 KiB


@dataclass(frozen=True)
class MatmulSchedule:
    """`teams`: invocations or subgroups of a workgroup along tokens and rows; each has `tiles` of `kind`.

    `depth`: columns staged at once. `ahead`: load the next ones before multiplying.
    """

    teams: tuple[int, int]
    tiles: tuple[int, int] = (1, 1)
    kind: TileKind = REGISTERS
    depth: int = GROUP
    ahead: bool = False
    f16: bool = False

    @property
    def tokens(self) -> int:
        return self.teams[0] * self.tiles[0] * self.kind.m

    @property
    def rows(self) -> int:
        return self.teams[1] * self.tiles[1] * self.kind.n

    @property
    def threads(self) -> int:
        return self.teams[0] * self.teams[1] * self.kind.lanes

    @property
    def panel_cells(self) -> int:
        return (self.tokens + self.rows) * row_cells(self.kind, self.depth)

    @property
    def slab(self) -> tuple[int, int]:
        """The results that a team hands over at once: rows, and 16-byte cells from one to the next."""
        if self.kind.lanes == 1:
            return self.kind.m, self.tiles[1]
        return self.kind.m, self.tiles[1] * self.kind.n // 4 + 1

    @property
    def shared_cells(self) -> int:
        """Of 16 bytes: the panels, later the results."""
        rows, stride = self.slab
        return max(self.panel_cells, self.teams[0] * self.teams[1] * rows * stride)

    def fits(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Whether a device of these capabilities runs it, and it can be had for the problem."""
        whole = groups_of(problem.cols) * GROUP % self.depth == 0
        offered = self.kind is REGISTERS or (self.kind in capabilities.tiles and problem.format != "f32")
        small = self.shared_cells * 16 <= capabilities.shared_bytes
        return whole and offered and small and 16 <= self.threads <= capabilities.max_threads


class Matmul(LinearSpec[MatmulSchedule]):
    """x [seq, cols] -> out [seq, out_width] or q and the KV cache."""

    name = "matmul"

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        return linear_bindings(problem, SEQ)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        linear_reference(problem, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatmulSchedule]:
        every = [*_register_tiles(capabilities), *_matrix_units(capabilities)]
        return (schedule for schedule in every if schedule.fits(capabilities, problem))

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
        """Matrix units where weights are rounded anyway, in the largest tile that occupies a large GPU."""
        fitting = [(s, least) for s, least in _usual(capabilities) if s.fits(capabilities, problem)]
        for schedule, least in fitting:
            workgroups = -(-problem.rows // schedule.rows) * -(-_USUAL_TOKENS // schedule.tokens)
            if workgroups >= least:
                return schedule
        return fitting[-1][0] if fitting and problem.rows >= 32 else _registers(capabilities, problem)

    def workgroup(self, problem: LinearProblem, schedule: MatmulSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatmulSchedule) -> Grid:
        return (ceildiv(problem.rows, schedule.rows), ceildiv(SEQ, schedule.tokens), 1)

    def trace(self, k: Tracer, problem: LinearProblem, schedule: MatmulSchedule) -> None:
        out = f32.with_lanes(stored_together(problem))
        types = {"quants": unit_type(problem.format, schedule.kind), "out": out, "residual": out}
        bindings = tuple(
            Binding(b.name, types.get(b.name, b.type), b.access, b.length) for b in self.bindings(problem)
        )
        _Matmul(k, schedule, LinearBuffers.bind(k, problem, bindings, schedule.f16)).run()

    def tile_tolerance(self, problem: LinearProblem) -> Tolerance:
        """Both factors of a product are rounded to f16, each by at most 2^-11 of itself.

        The products' squares add up to one, so the sum is off by a normal error of at most 2^-11 * sqrt(2/3),
        and six times that is what no test will see; one product alone is off by 2^-10. A gated result
        multiplies one such sum by another of up to five.
        """
        exact = self.tolerance(problem)
        sum_error = 6 * 2**-11 * (2 / 3) ** 0.5
        factor = 6 if problem.epilogue == "gated" else 1
        return Tolerance(exact.relative + 2**-10, exact.absolute + factor * sum_error)


def _register_tiles(capabilities: Capabilities) -> Iterator[MatmulSchedule]:
    tiles = ((1, 1), (1, 2), (2, 1), (2, 2))
    for tokens, rows, (down, across) in itertools.product((8, 16, 32, 64, 128), (16, 32, 64, 128), tiles):
        teams = tokens // (4 * down), rows // (4 * across)
        for depth, ahead in itertools.product((32, 64), (False, True)):
            yield MatmulSchedule(teams, (down, across), REGISTERS, depth, ahead, capabilities.f16)


def _matrix_units(capabilities: Capabilities) -> Iterator[MatmulSchedule]:
    teams = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 4), (2, 4), (4, 2))
    tiles = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 2), (2, 4), (4, 4))
    for kind in (kind for kind in capabilities.tiles if kind.operand == "f16"):
        for choice in itertools.product(teams, tiles, (32, 64), (False, True)):
            yield MatmulSchedule(choice[0], choice[1], kind, choice[2], choice[3], capabilities.f16)


def _usual(capabilities: Capabilities) -> Iterator[tuple[MatmulSchedule, int]]:
    """Those for matrix units that are worth choosing from, the preferred first, and how many workgroups they
    need: what benchmarks/prefill_schedules.py found on an H200."""
    if F16 in capabilities.tiles:
        yield MatmulSchedule((1, 4), (4, 4), F16, 64, True, capabilities.f16), _MANY_WORKGROUPS
        for depth, tiles in itertools.product((64, 32), ((4, 2), (2, 2))):
            yield MatmulSchedule((2, 4), tiles, F16, depth, True, capabilities.f16), _FEW_WORKGROUPS
        for depth in (64, 32):
            yield MatmulSchedule((2, 2), (2, 2), F16, depth, True, capabilities.f16), _FEW_WORKGROUPS


def _registers(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
    """Without matrix units, as found there too: in the shared memory that every device has nothing is faster
    than 16 sums an invocation; where there is more, 32 are."""
    many = problem.rows >= 256
    roomy = many and capabilities.shared_bytes >= _ROOMY_BYTES
    teams, tiles = (8, 16 if many else 8), (2 if roomy else 1, 1)
    return MatmulSchedule(teams, tiles, ahead=True, f16=capabilities.f16)


class _Matmul:
    """The kernel's buffers and places, and its steps."""

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

    # The epilogue. Register tiles hand over rows of four results, the rows of a tile apart; matrix units a
    # slab a team: m rows of all its tiles side by side.

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
        k, problem, linear = self.k, self.problem, self.linear
        with k.when(token < k.param("seq")):
            if stored_together(problem) > 1:
                with k.when(row < problem.rows):
                    linear.finish_four(token, row, results)
                return
            for j in range(0, 4, 2 if problem.paired else 1):
                with k.when(row + j < problem.rows):
                    if problem.paired:
                        linear.finish_pair(token, (row + j) // 2, results.lane(j), results.lane(j + 1))
                    else:
                        linear.finish_row(token, row + j, results.lane(j))


def _below(first: Value, rows: int) -> Value:
    return first + rows if rows else first


def _next(group: Value, steps: int) -> Value:
    """The step after this; after the last, the last again."""
    return minimum(group + 1, steps - 1)


MATMUL = Matmul()
