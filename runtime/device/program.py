"""The manifest resolved for one context length: which programs run, on which buffers, with which grids."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kernelc.artifact import SEVERAL_ROLES, STEP_BUFFER, Bounds, Manifest, Param, Program, Variant
from kernelc.errors import ArtifactError, UsageError
from kernelc.ir.dim import Dim, compile_dim, evaluate, substitute

Extent: TypeAlias = tuple[int, int, int]
ChangingGrid: TypeAlias = Callable[[Mapping[str, int]], Extent]
Grid: TypeAlias = Extent | ChangingGrid
"""Workgroups of a dispatch: known at load, or computed from the step's symbols."""

STEP_FIELDS = {
    **dict.fromkeys(("seq", "past", "seed", "top_k"), "u32"),
    **dict.fromkeys(("temperature", "top_p", "min_p", "repetition_penalty"), "f32"),
}
"""The fields of the step block and their types, in the order in which kernels read them."""


@dataclass(frozen=True)
class Range:
    """A range of a buffer that a kernel binds; offset and size in bytes."""

    buffer: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class ResolvedDispatch:
    """One kernel launch, with all sizes resolved for this context."""

    kernel: str
    origin: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class LoadPlan:
    """What the programs of some roles need at one context length: buffer sizes in bytes, and dispatches by
    program.
    """

    buffers: Mapping[str, int]
    programs: Mapping[str, tuple[ResolvedDispatch, ...]]

    @property
    def total_bytes(self) -> int:
        """Bytes that a runtime allocates for the plan, exactly."""
        return sum(self.buffers.values())

    @property
    def kernels(self) -> list[str]:
        """The kernels used, in the order of their first use."""
        used = (dispatch.kernel for dispatches in self.programs.values() for dispatch in dispatches)
        return list(dict.fromkeys(used))


def plan_load(manifest: Manifest, context: int, roles: Sequence[str]) -> LoadPlan:
    """Resolve the programs of `roles` for `context`: all buffers that they bind, at their exact sizes.

    The step block's buffer is included as soon as one kernel takes parameters. With roles of steps over
    several sequences, there are the programs of a single one for each of them (see `in_sequence`).
    """
    env = {"context": context}
    chosen = {name: program for name, program in manifest.programs.items() if program.role in roles}
    programs = {name: _resolve(program, env) for name, program in chosen.items()}
    if manifest.sequences is not None and set(roles) & set(SEVERAL_ROLES):
        parts = {
            name: evaluate(manifest.buffers[name].bytes, env) // manifest.sequences.count
            for name in manifest.sequences.buffers
        }
        for number in range(1, manifest.sequences.count):
            for name, program in chosen.items():
                if program.role not in SEVERAL_ROLES:
                    programs[in_sequence(name, number)] = _moved(programs[name], parts, number)
    used = {item.buffer for dispatches in programs.values() for each in dispatches for item in each.ranges}
    plan = LoadPlan({}, programs)
    if any(manifest.kernels[kernel].params for kernel in plan.kernels):
        used.add(STEP_BUFFER)
    sizes = {name: evaluate(buffer.bytes, env) for name, buffer in manifest.buffers.items() if name in used}
    return LoadPlan(sizes, programs)


def _resolve(program: Program, env: Mapping[str, int]) -> tuple[ResolvedDispatch, ...]:
    return tuple(
        ResolvedDispatch(
            dispatch.kernel,
            dispatch.origin,
            tuple(Range(item.buffer, item.offset, evaluate(item.bytes, env)) for item in dispatch.bindings),
        )
        for dispatch in program.dispatches
    )


_MARK = "@"  # no name in a manifest has it


def in_sequence(program: str, number: int) -> str:
    """Return what a single sequence's program is called for sequence `number`, such as "decode@2"; for number
    0 as the program."""
    return f"{program}{_MARK}{number}" if number else program


def program_of(name: str) -> str:
    """Return the program of the manifest that a program of a plan is."""
    return name.partition(_MARK)[0]


def _moved(
    dispatches: Sequence[ResolvedDispatch], parts: Mapping[str, int], number: int
) -> tuple[ResolvedDispatch, ...]:
    """Return dispatches that bind the parts of another sequence; `parts` are their bytes by buffer."""

    def moved(item: Range) -> Range:
        return Range(item.buffer, item.offset + parts.get(item.buffer, 0) * number, item.bytes)

    return tuple(
        ResolvedDispatch(each.kernel, each.origin, tuple(map(moved, each.ranges))) for each in dispatches
    )


def resolve_grid(grid: tuple[Dim, Dim, Dim], symbols: Mapping[str, Bounds], context: int) -> Grid:
    """Return the grid of a dispatch in a program whose symbols have these bounds, as numbers where they are
    known.
    """
    fixed: dict[str, Dim] = {name: low for name, (low, high) in symbols.items() if low == high}
    x, y, z = (substitute(extent, {**fixed, "context": context}) for extent in grid)
    if isinstance(x, int) and isinstance(y, int) and isinstance(z, int):
        return (x, y, z)
    in_x, in_y, in_z = (compile_dim(extent) for extent in (x, y, z))
    return lambda env: (in_x(env), in_y(env), in_z(env))


