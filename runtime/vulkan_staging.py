"""Host-visible Vulkan buffers that carry bytes to and from the device, used again and again."""

from __future__ import annotations

from itertools import accumulate, pairwise

from kernelc.errors import InternalError
from runtime.vulkan_device import Buffer, VulkanDevice
from runtime.vulkan_native import translated
from runtime.vulkan_queue import Queue

_SMALLEST_BYTES = 256
_LARGEST_ROUNDED_BYTES = 1 << 20  # above this, sizes are exact: a rounded one might exceed the device's limit


class StagingPool:
    """Staging buffers by size. One is either here, or with the ticket that will read it.

    One given back may still be written by work under way: whoever takes it next comes behind that.
    """

    def __init__(self, device: VulkanDevice) -> None:
        self._device = device
        self._free: dict[int, list[Buffer]] = {}
        self.created_bytes = 0

    def take(self, size: int) -> Buffer:
        """Return a buffer of at least `size` bytes. Raises: DeviceError where the memory is not there."""
        capacity = _rounded(size)
        free = self._free.get(capacity)
        if free:
            return free.pop()
        buffer = self._device.create_buffer("staging", capacity, host=True)
        self.created_bytes += capacity
        return buffer

    def give_back(self, buffer: Buffer) -> None:
        """Take back a buffer."""
        self._free.setdefault(buffer.bytes, []).append(buffer)


def _rounded(size: int) -> int:
    if size > _LARGEST_ROUNDED_BYTES:
        return size
    return max(_SMALLEST_BYTES, 1 << (size - 1).bit_length())


class VulkanTicket:
    """A submission; its fetched ranges lie one after the other in a staging buffer."""

    def __init__(
        self, queue: Queue, pool: StagingPool, staging: Buffer | None, sizes: list[int], number: int
    ) -> None:
        self._queue, self._pool = queue, pool
        self._staging, self._sizes, self._number = staging, sizes, number

    def result(self) -> list[bytes]:
        """See `runtime.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if self._sizes and staging is None:
            raise InternalError("a ticket's result was collected or discarded before")
        try:
            with translated("waiting for a step"):
                self._queue.wait(self._number)
            return [] if staging is None else self._read(staging)
        finally:
            if staging is not None:
                self._pool.give_back(staging)

    def _read(self, staging: Buffer) -> list[bytes]:
        bounds = pairwise(accumulate(self._sizes, initial=0))
        return [self._queue.read(staging, start, end - start) for start, end in bounds]

    def discard(self) -> None:
        """See `runtime.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if staging is not None:
            self._pool.give_back(staging)
