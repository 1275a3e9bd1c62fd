"""How subgroups with matrix units divide a matrix times several rows, without changing the order of sums.

Where one row is alone, invocation `l` of a part's 32 takes groups l, l + team, ..., a step each, and the 32
sums then meet in pairs: l and l ^ 16, then ^ 8, 4, 2, 1. Matrix units have a group's sum at once, for 16 rows
of the matrix and eight of activations, so a subgroup goes through the groups of a part and keeps the sums of
as many residues l as it has registers for:

    bit of l   16   8   4 | 2   1      which of eight *chunks*, and which of its four groups
    such as     i block split          from the bit that is added up first on

A subgroup takes every chunk whose lowest bits are its `split`, `block` by block, each with all steps, and
adds up the bits above by itself. Splits, the groups of a chunk, and then the parts are added up through
shared memory at the end. A *stage* is what of the rows of activations lies in shared memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kernelc.ir.formats import WeightFormat, groups_of, weight_format
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.several.mma.pairs import paired
from kernelc.kir.values import Value
from kernelc.target import Capabilities

SUBGROUP, ROWS, COLUMNS = 32, 16, 8  # of invocations, of the matrix, of activations
CHUNK, CHUNKS = 4, 8  # groups of a chunk, chunks of a part
CELLS = SUBGROUP + 1  # of a staged group: with an odd number what is written is spread over the banks
_MOST_ITEMS = 96  # chunks of a subgroup, which are all spelled out
_SUMS = 32  # that an invocation keeps over the steps
_RESIDENT = 512  # invocations of a multiprocessor, of 128 registers each
_MULTIPROCESSORS = 132  # where a variant is for no device in particular


@dataclass(frozen=True)
class Item:
    """A chunk of a subgroup: number `i` of its block, at a step of a round."""

    round: int
    block: int
    step: int
    i: int


def fits_tiles(form: WeightFormat) -> bool:
    """Whether a quarter of a group's words are two words of bytes."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group in (4, 8)


