"""Page-locked host memory: step blocks on their way to a CUDA device, fetched ranges on their way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from runtime.cuda.device import CudaDevice, Handle
from runtime.device.staging import StagingPool

STEPS_IN_FLIGHT = 32


class StepRing:
    """A ring of step blocks, or of other short writes, in host memory. A place is written again only after
    the device has read it."""

    def __init__(self, device: CudaDevice, block_bytes: int, stream: Handle = None) -> None:
        """`stream`: the one to copy on (default: the device's, also when that is another later)."""
        self._device, self._stream = device, stream
        self._slots = device.pinned(STEPS_IN_FLIGHT * block_bytes).reshape(STEPS_IN_FLIGHT, block_bytes)
        self._read: list[Handle] = [None] * STEPS_IN_FLIGHT
        self._next = 0

    def send(self, address: int, step: bytes) -> None:
        """Copy a step block to the device, in the order of the stream."""
        at, self._next = self._next, (self._next + 1) % STEPS_IN_FLIGHT
        if self._read[at] is None:
            self._read[at] = self._device.event()
        else:
            self._read[at].synchronize()
        slot = self._slots[at, : len(step)]
        slot[:] = np.frombuffer(step, np.uint8)
        stream = self._device.stream if self._stream is None else self._stream
        self._device.driver.memcpy_htod_async(address, slot, stream)
        self._read[at].record(stream)


@dataclass(frozen=True)
class Staging:
    """Page-locked memory and an event that marks its copies as done."""

    memory: npt.NDArray[np.uint8]
    done: Handle

    @property
    def bytes(self) -> int:
        """Bytes of the memory."""
        return len(self.memory)


def staging_pool(device: CudaDevice) -> StagingPool[Staging]:
    """Return a staging pool for this device. `take` and `release` must be called inside `using`."""
    return StagingPool(lambda size: Staging(device.pinned(size), device.event()))


class CudaTicket:
    """A step on the stream. Its fetched ranges lie one after the other in staging memory."""

    def __init__(
        self, device: CudaDevice, pool: StagingPool[Staging], staging: Staging, sizes: Sequence[int]
    ) -> None:
        self._device, self._pool, self._sizes = device, pool, sizes
        self._staging: Staging | None = staging

    def result(self) -> list[bytes]:
        """See `runtime.device.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if staging is None:
            raise InternalError("a ticket's result was collected or discarded before")
        with self._device.using("waiting for a step"):
            staging.done.synchronize()
        ends = [sum(self._sizes[: at + 1]) for at in range(len(self._sizes))]
        found = [
            staging.memory[end - size : end].tobytes() for size, end in zip(self._sizes, ends, strict=True)
        ]
        self._pool.give_back(staging)
        return found

    def discard(self) -> None:
        """See `runtime.device.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if staging is not None:
            self._pool.give_back(staging)
