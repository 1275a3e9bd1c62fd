"""Schedules of the int8 matrix times vector: threads, teams, rows, and what is loaded at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import lcm

from kernelc.ir.coded_rows import GROUP
from kernelc.ir.formats import QUANTS, groups_of, weight_format
from kernelc.kernels.linear.int8.wide import fits_bytes
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.coded_groups import GroupCoder
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.kir.memory import COPY_BYTES
from kernelc.target import Capabilities

_MOST_LOADS = 16  # of an invocation at once
_MOST_STEPS, _LONG_STEPS = 4, 8  # that are spelled out; more are a loop
_STAGE_BARRIER_BYTES = 16  # of each stage (`kernelc.kir.memory.Stages`)
_SMALLEST_SUBGROUP, _LARGEST_SUBGROUP = 4, 128  # of any WebGPU device
_MOST_GROUPS = 4  # of the row that an invocation keeps in registers
_TILE_ROWS, _MOST_TILE_ROWS = 32, 128  # between two rounds of results
_WIDE_GROUPS, _MANY_ROWS = 128, 2048  # from which on streaming weights pays
_USUAL_STAGE_BYTES = 20 << 10


@dataclass(frozen=True)
class MatvecInt8Schedule:
    """`threads` of a workgroup, `team` of which share `rows` rows (an even number where rows are paired), and
    that `batches` times.

    `unroll`: groups of each row that an invocation loads at once, which is a step. `early`: whether the first
    `early_steps` steps are loaded before the activations, and others before the step before is multiplied; up
    to `most_steps` steps are spelled out, and of more, which are a loop, the first alone is early.
    """

    threads: int
    team: int
    rows: int
    unroll: int
    early: bool
    batches: int = 1
    subgroups: bool = False
    subgroup_size: int | None = None
    f16: bool = False
    dot4: bool = False
    blocks: int = 0  # not 0: one invocation multiplies this many times `rows` rows (see `wide`)
    most_steps: int = _MOST_STEPS
    early_steps: int = 1
    stages: int = 0  # not 0: bulk copies stream this many batches ahead (see `streamed`)
    workgroups: int = 0  # that share all rows, where there are stages
    splits: int = 0  # not 0: matrix units multiply several rows (see `kernelc.kernels.several.mma`)
    rounds: int = 1  # of them
    stacked: int = 1  # tiles of 16 rows that a subgroup has
    staged: int = 64  # groups of the rows of activations at a time
    resident: int = 1  # workgroups that a multiprocessor is to hold
    ring: int = 0  # not 0: stages of the matrix's rows that copies fill ahead (see `several.mma.streams`)

    @property
    def rows_per_workgroup(self) -> int:
        return self.threads // self.team * self.rows * self.batches * max(1, self.blocks)

    @property
    def in_subgroups(self) -> bool:
        """Whether a team is one or more subgroups of a known size."""
        return self.subgroups and self.subgroup_size is not None and self.team % self.subgroup_size == 0

    @property
    def over_subgroups(self) -> bool:
        """Whether a team is made of subgroups of any size."""
        enough = self.team == self.threads or self.team >= _LARGEST_SUBGROUP
        return self.subgroups and not self.in_subgroups and enough

    @property
    def parts(self) -> int:
        """The most partial sums of a row that are added up in shared memory."""
        if self.in_subgroups and self.subgroup_size is not None:
            return self.team // self.subgroup_size
        return max(1, self.team // _SMALLEST_SUBGROUP) if self.over_subgroups else self.team

    def steps(self, groups: int) -> int:
        """Steps that a team takes along a row."""
        return -(-groups // (self.team * self.unroll))

    def codes_in_registers(self, problem: LinearProblem) -> bool:
        """Whether each subgroup holds a group of coded results, one in each invocation."""
        results = self.rows_per_workgroup // problem.rows_together
        whole = results % GROUP == 0 and self.threads % results == 0
        one = self.subgroups and self.subgroup_size == GROUP and not self.blocks
        return problem.epilogue.coding is not None and one and whole

    def shared_bytes(self, problem: LinearProblem) -> int:
        """Bytes of workgroup memory that the kernel declares."""
        coding, results = problem.epilogue.coding, self.rows_per_workgroup // problem.rows_together
        if self.blocks:
            return 0 if coding is None else 4 * results
        squares = problem.norm_eps is not None and not self.stages
        cells = 4 * self.parts * (self.stride + squares)
        if self.stages:
            cells += self.stages * (self.stage_bytes(problem) + _STAGE_BARRIER_BYTES)
        if coding is None or self.codes_in_registers(problem):
            return cells
        return cells + GroupCoder.shared_bytes(results, squares=coding.weight)

    def stage_bytes(self, problem: LinearProblem) -> int:
        """Bytes of weights in a batch of rows."""
        return self.threads // self.team * self.rows * sum(self.stored_row_bytes(problem).values())

    @staticmethod
    def stored_row_bytes(problem: LinearProblem) -> dict[str, int]:
        """Bytes of a row in each of the stored arrays."""
        form, groups = weight_format(problem.format), groups_of(problem.cols)
        sides = {side.name: groups * side.element_bytes for side in form.sides}
        return {QUANTS: 4 * groups * form.words_per_group, **sides}

    @property
    def stride(self) -> int:
        """Cells from one part of the sums to the next: odd, so that there are no bank conflicts."""
        return self.rows_per_workgroup | 1


def every_schedule(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatvecInt8Schedule]:
    """Every schedule worth trying."""
    if _fits_wide(capabilities, problem):
        for rows in (2, 4, 6, 8):
            for blocks in (1, 2, 4, 8, 16, 32, 64):
                yield _wide(problem, rows, blocks)
        yield usual_schedule(capabilities, problem)
    if streamed := usual_streamed(capabilities, problem):
        yield streamed
    yield from _streamed(capabilities, problem)
    most = power_of_two_up_to(groups_of(problem.cols))
    for threads in (32, 64, 128, 256, 512):
        for team in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            for rows in (1, 2, 4, 8, 16):
                fits = threads <= capabilities.max_threads and team <= min(threads, most)
                if fits and not (problem.rows_together > 1 and rows % 2):
                    yield from _variations(capabilities, problem, threads, team, rows)


def _variations(
    capabilities: Capabilities, problem: LinearProblem, threads: int, team: int, rows: int
) -> Iterator[MatvecInt8Schedule]:
    least = -(-groups_of(problem.cols) // team)
    for unroll in (1, 2, 3, 4, 6, 8):
        schedule = _schedule(capabilities, problem, threads, team, rows, unroll)
        few = rows * unroll <= _MOST_LOADS and (unroll <= least or unroll == 1)
        if not few or schedule.batches > 8 or schedule.shared_bytes(problem) > capabilities.shared_bytes:
            continue
        yield schedule
        yield replace(schedule, early=True)
        if capabilities.subgroup_size is not None:
            yield from _early(schedule, groups_of(problem.cols))


def _early(schedule: MatvecInt8Schedule, groups: int) -> Iterator[MatvecInt8Schedule]:
    """With more steps spelled out, and with two of them early."""
    every = schedule.steps(groups) * schedule.batches
    longer = replace(schedule, early=True, most_steps=_MOST_STEPS if every <= _MOST_STEPS else _LONG_STEPS)
    if _MOST_STEPS < every <= _LONG_STEPS:
        yield longer
    if 1 < every <= longer.most_steps:
        yield replace(longer, early_steps=2)


def usual_schedule(capabilities: Capabilities, problem: LinearProblem) -> MatvecInt8Schedule:
    """A team is a subgroup where its size is known, and 128 invocations where there are subgroups of any
    size."""
    groups = groups_of(problem.cols)
    most = power_of_two_up_to(groups)
    if _fits_wide(capabilities, problem):
        # Sixteen workgroups keep many threads busy.
        return _wide(problem, 4, max(4, min(64, problem.rows // 64)))
    if capabilities.subgroup_size is not None:
        return _of_known_subgroups(capabilities, capabilities.subgroup_size, problem)
    coding = problem.epilogue.coding is not None
    if capabilities.subgroups:
        threads = 64 if most < 128 else 256 if coding else 128
        team, rows = min(threads, 128), 8
    else:
        threads, team, rows = 64, 8, 4
    team = min(team, most)
    least = -(-groups // team)
    fitting = (u for u in (4, 3, 2) if u * rows <= _MOST_LOADS and u <= least)
    unroll = next(fitting, 1) if capabilities.subgroups else 1
    schedule = _schedule(capabilities, problem, threads, team, rows, unroll)
    assert schedule.shared_bytes(problem) <= capabilities.shared_bytes, f"{problem}: {schedule} does not fit"
    return replace(schedule, early=True)


def _of_known_subgroups(capabilities: Capabilities, size: int, problem: LinearProblem) -> MatvecInt8Schedule:
    """Found on an H200 with models of 1B, 7B and 8B (docs/performance.md).

    A workgroup that codes has 32 results to itself, so a matrix may have fewer workgroups than the device has
    multiprocessors. Each loads as much as registers hold before its activations are there.
    """
    groups = groups_of(problem.cols)
    loads = -(-weight_format(problem.format).words_per_group // 4)  # of 16 bytes, for a group
    early_steps = 1
    if problem.epilogue.coding is None:
        threads, team, rows, unroll = 128, size * (2 if groups >= 2 * size else 1), 4, 1
    elif capabilities.held_loads < _MOST_LOADS:
        threads, team, rows, unroll, early_steps = _of_few_loads(groups, size, problem)
    elif problem.rows_together > 1 and groups % (4 * size) == 0:
        threads, team, rows, unroll, early_steps = 256, 4 * size, 4, 1, 2
    elif problem.rows_together > 1:
        threads, team, rows, unroll = 256, size, 4, 2
    elif problem.result_rows * groups * loads <= 256 * _MOST_LOADS:
        threads, team, rows, unroll = 256, 2 * size, 8, 2
    else:
        threads, team, rows = 512, 2 * size, 4
        unroll, early_steps = (2, 2) if groups <= 8 * size else (3, 1)
    threads = min(threads, capabilities.max_threads)
    team = min(team, threads, power_of_two_up_to(groups))
    if problem.epilogue.coding is not None:  # no more rows than are coded together
        rows = max(problem.rows_together, min(rows, problem.result_rows * team // threads))
        threads = min(threads, problem.result_rows * team // rows)
    unroll = max(1, min(unroll, _MOST_LOADS // (rows * loads), -(-groups // team)))
    schedule = replace(_schedule(capabilities, problem, threads, team, rows, unroll), early=True)
    steps = schedule.steps(groups) * schedule.batches
    if early_steps > 1 and 1 < steps <= _LONG_STEPS:
        most = _MOST_STEPS if steps <= _MOST_STEPS else _LONG_STEPS
        schedule = replace(schedule, most_steps=most, early_steps=early_steps)
    assert schedule.shared_bytes(problem) <= capabilities.shared_bytes, f"{problem}: {schedule} does not fit"
    return schedule


def _of_few_loads(groups: int, size: int, problem: LinearProblem) -> tuple[int, int, int, int, int]:
    """Threads, team, rows, unroll and early steps where compilers do not keep many loads under way: more
    invocations, each with few loads at once."""
    if problem.rows_together > 1:
        return 256, 2 * size if groups >= 2 * size else size, 4, 1, 1
    long = groups > 8 * size
    return 512, 2 * size, 2 if long else 4, 3 if long else 1, 2 if long else 1


def _fits_wide(capabilities: Capabilities, problem: LinearProblem) -> bool:
    """Whether one invocation with vectors of eight is best."""
    return works_wide(capabilities) and fits_bytes(weight_format(problem.format))


def _wide(problem: LinearProblem, rows: int, blocks: int) -> MatvecInt8Schedule:
    """One invocation; a workgroup has whole groups of results where these are coded."""
    step = lcm(rows, problem.result_rows) // rows
    return MatvecInt8Schedule(1, 1, rows, 1, False, dot4=True, blocks=-(-blocks // step) * step)


def _schedule(
    capabilities: Capabilities, problem: LinearProblem, threads: int, team: int, rows: int, unroll: int
) -> MatvecInt8Schedule:
    """As many batches as it takes for a workgroup to finish whole groups of results."""
    at_once = threads // team * rows
    batches = lcm(at_once, problem.result_rows) // at_once
    return MatvecInt8Schedule(
        threads, team, rows, unroll, False, batches, capabilities.subgroups, capabilities.subgroup_size,
        capabilities.f16, capabilities.dot4,
    )  # fmt: skip


def usual_streamed(capabilities: Capabilities, problem: LinearProblem) -> MatvecInt8Schedule | None:
    """The most stages of about the usual size, for a wide matrix that keeps the device busy; None for any
    other, whose kernel is over before streaming pays, and where there are no bulk copies.

    A search may find that it pays; the rules do not choose it: an H200 decoded 7B with 535 tokens/s so, and
    with 618 without.
    """
    if groups_of(problem.cols) < _WIDE_GROUPS or problem.rows < _MANY_ROWS:
        return None

    def worse(schedule: MatvecInt8Schedule) -> tuple[int, ...]:
        unusual = abs(schedule.stage_bytes(problem) - _USUAL_STAGE_BYTES)
        return (-schedule.threads, unusual, -schedule.stages)

    return min(_streamed(capabilities, problem), key=worse, default=None)


def _streamed(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatvecInt8Schedule]:
    """Every schedule with stages, of teams that are as small as an invocation's registers allow.

    Each stage has whole units of bulk copies, and each tile whole groups of results.
    """
    groups, subgroup = groups_of(problem.cols), capabilities.subgroup_size
    if not capabilities.stage_bytes or subgroup is None or not capabilities.subgroups:
        return
    most = power_of_two_up_to(groups)
    team = next((t for t in (32, 64, 128, 256) if t >= subgroup and groups <= t * _MOST_GROUPS), most)
    for threads, rows in product((256, 128), (1, 2, 4, 8)):
        at_once = threads // team * rows
        tile = lcm(at_once, problem.result_rows, _TILE_ROWS) if at_once else 0
        if not at_once or problem.rows % tile or tile > _MOST_TILE_ROWS:
            continue
        schedule = MatvecInt8Schedule(
            threads, team, rows, 1, True, tile // at_once, True, subgroup, capabilities.f16,
            capabilities.dot4, workgroups=capabilities.multiprocessors,
        )  # fmt: skip
        sizes = schedule.stored_row_bytes(problem).values()
        for stages in (2, 3, 4, 6, 8):
            streamed = replace(schedule, stages=stages)
            fits = streamed.shared_bytes(problem) <= capabilities.stage_bytes
            if fits and all(at_once * size % COPY_BYTES == 0 for size in sizes):
                yield streamed
