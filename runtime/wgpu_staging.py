"""Host-visible buffers that carry fetched ranges back, used again and again."""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.errors import InternalError
from runtime.wgpu_device import WgpuDevice
from runtime.wgpu_native import Handle, native

_SMALLEST_BYTES = 256
_LARGEST_ROUNDED_BYTES = 1 << 20  # above this, sizes are exact: a rounded one might exceed the device's limit


@dataclass(frozen=True)
class Staging:
    """A mappable buffer and its native handle."""

    buffer: Handle
    native: Handle
    capacity: int


class StagingPool:
    """Staging buffers by size. One is either here, or with the ticket that will read it."""

    def __init__(self, device: WgpuDevice) -> None:
        self._device = device
        self._free: dict[int, list[Staging]] = {}
        self.created_bytes = 0

    def take(self, size: int) -> Staging:
        """Return a buffer of at least `size` bytes. Raises: DeviceError where the memory is not there."""
        capacity = _rounded(size)
        free = self._free.get(capacity)
        if free:
            return free.pop()
        buffer = self._device.create_staging(capacity)
        self.created_bytes += capacity
        return Staging(buffer, native(buffer), capacity)

    def give_back(self, staging: Staging) -> None:
        """Take back a buffer that is not mapped; a copy into it may still be under way."""
        self._free.setdefault(staging.capacity, []).append(staging)

    def forget(self, staging: Staging) -> None:
        """Drop a buffer whose mapping failed: its state is unknown."""
        self.created_bytes -= staging.capacity
        staging.buffer.destroy()


def _rounded(size: int) -> int:
    if size > _LARGEST_ROUNDED_BYTES:
        return size
    return max(_SMALLEST_BYTES, 1 << (size - 1).bit_length())


class WgpuTicket:
    """A submission; its fetched ranges lie one after the other in a staging buffer."""

    def __init__(
        self,
        device: WgpuDevice,
        pool: StagingPool,
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
        """See `runtime.executor.Ticket`."""
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
        """See `runtime.executor.Ticket`."""
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
            self._pool.forget(staging)
            raise
