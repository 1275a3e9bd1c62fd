"""Which schedules multiply the coded rows of a prompt four bytes at a time: those to try, and the rules'."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kir.tile_types import BYTES
from kernelc.target import Capabilities

_USUAL_TOKENS = 512  # of a prompt's chunks, but for the last
_MANY_WORKGROUPS = 512  # for a large card
_FLAGS = ("ahead", "unrolled", "paired", "biased")
_TILES = ((1, 1), (2, 1), (1, 2), (2, 2))  # of an invocation, along tokens and rows


def byte_schedules(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """Every schedule worth trying."""
    flags = [dict(zip(_FLAGS, each, strict=True)) for each in itertools.product((False, True), repeat=4)]
    for tokens, rows, tiles in itertools.product((16, 32, 64, 128), (32, 64, 128), _TILES):
        teams = tokens // (4 * tiles[0]), rows // (4 * tiles[1])
        for (depth, split), more in itertools.product(((32, 1), (64, 1), (64, 2)), flags):
            schedule = MatmulSchedule(teams, tiles, BYTES, depth, split=split, **more)
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
    if -(-problem.rows // 64) * (_USUAL_TOKENS // 64) >= _MANY_WORKGROUPS:
        yield MatmulSchedule((8, 16), (2, 1), BYTES, 2 * GROUP, True, unrolled=True)
    yield MatmulSchedule((4, 16), (2, 1), BYTES, GROUP, True, unrolled=True)


def _any() -> Iterator[MatmulSchedule]:
    """For all others, among them drivers that run on the processor and take long to compile a long text."""
    yield MatmulSchedule((8, 16), (1, 1), BYTES, GROUP, True)
