"""Arrays as a kernel of one's own sees them: with numpy's shapes, and as many indices as dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from kernelc.errors import UsageError
from kernelc.kir.trace import Array
from kernelc.kir.values import Number, Value

TRACED_AS_ITS_CALLER = True  # lines and names in emitted text are those of the kernel that indexes


@dataclass(frozen=True)
class ShapedArray(Array):
    """An array of a kernel. `shape` is numpy's; of an array of vectors the last axis counts vectors.

    `a[i]` is element i in row-major order, `a[i, j]` the element at row i and column j: one number, or as
    many as there are axes, each an int or a u32 of the kernel. Nothing is checked on a device; the
    interpreter (device "numpy") reports what is out of bounds.
    """

    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many elements there are."""
        return prod(self.shape)

    def __getitem__(self, index: Number | tuple[Number, ...]) -> Value:
        return self.tracer.load(self.memory, self._flat(index))

    def __setitem__(self, index: Number | tuple[Number, ...], value: Number) -> None:
        self.tracer.store(self.memory, self._flat(index), value)

    def __iter__(self) -> Iterator[Value]:
        # Python would ask for one index after the other, and none is refused while the kernel is recorded.
        raise UsageError(
            f"{self.memory.name} cannot be iterated over in a kernel", help="count with k.loop, and index it"
        )

    def _flat(self, index: Number | tuple[Number, ...]) -> Number:
        if not isinstance(index, tuple):
            return index
        if len(index) != len(self.shape):
            raise UsageError(
                f"{self.memory.name} has {len(self.shape)} axes, and is indexed with {len(index)} numbers",
                help="give one number for each axis, or one for the place in row-major order",
            )
        flat = index[0]
        for each, extent in zip(index[1:], self.shape[1:], strict=True):
            flat = flat * extent + each
        return flat
