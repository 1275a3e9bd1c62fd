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

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy type that holds an element."""
        return np.dtype({"f32": np.float32, "f16": np.float16, "u32": np.uint32, "i32": np.int32}[self.value])

    @property
    def size_bytes(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize


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
        """Bytes of the tensor, without padding."""
        return self.elements * self.dtype.size_bytes

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(str(dim) for dim in self.shape)}]"
