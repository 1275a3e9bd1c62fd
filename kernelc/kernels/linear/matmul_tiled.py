"""What the tiled matrix products share: where teams stand, staging, and the loop over columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.coded_operand import CodedActivations
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.operands import Activations, Weights
from kernelc.kernels.parts.staged_rows import Panel, cell_type
from kernelc.kir.functions import minimum
from kernelc.kir.tile import TileSum
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32
from kernelc.kir.values import Number, Value

Sums = Sequence[Sequence[TileSum]]
"""A team's tiles of sums, line by line."""


class TiledMatmul(ABC):
    """One kernel being traced: its buffers, where this workgroup and team stand, and its steps.

    A workgroup computes `tokens` x `rows` results. Its teams stand in a grid of teams[0] x teams[1] (`line`,
    `column`), and each computes tiles[0] x tiles[1] tiles of m x n results. Which tokens and rows these are,
    the subclasses say.
    """

    def __init__(self, k: Tracer, schedule: MatmulSchedule, linear: LinearBuffers) -> None:
        self.k, self.schedule, self.linear = k, schedule, linear
        kind, depth, tokens = schedule.kind, schedule.depth, schedule.tokens
        self.shared = k.shared("tile", cell_type(kind), schedule.shared_cells, schedule.shared_row)
        self.first_row = k.workgroup_id(0) * schedule.rows
        self.first_token = k.workgroup_id(1) * tokens
        self.line, self.column = self.place()
        (down, across), (x_dense, w_dense) = schedule.tiles, schedule.dense
        blocks = kind.lanes == 1
        self.x = Panel(self.shared, kind, 0, tokens, depth, tiles=down, dense=x_dense, blocks=blocks)
        begin = tokens * self.x.stride
        self.w = Panel(
            self.shared, kind, begin, schedule.rows, depth, tiles=across, dense=w_dense, blocks=blocks
        )

    @abstractmethod
    def place(self) -> tuple[Value, Value]:
        """The line and the column of the team."""

    @abstractmethod
    def multiply_part(self, x: Panel, sums: Sums, part: Number) -> None:
        """Multiply kind.k of the columns that are staged."""

    def sums(self) -> Sums:
        """Zeros for all of a team's tiles."""
        kind, (down, across) = self.schedule.kind, self.schedule.tiles
        one = (down, across) == (1, 1)
        return [[TileSum(kind, "sum" if one else f"sum_{i}{j}") for j in range(across)] for i in range(down)]

    def add_products(self, sums: Sums) -> None:
        """Add the products of all columns, for as many lines of tiles as there are sums.

        The shared memory that was staged last has been read by all when this ends.
        """
        k, schedule = self.k, self.schedule
        x = replace(self.x, rows=schedule.tokens // schedule.tiles[0] * len(sums), tiles=len(sums))
        sort = CodedActivations if self.linear.problem.terms else Activations
        activations = sort(k, self.linear, x, self.first_token)
        weights = Weights(k, self.linear, self.w, self.first_row)
        if not schedule.ahead:
            with k.loop(0, weights.steps) as group:
                activations.stage(group)
                weights.stage(group)
                k.barrier()
                self._multiply(x, sums)
                k.barrier()
            return
        loaded = [operand.ahead(k.constant(0, u32)) for operand in (activations, weights)]
        with k.loop(0, weights.steps) as group:
            for each in loaded:
                each.put(group)
            k.barrier()
            for each in loaded:
                each.load(next_step(group, weights.steps))
            self._multiply(x, sums)
            k.barrier()

    def _multiply(self, x: Panel, sums: Sums) -> None:
        parts = self.schedule.depth // self.schedule.kind.k
        if self.schedule.unrolled:
            # Drivers that run on the processor take many seconds to compile so long a text.
            self.k.asks_subgroup_size = True
            for part in range(parts):
                self.multiply_part(x, sums, part)
            return
        with self.k.loop(0, parts) as part:
            self.multiply_part(x, sums, part)

    def finish(self, results: Value, token: Value, row: Value) -> None:
        """The epilogue of four results of a token, where there is such a token."""
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


def next_step(group: Value, steps: int) -> Value:
    """The number of the step after this one; for the last step its own, since loads must stay in bounds."""
    return minimum(group + 1, steps - 1)
