"""How the work of decode attention is divided among subgroups of a known size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kernelc.kernels.attention.decode.head_results import HeadResults
from kernelc.kernels.attention.decode.join_splits import JoinPlan
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.target import Capabilities

_SUBGROUPS = 4  # of a workgroup: as many as a multiprocessor issues from at once
_TILE, _LARGE_TILE = 64, 128  # positions of a default tile, where registers suffice
_MOST_WORDS = 128  # of keys and values in an invocation's registers, and of its queries and sums


@dataclass(frozen=True)
class SubgroupSchedule:
    """A workgroup of `subgroups` subgroups of `size` invocations serves `heads` query heads of a group.

    `width`: elements of the cache per load; `lanes`: invocations that share a position, a power of two;
    `ahead`: positions of which an invocation loads its part at once. `early`: whether the first of them are
    loaded before the step's own position is in the cache.
    """

    heads: int
    width: int
    lanes: int
    size: int
    subgroups: int
    ahead: int
    early: bool = False
    joined: int = 0  # heads whose splits are joined at once, in the order that these give; 0: all

    @property
    def threads(self) -> int:
        """Invocations of a workgroup."""
        return self.size * self.subgroups

    @property
    def streams_of_subgroup(self) -> int:
        return self.size // self.lanes

    @property
    def streams(self) -> int:
        """Positions that are read side by side."""
        return self.streams_of_subgroup * self.subgroups

    @property
    def tile(self) -> int:
        """Positions that a workgroup reads at once."""
        return self.streams * self.ahead

    def blocks(self, problem: AttentionDecodeProblem) -> int:
        """Workgroups that the query heads of one key/value head take."""
        return -(-problem.group // self.heads)

    def join_plan(self, head_dim: int) -> JoinPlan:
        return JoinPlan(self.joined or self.heads, head_dim, self.threads)

    def shared_bytes(self, problem: AttentionDecodeProblem) -> int:
        """Bytes of workgroup memory: what the streams leave, and what joining splits and coding take."""
        coding = HeadResults.shared_bytes(self.heads, problem.head_dim, problem.codes)
        joining = self.join_plan(problem.head_dim).shared_bytes if problem.joined else 0
        return joining + coding + 4 * self.heads * self.streams * (problem.head_dim + 2)

    def fits(self, capabilities: Capabilities, problem: AttentionDecodeProblem) -> bool:
        """Whether a device with these capabilities runs it, and registers hold what is in flight."""
        dim, lanes = problem.head_dim, self.lanes
        if not fits_subgroups(capabilities) or dim % (self.width * lanes) or self.size % lanes:
            return False
        small = self.threads <= capabilities.max_threads
        small = small and self.shared_bytes(problem) <= capabilities.shared_bytes
        stored = problem.cache.kind.words(dim // lanes)
        return small and max(2 * self.ahead * stored, 2 * self.heads * dim // lanes) <= _MOST_WORDS


def fits_subgroups(capabilities: Capabilities) -> bool:
    """Whether kernels may rely on subgroups of one size, and the variant is for such kernels."""
    known = capabilities.subgroup_size is not None
    return capabilities.subgroups and known and not capabilities.tiles_only


def subgroup_schedules(
    capabilities: Capabilities, problem: AttentionDecodeProblem
) -> Iterator[SubgroupSchedule]:
    """All schedules that are worth trying."""
    size = capabilities.subgroup_size or 0
    for width, lanes, heads in itertools.product(problem.cache.load_widths(), _lanes(size), (1, 2, 4, 8)):
        for subgroups, ahead in itertools.product((1, 2, 4, 8), (1, 2, 4, 8, 16)):
            schedule = SubgroupSchedule(heads, width, lanes, size, subgroups, ahead)
            if heads < 2 * problem.group and schedule.fits(capabilities, problem):
                yield schedule
                yield replace(schedule, early=True)


def usual_subgroup_schedule(
    capabilities: Capabilities, problem: AttentionDecodeProblem
) -> SubgroupSchedule | None:
    """As many lanes for a position as it has of the widest loads; None where nothing fits.

    Heads in one workgroup share what it reads; each in its own, they fill a device at short contexts. Where
    a kernel starts while the one before it runs, a split of up to 128 positions is one tile, so that all of
    it is loaded early; elsewhere its own position is there from the start.
    """
    size = capabilities.subgroup_size or 0
    most_heads = power_of_two_up_to(problem.group) if problem.split > _TILE else 1
    parts = itertools.product(problem.cache.load_widths(), reversed(_lanes(size)))
    choices = itertools.product(parts, (4, 2, 1), (16, 8, 4, 2, 1))
    whole = capabilities.overlaps and problem.split == _LARGE_TILE
    most = _LARGE_TILE if whole else _TILE
    for (width, lanes), heads, ahead in choices:
        schedule = SubgroupSchedule(heads, width, lanes, size, _SUBGROUPS, ahead, early=capabilities.overlaps)
        wanted = heads <= most_heads and schedule.tile <= max(most, schedule.streams)
        if wanted and schedule.fits(capabilities, problem):
            return schedule
    return None


def _lanes(size: int) -> list[int]:
    """The numbers of invocations that may share a position."""
    return [1 << bit for bit in range(size.bit_length())]
