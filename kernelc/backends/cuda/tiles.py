"""Tiles of matrix units in CUDA C: their names, and the memory that they are loaded from.

The functions themselves are PTX in `templates/tiles.cu.j2`: `ldmatrix` for the operands, `mma` for products.
"""

from __future__ import annotations

from kernelc.kir.memory import Memory
from kernelc.kir.tile_types import F16, I8, TileType

TYPES = ("a", "b", "sum")
FUNCTIONS = (
    "tile_mma",
    "tile_mul",
    "tile_store",
    *(f"{op}_{role}" for op in ("tile_load", "tile_load_transposed") for role in TYPES),
)
NAMES = frozenset((*FUNCTIONS, *(str(kind.type(role)) for kind in (F16, I8) for role in TYPES)))
"""What a kernel's own values may not be called."""


def place_of(memory: Memory, cell: str, type: TileType) -> str:
    """The address of a tile's first element, in the form in which the tile functions take it.

    Raises: NotImplementedError for operands that are not stored as the 16-byte words that `ldmatrix` needs.
    """
    if type.role == "sum":
        scalar = "int" if type.scalar == "i32" else "float"
        return f"&{cell}" if str(memory.type) == type.scalar else f"reinterpret_cast<{scalar}*>(&{cell})"
    if str(memory.type) != "u32x4":
        raise NotImplementedError(f"CUDA loads tiles from words of 16 bytes, u32x4, not from {memory.type}")
    return f"&{cell}"
