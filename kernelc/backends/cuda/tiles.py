"""Tiles of matrix units in CUDA C: their names, and the memory that they are loaded from.

The functions themselves are PTX in `templates/tiles.cu.j2`: `ldmatrix` for the operands, `mma` for products.
Those for tiles of four warps are in `templates/large_tiles.cu.j2`: `wgmma`.
"""

from __future__ import annotations

import numpy as np

from kernelc.backends.dialect import Dialect, Text
from kernelc.kir.memory import Memory
from kernelc.kir.nodes import TileStore
from kernelc.kir.tile_types import F16, I8, LARGE_F16, TileType
from kernelc.kir.values import Value

TYPES = ("a", "b", "sum")
FUNCTIONS = (
    "tile_mma",
    "tile_mul",
    "tile_store",
    "tile_store_transposed",
    "multiply_shared",
    "scaled_halves",
    "tile_pack",
    "tile_pack_bytes",
    *(f"tile_mma_shared_{count}" for count in range(1, 9)),
    *(f"{op}_{role}" for op in ("tile_load", "tile_load_transposed") for role in TYPES),
)
BARRIER = "barrier_for_tiles"
"""The function that is the barrier of kernels whose matrix units read shared memory themselves."""
NAMES = frozenset(
    (BARRIER, *FUNCTIONS, *(str(kind.type(role)) for kind in (F16, I8, LARGE_F16) for role in TYPES))
)
"""What a kernel's own values may not be called."""


def halves_word(number: float) -> str:
    """A number, twice, in a word of two halves."""
    bits = int(np.float16(number).view(np.uint16))
    return f"0x{bits * 0x10001:08x}"


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


def _times(stride: str, lanes: int) -> str:
    return stride if lanes == 1 else f"({stride}) * {lanes}u"


class TileDialect(Dialect):
    """The part of the dialect that spells tiles.

    `tiles`: operations that the module has to define, each with its type; tile_zero stands for the type
    itself. `tiles_read_shared`: whether matrix units read shared memory themselves.
    """

    def __init__(self) -> None:
        self.tiles: dict[tuple[str, TileType], None] = {}
        self.tiles_read_shared = False

    def define_tile(self, type: TileType) -> str:
        self.tiles["tile_zero", type] = None
        return str(type)

    def barrier(self) -> str:
        return f"{BARRIER}();" if self.tiles_read_shared else "__syncthreads();"

    def on_tiles(self, op: str, type: TileType, args: list[Text], attr: object) -> Text:
        if op == "tile_zero":
            return Text(f"{self.define_tile(type)}{{}}")
        self.define_tile(type)
        self.tiles[op, type] = None
        if op == "tile_pack_bytes":
            assert isinstance(attr, int)
            args = [*args, Text(f"{halves_word(1152.0 + attr)}u")]
        return self.call(op, args)

    def tile_load(self, value: Value, place: str, stride: str) -> Text:
        type, memory = value.type, value.attr
        assert isinstance(type, TileType) and isinstance(memory, Memory)
        self.define_tile(type)
        self.tiles[value.op, type] = None
        lanes = memory.type.lanes if type.role == "sum" else 1
        first = place_of(memory, place, type)
        return Text(f"{value.op}_{type.role}({first}, {_times(stride, lanes)})")

    def tile_store(self, statement: TileStore, place: str, stride: str, value: str) -> str:
        type, memory = statement.value.type, statement.memory
        assert isinstance(type, TileType)
        name = "tile_store_transposed" if statement.transposed else "tile_store"
        self.tiles[name, type] = None
        args = f"{place_of(memory, place, type)}, {_times(stride, memory.type.lanes)}, {value}"
        if type.kind.b_shared and statement.transposed:
            first, end = statement.columns or (0, type.shape[1])
            return f"{name}<{first}u, {end}u>({args});"
        return f"{name}({args});"

    def tile_mma_shared(self, value: Value, place: str, stride: str, tiles: list[str]) -> Text:
        assert isinstance(value.type, TileType)
        self.define_tile(value.type)
        name = f"tile_mma_shared_{len(tiles) - 1}"
        self.tiles[name, value.type] = None
        return Text(f"{name}(&{place}, {stride}, {', '.join(tiles)})")
