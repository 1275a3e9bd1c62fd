"""Element types and tensor types of the tensor IR."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from kernelc.ir.dim import Dim


class DType(StrEnum):
    """An element type; its value is its name in text forms and manifests."""

    F32 = "f32"
    F16 = "f16"
    U32 = "u32"
    I32 = "i32"
    Q8 = "q8"
    """Of caches alone: a signed byte, with a scale for each row of the last dimension
    (`kernelc.ir.cached_rows`)."""

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy type that holds an element; of q8 the number that it stands for."""
        types = {"f32": np.float32, "f16": np.float16, "u32": np.uint32, "i32": np.int32, "q8": np.float32}
        return np.dtype(types[self.value])

    @property
    def size_bytes(self) -> int:
        """Bytes of one element, without the scale of its row."""
        return 1 if self is DType.Q8 else self.numpy.itemsize


SCALES = ".scales"
"""What is added to the name of a q8 tensor for the array of its scales, f32 of its shape but the last."""


@dataclass(frozen=True)
class TensorType:
    """A shape of (possibly symbolic) dimensions, outermost first, and an element type; row-major."""

    shape: tuple[Dim, ...]
    dtype: DType = DType.F32

    @property
    def rank(self) -> int:
        """How many dimensions there are."""
        return len(self.shape)

    @property
    def elements(self) -> Dim:
        """How many elements there are."""
        count: Dim = 1
        for dim in self.shape:
            count = count * dim
        return count

    @property
    def size_bytes(self) -> Dim:
        """Bytes of the tensor, without padding; with the scales of q8."""
        return sum(self.stored_arrays.values(), start=0)

    @property
    def stored_arrays(self) -> dict[str, Dim]:
        """The bytes of each array that holds the tensor, by what is added to the tensor's name for it."""
        elements = self.elements
        arrays = {"": elements * self.dtype.size_bytes}
        if self.dtype is DType.Q8:
            arrays[SCALES] = TensorType(self.shape[:-1]).size_bytes
        return arrays

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(str(dim) for dim in self.shape)}]"
