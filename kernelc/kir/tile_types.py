"""Types of tiles: small matrices that one invocation, or a subgroup together, multiplies as a whole.

sum [m, n] += a [m, k] * b [k, n]. A device's matrix units offer a few kinds, each with one shape. How the
elements are distributed over a subgroup's invocations is up to the device, so a tile is opaque: it can be
loaded, multiplied and stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from kernelc.kir.types import Type

V = TypeVar("V", bound=Any)  # numbers of invocations: of a kernel's values, or numpy's

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
    of that size).

    `b_shared`: the units read b from shared memory while they multiply, so that it is never in registers,
    and invocations make a out of words of their own (`packed_place`). Several neighbouring subgroups hold
    such tiles together.
    """

    operand: str
    sum: str
    m: int
    n: int
    k: int
    lanes: int
    b_shared: bool = False

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
BYTES = TileKind("i8", "i32", 4, 4, 4, 1)
"""Sixteen sums of products of four bytes each, for kernels that make them with "dot4" one by one."""
F16 = TileKind("f16", "f32", 16, 16, 16, 32)
"""Halves, with sums of 32 bits: CUDA since Turing, Vulkan's cooperative matrices."""
I8 = TileKind("i8", "i32", 16, 16, 32, 32)
"""Signed bytes, with sums of 32 bits."""
LARGE_F16 = TileKind("f16", "f32", 64, 128, 16, 128, b_shared=True)
"""Halves, with sums of 32 bits, for four subgroups of 32 together: what Hopper's matrix units multiply at
their full rate."""


def packed_place(invocation: V) -> tuple[V, V]:
    """Where in a tile `a` of 64 x 16 the invocation's first word lies: (row, column), by its number among
    those that hold the tile.

    Each of its four words holds two neighbouring halves of a row: those at the place itself, eight rows
    below, eight columns further, and both.
    """
    return invocation // 32 * 16 + invocation % 32 // 4, invocation % 4 * 2


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
