"""The int8 matrix times up to eight coded rows on matrix units, in the order in which one row alone is
summed.

A subgroup multiplies 16 rows of the matrix with eight of activations, a group of 32 at a time: the group's
sum of products of bytes is a whole number, exact in any order, and only what is made of it is rounded. It is
weighed and added as `Int8Product` does for one row, where invocation `l` of a part's 32 takes groups l, l +
team, ... and the 32 sums then meet in pairs: l and l ^ 16, then ^ 8, 4, 2, 1. Here the residue l is

16   8   4   | 2   1       of a subgroup: which of the eight *chunks* of four groups, and which group of it i
block   split         bits of the chunk, from the one that is added up first on

so a subgroup that takes every chunk whose lowest bits are its `split` adds up the bits above by itself, in
registers. The splits, the groups of a chunk and the parts are added up through shared memory at the end, in
that order. What registers have room for decides `block`: chunks are gone through in so many blocks, each with
all of the team's steps.

Each invocation loads whole groups of two rows, as they lie in memory; four invocations exchange words, so
that each has a quarter of every group, which is what matrix units take. The codes of the rows of activations
are staged in that order: cell j * 33 + i has what invocation i needs of group j of a stage. (The 33rd cell
spreads what is written over the banks.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.ir.formats import Factors, WeightFormat, groups_of, weight_format
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.parts import weighed
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import FUNCTIONS, byte_words
from kernelc.kernels.several.int8_rows import Int8Rows, OfRow
from kernelc.kir.functions import (
    bitcast,
    logical_and,
    minimum,
    mma_i8,
    named,
    select,
    subgroup_shuffle_xor,
    subgroup_sum,
    to_f32,
    unpack_half2,
    vector,
)
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32, u32, u32x4
from kernelc.kir.values import Value, Variable

SUBGROUP, ROWS, COLUMNS = 32, 16, 8  # of invocations, of the matrix, of activations
CHUNK, CHUNKS = 4, 8  # groups of a chunk, chunks of a part
_CELLS = SUBGROUP + 1  # of a staged group
_STAGE_GROUPS = 64
_MOST_ITEMS = 96  # chunks of a subgroup, which are all spelled out
_SUMS = 32  # that an invocation keeps over the steps
_LOADS_AHEAD = 4  # chunks
_RESIDENT = 512  # invocations on a multiprocessor: registers of 128 words each


def fits_tiles(form: WeightFormat) -> bool:
    """Whether a quarter of a group's words are two words of bytes."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group in (4, 8)


