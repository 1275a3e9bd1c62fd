"""The int8 matrix times up to eight coded rows on matrix units, the matrix streamed through shared memory.

Copies that need no register bring two tiles of 16 rows a *block* at a time: 32 groups of each row, which are
a step of one of the parts that a row alone is divided into (see `division`). Of a block's groups each of a
tile's eight subgroups has those whose numbers are the same modulo 8, so two of the five times that sums meet
in pairs are its own:

    bit of a group's number in its part   16   8 | 4   2   1
                                          by itself  through shared memory

The rows of activations are loaded a block ahead, a subgroup for each row, and lie in shared memory by the
quarters of groups that matrix units take. All that is rounded is what `Int8Product` rounds for a row alone,
in its order, so results have the same bits.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kernelc.ir.formats import QUANTS, Factors
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.epilogues.coded import CodedEpilogue
from kernelc.kernels.linear.int8.parts import weighed
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.parts.packed_rows import FUNCTIONS, byte_words
from kernelc.kernels.several.int8_rows import Int8Rows, OfRow
from kernelc.kernels.several.mma.chunks import fours_of
from kernelc.kernels.several.mma.division import COLUMNS, ROWS, SUBGROUP
from kernelc.kernels.several.mma.stream_schedule import (
    BLOCK_SCALES,
    CLASSES,
    OWN,
    PAIR,
    PAIR_CELLS,
    QUARTER_PAIRS,
    ROW_PAIRS,
    SCALE_CELLS,
    TERM_PAIRS,
    TILE_CELLS,
    TILES,
    Block,
    StageRows,
    blocks_of,
)
from kernelc.kernels.several.part import PartOfArray
from kernelc.kir.bulk_stages import BulkStages, Rows
from kernelc.kir.functions import (
    bitcast,
    fma,
    logical_and,
    minimum,
    mma_i8,
    named,
    select,
    splat,
    subgroup_sum,
    unpack_half2,
    vector,
)
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, i32, u32, u32x2
from kernelc.kir.values import Value, Variable

_MAGIC = 12582912.0
"""1.5 * 2^23: a float whose bits, counted on as an integer, are the float that is as much larger, for up to
2^22 either way. Matrix units begin with them, so no sum of products has to be converted."""
_LOADS_AHEAD = 1  # blocks of activations in registers


@dataclass(frozen=True)
class _Numbers:
    """A group of a row of activations as it is stored: its codes, and its factors."""

    planes: list[Value]
    factors: Value


class StreamedRows(Int8Rows):
    """A kernel while it is traced; `most` rows of activations at once."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule, of_row: OfRow, most: int
    ) -> None:
        super().__init__(k, linear, schedule, of_row, most)
        k.resident = schedule.resident
        self.blocks = list(blocks_of(schedule, self.groups))
        self.room, self.words = StageRows.of(self.form), self.form.words_per_group
        room = self.room
        (side,) = self.form.sides
        self.side = side.name
        sizes = {QUANTS: (u32, PAIR * room.quants), side.name: (u32, PAIR * room.sides)}
        self.stages = BulkStages(k, "weights", schedule.ring, **sizes)
        self.classes = k.shared("class_sums", f32, 2 * CLASSES * PAIR_CELLS)
        self.codes = k.shared("row_codes", u32x2, 2 * self.layout.terms * TERM_PAIRS)
        self.code_scales = k.shared("row_scales", f32, 2 * BLOCK_SCALES)
        subgroup = k.local_id // SUBGROUP
        self.own, own_tile = named("own", subgroup % CLASSES), named("own_tile", subgroup // CLASSES)
        self.own_lane = lane = named("lane", k.local_id % SUBGROUP)
        self.own_tile = own_tile
        self.eighth, self.quarter = named("eighth", lane // 4), named("quarter", lane % 4)
        self.shift = named("shift", self.own % 2 * 16)
        row = named("row", own_tile * (ROWS * schedule.stacked) + self.eighth)
        self.word = named("word", row * room.quants + self.quarter + self.own * self.words)
        self.half = named("half", row * room.sides + self.own // 2)
        self.cell = named("cell", self.own * PAIR_CELLS + own_tile * (TILE_CELLS * schedule.stacked) + lane)
        self.written = named("written", self.own * ROW_PAIRS + lane)
        self.spread = self.layout.terms if schedule.stacked < TILES else 1  # subgroups that load a row
        self.read = named("read", self.eighth * ROW_PAIRS + self.quarter * QUARTER_PAIRS + self.own)
        self.scale_written = named("scale_written", lane * SCALE_CELLS + self.own)
        self.scale_read = named("scale_read", self.own * SCALE_CELLS + self.quarter * 2)
        self.first_word = named("first_word", self.first_row * (self.groups * self.words))
        self.first_half = named("first_half", self.first_row * (self.groups // 2))
        self.x_row: Array | None = None
        self._early = False
        self.signs = k.constant(0, u32)

    @staticmethod
    def kept_parts(schedule: MatvecInt8Schedule) -> int:
        return 1

    def trace(self) -> None:
        """Block by block: what is copied is some blocks ahead, and what is loaded one."""
        k, ring, blocks = self.k, self.schedule.ring, self.blocks
        early = min(self.schedule.early_steps, ring, len(blocks))
        for number in range(early):
            self._request(number)
        self.load_constants()
        k.inputs_ready()
        self.x_row = self._x_of(self.own)
        # What the compiler does not know to be a constant makes one instruction of two.
        self.signs = named("signs", (self.count >> 31) ^ 0x80808080)
        fresh = [0, *(at for at in range(1, len(blocks)) if blocks[at].first != blocks[at - 1].first)]
        loaded = [self._row_codes(blocks[at]) for at in fresh[:1]]
        for number in range(early, min(ring, len(blocks))):
            self._request(number)
        self._load_rows_early()
        square = k.var(0.0, f32, name="square_sum")
        self._store(0, blocks[0], loaded[0], square)
        loaded += [self._row_codes(blocks[at]) for at in fresh[1:_LOADS_AHEAD]]
        k.barrier()
        sums = self._new_sums()
        totals = [k.var(0.0, f32, name=f"total_{pair}") for pair in {block.pair for block in blocks}]
        turn = 0
        for number, (block, after) in enumerate(pairwise([*blocks, None])):
            assert block is not None
            new = number + 1 in fresh
            if new and len(loaded) < len(fresh):
                loaded.append(self._row_codes(blocks[fresh[len(loaded)]]))
            self.stages.wait(number)
            self._multiply(number, block, turn, sums)
            self.stages.release(number)
            if block.last:
                self._write_part(number, sums)
            if after is not None and new:
                turn += 1
                self._store(turn, after, loaded[turn], square)
            if after is not None or block.last:
                k.barrier()
            if number + ring < len(blocks):
                self._request(number + ring)
            if block.last:
                self._add_part(number, block, totals[block.pair])
                sums = self._new_sums()
        self.finish()

    # What is loaded

    def _request(self, number: int) -> None:
        """Ask for a block of the matrix."""
        block, groups, words = self.blocks[number], self.groups, self.words
        before = block.pair * PAIR * groups + block.first  # groups
        quants = Rows(
            self.linear.weights.quants, self.first_word, PAIR, groups * words, block.groups * words,
            before * words,
        )  # fmt: skip
        side = Rows(
            self.linear.buffers[self.side], self.first_half, PAIR, groups // 2, block.groups // 2,
            before // 2,
        )  # fmt: skip
        self.stages.request(number, **{QUANTS: quants, self.side: side})

    def _x_of(self, row: Value) -> Array:
        with self.of_row(minimum(row, self.count - 1)) as arrays:
            return arrays["x"]

    def _row_codes(self, block: Block) -> _Numbers:
        """Load one's own group of a block of one's own row of activations: of two terms, one where there are
        subgroups for each."""
        row, lane, groups, terms = self.x_row, self.own_lane, self.groups, self.layout.terms
        assert row is not None
        if block.groups < SUBGROUP:
            lane = minimum(lane, block.groups - 1)
        own = PartOfArray(self.k, row.memory, named("group", self.k.coerce(row.place(lane), u32)))
        codes = own
        if self.spread > 1:
            term = lane + self.own_tile * (2 * groups)
            codes = PartOfArray(self.k, row.memory, named("term", self.k.coerce(row.place(term), u32)))
        planes = [codes[block.first + plane * groups] for plane in range(2 * terms // self.spread)]
        return _Numbers(planes, own[block.first + (self.layout.planes - 1) * groups])

    def _store(self, turn: int, block: Block, loaded: _Numbers, square: Variable) -> None:
        """Write a group where matrix units' words are read, by quarters; and add up its squares."""
        k, terms = self.k, self.layout.terms
        first = turn % 2 * terms * TERM_PAIRS
        words = [plane.lane(at) for plane in loaded.planes for at in range(4)]
        written = self.written + self.own_tile * TERM_PAIRS if self.spread > 1 else self.written
        several = self.schedule.stacked < TILES
        with k.when(self.own_tile.equals(0)) if several and self.spread == 1 else nullcontext():
            for term in range(terms // self.spread):
                for quarter in range(4):
                    own = [words[8 * term + four] for four in fours_of(self.form, quarter)]
                    self.codes[written + (first + term * TERM_PAIRS + quarter * QUARTER_PAIRS)] = vector(*own)
        with k.when(self.own_tile.equals(0)) if several else nullcontext():
            place = self.scale_written + turn % 2 * BLOCK_SCALES
            self.code_scales[place] = bitcast(loaded.factors.x, f32)
        if self.every_square is not None and block.pair == 0:
            self._add_square(block, bitcast(loaded.factors.z, f32), square)

    def _add_square(self, block: Block, added: Value, square: Variable) -> None:
        """Add the squares of a row's groups, in the order in which a row alone does: an invocation's of a
        part's steps, and then those of the subgroup."""
        k = self.k
        assert self.every_square is not None
        if block.groups < SUBGROUP:
            added = select(self.own_lane < block.groups, added, 0.0)
        k.assign(square, added if block.first < self.schedule.team else square + added)
        if block.last:
            total = subgroup_sum(square)
            with k.when(logical_and(k.local_id % SUBGROUP < 1, k.local_id < self.most * SUBGROUP)):
                self.every_square[self.own * self.schedule.parts + block.part] = total

    def _load_rows_early(self) -> None:
        """What the epilogue reads, while the first products are made, where an invocation has one result."""
        results = self.schedule.rows_per_workgroup // self.problem.rows_together
        if self._in_registers and results * self.most <= self.schedule.threads:
            with self._of(minimum(self.k.local_id // results, self.count - 1)):
                super(Int8Rows, self).load_rows()
            self._early = True

    # Products

    def _new_sums(self) -> list[list[list[Variable]]]:
        """For each tile and each of one's own groups four results."""
        return [
            [[self.k.var(0.0, f32, name=f"sum_{i}{e}") for e in range(4)] for i in range(OWN)]
            for _ in range(self.schedule.stacked)
        ]

    def _multiply(self, number: int, block: Block, turn: int, sums: list[list[list[Variable]]]) -> None:
        """Add the products of a block that has arrived."""
        quants, sides = (self.stages.parts[name] for name in (QUANTS, self.side))
        first, first_side = (self.stages.begin(name, number) for name in (QUANTS, self.side))
        terms, turn = self.layout.terms, turn % 2
        for i in range(block.groups // CLASSES):
            group = CLASSES * i
            codes = [
                self.codes[self.read + (group + (turn * terms + term) * TERM_PAIRS)] for term in range(terms)
            ]
            columns = [
                self.code_scales[self.scale_read + (group * SCALE_CELLS + turn * BLOCK_SCALES + at)]
                for at in range(2)
            ]
            for tile in range(self.schedule.stacked):
                rows = (tile * ROWS, tile * ROWS + ROWS // 2)
                at = first + group * self.words
                loads = [quants[self.word + (at + each * self.room.quants)] for each in rows]
                at = first_side + group // 2
                factors = [self._factor(sides[self.half + (at + each * self.room.sides)]) for each in rows]
                products = self._products_of(loads, codes)
                for e in range(4):
                    added = weighed(products[e], None, columns[e % 2], Factors(factors[e // 2], None))
                    sums[tile][i][e] += added

    def _factor(self, halves: Value) -> Value:
        """What a word of two groups' scales says of one's own."""
        (scale, _) = self.form.factors(FUNCTIONS, [[unpack_half2(halves >> self.shift).x]])
        assert scale is not None
        return scale

    def _products_of(self, loads: list[Value], terms: list[Value]) -> list[Value]:
        """The four sums of products, as floats. Bytes are 16 times the weight, with its sign."""
        high, low = ([(word << 4) ^ self.signs for word in byte_words(self.form, [load])] for load in loads)
        operand = vector(high[0], low[0], high[1], low[1])
        start = bitcast(splat(self.k.constant(_MAGIC, f32), 4), i32)
        found = [bitcast(mma_i8(operand, term, start), f32) for term in terms]
        if len(found) == 1:
            return [fma(found[0].lane(e), 1 / 16, -_MAGIC / 16) for e in range(4)]
        whole = [fma(found[0].lane(e), 256 / 16, -_MAGIC * 257 / 16) for e in range(4)]
        return [fma(found[1].lane(e), 1 / 16, whole[e]) for e in range(4)]

    # Sums

    def _write_part(self, number: int, sums: list[list[list[Variable]]]) -> None:
        """Write the subgroup's sums of a part."""
        first = number % 2 * CLASSES * PAIR_CELLS  # those of two blocks after each other are apart
        for tile, groups in enumerate(sums):
            for e in range(4):
                own = [each[e].value() for each in groups]
                at = first + tile * TILE_CELLS + e * SUBGROUP
                self.classes[self.cell + at] = (own[0] + own[2]) + (own[1] + own[3])

    def _add_part(self, number: int, block: Block, total: Variable) -> None:
        """Add up what all subgroups have of a part: an invocation for each result of two tiles."""
        k, first = self.k, number % 2 * CLASSES * PAIR_CELLS
        with k.when(k.local_id < PAIR_CELLS) if self.schedule.threads > PAIR_CELLS else nullcontext():
            left = [self.classes[k.local_id + (first + at * PAIR_CELLS)] for at in range(CLASSES)]
            while len(left) > 1:
                half = len(left) // 2
                left = [left[at] + left[at + half] for at in range(half)]
            k.assign(total, left[0] if block.part == 0 else total + left[0])
            if block.part < self.schedule.parts - 1:
                return
            place = k.local_id % TILE_CELLS
            e, lane = place // SUBGROUP, k.local_id % SUBGROUP
            row = k.local_id // TILE_CELLS * ROWS + e // 2 * 8 + lane // 4 + block.pair * PAIR
            column = lane % 4 * 2 + e % 2
            with k.when(column < self.most) if self.most < COLUMNS else nullcontext():
                self.every_sum[column * self.cells_of_row + row] = total.value()

    def _sum_of_parts(self, cells: Any, result: Value | None) -> Value:
        return super()._sum_of_parts(cells, result) if result is None else self.cells[result]

    def _finish_in_subgroups(self) -> None:
        if not self._early:
            super()._finish_in_subgroups()
            return
        epilogue = self.problem.epilogue
        assert isinstance(epilogue, CodedEpilogue)
        row = named(
            "row", self.k.local_id // (self.schedule.rows_per_workgroup // self.problem.rows_together)
        )
        with self._of(minimum(row, self.count - 1)):
            self._code_in_registers(epilogue, row < self.count)
