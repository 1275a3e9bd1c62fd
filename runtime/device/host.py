"""What the executors share whose buffers are this process's own memory: the cpu's and numpy's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from runtime.device.base import DeviceExecutor, Loaded
from runtime.device.executor import DispatchTime, Fetch
from runtime.device.finished import FinishedTicket
from runtime.device.upload import Octets


class HostLoaded(Loaded, Protocol):
    """An artifact in memory: `buffers` are the bytes of each buffer by name."""

    @property
    def buffers(self) -> Mapping[str, Octets]: ...


H = TypeVar("H", bound=HostLoaded)


class HostExecutor(DeviceExecutor[H, FinishedTicket], Generic[H]):
    """The part of an `Executor` (see `runtime.device.executor`) that reads and writes memory of this process.

    A step is finished when it was handed over.
    """

    @property
    def staging_bytes(self) -> int:
        """Always 0: nothing has to be staged."""
        return 0

    def _run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch]
    ) -> FinishedTicket:
        """Run a step. It returns when the work is done."""
        if programs:
            self.profile(programs, env, step)
        return FinishedTicket([self.read_buffer(item.buffer, item.offset, item.bytes) for item in fetch])

    @abstractmethod
    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""

    def _write_buffer(self, name: str, offset: int, data: bytes) -> None:
        self._memory(name)[offset : offset + len(data)] = np.frombuffer(data, np.uint8)

    def _read_buffer(self, name: str, offset: int, size: int) -> bytes:
        return self._memory(name)[offset : offset + size].tobytes()

    def _close(self) -> None:
        """Release all that was loaded."""
        self._unload()

    def _memory(self, name: str) -> Octets:
        return self._loaded_with(name).buffers[name]