def extent_of(grid: Grid, env: Mapping[str, int]) -> Extent:
    """Return the workgroups of a grid for these symbols."""
    return grid(env) if callable(grid) else grid


@dataclass(frozen=True)
class Prepared:
    """A dispatch with everything that a launch is made of.

    `ranges` are what its kernel binds: the ranges of the dispatch, then the step block if the kernel takes
    parameters.
    """

    dispatch: ResolvedDispatch
    variant: Variant
    grid: Grid
    ranges: tuple[Range, ...]


def prepare(
    manifest: Manifest, plan: LoadPlan, variants: Mapping[str, Variant], context: int
) -> dict[str, list[Prepared]]:
    """Return the dispatches of the plan by program. Dispatches of a program with equal Dims share one grid
    object.
    """
    step = (Range(STEP_BUFFER, 0, plan.buffers[STEP_BUFFER]),) if STEP_BUFFER in plan.buffers else ()
    programs: dict[str, list[Prepared]] = {}
    for name, dispatches in plan.programs.items():
        symbols = {**manifest.symbols, **manifest.programs[program_of(name)].symbols}
        grids: dict[object, Grid] = {}  # by their Dims
        programs[name] = []
        for dispatch in dispatches:
            variant = variants[dispatch.kernel]
            if variant.grid not in grids:
                grids[variant.grid] = resolve_grid(variant.grid, symbols, context)
            ranges = dispatch.ranges + (step if manifest.kernels[dispatch.kernel].params else ())
            programs[name].append(Prepared(dispatch, variant, grids[variant.grid], ranges))
    return programs


def changing_grids(dispatches: Iterable[Prepared]) -> tuple[ChangingGrid, ...]:
    """Return the grids that depend on the step, each once."""
    return tuple(dict.fromkeys(each.grid for each in dispatches if callable(each.grid)))


class ProgramTable:
    """The programs of some roles, selected by role and position."""

    def __init__(self, manifest: Manifest, roles: Iterable[str]) -> None:
        wanted = set(roles)
        self._by_role: dict[str, list[tuple[str, Bounds, Bounds]]] = {}
        for name, program in manifest.programs.items():
            if program.role in wanted:
                bounds = {**manifest.symbols, **program.symbols}
                entry = (name, bounds["seq"], bounds["past"])
                self._by_role.setdefault(program.role, []).append(entry)

    def select(self, role: str, seq: int, past: int) -> str:
        """Return the first program of `role` for these symbols.

        Raises: UsageError where the artifact has none or the role was not loaded.
        """
        for name, (least, most), (low, high) in self._of(role):
            if least <= seq <= most and low <= past <= high:
                return name
        raise UsageError(
            f"no {role} program takes {seq} tokens after {past}; wanted one of {self._ranges(role)}"
        )

    def within(self, role: str, seq: int, low: int, high: int) -> str | None:
        """Return the first program of `role` that takes all positions from `low` to `high`, if one does."""
        for name, (least, most), (first, last) in self._by_role.get(role, ()):
            if least <= seq <= most and first <= low and high <= last:
                return name
        return None

    def has(self, role: str) -> bool:
        """Whether there are programs of a role."""
        return role in self._by_role

    def most_rows(self, role: str, past: int) -> int:
        """Return the most tokens that one step of `role` takes at this position. Raises: UsageError."""
        fitting = [most for _, (_, most), (low, high) in self._of(role) if low <= past <= high]
        if not fitting:
            raise UsageError(f"no {role} program starts after {past}; wanted one of {self._ranges(role)}")
        return max(fitting)

    def smallest_steps(self) -> list[tuple[str, int, int]]:
        """Return every program with the smallest step it takes, as (name, seq, past)."""
        return [(name, seq[0], past[0]) for known in self._by_role.values() for name, seq, past in known]

    def _of(self, role: str) -> list[tuple[str, Bounds, Bounds]]:
        if role not in self._by_role:
            loaded = ", ".join(sorted(self._by_role)) or "none"
            raise UsageError(f"no {role} program is loaded, only {loaded}", help="load with this role")
        return self._by_role[role]

    def _ranges(self, role: str) -> str:
        return "; ".join(f"{name} (seq {seq}, past {past})" for name, seq, past in self._of(role))


class StepBlock:
    """Encodes the step block: one 4-byte little-endian field per parameter, in the manifest's order."""

    def __init__(self, params: Sequence[Param]) -> None:
        for param in params:
            if param.name not in STEP_FIELDS:
                known = ", ".join(sorted(STEP_FIELDS))
                raise ArtifactError(
                    f"the step block has a field {param.name!r}, this runtime knows {known}",
                    where="manifest.json: params",
                    help="use the kernelc that built this artifact",
                )
        self._names = [param.name for param in params]
        self._struct = struct.Struct("<" + "".join({"u32": "I", "f32": "f"}[param.type] for param in params))

    @property
    def bytes(self) -> int:
        """Bytes of the block."""
        return self._struct.size

    def encode(self, values: Mapping[str, int | float]) -> bytes:
        """Return the block for these values; names that it has no field for are left out."""
        return self._struct.pack(*[values[name] for name in self._names])

    def decode(self, block: bytes) -> dict[str, int | float]:
        """Return the values of a block by name."""
        return dict(zip(self._names, self._struct.unpack(block[: self._struct.size]), strict=True))
