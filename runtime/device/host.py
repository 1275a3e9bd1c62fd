"""What the executors share whose buffers are this process's own memory: the cpu's and numpy's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from kernelc.errors import ArtifactError
from runtime.device.base import DeviceExecutor, Loaded
from runtime.device.executor import DispatchTime, Fetch
from runtime.device.finished import FinishedTicket
from runtime.device.upload import Octets


class HostLoaded(Loaded, Protocol):
    """An artifact in memory: `buffers` are the bytes of each buffer by name."""

    @property
    def buffers(self) -> Mapping[str, Octets]: ...


H = TypeVar("H", bound=HostLoaded)


class HostExecutor(DeviceExecutor[H], Generic[H]):
    """The part of an `Executor` (see `runtime.device.executor`) that reads and writes memory of this process.

    A step is finished when it was handed over.
    """

    @property
    def staging_bytes(self) -> int:
        """Always 0: nothing has to be staged."""
        return 0

    def run(
        self, programs: Sequence[str], env: Mapping[str, int], step: bytes, fetch: Sequence[Fetch] = ()
    ) -> FinishedTicket:
        """See `runtime.device.executor.Executor.run`. It returns when the work is done."""
        if programs:
            self.profile(programs, env, step)
        return FinishedTicket([self.read_buffer(item.buffer, item.offset, item.bytes) for item in fetch])

    @abstractmethod
    def profile(self, programs: Sequence[str], env: Mapping[str, int], step: bytes) -> list[DispatchTime]:
        """See `runtime.device.executor.Executor.profile`."""

    def write_buffer(self, name: str, offset: int, data: bytes) -> None:
        """Write into a loaded buffer. Raises: ArtifactError for bytes beyond its end."""
        self._range(name, offset, len(data))[:] = np.frombuffer(data, np.uint8)

    def read_buffer(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return a range of a loaded buffer. Raises: ArtifactError for bytes beyond its end."""
        length = len(self._memory(name)) - offset if size is None else size
        return self._range(name, offset, length).tobytes()

    def close(self) -> None:
        """Release all that was loaded."""
        self._unload()

    def _range(self, name: str, offset: int, size: int) -> Octets:
        memory = self._memory(name)
        if offset < 0 or size < 0 or offset + size > len(memory):
            raise ArtifactError(
                f"buffer {name} has {len(memory)} bytes, wanted {offset}..{offset + size}",
                where="manifest.json: buffers",
                help="build the artifact again",
            )
        return memory[offset : offset + size]

    def _memory(self, name: str) -> Octets:
        return self._loaded_with(name).buffers[name]
