"""A part of an array, for code of a single row that knows nothing of the rows before it."""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.kir.trace import Array
from kernelc.kir.values import Number, Operators

TRACED_AS_ITS_CALLER = True


@dataclass(frozen=True)
class PartOfArray(Array):
    """The elements of a memory from `first` on."""

    first: Operators

    def place(self, index: Number) -> Number:
        return self.first + index
