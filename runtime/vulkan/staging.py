"""Host-visible Vulkan buffers that carry fetched ranges back, and the tickets that read them."""

from __future__ import annotations

from itertools import accumulate, pairwise

from kernelc.errors import InternalError
from runtime.device.staging import StagingPool
from runtime.vulkan.device import Buffer, VulkanDevice
from runtime.vulkan.native import translated
from runtime.vulkan.queue import Queue


def staging_pool(device: VulkanDevice) -> StagingPool[Buffer]:
    """Return a pool of buffers of this device."""
    return StagingPool(lambda size: device.create_buffer("staging", size, host=True))


class VulkanTicket:
    """A submission; its fetched ranges lie one after the other in a staging buffer."""

    def __init__(
        self,
        queue: Queue,
        pool: StagingPool[Buffer],
        staging: Buffer | None,
        sizes: list[int],
        number: int,
    ) -> None:
        self._queue, self._pool = queue, pool
        self._staging, self._sizes, self._number = staging, sizes, number

    def result(self) -> list[bytes]:
        """See `runtime.device.executor.Ticket`."""
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
        """See `runtime.device.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if staging is not None:
            self._pool.give_back(staging)
