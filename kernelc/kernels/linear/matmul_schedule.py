"""How prefill's matrix products are cut up: which tiles multiply, how many, and what is staged at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.ir.formats import groups_of, weight_format
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kernels.parts.staged_rows import row_cells
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.kir.tile_types import F16, REGISTERS, TileKind
from kernelc.target import Capabilities

# Prefill chunks have this many rows, but for the last: what a workgroup's tile is chosen for.
_USUAL_TOKENS = 512
_FEW_WORKGROUPS = 96  # a large GPU has more processors than this
_MANY_WORKGROUPS = 512  # and runs several on each of them
_ROOMY_BYTES = 32 << 10  # of shared memory: a tile of 32 sums an invocation takes 18 KiB


@dataclass(frozen=True)
class MatmulSchedule:
    """`teams`: how many invocations (for register tiles) or subgroups (for matrix units) stand along tokens
    and along rows; each computes `tiles` of `kind`, again along tokens and rows.

    `depth`: columns staged at once. `ahead`: load the next columns before multiplying these. `f16`: read
    scales as 16-bit floats. `wide`: one invocation computes all `teams` blocks of sums, with vectors of eight
    (see `kernelc.kernels.linear.matmul_wide`).
    """

    teams: tuple[int, int]
    tiles: tuple[int, int] = (1, 1)
    kind: TileKind = REGISTERS
    depth: int = GROUP
    ahead: bool = False
    f16: bool = False
    wide: bool = False

    @property
    def tokens(self) -> int:
        return self.teams[0] * self.tiles[0] * self.kind.m

    @property
    def rows(self) -> int:
        return self.teams[1] * self.tiles[1] * self.kind.n

    @property
    def threads(self) -> int:
        return 1 if self.wide else self.teams[0] * self.teams[1] * self.kind.lanes

    @property
    def panel_cells(self) -> int:
        return (self.tokens + self.rows) * row_cells(self.kind, self.depth)

    @property
    def slab(self) -> tuple[int, int]:
        """What a team writes to shared memory at once: the number of tokens, and the 16-byte cells from one
        token's results to the next's."""
        if self.kind.lanes == 1:
            return self.kind.m, self.tiles[1]
        return self.kind.m, self.tiles[1] * self.kind.n // 4 + 1

    @property
    def shared_cells(self) -> int:
        """Length of the shared array in 16-byte cells. It holds both panels first and the results
        afterwards."""
        rows, stride = self.slab
        return max(self.panel_cells, self.teams[0] * self.teams[1] * rows * stride)

    def fits(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Whether a device of these capabilities can run the schedule, and the problem allows it."""
        if self.wide:
            return self._fits_wide(capabilities, problem)
        whole = groups_of(problem.cols) * GROUP % self.depth == 0
        rounded = not weight_format(problem.format).exact_in_f32
        offered = self.kind is REGISTERS or (self.kind in capabilities.tiles and rounded)
        small = self.shared_cells * 16 <= capabilities.shared_bytes
        return whole and offered and small and 16 <= self.threads <= capabilities.max_threads

    def _fits_wide(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Activations are read as vectors of eight, so no group may end early."""
        whole = problem.cols % self.depth == 0 and self.depth % GROUP == 0
        bytes_ = 4 * self.rows * self.depth + 4 * self.rows * (self.tokens + 4)
        return works_wide(capabilities) and whole and bytes_ <= capabilities.shared_bytes


def every_schedule(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """Every schedule worth trying."""
    wide = dict.fromkeys([*_wide(problem), *_more_wide(problem)])
    every = [*_register_tiles(capabilities), *_matrix_units(capabilities), *wide]
    return (schedule for schedule in every if schedule.fits(capabilities, problem))


def usual_schedule(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
    """Matrix units where the weights are rounded anyway, with the largest tile that still gives a large GPU
    enough workgroups; register tiles otherwise."""
    for schedule in _wide(problem):
        if schedule.fits(capabilities, problem):
            return schedule
    fitting = [(s, least) for s, least in _usual(capabilities) if s.fits(capabilities, problem)]
    for schedule, least in fitting:
        workgroups = -(-problem.rows // schedule.rows) * -(-_USUAL_TOKENS // schedule.tokens)
        if workgroups >= least:
            return schedule
    return fitting[-1][0] if fitting and problem.rows >= 32 else _registers(capabilities, problem)


def _register_tiles(capabilities: Capabilities) -> Iterator[MatmulSchedule]:
    tiles = ((1, 1), (1, 2), (2, 1), (2, 2))
    for tokens, rows, (down, across) in itertools.product((8, 16, 32, 64, 128), (16, 32, 64, 128), tiles):
        teams = tokens // (4 * down), rows // (4 * across)
        for depth, ahead in itertools.product((32, 64), (False, True)):
            yield MatmulSchedule(teams, (down, across), REGISTERS, depth, ahead, capabilities.f16)


def _wide(problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """For processors, best first. The panel of 8 rows and the activations it meets stay in the first cache;
    where rows are few, smaller pieces keep more threads busy."""
    groups = groups_of(problem.cols)
    depth = max(d for d in range(1, 21) if groups % d == 0) * GROUP
    for tokens, rows in ((32, 2), (16, 2), (8, 1), (8, 4), (32, 4)):
        yield MatmulSchedule((tokens, rows), depth=depth, wide=True)
    yield MatmulSchedule((4, 2), depth=GROUP, wide=True)


def _more_wide(problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """What else a search may try on processors: also tokens that are whole blocks of three."""
    groups = groups_of(problem.cols)
    depths = {max(d for d in range(1, most + 1) if groups % d == 0) * GROUP for most in (4, 10, 20)}
    for depth, tokens, rows in itertools.product(sorted(depths), (3, 6, 8, 12, 16, 24, 32), (1, 2, 4)):
        yield MatmulSchedule((tokens, rows), depth=depth, wide=True)


def _matrix_units(capabilities: Capabilities) -> Iterator[MatmulSchedule]:
    teams = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 4), (2, 4), (4, 2))
    tiles = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 2), (2, 4), (4, 4))
    for kind in (kind for kind in capabilities.tiles if kind.operand == "f16"):
        for choice in itertools.product(teams, tiles, (32, 64), (False, True)):
            yield MatmulSchedule(choice[0], choice[1], kind, choice[2], choice[3], capabilities.f16)


def _usual(capabilities: Capabilities) -> Iterator[tuple[MatmulSchedule, int]]:
    """The schedules on matrix units to choose from, best first, each with the number of workgroups from which
    it pays: measured on an H200."""
    if F16 in capabilities.tiles:
        yield MatmulSchedule((1, 4), (4, 4), F16, 64, True, capabilities.f16), _MANY_WORKGROUPS
        for depth, tiles in itertools.product((64, 32), ((4, 2), (2, 2))):
            yield MatmulSchedule((2, 4), tiles, F16, depth, True, capabilities.f16), _FEW_WORKGROUPS
        for depth in (64, 32):
            yield MatmulSchedule((2, 2), (2, 2), F16, depth, True, capabilities.f16), _FEW_WORKGROUPS


def _registers(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
    """The schedule on register tiles, measured likewise: within the shared memory that every device has, 16
    sums per invocation are fastest; where there is more of it, 32 are."""
    many = problem.rows >= 256
    roomy = many and capabilities.shared_bytes >= _ROOMY_BYTES
    teams, tiles = (8, 16 if many else 8), (2 if roomy else 1, 1)
    return MatmulSchedule(teams, tiles, ahead=True, f16=capabilities.f16)
