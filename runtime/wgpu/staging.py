"""Mappable wgpu buffers that carry fetched ranges back, and the tickets that read them."""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.errors import InternalError
from runtime.device.staging import StagingPool
from runtime.wgpu.device import WgpuDevice
from runtime.wgpu.native import Handle, native


@dataclass(frozen=True)
class Staging:
    """A mappable buffer and its native handle."""

    buffer: Handle
    native: Handle
    bytes: int


def staging_pool(device: WgpuDevice) -> StagingPool[Staging]:
    """Return a pool of buffers of this device. They are given back unmapped."""

    def create(size: int) -> Staging:
        buffer = device.create_staging(size)
        return Staging(buffer, native(buffer), size)

    return StagingPool(create)


class WgpuTicket:
    """A submission; its fetched ranges lie one after the other in a staging buffer."""

    def __init__(
        self,
        device: WgpuDevice,
        pool: StagingPool[Staging],
        staging: Staging | None,
        sizes: list[int],
        submission: Handle,
    ) -> None:
        self._device = device
        self._pool = pool
        self._staging = staging
        self._sizes = sizes
        self._submission = submission

    def result(self) -> list[bytes]:
        """See `runtime.device.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if self._sizes and staging is None:
            raise InternalError("a ticket's result was collected or discarded before")
        with self._device.translated("waiting for a step"):
            if staging is None:
                self._device.library.wait(self._device.native_device, self._submission)
                return []
            data = self._read(staging)
        self._pool.give_back(staging)
        ends = [sum(self._sizes[: i + 1]) for i in range(len(self._sizes))]
        return [data[end - size : end] for size, end in zip(self._sizes, ends, strict=True)]

    def discard(self) -> None:
        """See `runtime.device.executor.Ticket`."""
        staging, self._staging = self._staging, None
        if staging is not None:
            self._pool.give_back(staging)

    def _read(self, staging: Staging) -> bytes:
        device = self._device
        try:
            return device.library.read(
                device.native_device, staging.native, sum(self._sizes), self._submission
            )
        except BaseException:
            self._pool.forget(staging)  # its mapping failed: its state is unknown
            staging.buffer.destroy()
            raise
