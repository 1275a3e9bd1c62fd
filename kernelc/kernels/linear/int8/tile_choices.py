"""Which schedules multiply the coded rows of a prompt four bytes at a time: those to try, and the rules'."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from kernelc.kernels.linear.matmul_schedule import MANY_WORKGROUPS, MatmulSchedule, workgroups
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kir.tile_types import BYTES
from kernelc.target import Capabilities

_TILES = ((1, 1), (2, 1), (1, 2), (2, 2))  # of an invocation, along tokens and rows


def byte_schedules(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """Every schedule worth trying."""
    for tokens, rows, tiles in itertools.product((16, 32, 64, 128), (32, 64, 128), _TILES):
        teams = tokens // (4 * tiles[0]), rows // (4 * tiles[1])
        for depth, ahead, unrolled in itertools.product((32, 64), (False, True), (False, True)):
            schedule = MatmulSchedule(teams, tiles, BYTES, depth, ahead, unrolled=unrolled)
            if schedule.fits(capabilities, problem):
                yield schedule


def usual_bytes(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule | None:
    """The schedule for a device that multiplies bytes and has no matrix units; None for others."""
    if not problem.terms or capabilities.tiles or capabilities.serial_workgroups:
        return None
    every = _known(problem) if capabilities.subgroup_size is not None else _any()
    return next((each for each in every if each.fits(capabilities, problem)), None)


def _known(problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """For devices whose subgroups have a known size, as large cards' have, best first."""
    large = MatmulSchedule((8, 16), (2, 1), BYTES, 2 * GROUP, True, unrolled=True)
    if workgroups(problem, large) >= MANY_WORKGROUPS:
        yield large
    yield MatmulSchedule((8, 16), (1, 1), BYTES, 2 * GROUP, True, unrolled=True)
    yield MatmulSchedule((4, 16), (2, 1), BYTES, GROUP, True, unrolled=True)


def _any() -> Iterator[MatmulSchedule]:
    """For all others, among them drivers that run on the processor and take long to compile a long text."""
    yield MatmulSchedule((8, 16), (1, 1), BYTES, GROUP, True)
