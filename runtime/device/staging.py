"""Host memory that carries fetched ranges back from a device, used again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_SMALLEST_BYTES = 256
_LARGEST_ROUNDED_BYTES = 1 << 20  # above this, sizes are exact: a rounded one might exceed the device's limit


class Staged(Protocol):
    """Memory of so many bytes that the host sees."""

    @property
    def bytes(self) -> int: ...


S = TypeVar("S", bound=Staged)


class StagingPool(Generic[S]):
    """Staging by size. One is either here, or with the ticket that will read it.

    A copy may still be under way into one that was given back: whoever takes it next comes behind that.
    """

    def __init__(self, create: Callable[[int], S]) -> None:
        """`create` makes staging of so many bytes. It raises DeviceError where the memory is not there."""
        self._create = create
        self._free: dict[int, list[S]] = {}
        self.created_bytes = 0

    def take(self, size: int) -> S:
        """Return staging of at least `size` bytes. Raises: as `create`."""
        capacity = _rounded(size)
        free = self._free.get(capacity)
        if free:
            return free.pop()
        staging = self._create(capacity)
        self.created_bytes += capacity
        return staging

    def give_back(self, staging: S) -> None:
        """Take back what a ticket has read or gave up."""
        self._free.setdefault(staging.bytes, []).append(staging)

    def forget(self, staging: S) -> None:
        """Count staging no more that was taken and is never to come back."""
        self.created_bytes -= staging.bytes

    def release(self) -> None:
        """Let go of what is here."""
        self._free.clear()
        self.created_bytes = 0


def _rounded(size: int) -> int:
    if size > _LARGEST_ROUNDED_BYTES:
        return size
    return max(_SMALLEST_BYTES, 1 << (size - 1).bit_length())