@dataclass(frozen=True)
class Division:
    """How a workgroup's subgroups divide the work: a subgroup has one of the `tiles` of 16 rows, of every
    `splits`th chunk, and of the parts one in each of `rounds`."""

    tiles: int
    parts: int  # of a row, at once
    splits: int
    rounds: int
    blocks: int
    steps: int  # of a team along a row
    together: int  # of them in a stage

    @staticmethod
    def of(schedule: MatvecInt8Schedule, groups: int) -> Division:
        parts = schedule.team // SUBGROUP // schedule.rounds
        tiles = schedule.threads // (SUBGROUP * parts * schedule.splits)
        steps = -(-groups // schedule.team)
        chunks = CHUNKS // schedule.splits
        sums = CHUNK * ROWS * COLUMNS // SUBGROUP  # of an invocation, for a chunk
        blocks = max(1, chunks * sums // _SUMS) if steps > 1 else 1
        together = max(1, _STAGE_GROUPS * blocks // (SUBGROUP * parts))
        return Division(tiles, parts, schedule.splits, schedule.rounds, blocks, steps, min(steps, together))

    @property
    def chunks(self) -> int:
        """Chunks of a subgroup in a block."""
        return CHUNKS // (self.splits * self.blocks)

    @property
    def stage_groups(self) -> int:
        """Groups of a stage at its longest."""
        return self.together * self.parts * SUBGROUP // self.blocks

    @property
    def items(self) -> int:
        """Chunks of a subgroup, altogether."""
        return self.rounds * self.blocks * self.steps * self.chunks

    @property
    def cells(self) -> int:
        """Cells of 16 bytes that stages take, and sums afterwards."""
        sums = self.tiles * self.parts * self.rounds * self.splits * ROWS * COLUMNS
        return max(self.stage_groups * _CELLS, sums)


def mma_schedule(
    alone: MatvecInt8Schedule, problem: LinearProblem, threads: int, splits: int, rounds: int
) -> MatvecInt8Schedule | None:
    """The schedule of a single row, whose order of sums is kept, for matrix units; None where that is no
    division of the work."""
    from dataclasses import replace

    form, parts = weight_format(problem.format), alone.team // SUBGROUP
    in_subgroups = alone.in_subgroups and alone.subgroup_size == SUBGROUP and not alone.stages
    at_once = SUBGROUP * parts // rounds * splits if parts % rounds == 0 else 0
    if not in_subgroups or not fits_tiles(form) or not at_once or threads % at_once:
        return None
    if threads % alone.team or ROWS * rounds % splits:
        return None
    rows = threads // at_once * ROWS
    schedule = replace(
        alone, threads=threads, rows=rows * alone.team // threads, unroll=1, batches=1,
        early=True, early_steps=1, splits=splits, rounds=rounds,
    )  # fmt: skip
    few = Division.of(schedule, groups_of(problem.cols)).items <= _MOST_ITEMS
    return schedule if few and rows % problem.result_rows == 0 else None


def mma_shared_bytes(schedule: MatvecInt8Schedule, problem: LinearProblem, most: int) -> int:
    """Bytes of workgroup memory for up to `most` rows of activations."""
    division = Division.of(schedule, groups_of(problem.cols))
    cells = 16 * (division.cells + division.stage_groups * COLUMNS // 2)
    return schedule.shared_bytes(problem) + cells + 4 * most * (schedule.stride + schedule.parts)


@dataclass(frozen=True)
class _Item:
    """A chunk of a subgroup: chunk number `i` of its block, at a step of a round."""

    round: int
    block: int
    step: int
    i: int


@dataclass(frozen=True)
class _Half:
    """A chunk of one row as it is stored: one group in each of four invocations, and the factors' words."""

    loads: list[Value]
    sides: list[list[Value]]
    ats: list[Value]


_Sums = list[list[Value]]  # for each group of a chunk the invocation's four results


class MmaRows(Int8Rows):
    """A kernel while it is traced; `most` rows of activations at once."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule, of_row: OfRow, most: int
    ) -> None:
        super().__init__(k, linear, schedule, of_row, most)
        self.division = division = Division.of(schedule, self.groups)
        self.staged = k.shared("staged", u32x4, division.cells)
        self.staged_factors = k.shared("row_factors", u32x4, division.stage_groups * COLUMNS // 2)
        warp, self.own = k.local_id // SUBGROUP, named("lane", k.local_id % SUBGROUP)
        self.warp = named("subgroup", warp)
        self.split = named("split", warp % division.splits)
        self.part = named("part", warp // division.splits % division.parts)
        self.tile_number = named("tile", warp // (division.splits * division.parts))
        self.quarter = named("quarter", self.own % 4)
        self.upper = named("upper", self.quarter >= 2)
        self.odd = named("odd", (self.quarter & 1).equals(1))
        row = self.first_row + self.tile_number * ROWS + self.own // 4
        self.matrix_rows = [self._inside(named("row", row)), self._inside(named("row", row + 8))]

    @staticmethod
    def kept_parts(schedule: MatvecInt8Schedule) -> int:
        return 1

    def _inside(self, row: Value) -> Value:
        uneven = self.problem.rows % self.schedule.rows_per_workgroup
        return minimum(row, self.problem.rows - 1) if uneven else row

    def trace(self) -> None:
        """Stage by stage: the codes of the rows of activations to shared memory, then the chunks of the stage,
        each loaded some chunks ahead, the first before the kernel's inputs are ready."""
        k, stages = self.k, list(self._stages())
        k.resident = max(1, _RESIDENT // self.schedule.threads)
        order = [item for stage in stages for item in stage]
        loaded = [self._load(item) for item in order[:_LOADS_AHEAD]]
        self.load_constants()
        k.inputs_ready()
        self._add_squares()
        pairs, parts = PairSums(), list[_Sums]()
        sums: list[list[list[Variable]]] = []
        at = 0
        for number, stage in enumerate(stages):
            if number:
                k.barrier()
            self._stage(stage[0], 1 + stage[-1].step - stage[0].step)
            k.barrier()
            if stage[0].step == 0:
                sums = [self._new_sums() for _ in range(self.division.chunks)]
            for item in stage:
                self._add(item, item.step - stage[0].step, loaded[at], sums[item.i])
                at += 1
                if len(loaded) < len(order):
                    loaded.append(self._load(order[len(loaded)]))
                if item.step == self.division.steps - 1:
                    pairs.add([[sum_.value() for sum_ in own] for own in sums[item.i]])
            if pairs.count == self.division.chunks * self.division.blocks:
                parts.append(pairs.total())
                pairs = PairSums()
        self._keep(parts)
        self._add_up()
        self.finish()

    def _stages(self) -> Iterator[list[_Item]]:
        """The chunks of each stage in turn."""
        division = self.division
        for round in range(division.rounds):
            for block in _paired(division.blocks):
                for first in range(0, division.steps, division.together):
                    steps = range(first, min(first + division.together, division.steps))
                    yield [_Item(round, block, step, i) for step in steps for i in _paired(division.chunks)]

    def _new_sums(self) -> list[list[Variable]]:
        """For each group of a chunk the invocation's four results."""
        return [[self.k.var(0.0, f32, name=f"sum_{j}{e}") for e in range(4)] for j in range(CHUNK)]

    # Squares

    def _add_squares(self) -> None:
        """The squares of each row of activations, which a team adds up as that of a single row does."""
        if self.every_square is None:
            return
        k, schedule, teams = self.k, self.schedule, self.teams
        for first in range(0, self.most, teams):
            row = named("row", self.team + first)
            with self.of_row(minimum(row, self.count - 1)) as arrays:
                self.x = arrays["x"]
                total = subgroup_sum(super(Int8Rows, self).squares(self.lane, schedule.team))
            with k.when(logical_and(k.subgroup_lane.equals(0), row < self.most)):
                self.every_square[row * schedule.parts + self._part()] = total

    # Weights

    def _load(self, item: _Item) -> list[_Half]:
        """A chunk of the invocation's two rows of the matrix."""
        division = self.division
        chunk = (item.i * division.blocks + item.block) * division.splits + self.split
        first = item.step * self.schedule.team + item.round * division.parts * SUBGROUP
        start = named("group", self.part * SUBGROUP + chunk * CHUNK + first)
        sure = first + division.parts * SUBGROUP <= self.groups
        return [self._half(row, start, sure) for row in self.matrix_rows]

    def _half(self, row: Value, start: Value, sure: bool) -> _Half:
        weights, groups = self.linear.weights, self.groups
        own = start + self.quarter

        def inside(group: Value) -> Value:
            return row * groups + (group if sure else minimum(group, groups - 1))

        each = weights.form.words_per_group // 4
        loads = [weights.quants[inside(own) * each + load] for load in range(each)]
        if self._halves_in_pairs:
            firsts = [start + pair if sure else minimum(start + pair, groups - 2) for pair in (0, 2)]
            words = [[side[(row * groups + first) // 2] for side in weights.sides] for first in firsts]
            return _Half(loads, words, [])
        ats = [inside(start + j) for j in range(CHUNK)]
        return _Half(loads, [weights.stored_sides(at) for at in ats], ats)

    @property
    def _halves_in_pairs(self) -> bool:
        """Whether factors are halves of which a word has those of two groups of the same row."""
        weights = self.linear.weights
        halves = all(side.element_bytes == 2 for side in weights.form.sides)
        return halves and self.groups % 2 == 0 and all(side.type == u32 for side in weights.sides)

    def _factors(self, half: _Half) -> list[Factors[Value]]:
        """The factors of each group of a chunk."""
        weights = self.linear.weights
        if half.ats:
            return [weights.factors(*each) for each in zip(half.sides, half.ats, strict=True)]
        pairs = [[unpack_half2(word) for word in words] for words in half.sides]
        return [
            weights.form.factors(FUNCTIONS, [[pair.lane(j % 2)] for pair in pairs[j // 2]])
            for j in range(CHUNK)
        ]

    def _quarters(self, words: Value) -> list[Value]:
        """Of the words of four groups, one in each of four invocations, the invocation's own quarter of each.

        invocation   0  1  2  3            0    1    2    3
        words        a  b  c  d     ->     a0   a1   a2   a3     group 0
                                           b0   b1   b2   b3     group 1 ...
        """
        upper, odd, own = self.upper, self.odd, [words.lane(at) for at in range(4)]
        got = [subgroup_shuffle_xor(select(upper, own[at], own[2 + at]), 2) for at in range(2)]
        low = [select(upper, got[at], own[at]) for at in range(2)]
        high = [select(upper, own[2 + at], got[at]) for at in range(2)]
        found: list[Value] = []
        for first, second in (low, high):
            other = subgroup_shuffle_xor(select(odd, first, second), 1)
            found += [select(odd, other, first), select(odd, second, other)]
        return found

    # Rows of activations

    def _stage(self, first: _Item, steps: int) -> None:
        """Stage the codes and the factors of `steps` steps of a block, from `first`'s on."""
        k, threads = self.k, self.schedule.threads
        groups = steps * self.division.parts * SUBGROUP // self.division.blocks
        for begin in range(0, groups * COLUMNS, threads):
            number = k.local_id + begin if begin else k.local_id
            if begin + threads <= groups * COLUMNS:
                self._stage_codes(first, groups, number)
            else:
                with k.when(number < groups * COLUMNS):
                    self._stage_codes(first, groups, number)
        with distribute(k, groups * (COLUMNS // 2), "pair") as pair:
            self._stage_factors(first, pair)

    def _group_of(self, first: _Item, number: Value) -> Value:
        """The group that is number `number` of a stage."""
        division, chunks = self.division, CHUNKS // self.division.blocks
        inner, rest = number % (CHUNK * chunks), number // (CHUNK * chunks)
        if division.blocks > 1:
            chunk, splits = inner // CHUNK, division.splits
            chunk = (chunk // splits * division.blocks + first.block) * splits + chunk % splits
            inner = chunk * CHUNK + inner % CHUNK
        part, step = rest % division.parts, rest // division.parts
        before = first.step * self.schedule.team + first.round * division.parts * SUBGROUP
        return named("group", step * self.schedule.team + part * SUBGROUP + inner + before)

    def _stage_codes(self, first: _Item, groups: int, number: Value) -> None:
        staged, row = named("staged_group", number % groups), named("row", number // groups)
        group = minimum(self._group_of(first, staged), self.groups - 1)
        with self.of_row(minimum(row, self.count - 1)) as arrays:
            self.x = arrays["x"]
            terms = [
                [half.lane(at) for half in halves for at in range(4)]
                for halves in (
                    [self._plane(2 * term + half, group) for half in range(2)]
                    for term in range(self.layout.terms)
                )
            ]
        nothing = [self.k.constant(0, u32)] * 2
        for quarter in range(4):
            words = [[term[four] for four in _fours(self.form, quarter)] for term in terms]
            cell = staged * _CELLS + row * 4 + quarter
            self.staged[cell] = vector(*words[0], *(words[1] if len(words) == 2 else nothing))

    def _stage_factors(self, first: _Item, pair: Value) -> None:
        """The scales of two rows, and what says how much their sums of codes add."""
        group, columns = self._group_of(first, pair // 4), pair % 4 * 2
        inside = group < self.groups
        scales, numbers = list[Value](), list[Value]()
        for column in (columns, columns + 1):
            with self.of_row(minimum(column, self.count - 1)) as arrays:
                self.x = arrays["x"]
                factors = self._plane(self.layout.planes - 1, minimum(group, self.groups - 1))
            scales.append(select(inside, factors.x, 0))
            numbers.append(factors.y)
        self.staged_factors[pair] = vector(*scales, *numbers)

    # Products

    def _add(self, item: _Item, step: int, halves: list[_Half], sums: list[list[Variable]]) -> None:
        """Add the products of a chunk to the sums of its groups."""
        division = self.division
        factors = [self._factors(half) for half in halves]
        quarters = [[self._quarters(load) for load in half.loads] for half in halves]
        chunks = division.chunks * division.splits
        place = (self.part + step * division.parts) * chunks + self.split + item.i * division.splits
        for j in range(CHUNK):
            words = [byte_words(self.form, [load[j] for load in own]) for own in quarters]
            a = vector(words[0][0], words[1][0], words[0][1], words[1][1])
            cell = self.staged[(place * CHUNK + j) * _CELLS + self.own]
            columns = self.staged_factors[(place * CHUNK + j) * (COLUMNS // 2) + self.quarter]
            scales = [bitcast(columns.lane(at), f32) for at in range(2)]
            counts = [bitcast(columns.lane(2 + at), i32) for at in range(2)]
            products = self._products(a, cell, counts)
            shared = [
                to_f32(n) * s if self.form.has_offset else None for n, s in zip(counts, scales, strict=True)
            ]
            for e in range(4):
                column, own = e % 2, factors[e // 2][j]
                sums[j][e] += weighed(to_f32(products.lane(e)), shared[column], scales[column], own)

    def _products(self, a: Value, cell: Value, counts: list[Value]) -> Value:
        """The sums of the products of bytes and numbers, with what they start with."""
        nothing, zero = self.k.constant(0, i32), self.form.byte_zero or 0
        starts = [count * -zero for count in counts] if zero else [nothing, nothing]
        start = vector(*starts, *starts)
        codes = vector(cell.x, cell.y)
        if self.layout.terms == 1:
            return mma_i8(a, codes, start)
        whole = mma_i8(a, codes, vector(nothing, nothing, nothing, nothing))
        return mma_i8(a, vector(cell.z, cell.w), whole * PARTS + start)

    # Sums

    def _keep(self, parts: list[_Sums]) -> None:
        """Write what the subgroup has added up of each of its parts to shared memory: a cell for each result,
        with its sums of a chunk's four groups."""
        division = self.division
        self.k.barrier()
        for round, sums in enumerate(parts):
            before = (
                self.tile_number * (division.parts * division.rounds) + round * division.parts
            ) + self.part
            first = (before * division.splits + self.split) * (ROWS * COLUMNS)
            for e in range(4):
                cell = vector(*(sums[j][e] for j in range(CHUNK)))
                self.staged[first + e * SUBGROUP + self.own] = bitcast(cell, u32)
        self.k.barrier()

    def _add_up(self) -> None:
        """Add up the splits, the groups and the parts of every result."""
        k, division, each = self.k, self.division, ROWS * COLUMNS
        parts = division.parts * division.rounds
        with distribute(k, division.tiles * each, "cell") as cell:
            place, lane = cell % each, cell % SUBGROUP
            e, tile = place // SUBGROUP, cell // each
            total: Value | None = None
            for part in range(parts):
                first = (tile * parts + part) * division.splits
                splits = [
                    bitcast(self.staged[(first + split) * each + place], f32)
                    for split in range(division.splits)
                ]
                while len(splits) > 1:
                    half = len(splits) // 2
                    splits = [splits[at] + splits[at + half] for at in range(half)]
                groups = splits[0]
                own = (groups.x + groups.z) + (groups.y + groups.w)
                total = own if total is None else total + own
            assert total is not None
            row, column = (
                named("row", tile * ROWS + e // 2 * 8 + lane // 4),
                named("column", lane % 4 * 2 + e % 2),
            )
            if self.most == COLUMNS:
                self.every_sum[column * self.cells_of_row + row] = total
            else:
                with k.when(column < self.most):
                    self.every_sum[column * self.cells_of_row + row] = total

    def _sum_of_parts(self, cells: object, result: Value | None) -> Value:
        return super()._sum_of_parts(cells, result) if result is None else self.cells[result]


def _fours(form: WeightFormat, quarter: int) -> list[int]:
    """Which words of four numbers belong to the bytes of an invocation's quarter of a group."""
    each = form.vectors_per_unit
    return [
        (load * 4 + quarter) * each + at for load in range(form.words_per_group // 4) for at in range(each)
    ]


def _paired(count: int) -> list[int]:
    """The numbers below a power of two in the order in which they meet: 0 and its upper half's first, then the
    pair that these meet."""
    order = [0]
    while len(order) < count:
        order = [each * 2 + low for low in (0, 1) for each in order]
    return order


class PairSums:
    """Sums in pairs of what comes in the order of `_paired`, each pair added up as soon as it is there."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[_Sums] = []

    def add(self, sums: _Sums) -> None:
        """The next one."""
        self.count += 1
        self._waiting.append(sums)
        count = self.count
        while count % 2 == 0:
            second, first = self._waiting.pop(), self._waiting.pop()
            pairs = zip(first, second, strict=True)
            self._waiting.append([[a + b for a, b in zip(*pair, strict=True)] for pair in pairs])
            count //= 2

    def total(self) -> _Sums:
        """The sum of a power of two of them."""
        (total,) = self._waiting
        return total


__all__ = ["COLUMNS", "GROUP", "Division", "MmaRows", "fits_tiles", "mma_schedule", "mma_shared_bytes"]
