"""What the executors of all drivers share: one artifact at a time, and what follows from its load plan.

How a step is handed over, how bytes reach the device and come back, and when memory may be freed differ from
driver to driver and are left to them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError, InternalError
from runtime.device.executor import DispatchTime, Fetch, Progress, Ticket
from runtime.device.plan_checks import check_copy, check_step
from runtime.device.program import LoadPlan


class Loaded(Protocol):
    """An artifact on a device, with every buffer of its plan."""

    @property
    def plan(self) -> LoadPlan: ...

    def release(self) -> None:
        """Free everything on the device."""
        ...


L = TypeVar("L", bound=Loaded)
T = TypeVar("T", bound=Ticket)


class DeviceExecutor(ABC, Generic[L, T]):
    """The part of an `Executor` (see `runtime.device.executor`) that needs no driver."""

    def __init__(self) -> None:
        self.without: frozenset[str] = frozenset()
        self._loaded: L | None = None
        self._closed = False

    @property
    def buffers(self) -> Mapping[str, int]:
        """Bytes of every allocated buffer by name."""
        return self._loaded.plan.buffers if self._loaded else {}

    @property
    def allocated_bytes(self) -> int:
        """Bytes of the loaded artifact's buffers."""
        return sum(self.buffers.values())

    def load(
        self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None = None
    ) -> None:
        """See `runtime.device.executor.Executor.load`; what was loaded before is released."""
        self._require_open()
        self._unload()
        self._loaded = self._load(artifact, context, roles, progress)

    @abstractmethod
    def _load(self, artifact: Artifact, context: int, roles: Sequence[str], progress: Progress | None) -> L:
        """Put an artifact on the device, all or nothing, after `runtime.device.checks.checked_plan` accepted
        it.
        """

    def _unload(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.release()

    def close(self) -> None:
        """Release the device and all that was loaded. May be called twice; whatever else is asked for then
        raises a DeviceError, since drivers end the process where a device is used that is gone.
        """
        if not self._closed:
            self._closed = True
            self._close()

    @abstractmethod
    def _close(self) -> None:
        """Release the device and all that was loaded."""

    def run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """See `runtime.device.executor.Executor.run_kernel`."""
        self._require_open()
        return self._run_kernel(artifact, kernel, arrays, env, step)

    @abstractmethod
    def _run_kernel(
        self,
        artifact: Artifact,
        kernel: str,
        arrays: Sequence[npt.NDArray[np.generic]],
        env: Mapping[str, int],
        step: bytes,
    ) -> list[npt.NDArray[np.generic]]:
        """Run one kernel on an open device."""

    # Copies are checked here, once for all devices: what sizes them may come from a manifest, and few drivers
    # look at what lies behind a buffer.

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> T:
        """See `runtime.device.executor.Executor.run`. Raises: ArtifactError for what no buffer has."""
        for item in fetch:
            self._loaded_with(item.buffer)
        check_step(self._require_loaded().plan, step, fetch)
        return self._run(programs, env, step, fetch)

    @abstractmethod
    def _run(self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]) -> T:
        """Hand over a step whose copies lie in their buffers."""

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer, after all work handed over before. Raises: ArtifactError for bytes
        beyond its end.
        """
        check_copy(self._loaded_with(name).plan, name, offset, len(data))
        if data:
            self._write_buffer(name, offset, data)

    @abstractmethod
    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write bytes, one at least, that lie in the buffer."""

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Wait for all work handed over before and return a range of a loaded buffer. Raises: ArtifactError
        for bytes beyond its end.
        """
        plan = self._loaded_with(name).plan
        length = plan.buffers[name] - offset if size is None else size
        check_copy(plan, name, offset, length)
        return self._read_buffer(name, offset, length) if length else b""

    def _read_buffer(self, name: str, offset: int, size: int) -> bytes:
        """Read bytes, one at least, that lie in the buffer."""
        return self._run([], {}, b"", [Fetch(name, offset, size)]).result()[0]

    def dispatch_count(self, programs: Sequence[str]) -> int:
        """Return the number of dispatches in one run of these programs."""
        plan = self._require_loaded().plan
        return sum(len(plan.programs[name]) for name in programs)

    def _times(self, programs: Sequence[str], seconds: Iterable[float]) -> list[DispatchTime]:
        """Return the profile of these programs; `seconds` are the times of their dispatches in order."""
        plan = self._require_loaded().plan
        dispatches = [(name, each) for name in programs for each in plan.programs[name]]
        return [
            DispatchTime(name, each.kernel, each.origin, taken)
            for (name, each), taken in zip(dispatches, seconds, strict=True)
        ]

    def _require_open(self) -> None:
        if self._closed:
            raise DeviceError("the device was closed", help="open it again")

    def _require_loaded(self) -> L:
        self._require_open()
        if self._loaded is None:
            raise InternalError("nothing is loaded on this executor")
        return self._loaded

    def _loaded_with(self, name: str) -> L:
        """Return what is loaded. Raises: InternalError unless it has a buffer of this name."""
        loaded = self._require_loaded()
        if name not in loaded.plan.buffers:
            raise InternalError(f"buffer {name} is not loaded; loaded are {', '.join(self.buffers)}")
        return loaded
