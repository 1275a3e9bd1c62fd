"""How a matrix is streamed for several rows: which blocks of it there are, and how they lie in shared memory.

See `streams` for what is done with a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from kernelc.ir.formats import QUANTS, WeightFormat, groups_of, weight_format
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.several.mma.division import COLUMNS, ROWS, SUBGROUP
from kernelc.kir.types import Type, u32
from kernelc.target import Capabilities

CLASSES = 8  # of groups, each of which is a subgroup's of each tile
OWN = SUBGROUP // CLASSES  # groups of a block that a subgroup has
TILES = 2  # at a time
PAIR = TILES * ROWS
TILE_CELLS = ROWS * COLUMNS  # results
PAIR_CELLS = TILES * TILE_CELLS
_STACKED, _RING, _RESIDENT, _EARLY = 2, 3, 2, 2
_MOST_BLOCKS = 32  # that are spelled out
_MANY_ROWS = 32768
_APART = 4  # words between rows of a stage, so that eight of them are in different banks
QUARTER_PAIRS = SUBGROUP + 1  # pairs of words from one quarter of a row's groups to the next
ROW_PAIRS = 4 * QUARTER_PAIRS
TERM_PAIRS = COLUMNS * ROW_PAIRS  # of a term
SCALE_CELLS = COLUMNS + 2  # cells from one group's scales to the next
BLOCK_SCALES = SUBGROUP * SCALE_CELLS


def fits_streams(form: WeightFormat) -> bool:
    """Whether an invocation's part of a group is one word of nibbles, with one half to scale them."""
    nibbles = form.byte_zero == 8 and form.unit_words == 1 and form.words_per_group == 4
    return nibbles and not form.has_offset and [side.element_bytes for side in form.sides] == [2]


def stream_types(problem: LinearProblem) -> dict[str, Type]:
    """The types with which such a kernel loads: words of the matrix."""
    (side,) = weight_format(problem.format).sides
    return {QUANTS: u32, side.name: u32}


def streams_schedule(
    alone: MatvecInt8Schedule,
    problem: LinearProblem,
    stacked: int = _STACKED,
    ring: int = _RING,
    resident: int = _RESIDENT,
    early_steps: int = _EARLY,
) -> MatvecInt8Schedule | None:
    """The schedule of a single row, whose order of sums is kept, for such a kernel; None where it is not for
    the problem."""
    form, groups = weight_format(problem.format), groups_of(problem.cols)
    in_subgroups = alone.in_subgroups and alone.subgroup_size == SUBGROUP and not alone.stages
    threads = TILES // stacked * CLASSES * SUBGROUP
    if not in_subgroups or not fits_streams(form) or groups % CLASSES or threads % alone.team:
        return None
    many = groups <= alone.team and problem.rows >= _MANY_ROWS  # pairs of tiles share activations then
    rows = PAIR * max(-(-problem.result_rows // PAIR), 2 if many and problem.rows % (2 * PAIR) == 0 else 1)
    if problem.rows % rows or rows % problem.result_rows:
        return None
    schedule = replace(
        alone, threads=threads, rows=rows * alone.team // threads, unroll=1, batches=1, early=True,
        early_steps=early_steps, splits=CLASSES, stacked=stacked, resident=resident, ring=ring,
    )  # fmt: skip
    return schedule if len(list(blocks_of(schedule, groups))) <= _MOST_BLOCKS else None


def streams_shared_bytes(schedule: MatvecInt8Schedule, problem: LinearProblem, most: int) -> int:
    """Bytes of workgroup memory for up to `most` rows of activations."""
    layout = StageRows.of(weight_format(problem.format))
    stages = schedule.ring * (4 * PAIR * (layout.quants + layout.sides) + 16)
    rows = 16 * problem.terms * TERM_PAIRS + 8 * BLOCK_SCALES + 8 * CLASSES * PAIR_CELLS
    return schedule.shared_bytes(problem) + stages + rows + 4 * most * (schedule.stride + schedule.parts)


def usual_streams(
    capabilities: Capabilities, alone: MatvecInt8Schedule, problem: LinearProblem, most: int
) -> MatvecInt8Schedule | None:
    """Such a schedule, where the device has room for it and copies in the background; else None."""
    schedule = streams_schedule(alone, problem)
    if schedule is None or capabilities.max_threads < schedule.threads:
        return None
    room = streams_shared_bytes(schedule, problem, most)
    return schedule if room <= capabilities.stage_bytes else None


@dataclass(frozen=True)
class StageRows:
    """Words from one row of a stage to the next."""

    quants: int
    sides: int

    @staticmethod
    def of(form: WeightFormat) -> StageRows:
        return StageRows(SUBGROUP * form.words_per_group + _APART, SUBGROUP // 2 + _APART)


@dataclass(frozen=True)
class Block:
    """32 groups of two tiles, of which a row may have fewer: of pair number `pair`, in a part and a step."""

    pair: int
    part: int
    first: int
    groups: int
    last: bool  # of its part


def blocks_of(schedule: MatvecInt8Schedule, groups: int) -> Iterator[Block]:
    """The blocks of a workgroup, in their order: all steps of a part of a pair of tiles, after each other."""
    pairs, parts = range(schedule.rows_per_workgroup // PAIR), range(schedule.parts)
    one = groups <= schedule.team  # step: no sums are kept, so all pairs can share the rows of activations
    order = product(parts, pairs) if one else ((part, pair) for pair, part in product(pairs, parts))
    for part, pair in order:
        firsts = range(part * SUBGROUP, groups, schedule.team)
        for first in firsts:
            yield Block(pair, part, first, min(SUBGROUP, groups - first), first == firsts[-1])
