"""An artifact in memory: its buffers, its compiled kernels, and tables of launches."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelc.artifact import Artifact, Bounds, Variant
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Dim, Var, bounds, substitute
from runtime.cpu.kernels import Compiled
from runtime.cpu.pool import LaunchEntry, Pool
from runtime.device.executor import Progress
from runtime.device.loaded import Launch, LoadedArtifact, StepKey
from runtime.device.program import LoadPlan, Prepared, ResolvedDispatch
from runtime.device.upload import Octets, weight_names

_ALIGNMENT = 64  # a cache line
_MOST_TABLES = 256
_MOST_WORKGROUPS = 1 << 30


@dataclass(frozen=True)
class CpuLaunch(Launch):
    """A dispatch with the address of its kernel and those of its buffers."""

    kernel: Compiled
    addresses: Any  # an array of pointers


class CpuArtifact(LoadedArtifact[Octets, Compiled, CpuLaunch]):
    """The buffers and programs of one load."""

    def __init__(
        self,
        artifact: Artifact,
        plan: LoadPlan,
        kernels: Mapping[str, Compiled],
        context: int,
        pool: Pool,
        step_bytes: int,
    ) -> None:
        variants: Mapping[str, Variant] = {name: kernel.variant(name) for name, kernel in kernels.items()}
        super().__init__(artifact, plan, variants, context)
        self._compiled = kernels
        self._pool = pool
        self.step = aligned_zeros(step_bytes)
        self._tables: dict[StepKey, Any] = {}

    def release(self) -> None:
        """Forget everything; memory is freed when nothing refers to it."""
        self._tables.clear()
        self.programs.clear()
        self.buffers.clear()

    def table(self, programs: Sequence[str], env: Mapping[str, int]) -> Any:
        """Return the launches of some programs, in order, with the grids of this step."""
        key = self.step_key(programs, env)
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) >= _MOST_TABLES:
                self._tables.clear()
            launches = [launch for name in programs for launch in self.programs[name]]
            table = launch_table(self._pool, [(each, each.extent(env)) for each in launches])
            self._tables[key] = table
        return table

    # ---- steps of a load

    def load(self, progress: Progress | None = None) -> None:
        """See `LoadedArtifact.load`. Sizes that a kernel would exceed are refused first."""
        check_sizes(self._artifact, self.plan, self._compiled, self._context)
        super().load(progress)

    def _allocate(self, name: str, size: int) -> Octets:
        """Weights are not copied where they lie whole in one shard, which is mapped."""
        kind = self._artifact.manifest.buffers[name].kind
        return np.empty(0, np.uint8) if kind == "weight" else aligned_zeros(size)

    def _compile(self, kernel: str, variant: Variant) -> Compiled:
        return self._compiled[kernel]

    def _bind(self, programs: Mapping[str, Sequence[Prepared]]) -> None:
        for name in weight_names(self._artifact, self.plan):
            self.buffers[name] = self._artifact.tensor(name)
        super()._bind(programs)

    def _launch(self, ready: Prepared, kernel: Compiled) -> CpuLaunch:
        ranges = ready.dispatch.ranges
        addresses = [self.buffers[item.buffer].ctypes.data + item.offset for item in ranges]
        return CpuLaunch(ready.dispatch, ready.grid, kernel, pointers([*addresses, self.step.ctypes.data]))

    def _upload(self, progress: Progress | None) -> None:
        if progress:
            total = sum(self.plan.buffers[name] for name in weight_names(self._artifact, self.plan))
            progress("weights", total, total)

    def _write(self, buffer: Octets, offset: int, part: Octets) -> None:
        buffer[offset : offset + len(part)] = part


def launch_table(pool: Pool, launches: Sequence[tuple[CpuLaunch, tuple[int, int, int]]]) -> Any:
    """Return an array of `LaunchEntry`. Raises: ArtifactError for a grid that a thread cannot count."""
    table = (LaunchEntry * len(launches))()
    for entry, (launch, grid) in zip(table, launches, strict=True):
        if min(grid) < 0 or grid[0] * grid[1] * grid[2] > _MOST_WORKGROUPS:
            raise ArtifactError(f"{launch.dispatch.origin} has a grid of {grid} workgroups")
        entry.kernel, entry.buffers = launch.kernel.address, ctypes.addressof(launch.addresses)
        entry.grid, entry.chunk = (ctypes.c_uint32 * 3)(*grid), pool.chunk(grid)
    return table


def pointers(addresses: Sequence[int]) -> Any:
    """Return an array of addresses as a kernel takes it."""
    return (ctypes.c_void_p * len(addresses))(*addresses)


def aligned_zeros(size: int) -> Octets:
    """Return `size` zero bytes that start at a cache line."""
    memory = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size]


def check_sizes(artifact: Artifact, plan: LoadPlan, kernels: Mapping[str, Compiled], context: int) -> None:
    """Check that every range is within its buffer and as large as what the kernel accesses at most, and that
    none that is written is a weight: those are mapped from their files.

    Raises: ArtifactError naming the dispatch.
    """
    for program, dispatches in plan.programs.items():
        symbols = {**artifact.manifest.symbols, **artifact.manifest.programs[program].symbols}
        wanted: dict[str, list[int]] = {}
        for dispatch in dispatches:
            native = kernels[dispatch.kernel].native
            if dispatch.kernel not in wanted:
                wanted[dispatch.kernel] = [_most(size, symbols, context) for size in native.binding_bytes]
            most, where = wanted[dispatch.kernel], f"manifest.json: programs.{program}"
            if not _all_within(plan, dispatch, most):
                sizes = [item.bytes for item in dispatch.ranges]
                raise ArtifactError(
                    f"{dispatch.origin} binds {sizes} bytes, its kernel accesses up to {most}",
                    where=where,
                    help="build the artifact again",
                )
            if _writes_weights(artifact, dispatch, native.written):
                raise ArtifactError(f"{dispatch.origin} writes a weight", where=where)


def _all_within(plan: LoadPlan, dispatch: ResolvedDispatch, wanted: Sequence[int]) -> bool:
    """Whether the ranges lie in their buffers and have the bytes that are wanted of them."""
    if len(wanted) != len(dispatch.ranges):
        return False
    return all(
        each.offset >= 0 and 0 <= most <= each.bytes and each.offset + each.bytes <= plan.buffers[each.buffer]
        for most, each in zip(wanted, dispatch.ranges, strict=True)
    )


def _writes_weights(artifact: Artifact, dispatch: ResolvedDispatch, written: Sequence[bool]) -> bool:
    buffers = artifact.manifest.buffers
    return any(
        is_written and buffers[each.buffer].kind == "weight"
        for is_written, each in zip(written, dispatch.ranges, strict=True)
    )


def _most(dim: Dim, symbols: Mapping[str, Bounds], context: int) -> int:
    """The largest value of a size, for the symbols of a program at this context."""
    most = {"seq": context, "past": max(0, context - 1)}
    known: dict[str, Dim] = {
        name: Var(name, min(low, most.get(name, high)), min(high, most.get(name, high)))
        for name, (low, high) in symbols.items()
    }
    return bounds(substitute(dim, {**known, "context": context}))[1]
