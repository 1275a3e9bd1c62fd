"""How prefill's matrix products are cut up: which tiles multiply, how many, and what is staged at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.ir.formats import groups_of, weight_format
from kernelc.kernels.linear.int8.byte_panels import BLOCK, code_lines, weight_lines
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import GROUP
from kernelc.kernels.parts.staged_rows import row_cells
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.kir.tile_types import BYTES, F16, LARGE_F16, REGISTERS, TileKind
from kernelc.target import Capabilities

# Prefill chunks have this many rows, but for the last: what a workgroup's tile is chosen for.
_USUAL_TOKENS = 512
_FEW_WORKGROUPS = 96  # a large GPU has more processors than this
MANY_WORKGROUPS = 512  # and runs several on each of them


@dataclass(frozen=True)
class MatmulSchedule:
    """`teams`: how many invocations (for register tiles) or subgroups (for matrix units) stand along tokens
    and along rows; each computes `tiles` of `kind`, again along tokens and rows.

    `depth`: columns staged at once, for register tiles also less than a group. `ahead`: load the next
    columns before multiplying these. `f16`: read scales as 16-bit floats. `wide`: one invocation computes all
    `teams` blocks of sums, with vectors of eight (see `kernelc.kernels.linear.matmul_wide`). `unrolled`: the
    steps through what is staged are written out.
    """

    teams: tuple[int, int]
    tiles: tuple[int, int] = (1, 1)
    kind: TileKind = REGISTERS
    depth: int = GROUP
    ahead: bool = False
    f16: bool = False
    wide: bool = False
    unrolled: bool = False

    @property
    def bytes(self) -> bool:
        """Whether coded rows are multiplied four bytes at a time."""
        return self.kind is BYTES

    @property
    def groups(self) -> int:
        """Groups staged at once, where bytes are multiplied."""
        return self.depth // GROUP

    @property
    def tokens(self) -> int:
        return self.kind.n if self.large else self.teams[0] * self.tiles[0] * self.kind.m

    @property
    def rows(self) -> int:
        return self.teams[1] * self.tiles[1] * (self.kind.m if self.large else self.kind.n)

    @property
    def large(self) -> bool:
        """Whether matrix units read activations from shared memory themselves, and packed rows are the left
        operand: see `kernelc.kernels.linear.matmul_large`."""
        return self.kind.b_shared

    @property
    def threads(self) -> int:
        return 1 if self.wide else self.teams[0] * self.teams[1] * self.kind.lanes

    @property
    def panel_cells(self) -> int:
        cells = (row_cells(self.kind, self.depth, dense) for dense in self.dense)
        return sum(rows * each for rows, each in zip((self.tokens, self.rows), cells, strict=True))

    @property
    def dense(self) -> tuple[bool, bool]:
        """Whether the panels of tokens and of rows are dense."""
        registers = self.kind.lanes == 1 and self.depth in (8, 16, 32, 64)
        return registers and self.teams[0] % 8 == 0, registers and self.teams[1] % 8 == 0

    @property
    def slab(self) -> tuple[int, int]:
        """What a team writes to shared memory at once: the number of tokens, and the 16-byte cells from one
        token's results to the next's."""
        if self.kind.lanes == 1:
            return self.kind.m, 1
        if self.large:
            return self.kind.n // 2, self.kind.m // 4 + 1
        return self.kind.m, self.tiles[1] * self.kind.n // 4 + 1

    @property
    def slab_cells(self) -> int:
        """Cells of all teams' slabs."""
        rows, stride = self.slab
        return self.teams[0] * self.teams[1] * rows * stride

    @property
    def stages(self) -> int:
        """Steps for which there is room in shared memory where tiles are large."""
        return max(2, 4 // self.teams[0])

    @property
    def shared_cells(self) -> int:
        """Length of the shared array in 16-byte cells, which are whole rows of it. It holds both panels first
        and the results afterwards; where tiles are large there are two arrays, and what counts the copies to
        the first."""
        if self.large:
            return self.stages * (self.kind.n * self.depth // 8 + 1) + self.slab_cells
        cells, row = max(self.panel_cells, self.slab_cells), self.shared_row
        return -(-cells // row) * row if row else cells

    @property
    def shared_row(self) -> int:
        """Cells of a row of the shared array: the first rows of all invocations' tiles, where both panels are
        dense, so that an invocation finds all of its operands in one column or two."""
        return max(self.teams) * self.depth // 4 if self.kind.lanes == 1 and all(self.dense) else 0

    def fits(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Whether a device of these capabilities can run the schedule, and the problem allows it."""
        if self.wide:
            return self._fits_wide(capabilities, problem)
        if self.large:
            return self._fits_large(capabilities, problem)
        if self.bytes:
            return self._fits_bytes(capabilities, problem)
        whole = groups_of(problem.cols) * GROUP % self.depth == 0 and self._whole_units(problem)
        rounded = not weight_format(problem.format).exact_in_f32
        offered = self.kind is REGISTERS or (self.kind in capabilities.tiles and rounded)
        small = self.shared_cells * 16 <= capabilities.shared_bytes
        return whole and offered and small and 16 <= self.threads <= capabilities.max_threads

    def _whole_units(self, problem: LinearProblem) -> bool:
        """Whether a step has whole units of the weights' words."""
        form = weight_format(problem.format)
        return self.depth % (4 * form.vectors_per_unit) == 0 and (
            self.depth % GROUP == 0 or self.kind is REGISTERS
        )

    def _fits_large(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Activations come in blocks, and a chunk of weights must be whole units of the format."""
        form = weight_format(problem.format)
        whole = problem.halves and problem.cols % self.depth == 0
        units = form.words_per_group % 2 == 0 and form.words_per_group // 2 % form.unit_words == 0
        small = (
            self.shared_cells * 16 <= capabilities.stage_bytes and self.threads <= capabilities.max_threads
        )
        return self.kind in capabilities.tiles and whole and units and not form.exact_in_f32 and small

    def _fits_bytes(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Coded rows and weights that are bytes, whose panels have room."""
        form, coded = weight_format(problem.format), problem.coded
        if coded is None or form.byte_zero is None or groups_of(problem.cols) % self.groups:
            return False
        lines = code_lines(coded) * self.tokens + weight_lines(form) * self.rows
        small = 16 * (self.groups * lines // BLOCK) <= capabilities.shared_bytes
        return capabilities.dot4 and small and 16 <= self.threads <= capabilities.max_threads

    def _fits_wide(self, capabilities: Capabilities, problem: LinearProblem) -> bool:
        """Activations are read as vectors of eight, so no group may end early."""
        rows = not problem.halves and not problem.terms
        whole = problem.cols % self.depth == 0 and self.depth % GROUP == 0 and rows
        bytes_ = 4 * self.rows * self.depth + 4 * self.rows * (self.tokens + 4)
        return works_wide(capabilities) and whole and bytes_ <= capabilities.shared_bytes


def every_schedule(capabilities: Capabilities, problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """Every schedule worth trying."""
    wide = dict.fromkeys([*_wide(problem), *_more_wide(problem)])
    every = [*_register_tiles(), *_matrix_units(capabilities), *_large_tiles(capabilities), *wide]
    return (schedule for schedule in every if schedule.fits(capabilities, problem))


def usual_schedule(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
    """Matrix units where the weights are rounded anyway, with the largest tile that still gives a large GPU
    enough workgroups; register tiles otherwise."""
    for schedule in _wide(problem):
        if schedule.fits(capabilities, problem):
            return schedule
    for schedule in _large(problem):
        if schedule.fits(capabilities, problem):
            return schedule
    fitting = [(s, least) for s, least in _usual(capabilities) if s.fits(capabilities, problem)]
    for schedule, least in fitting:
        if workgroups(problem, schedule) >= least:
            return schedule
    return fitting[-1][0] if fitting and problem.rows >= 32 else _registers(capabilities, problem)


def _register_tiles() -> Iterator[MatmulSchedule]:
    tiles = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 2))
    for tokens, rows, (down, across) in itertools.product((8, 16, 32, 64, 128), (16, 32, 64, 128), tiles):
        teams = tokens // (4 * down), rows // (4 * across)
        for depth, ahead, unrolled in itertools.product((8, 16, 32, 64), (False, True), (False, True)):
            if not unrolled or (depth <= 16 and down * across > 1):
                yield MatmulSchedule(teams, (down, across), REGISTERS, depth, ahead, unrolled=unrolled)


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
    for kind in (kind for kind in capabilities.tiles if kind.operand == "f16" and not kind.b_shared):
        for choice in itertools.product(teams, tiles, (32, 64), (False, True)):
            yield MatmulSchedule(choice[0], choice[1], kind, choice[2], choice[3], capabilities.f16)


def _large(problem: LinearProblem) -> Iterator[MatmulSchedule]:
    """The schedules with large tiles, best first, measured on an H200: workgroups of 128 rows where there are
    many, else of 64, for two teams that share them."""
    few = -(-problem.rows // 128) * (_USUAL_TOKENS // LARGE_F16.n) < MANY_WORKGROUPS
    if few:
        yield MatmulSchedule((2, 1), (1, 1), LARGE_F16, 128, True)
    yield MatmulSchedule((1, 2), (1, 1), LARGE_F16, 64, True)


def _large_tiles(capabilities: Capabilities) -> Iterator[MatmulSchedule]:
    for kind in (kind for kind in capabilities.tiles if kind.b_shared):
        for teams, across in (((1, 2), 1), ((1, 2), 2), ((1, 1), 1), ((2, 1), 1), ((2, 1), 2), ((1, 4), 1)):
            yield MatmulSchedule(teams, (1, across), kind, 64 * teams[0], True)


def _usual(capabilities: Capabilities) -> Iterator[tuple[MatmulSchedule, int]]:
    """The schedules on matrix units to choose from, best first, each with the number of workgroups from which
    it pays: measured on an H200."""
    if F16 in capabilities.tiles:
        yield MatmulSchedule((2, 2), (4, 4), F16, 64, True, capabilities.f16), MANY_WORKGROUPS
        for depth, tiles in itertools.product((64, 32), ((4, 2), (2, 2))):
            yield MatmulSchedule((2, 4), tiles, F16, depth, True, capabilities.f16), _FEW_WORKGROUPS
        for depth in (64, 32):
            yield MatmulSchedule((2, 2), (2, 2), F16, depth, True, capabilities.f16), _FEW_WORKGROUPS


def _registers(capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
    """The schedule on register tiles, measured likewise, within the shared memory that every device has: four
    tiles an invocation with their steps written out where the size of subgroups is known, as it is of large
    cards, which narrower matrices give too few workgroups to hide what each waits for. These take wider
    workgroups, and the narrowest longer steps. Drivers that run on the processor take many seconds to compile
    so long a text.

    Scales are never read as 16-bit floats: they are a small part of the work here, and would make two texts
    of what is one for devices with and without them."""
    if problem.rows < 64:
        return MatmulSchedule((8, 8), ahead=True)
    if capabilities.subgroup_size is not None:
        usual = MatmulSchedule((8, 8), (2, 2), REGISTERS, 16, True, unrolled=True)
        few = workgroups(problem, usual)
        if few >= MANY_WORKGROUPS:
            return usual
        if few > MANY_WORKGROUPS // 2:
            return MatmulSchedule((16, 8), (2, 1), REGISTERS, 16, True, unrolled=True)
        return MatmulSchedule((8, 8), (2, 2), REGISTERS, 32, True)
    if capabilities.register_sums < 64:
        return MatmulSchedule((8, 8), (1, 2), ahead=True)
    return MatmulSchedule((8, 16), ahead=True)


def workgroups(problem: LinearProblem, schedule: MatmulSchedule) -> int:
    """How many there are for the usual number of tokens."""
    return -(-problem.rows // schedule.rows) * -(-_USUAL_TOKENS // schedule.tokens)
