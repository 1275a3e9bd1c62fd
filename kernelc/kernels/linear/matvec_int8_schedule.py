"""Schedules of the int8 matrix times vector: threads, teams, rows, what is staged and loaded at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kernelc.ir.formats import groups_of, weight_format
from kernelc.kernels.linear.activations import GROUP
from kernelc.kernels.linear.matvec_int8_wide import fits_bytes, int8_shared_bytes
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.target import Capabilities

_MOST_LOADS = 16  # of an invocation at once
_SMALLEST_SUBGROUP = 4  # of any WebGPU device


@dataclass(frozen=True)
class MatvecInt8Schedule:
    """`threads` of a workgroup, `team` of which share `rows` rows (an even number where rows are paired).

    `unroll`: groups of each row that an invocation loads at once. `early`: whether it loads the first of them
    before the activations are staged. `staged`: groups of activations in shared memory at a time.
    """

    threads: int
    team: int
    rows: int
    unroll: int
    early: bool
    staged: int
    subgroups: bool = False
    subgroup_size: int | None = None
    f16: bool = False
    dot4: bool = False
    blocks: int = 0  # not 0: one invocation multiplies this many times `rows` rows (see matvec_int8_wide)

    @property
    def rows_per_workgroup(self) -> int:
        return self.threads // self.team * self.rows * max(1, self.blocks)

    @property
    def in_subgroup(self) -> bool:
        """Whether a team is exactly a subgroup."""
        return self.subgroups and self.subgroup_size == self.team

    @property
    def over_subgroups(self) -> bool:
        """Whether a team is the whole workgroup, made of subgroups of any size."""
        return self.subgroups and not self.in_subgroup and self.team == self.threads

    @property
    def parts(self) -> int:
        """The most partial sums of a row that are added up in shared memory."""
        if self.in_subgroup:
            return 1
        return max(1, self.team // _SMALLEST_SUBGROUP) if self.over_subgroups else self.team

    def best_unroll(self) -> int:
        """The most groups at once that fit into registers and leave less than a round of the team over."""
        fitting = (u for u in (4, 2) if 2 * u * self.rows <= _MOST_LOADS and u * self.team <= self.staged)
        return next((u for u in fitting if self.staged % (u * self.team) < self.team), 1)

    def shared_bytes(self, problem: LinearProblem) -> int:
        """Bytes of workgroup memory that the kernel declares."""
        if self.blocks:
            return int8_shared_bytes(groups_of(problem.cols))
        return self.staged * _group_bytes(problem) + self._cells_bytes(problem)

    def most_staged(self, problem: LinearProblem, shared_bytes: int) -> int:
        """Groups that can be staged in `shared_bytes`; below 1 where the partial sums alone do not fit."""
        return (shared_bytes - self._cells_bytes(problem)) // _group_bytes(problem)

    def _cells_bytes(self, problem: LinearProblem) -> int:
        return 4 * self.parts * (self.stride + (problem.norm_eps is not None))

    @property
    def stride(self) -> int:
        """Cells from one part of the sums to the next: odd, so that there are no bank conflicts."""
        return self.rows_per_workgroup | 1


def every_schedule(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatvecInt8Schedule]:
    """Every schedule worth trying."""
    if _fits_wide(capabilities, problem):
        yield from (_wide(rows, blocks) for rows in (2, 4, 6, 8) for blocks in (1, 2, 4, 8, 16, 32, 64))
        yield usual_schedule(capabilities, problem)
    most = power_of_two_up_to(groups_of(problem.cols))
    for threads in (32, 64, 128, 256):
        for team in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            for rows in (1, 2, 4, 8, 16):
                fits = threads <= capabilities.max_threads and team <= min(threads, most)
                if fits and not (problem.rows_together > 1 and rows % 2):
                    yield from _variations(capabilities, problem, threads, team, rows)


def _variations(
    capabilities: Capabilities, problem: LinearProblem, threads: int, team: int, rows: int
) -> Iterator[MatvecInt8Schedule]:
    groups = groups_of(problem.cols)
    for unroll in (1, 2, 4, 8):
        if rows * unroll > _MOST_LOADS:
            continue
        schedule = _schedule(capabilities, problem, threads, team, rows, unroll)
        if schedule is None or unroll * team > schedule.staged:
            continue
        yield schedule
        if schedule.staged == groups:
            yield replace(schedule, early=True)
        if groups > 1 and unroll * team <= _ceildiv(groups, 2):
            yield replace(schedule, staged=_ceildiv(groups, 2))


def usual_schedule(capabilities: Capabilities, problem: LinearProblem) -> MatvecInt8Schedule:
    """A team is a subgroup where its size is known, the workgroup where there are subgroups of any size."""
    groups = groups_of(problem.cols)
    most = power_of_two_up_to(groups)
    if _fits_wide(capabilities, problem):
        # Rounding the row costs as much as ten rows of products; sixteen workgroups keep many threads busy.
        return _wide(4, max(4, min(64, problem.rows // 64)))
    if capabilities.subgroup_size is not None:
        threads, team, rows = 256, capabilities.subgroup_size, 4 if problem.rows >= 16384 else 2
    elif capabilities.subgroups:
        threads = 128 if most >= 128 else 64
        team, rows = threads, 8
    else:
        threads, team, rows = 64, 8, 4
    schedule = _schedule(capabilities, problem, threads, min(team, most), rows, 1)
    assert schedule is not None, f"{problem}: nothing fits into {capabilities.shared_bytes} bytes"
    unroll = schedule.best_unroll() if capabilities.subgroups else 1
    return replace(schedule, unroll=unroll, early=schedule.staged == groups)


def _fits_wide(capabilities: Capabilities, problem: LinearProblem) -> bool:
    """Whether one invocation with vectors of eight can have the whole row in shared memory."""
    small = int8_shared_bytes(groups_of(problem.cols)) <= capabilities.shared_bytes
    return works_wide(capabilities) and small and fits_bytes(weight_format(problem.format))


def _wide(rows: int, blocks: int) -> MatvecInt8Schedule:
    return MatvecInt8Schedule(1, 1, rows, 1, False, 0, dot4=True, blocks=blocks)


def _schedule(
    capabilities: Capabilities,
    problem: LinearProblem,
    threads: int,
    team: int,
    rows: int,
    unroll: int,
) -> MatvecInt8Schedule | None:
    """A schedule that stages as many groups at once as fit into shared memory; None where few would."""
    groups = groups_of(problem.cols)
    made = MatvecInt8Schedule(
        threads, team, rows, unroll, False, groups, capabilities.subgroups, capabilities.subgroup_size,
        capabilities.f16, capabilities.dot4,
    )  # fmt: skip
    most = made.most_staged(problem, capabilities.shared_bytes)
    if most < min(groups, 32):
        return None
    rounds = _ceildiv(groups, most)
    return replace(made, staged=_ceildiv(groups, rounds))


def _group_bytes(problem: LinearProblem) -> int:
    """Shared memory of a staged group: codes, scale, and where needed their sum and the norm's squares."""
    return GROUP + 4 + 4 * needs_code_sums(problem) + 4 * (problem.norm_eps is not None)


def needs_code_sums(problem: LinearProblem) -> bool:
    """Whether the products need the sum of each group's codes.

    They do where weights have an offset, and where the stored bytes are not the codes themselves.
    """
    form = weight_format(problem.format)
    return form.has_offset or bool(form.byte_zero)


def _ceildiv(a: int, b: int) -> int:
    return -(-a // b)
