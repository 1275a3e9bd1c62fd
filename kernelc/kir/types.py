"""Types of kernel IR values: 32- and 16-bit scalars and short vectors of them.

The set is what WGSL offers to compute shaders (the strictest of the targets), and vectors of eight for
processors: no 8-bit scalars, no 64-bit integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

_NUMPY: dict[str, type[np.generic]] = {
    "f32": np.float32,
    "f16": np.float16,
    "i32": np.int32,
    "u32": np.uint32,
    "bool": np.bool_,
}
_BYTES = {"f32": 4, "f16": 2, "i32": 4, "u32": 4, "bool": 4}


@dataclass(frozen=True, slots=True)
class Type:
    """A scalar (`lanes == 1`) or a vector of 2 or 4 scalars, or of 8 where a target has vectors that wide
    (`Capabilities.vector_lanes`)."""

    scalar: str
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.scalar not in _NUMPY or self.lanes not in (1, 2, 4, 8):
            raise ValueError(f"no such kernel type: {self.scalar}x{self.lanes}")

    def __str__(self) -> str:
        return self.scalar if self.lanes == 1 else f"{self.scalar}x{self.lanes}"

    @property
    def bytes(self) -> int:
        return _BYTES[self.scalar] * self.lanes

    @property
    def is_float(self) -> bool:
        return self.scalar in ("f32", "f16")

    @property
    def is_integer(self) -> bool:
        return self.scalar in ("i32", "u32")

    @property
    def element(self) -> Type:
        """The scalar type of a vector."""
        return _type(self.scalar, 1)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype(_NUMPY[self.scalar])

    def with_lanes(self, lanes: int) -> Type:
        return _type(self.scalar, lanes)

    @property
    def integer_range(self) -> tuple[int, int]:
        """The smallest and the largest number of an integer type."""
        return (0, (1 << 32) - 1) if self.scalar == "u32" else (-(1 << 31), (1 << 31) - 1)

    def holds(self, number: int | float | bool) -> bool:
        """Whether a Python number is representable: in range, finite, and for integers whole."""
        if self.scalar == "bool" or isinstance(number, bool):
            return self.scalar == "bool" and isinstance(number, bool)
        if self.is_float:
            with np.errstate(over="ignore"):
                return bool(np.isfinite(np.array(number, self.dtype)))
        low, high = self.integer_range
        return isinstance(number, int) and low <= number <= high

    def view(self, data: npt.NDArray[np.uint8]) -> npt.NDArray[np.generic]:
        """Bytes seen as an array of this type: [n] for scalars, [n, lanes] for vectors."""
        array = data.view(self.dtype)
        return array if self.lanes == 1 else array.reshape(-1, self.lanes)


_type = cache(Type)

f32, f16, i32, u32, boolean = (_type(scalar, 1) for scalar in ("f32", "f16", "i32", "u32", "bool"))
f32x2, f32x4, u32x2, u32x4 = _type("f32", 2), _type("f32", 4), _type("u32", 2), _type("u32", 4)
i32x2, i32x4 = _type("i32", 2), _type("i32", 4)
f32x8, i32x8, u32x8 = _type("f32", 8), _type("i32", 8), _type("u32", 8)
f16x2, f16x4 = _type("f16", 2), _type("f16", 4)


def parse(text: str) -> Type:
    """`"f32x4"` -> Type; the inverse of `str`. Raises ValueError for any other text."""
    scalar, _, lanes = text.partition("x")
    type = Type(scalar, int(lanes) if lanes else 1)
    if str(type) != text:
        raise ValueError(f"no such kernel type: {text}")
    return type
