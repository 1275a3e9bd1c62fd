"""What every device offers the engine: load an artifact once, then replay its programs.

An executor is one open device with at most one artifact on it. `load` allocates exactly the buffers that the
programs of the requested roles use. `run` hands over programs and returns a `Ticket`, whose bytes may be
collected later. Work, `write_buffer` included, runs in the order in which it was handed over, so several
steps may be in flight at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact

Reference: TypeAlias = Callable[
    [Mapping[str, Any], dict[str, npt.NDArray[Any]], Mapping[str, int | float]], None
]
"""A kernel's meaning in numpy: `reference(problem, arrays, params)` writes into the arrays of its results."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""`progress(what, done, total)`: "weights" counted in bytes or "prompt" counted in tokens."""


@dataclass(frozen=True)
class Limits:
    """The limits of a device. `workgroups` is the number per dimension of a grid, `threads` the number per
    workgroup.
    """

    buffer_bytes: int
    binding_bytes: int
    shared_bytes: int
    threads: int
    workgroup: tuple[int, int, int]
    workgroups: int
    storage_buffers: int
    offset_alignment_bytes: int


@dataclass(frozen=True)
class DeviceInfo:
    """An open device.

    `kind` is the name by which it is opened ("wgpu", "cpu"); `target` is the target whose kernels it runs
    ("wgsl"; "" for a device that runs none). `features` are those that variants may require ("f16",
    "subgroups", "dot4", and for matrix units such as "tile_f16_16x16x16"). `subgroup_size` is None where it
    varies or is unknown; `subgroup_sizes` are the sizes that a kernel may request where it varies. `limits`
    is None where there are none, `memory_bytes` where the driver does not say. `ready_when_loaded`: whether
    nothing of a kernel is left for its first run to do.
    """

    kind: str
    name: str
    driver: str
    target: str
    features: frozenset[str] = frozenset()
    subgroup_size: int | None = None
    limits: Limits | None = None
    memory_bytes: int | None = None
    subgroup_sizes: tuple[int, ...] = ()
    ready_when_loaded: bool = False

    def has_subgroups_of(self, size: int) -> bool:
        """Whether kernels made for subgroups of this size run here."""
        return size == self.subgroup_size or size in self.subgroup_sizes


@dataclass(frozen=True)
class Fetch:
    """A range of a buffer to read back after a run; offset and bytes are multiples of 4."""

    buffer: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class DispatchTime:
    """How long one dispatch took on the device."""

    program: str
    kernel: str
    origin: str
    seconds: float


class Ticket(Protocol):
    """Work that was handed over. What it fetched can be collected once."""

    def result(self) -> list[bytes]:
        """Wait for the work and return the fetched ranges in order. Raises: DeviceError, WorkFailed."""
        ...

    def discard(self) -> None:
        """Give up the fetched bytes. The work itself still runs."""
        ...


class Executor(Protocol):
    """A device that replays programs. Not thread-safe.

    `without` names optimisations that it leaves out, so that their worth can be measured: "graphs", "overlap"
    and "recordings" are those of drivers (`runtime.devices.LEAVES_OUT`). It is set before anything is loaded.
    """

    without: frozenset[str]

    @property
    def info(self) -> DeviceInfo: ...

    @property
    def allocated_bytes(self) -> int:
        """Bytes of the loaded artifact's buffers: the sum of `buffers`, exactly."""
        ...

    @property
    def staging_bytes(self) -> int:
        """Bytes of host-visible buffers that carry fetched ranges back."""
        ...

    @property
    def buffers(self) -> Mapping[str, int]:
        """Bytes of every allocated buffer by name."""
        ...

    def load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None = None
    ) -> None:
        """Check the limits of the device, allocate what the programs of `roles` need, and upload the weights.

        State buffers start as zeros. Raises: DeviceError naming the limit; ArtifactError for a corrupted
        file; WorkFailed for a kernel that the driver refuses.
        """
        ...

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> Ticket:
        """Write the step block, replay `programs` in order and copy out `fetch`; returns without waiting."""
        ...

    def dispatch_count(self, programs: Sequence[str]) -> int:
        """Return the number of dispatches in one `run` of these programs."""
        ...

    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """Do what `run` does, more slowly, and return the time of every dispatch. Raises: DeviceError where
        the device cannot measure.
        """
        ...

    def run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """Run one kernel of an artifact, loaded or not, on copies of these arrays, one per binding.

        Returns the arrays as the kernel left them. Raises: as `load`.
        """
        ...

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer, after all work handed over before."""
        ...

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Wait for all work handed over before and return a range of a loaded buffer."""
        ...

    def close(self) -> None:
        """Release the device and all that was loaded."""
        ...


def physical_memory_bytes() -> int | None:
    """Return the bytes of the machine's memory, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
