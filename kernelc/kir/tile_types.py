"""Types of tiles: small matrices that one invocation, or a subgroup together, multiplies as a whole.

sum [m, n] += a [m, k] * b [k, n]. A device's matrix units offer a few kinds, each with one shape. How the
elements are distributed over a subgroup's invocations is up to the device, so a tile is opaque: it can be
loaded, multiplied and stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernelc.kir.types import Type

ROLES = ("a", "b", "sum")
_DTYPES: dict[str, type[np.generic]] = {
    "f32": np.float32,
    "i32": np.int32,
    "f16": np.float16,
    "i8": np.int8,
}


@dataclass(frozen=True, slots=True)
class TileKind:
    """One way to multiply tiles: the scalar types of operands and sum, the shape, and the number of
    invocations that hold a tile together (1: in an invocation's own registers; otherwise a whole subgroup
    of that size)."""

    operand: str
    sum: str
    m: int
    n: int
    k: int
    lanes: int

    @property
    def feature(self) -> str:
        """The feature that a device must offer, such as "tile_f16_16x16x16"."""
        return f"tile_{self.operand}_{self.m}x{self.n}x{self.k}"

    def shape(self, role: str) -> tuple[int, int]:
        """Rows and columns of a tile of this role."""
        return {"a": (self.m, self.k), "b": (self.k, self.n), "sum": (self.m, self.n)}[role]

    def type(self, role: str) -> TileType:
        """The type of a tile of this role."""
        return TileType(self.sum if role == "sum" else self.operand, 1, role, self)


REGISTERS = TileKind("f32", "f32", 4, 4, 4, 1)
"""What every device has: sixteen sums in the registers of an invocation."""
F16 = TileKind("f16", "f32", 16, 16, 16, 32)
"""Halves, with sums of 32 bits: CUDA since Turing, Vulkan's cooperative matrices."""
I8 = TileKind("i8", "i32", 16, 16, 32, 32)
"""Signed bytes, with sums of 32 bits."""


@dataclass(frozen=True, slots=True)
class TileType(Type):
    """The type of a tile that a subgroup holds. `scalar` is the type of its elements, which may be "i8"."""

    role: str = "sum"
    kind: TileKind = REGISTERS

    def __post_init__(self) -> None:
        if self.role not in ROLES or self.scalar not in _DTYPES or self.lanes != 1:
            raise ValueError(f"no such tile: {self}")

    def __str__(self) -> str:
        rows, cols = self.shape
        return f"tile_{self.role}_{self.scalar}_{rows}x{cols}"

    @property
    def shape(self) -> tuple[int, int]:
        return self.kind.shape(self.role)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype(_DTYPES[self.scalar])

    @property
    def bytes(self) -> int:
        rows, cols = self.shape
        return rows * cols * self.dtype.itemsize

    @property
    def element(self) -> Type:
        """The tile itself: scalars are never spread over a tile."""
        return self

    def run(self, transposed: bool) -> int:
        """The number of elements that are adjacent in memory: those of a row, or of a column if columns are
        stored."""
        return self.shape[0 if transposed else 1]

    def fits(self, memory: Type, transposed: bool) -> bool:
        """Whether `memory` can hold such tiles: its elements are the same scalars, or words that pack them,
        and every row fills whole elements."""
        whole = self.run(transposed) * self.dtype.itemsize % memory.bytes == 0
        return memory.scalar in ("u32", self.scalar) and whole
