"""An artifact in memory: its buffers, its compiled kernels, and tables of launches."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelc.artifact import Artifact, Variant
from kernelc.errors import ArtifactError
from runtime.cpu.kernels import Compiled
from runtime.cpu.pool import LaunchEntry, Pool
from runtime.device.executor import Progress
from runtime.device.loaded import Launch, LoadedArtifact, StepKey
from runtime.device.plan_checks import check_accesses
from runtime.device.program import LoadPlan, Prepared
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
        natives = {name: kernel.native for name, kernel in self._compiled.items()}
        check_accesses(self._artifact.manifest, self.plan, natives, self._context)
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
