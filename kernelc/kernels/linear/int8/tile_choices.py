"""Which schedules multiply the coded rows of a prompt four bytes at a time: those to try, and the rules'."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kir.tile_types import BYTES
from kernelc.target import Capabilities

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
    """The schedule for a device without matrix units whose subgroups have a known size, as large cards' have;
    None where f32 tiles or matrix units are better."""
    if not problem.terms or capabilities.subgroup_size is None or capabilities.tiles or problem.rows < 64:
        return None
    every = [
        MatmulSchedule((8, 16), (2, 1), BYTES, 2 * GROUP, True, unrolled=True),
        MatmulSchedule((4, 16), (2, 1), BYTES, GROUP, True, unrolled=True),
    ]
    few = -(-problem.rows // 64) * (512 // 64) < 512
    return next((each for each in every[few:] if each.fits(capabilities, problem)), None)
