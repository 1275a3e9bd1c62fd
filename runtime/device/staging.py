"""Reusable host memory through which fetched ranges come back from a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_SMALLEST_BYTES = 256
_LARGEST_ROUNDED_BYTES = 1 << 20  # above this, sizes are exact: a rounded one might exceed the device's limit


class Staged(Protocol):
    """Memory that the host can read, with its size."""

    @property
    def bytes(self) -> int: ...


S = TypeVar("S", bound=Staged)


class StagingPool(Generic[S]):
    """Free staging memory by size. Each piece is either in the pool, or with the ticket that will read it.

    A returned piece may still be the target of a pending copy; its next use is queued after that copy.
    """

    def __init__(self, create: Callable[[int], S]) -> None:
        """`create` returns staging memory of a given number of bytes. It raises DeviceError where memory runs
        out.
        """
        self._create = create
        self._free: dict[int, list[S]] = {}
        self.created_bytes = 0

    def take(self, size: int) -> S:
        """Return staging memory of at least `size` bytes. Raises: as `create`."""
        capacity = _rounded(size)
        free = self._free.get(capacity)
        if free:
            return free.pop()
        staging = self._create(capacity)
        self.created_bytes += capacity
        return staging

    def give_back(self, staging: S) -> None:
        """Return to the pool what a ticket has read or discarded."""
        self._free.setdefault(staging.bytes, []).append(staging)

    def forget(self, staging: S) -> None:
        """Stop counting staging memory that was taken and will never be given back."""
        self.created_bytes -= staging.bytes

    def release(self) -> None:
        """Drop everything in the pool."""
        self._free.clear()
        self.created_bytes = 0


def _rounded(size: int) -> int:
    if size > _LARGEST_ROUNDED_BYTES:
        return size
    return max(_SMALLEST_BYTES, 1 << (size - 1).bit_length())
