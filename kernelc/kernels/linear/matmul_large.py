"""Matrix times blocks of halves, in large tiles of which matrix units read one operand from shared memory.

Here the packed rows are the left operand, which is made in registers: an invocation loads just those weights
that its part of a tile holds, dequantises them, and hands them over as they are. Activations are bulk copies
of whole blocks (`half_blocks`), several of which are under way. A tile of 64 packed rows meets 128 tokens, so
a weight is dequantised four times for a prompt of 512, and no barrier keeps the teams of a workgroup
together: while one dequantises, another multiplies.

    teams[1] x tiles[1] tiles of 64 packed rows, each team's own below each other
    teams[0]            teams that share those rows, each with 64 of the step's columns; their sums are added
                        up in the end, for matrices of few rows
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd

import numpy as np

from kernelc.ir.formats import WeightFormat, weight_format
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.half_blocks import BLOCK_CELLS, CHUNK, CHUNKS, COLUMNS, ROWS, HalfBlocks
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.parts.packed_rows import GROUP, byte_words, unit_vectors, word_type
from kernelc.kir.bulk_stages import BulkStages
from kernelc.kir.functions import minimum, named, pack_half2, vector
from kernelc.kir.tile import Tile, TileSum, pack_bytes, pack_tile
from kernelc.kir.tile_types import packed_place
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type, f32x4, u32, u32x4
from kernelc.kir.values import Value, Variable

FinishCell = Callable[[Value, Value, Value], None]
"""Finishes four neighbouring packed rows of a token: (results, token, row)."""


def chunk_type(format: str) -> Type:
    """The type of the loads that bring a chunk of weights."""
    form = weight_format(format)
    return word_type(form, gcd(_chunk_words(form), 4))


def _chunk_words(form: WeightFormat) -> int:
    return form.words_per_group * CHUNK // GROUP


class LargeMatmul:
    """One kernel being traced."""

    def __init__(
        self, k: Tracer, schedule: MatmulSchedule, linear: LinearBuffers, finish: FinishCell
    ) -> None:
        self.k, self.schedule, self.linear, self.finish = k, schedule, linear, finish
        self.parts, self.columns = schedule.teams
        self.block_row, self.first_row = k.workgroup_id(0), k.workgroup_id(1) * schedule.rows
        self.team = named("team", k.local_id // schedule.kind.lanes)
        cells = self.parts * BLOCK_CELLS
        self.stages = BulkStages(k, "x_blocks", schedule.stages, cells=(u32x4, cells))
        self.slabs = k.shared("slabs", f32x4, schedule.slab_cells)
        self.weights = _Weights(k, linear, schedule, self.first_row, self.team)
        self.steps = linear.problem.cols // (COLUMNS * self.parts)

    def trace(self) -> None:
        k, across = self.k, self.schedule.tiles[1]
        sums = [TileSum(self.schedule.kind, f"sum_{at}" if across > 1 else "sum") for at in range(across)]
        ahead = min(self.schedule.stages - 1, self.steps)
        for step in range(ahead):
            self._request(k.constant(step, u32))
        self.weights.load(k.constant(0, u32))
        with k.loop(0, self.steps) as step:
            with k.when(step + ahead < self.steps):
                self._request(step + ahead)
            loaded = self.weights.take()
            self.weights.load(minimum(step + 1, self.steps - 1))
            self.stages.wait(step)
            place = self.stages.begin("cells", step)
            if self.parts > 1:
                place = place + self.team % self.parts * BLOCK_CELLS
            for at, sum in enumerate(sums):
                sum.add_shared(self.weights.tiles(loaded[at]), self.stages.parts["cells"], place, ROWS)
            self.stages.release(step)
        for at, sum in enumerate(sums):
            for first in range(0, ROWS, self.schedule.slab[0]):
                self._finish(sum, at, first)

    def _request(self, step: Value) -> None:
        blocks = HalfBlocks(self.linear.problem.cols)
        first = blocks.block(self.block_row, step * self.parts if self.parts > 1 else step)
        self.stages.request(step, cells=(self.linear.buffers["x"], first))

    def _finish(self, sum: TileSum, at: int, first: int) -> None:
        """Finish some tokens of tile number `at` of every team, whose results lie token by token in a slab
        for each team, four packed rows a cell."""
        k, schedule = self.k, self.schedule
        tokens, stride, of_tile = *schedule.slab, schedule.kind.m // 4
        slab = tokens * stride
        if at or first:
            k.barrier()
        sum.store(self.slabs, self.team * slab, stride, transposed=True, columns=(first, first + tokens))
        k.barrier()
        across = self.columns * of_tile
        with k.loop(k.local_id, tokens * across, schedule.threads) as block:
            line, column = block // across, block % across
            tile = column // of_tile
            cell = tile * (self.parts * slab) + line * stride + column % of_tile
            results = self.slabs[cell]
            for part in range(1, self.parts):
                results = results + self.slabs[cell + part * slab]
            row = self.first_row + tile * (schedule.tiles[1] * schedule.kind.m) + column % of_tile * 4
            token = self.block_row * ROWS + line + first
            with k.when(step_block.rows(k).include(token)):
                self.finish(results, token, row + at * schedule.kind.m)


class _Weights:
    """The packed rows of a team's tiles, in registers; rows past the last one repeat it.

    For each tile and each of the two rows of which an invocation holds elements, a chunk is loaded.
    """

    def __init__(
        self, k: Tracer, linear: LinearBuffers, schedule: MatmulSchedule, first_row: Value, team: Value
    ) -> None:
        self.k, self.linear, self.form, self.kind = k, linear, linear.weights.form, schedule.kind
        self.loads = _chunk_words(self.form) // linear.weights.quants.type.lanes
        parts, _ = schedule.teams
        self.groups = parts * COLUMNS // GROUP  # of a step
        row, _ = packed_place(k.local_id % self.kind.lanes)
        first = first_row + team // parts * (schedule.tiles[1] * self.kind.m) + row
        places = [tile * self.kind.m + half for tile in range(schedule.tiles[1]) for half in (0, 8)]
        rows = [named("row", first + place) for place in places]
        if linear.problem.rows % schedule.rows:
            rows = [minimum(row, linear.problem.rows - 1) for row in rows]
        chunk = named("chunk", k.local_id % CHUNKS)
        group = chunk * CHUNK // GROUP
        if parts > 1:
            group = group + team % parts * (COLUMNS // GROUP)
        self.part = chunk % (GROUP // CHUNK)
        self.first_groups = [named("first_group", row * linear.weights.groups + group) for row in rows]
        self.registers: list[list[Variable]] = []

    def load(self, step: Value) -> None:
        """Load the chunks of a step."""
        loaded = [self._load(first + step * self.groups) for first in self.first_groups]
        if not self.registers:
            self.registers = [[self.k.var(each, name="loaded") for each in chunk] for chunk in loaded]
            return
        for registers, chunk in zip(self.registers, loaded, strict=True):
            for register, value in zip(registers, chunk, strict=True):
                self.k.assign(register, value)

    def _load(self, at: Value) -> list[Value]:
        """The chunk in group number `at` of the whole matrix, with what stands beside the group."""
        first = (at * (GROUP // CHUNK) + self.part) * self.loads
        words = [self.linear.weights.quants[first + i] for i in range(self.loads)]
        return [*words, *self.linear.weights.stored_sides(at), at] if self.form.sides else words

    def take(self) -> list[list[list[Value]]]:
        """What is loaded, by tile, row, and load."""
        values = [[register.value() for register in chunk] for chunk in self.registers]
        return [values[at : at + 2] for at in range(0, len(values), 2)]

    def tiles(self, loaded: Sequence[Sequence[Value]]) -> list[Tile]:
        """The left operands of a step's products, of the two chunks of a tile."""
        if self._scaled_bytes:
            return self._tiles_of_bytes(*loaded)
        upper, lower = (self._pairs(chunk) for chunk in loaded)
        return [
            pack_tile(self.kind, vector(upper[at], lower[at], upper[at + 1], lower[at + 1]))
            for at in range(0, CHUNK // 2, 2)
        ]

    @property
    def _scaled_bytes(self) -> bool:
        """Whether weights are bytes, each times a half: such are scaled as halves, two at a time."""
        halves = [side.dtype == np.float16 and side.lanes == 1 for side in self.form.sides]
        return self.form.byte_zero is not None and halves == [True]

    def _tiles_of_bytes(self, upper: Sequence[Value], lower: Sequence[Value]) -> list[Tile]:
        words, factors = list[list[Value]](), list[Value]()
        for *loads, stored, at in (upper, lower):
            words.append(byte_words(self.form, loads))
            scale, _ = self.linear.weights.factors([stored], at)
            assert scale is not None
            factors.append(pack_half2(vector(scale, scale)))
        less = self.form.byte_zero
        assert less is not None
        both = (factors[0], factors[1])
        pairs = zip(words[0], words[1], strict=True)
        return [pack_bytes(self.kind, first, second, both, less) for first, second in pairs]

    def _pairs(self, loaded: Sequence[Value]) -> list[Value]:
        """The elements of a chunk as words of two halves."""
        words = loaded[: self.loads]
        if self.form.holds_halves:
            return [word.lane(lane) for word in words for lane in range(word.type.lanes)]
        fours = unit_vectors(self.form, words)
        if self.form.sides:
            *stored, at = loaded[self.loads :]
            scale, offset = self.linear.weights.factors(stored, at)
            if scale is not None:
                fours = [four * scale for four in fours]
            if offset is not None:
                fours = [four + offset for four in fours]
        return [pack_half2(vector(four.lane(at), four.lane(at + 1))) for four in fours for at in (0, 2)]
