"""The int8 matrix times up to eight coded rows on matrix units, in the order in which a row alone is summed.

A subgroup multiplies 16 rows of the matrix with eight of activations, a group of 32 at a time: the group's
sum of products of bytes is a whole number, exact in any order. What is made of it in floats is what
`Int8Product` makes for a row alone, operation by operation, and `division` says in which order these meet; so
a row's results have the bits that they have alone. Chunks are loaded some ahead of their products, the first
before the kernel's inputs are ready.
"""

from __future__ import annotations

from kernelc.ir.coded_rows import PARTS
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.parts import weighed
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.several.int8_rows import Int8Rows, OfRow
from kernelc.kernels.several.mma.chunks import Chunk, ChunkLoads
from kernelc.kernels.several.mma.division import CELLS, CHUNK, COLUMNS, ROWS, SUBGROUP, Division, Item
from kernelc.kernels.several.mma.pairs import PairSums, Sums
from kernelc.kernels.several.mma.staging import StagedRows
from kernelc.kir.functions import bitcast, logical_and, minimum, mma_i8, named, subgroup_sum, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32
from kernelc.kir.values import Value, Variable

_LOADS_AHEAD = 4  # chunks


class MmaRows(Int8Rows):
    """A kernel while it is traced; `most` rows of activations at once."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule, of_row: OfRow, most: int
    ) -> None:
        super().__init__(k, linear, schedule, of_row, most)
        k.resident = schedule.resident
        self.division = division = Division.of(schedule, self.groups)
        self.staged = StagedRows(k, division, self.form, self.layout, of_row)
        subgroup = named("subgroup", k.local_id // SUBGROUP)
        self.own = named("lane", k.local_id % SUBGROUP)
        self.split = named("split", subgroup % division.splits)
        self.part = named("part", subgroup // division.splits % division.parts)
        self.tile_number = named("tile", subgroup // (division.splits * division.parts))
        self.loads = ChunkLoads(linear.weights, self.own)
        row = named("row", self.first_row + self.tile_number * ROWS * division.stacked + self.own // 4)
        self.matrix_rows = [
            self._inside(row + 8 * half if half else row) for half in range(2 * division.stacked)
        ]

    @staticmethod
    def kept_parts(schedule: MatvecInt8Schedule) -> int:
        return 1

    def _inside(self, row: Value) -> Value:
        uneven = self.problem.rows % self.schedule.rows_per_workgroup
        return minimum(row, self.problem.rows - 1) if uneven else row

    def trace(self) -> None:
        """Stage by stage: the rows of activations to shared memory, then the products of its chunks."""
        k, division, stages = self.k, self.division, list(self.division.stages())
        order = [item for stage in stages for item in stage]
        ahead = max(1, _LOADS_AHEAD // division.stacked)
        loaded = [self._chunk(item) for item in order[:ahead]] if self.schedule.early else []
        self.load_constants()
        k.inputs_ready()
        loaded = loaded or [self._chunk(item) for item in order[:ahead]]
        self._add_squares()
        pairs, parts, done = PairSums(), list[Sums](), 0
        sums: list[list[list[Variable]]] = []
        for stage in stages:
            if done:
                k.barrier()
            first = stage[0]
            self.staged.fill(first, 1 + stage[-1].step - first.step)
            k.barrier()
            if first.step == 0:
                sums = [self._new_sums() for _ in range(division.chunks)]
            for item in stage:
                self._add(item, item.step - first.step, loaded[done], sums[item.i])
                done += 1
                loaded += [self._chunk(each) for each in order[len(loaded) : done + ahead]]
                if item.step == division.steps - 1:
                    pairs.add([[total.value() for total in group] for group in sums[item.i]])
            if pairs.count == division.chunks * division.blocks:
                parts.append(pairs.total())
                pairs = PairSums()
        self._keep(parts)
        self._add_up()
        self.finish()

    def _new_sums(self) -> list[list[Variable]]:
        """For each group of a chunk of each of the tiles the invocation's four results."""
        groups = CHUNK * self.division.stacked
        return [[self.k.var(0.0, f32, name=f"sum_{at}{e}") for e in range(4)] for at in range(groups)]

    def _add_squares(self) -> None:
        """The squares of each row of activations, which a team adds up as that of a single row does."""
        if self.every_square is None:
            return
        k, schedule = self.k, self.schedule
        for first in range(0, self.most, self.teams):
            row = named("row", self.team + first)
            with self.of_row(minimum(row, self.count - 1)) as arrays:
                self.x = arrays["x"]
                total = subgroup_sum(super(Int8Rows, self).squares(self.lane, schedule.team))
            with k.when(logical_and(k.subgroup_lane.equals(0), row < self.most)):
                self.every_square[row * schedule.parts + self._part()] = total

    # Products

    def _chunk(self, item: Item) -> list[Chunk]:
        """A chunk of the invocation's rows of the matrix, two in each of its tiles."""
        division = self.division
        chunk, first = division.chunk(item.block, item.i, self.split), division.first_group(item)
        start = named("group", self.part * SUBGROUP + chunk * CHUNK + first)
        sure = first + division.parts * SUBGROUP <= self.groups
        return [self.loads.load(row, start, sure=sure) for row in self.matrix_rows]

    def _add(self, item: Item, step: int, chunks: list[Chunk], sums: list[list[Variable]]) -> None:
        """Add the products of a chunk to the sums of its groups."""
        factors = [self.loads.factors(chunk) for chunk in chunks]
        tiles = [chunks[at : at + 2] for at in range(0, len(chunks), 2)]
        operands = [self.loads.operands(*tile) for tile in tiles]
        place = self.staged.place(step, self.part, self.split + item.i * self.division.splits)
        for j in range(CHUNK):
            codes = self.staged.codes[(place + j) * CELLS + self.own]
            columns = self.staged.factors[(place + j) * (COLUMNS // 2) + self.loads.quarter]
            scales = [bitcast(columns.lane(at), f32) for at in range(2)]
            counts = [bitcast(columns.lane(2 + at), i32) for at in range(2)]
            shared = list[Value | None]([None, None])
            if self.form.has_offset:
                shared = [to_f32(count) * scale for count, scale in zip(counts, scales, strict=True)]
            for tile, own in enumerate(operands):
                products = self._products_of(own[j], codes, counts)
                for e in range(4):
                    column, of_row = e % 2, factors[2 * tile + e // 2][j]
                    added = weighed(to_f32(products.lane(e)), shared[column], scales[column], of_row)
                    sums[CHUNK * tile + j][e] += added

    def _products_of(self, operand: Value, codes: Value, counts: list[Value]) -> Value:
        """The sums of the products of bytes and numbers, with what they start with."""
        nothing = self.k.constant(0, i32)
        starts = counts if self.form.byte_zero else [nothing, nothing]
        start, whole = vector(*starts, *starts), vector(codes.x, codes.y)
        if self.layout.terms == 1:
            return mma_i8(operand, whole, start)
        products = mma_i8(operand, whole, vector(nothing, nothing, nothing, nothing))
        return mma_i8(operand, vector(codes.z, codes.w), products * PARTS + start)

    # Sums

    def _keep(self, parts: list[Sums]) -> None:
        """Write what the subgroup has added up of each of its parts to shared memory: a cell for each result,
        with the sums of a chunk's four groups."""
        division = self.division
        self.k.barrier()
        for round, sums in enumerate(parts):
            for tile in range(division.stacked):
                number = self.tile_number * division.stacked + tile
                part = number * division.every_part + (round * division.parts) + self.part
                first = (part * division.splits + self.split) * (ROWS * COLUMNS)
                groups = sums[CHUNK * tile : CHUNK * (tile + 1)]
                for e in range(4):
                    cell = vector(*(group[e] for group in groups))
                    self.staged.codes[first + e * SUBGROUP + self.own] = bitcast(cell, u32)
        self.k.barrier()

    def _add_up(self) -> None:
        """Add up the splits, the groups and the parts of every result."""
        k, each = self.k, ROWS * COLUMNS
        with distribute(k, self.division.tiles * each, "cell") as cell:
            place, lane, tile = cell % each, cell % SUBGROUP, cell // each
            total = self._sum_of_part(tile, 0, place)
            for part in range(1, self.division.every_part):
                total = total + self._sum_of_part(tile, part, place)
            e = place // SUBGROUP
            row = named("row", tile * ROWS + e // 2 * 8 + lane // 4)
            column = named("column", lane % 4 * 2 + e % 2)
            if self.most == COLUMNS:
                self.every_sum[column * self.cells_of_row + row] = total
            else:
                with k.when(column < self.most):
                    self.every_sum[column * self.cells_of_row + row] = total

    def _sum_of_part(self, tile: Value, part: int, place: Value) -> Value:
        """A part of a result: its splits, and then the groups of a chunk, in pairs."""
        division = self.division
        first = (tile * division.every_part + part) * division.splits
        cells = [
            self.staged.codes[(first + split) * (ROWS * COLUMNS) + place] for split in range(division.splits)
        ]
        left = [bitcast(cell, f32) for cell in cells]
        while len(left) > 1:
            half = len(left) // 2
            left = [left[at] + left[at + half] for at in range(half)]
        return (left[0].x + left[0].z) + (left[0].y + left[0].w)

    def _sum_of_parts(self, cells: object, result: Value | None) -> Value:
        return super()._sum_of_parts(cells, result) if result is None else self.cells[result]