@dataclass(frozen=True)
class Division:
    """How a workgroup's subgroups divide the work: a subgroup has `stacked` of the `tiles` of 16 rows, of
    these every `splits`th chunk, and of the parts one in each of `rounds`."""

    tiles: int
    stacked: int
    parts: int  # of a row, at once
    splits: int
    rounds: int
    blocks: int
    steps: int  # of a team along a row
    together: int  # of them in a stage

    @staticmethod
    def of(schedule: MatvecInt8Schedule, groups: int) -> Division:
        parts = schedule.team // SUBGROUP // schedule.rounds
        tiles = schedule.threads // (SUBGROUP * parts * schedule.splits) * schedule.stacked
        steps = -(-groups // schedule.team)
        chunks = CHUNKS // schedule.splits
        sums = CHUNK * ROWS * COLUMNS // SUBGROUP * schedule.stacked  # of an invocation, for a chunk
        blocks = max(1, min(chunks, chunks * sums // _SUMS)) if steps > 1 else 1
        together = min(steps, max(1, schedule.staged * blocks // (SUBGROUP * parts)))
        return Division(
            tiles, schedule.stacked, parts, schedule.splits, schedule.rounds, blocks, steps, together
        )

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
        return max(self.stage_groups * CELLS, sums)

    def stages(self) -> Iterator[list[Item]]:
        """The chunks of each stage in turn, in the order in which their sums meet."""
        for round in range(self.rounds):
            for block in paired(self.blocks):
                for first in range(0, self.steps, self.together):
                    steps = range(first, min(first + self.together, self.steps))
                    yield [Item(round, block, step, i) for step in steps for i in paired(self.chunks)]

    @property
    def every_part(self) -> int:
        """Parts of a row."""
        return self.parts * self.rounds

    @property
    def team(self) -> int:
        """Groups of a step, each of which is another invocation's where a row is alone."""
        return self.every_part * SUBGROUP

    def first_group(self, item: Item) -> int:
        """The first group of an item's step and round."""
        return item.step * self.team + item.round * self.parts * SUBGROUP

    def chunk(self, block: int, i: Value | int, split: Value) -> Value:
        """The number within its part of chunk `i` of a block of a split."""
        return (i * self.blocks + block) * self.splits + split


def mma_schedule(
    alone: MatvecInt8Schedule,
    problem: LinearProblem,
    threads: int,
    splits: int,
    *,
    rounds: int = 1,
    stacked: int = 1,
    staged: int = 64,
    resident: int = 1,
) -> MatvecInt8Schedule | None:
    """The schedule of a single row, whose order of sums is kept, for matrix units; None where that is no
    division of the work."""
    form, parts = weight_format(problem.format), alone.team // SUBGROUP
    in_subgroups = alone.in_subgroups and alone.subgroup_size == SUBGROUP and not alone.stages
    at_once = SUBGROUP * parts // rounds * splits if parts % rounds == 0 else 0
    if not in_subgroups or not fits_tiles(form) or not at_once or threads % at_once:
        return None
    rows = threads // at_once * ROWS * stacked
    if rows * alone.team % threads or threads % alone.team:
        return None
    schedule = replace(
        alone, threads=threads, rows=rows * alone.team // threads, unroll=1, batches=1,
        early=True, early_steps=1, splits=splits, rounds=rounds, stacked=stacked, staged=staged,
        resident=resident,
    )  # fmt: skip
    few = Division.of(schedule, groups_of(problem.cols)).items <= _MOST_ITEMS
    return schedule if few and rows % problem.result_rows == 0 else None


def mma_shared_bytes(schedule: MatvecInt8Schedule, problem: LinearProblem, most: int) -> int:
    """Bytes of workgroup memory for up to `most` rows of activations."""
    division = Division.of(schedule, groups_of(problem.cols))
    cells = 16 * (division.cells + division.stage_groups * COLUMNS // 2)
    return schedule.shared_bytes(problem) + cells + 4 * most * (schedule.stride + schedule.parts)


def usual_mma_schedule(
    capabilities: Capabilities, alone: MatvecInt8Schedule, problem: LinearProblem, most: int
) -> MatvecInt8Schedule | None:
    """The division that was best on an H200 with models of 1B and 7B (docs/performance.md), as far as the
    device has room for it; None where there is none."""
    room = max(capabilities.shared_bytes, capabilities.stage_bytes)
    for threads, splits, rounds, stacked in _wanted(capabilities, alone, problem):
        found = mma_schedule(alone, problem, threads, splits, rounds=rounds, stacked=stacked)
        if found is None or threads > capabilities.max_threads:
            continue
        if mma_shared_bytes(found, problem, most) <= room:
            resident = _resident(
                capabilities, threads * stacked, -(-problem.rows // found.rows_per_workgroup)
            )
            return replace(found, resident=resident)
    return None


def _wanted(
    capabilities: Capabilities, alone: MatvecInt8Schedule, problem: LinearProblem
) -> list[tuple[int, int, int, int]]:
    """Threads, splits, rounds and stacked tiles, the best first. A matrix with few rows has a workgroup of 32
    of them on each multiprocessor. Of many rows workgroups have few subgroups, so that some multiply while
    others wait for their stage, and where all is one stage, more rows to a stage."""
    any_rows = [(256, 1, 1, 1), (512, 2, 1, 1)]
    if alone.team > 2 * SUBGROUP:
        return [(256, 2, 2, 2), (256, 1, 2, 1), *any_rows]
    if problem.rows <= 2 * SUBGROUP * capabilities.workgroups and problem.result_rows <= SUBGROUP:
        return [(256, 4, 1, 2), (512, 4, 1, 1), *any_rows]
    if groups_of(problem.cols) <= alone.team and alone.team > SUBGROUP:
        return any_rows
    return [(128, 2, 1, 2), (256, 2, 1, 1), *any_rows]


def _resident(capabilities: Capabilities, invocations: int, grid: int) -> int:
    """Workgroups that a multiprocessor is to hold, of so many invocations with 128 registers each: three of
    small ones where all are there at once then."""
    multiprocessors = capabilities.multiprocessors or _MULTIPROCESSORS
    usual = max(1, _RESIDENT // invocations)
    more = invocations <= _RESIDENT // 2 and usual * multiprocessors < grid <= 3 * multiprocessors
    return 3 if more else usual
