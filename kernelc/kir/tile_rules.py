"""Which types operations on tiles of matrix units take and give (see `kernelc.kir.type_rules`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kernelc.kir.memory import Shared
from kernelc.kir.tile_types import TileType
from kernelc.kir.types import u32, u32x4
from kernelc.kir.values import Value


def _load(value: Value) -> str | None:
    tile, memory = value.type, value.attr
    if not isinstance(tile, TileType) or not isinstance(memory, Shared):
        return "needs shared memory and gives a tile"
    if any(arg.type != u32 for arg in value.args):
        return f"needs an offset and a stride of u32, got {_types(value.args)}"
    if tile.kind.b_shared:
        return f"of a {tile}, which is made of words and multiplied from shared memory"
    transposed = value.op == "tile_load_transposed"
    if tile.scalar == "i8" and transposed == (tile.role == "a"):
        return f"of a {tile} needs bytes that lie side by side along k"
    return None if tile.fits(memory.type, transposed) else f"of a {tile} from {memory.name}: {memory.type}"


def _mma(value: Value) -> str | None:
    sum = value.type
    if not isinstance(sum, TileType) or sum.role != "sum":
        return f"gives a sum, not {sum}"
    if sum.kind.b_shared:
        return f"of a {sum}, whose b is in shared memory"
    wanted = tuple(sum.kind.type(role) for role in ("a", "b", "sum"))
    return None if tuple(arg.type for arg in value.args) == wanted else f"of {_types(value.args)}"


def _pack(value: Value) -> str | None:
    tile = value.type
    if not isinstance(tile, TileType) or tile.role != "a" or not tile.kind.b_shared:
        return f"gives an operand a whose b is in shared memory, not {tile}"
    return None if [arg.type for arg in value.args] == [u32x4] else f"of {_types(value.args)}"


def _pack_bytes(value: Value) -> str | None:
    tile, less = value.type, value.attr
    if not isinstance(tile, TileType) or tile.role != "a" or not tile.kind.b_shared:
        return f"gives an operand a whose b is in shared memory, not {tile}"
    if not isinstance(less, int) or not -128 <= less <= 127:
        return f"takes {less} off every byte, wanted a number of a signed byte"
    return None if [arg.type for arg in value.args] == [u32] * 4 else f"of {_types(value.args)}"


def _mma_shared(value: Value) -> str | None:
    sum, memory = value.type, value.attr
    if not isinstance(sum, TileType) or sum.role != "sum" or not sum.kind.b_shared:
        return f"gives a sum whose b is in shared memory, not {sum}"
    if not isinstance(memory, Shared) or memory.type != u32x4:
        return "needs shared memory of u32x4"
    a = value.args[3:]
    wanted = (u32, u32, sum, *[sum.kind.type("a")] * len(a))
    return None if a and tuple(arg.type for arg in value.args) == wanted else f"of {_types(value.args)}"


def _sums(value: Value) -> str | None:
    if not isinstance(value.type, TileType) or value.type.role != "sum":
        return f"is of sums, not {value.type}"
    alike = all(arg.type == value.type for arg in value.args)
    return None if alike else f"operands {_types(value.args)} and result {value.type} differ"


def _types(values: tuple[Value, ...]) -> str:
    return " and ".join(str(value.type) for value in values)


TILE_RULES: Mapping[str, Callable[[Value], str | None]] = {
    **dict.fromkeys(("tile_load", "tile_load_transposed"), _load),
    **dict.fromkeys(("tile_zero", "tile_mul"), _sums),
    "tile_mma": _mma,
    "tile_pack": _pack,
    "tile_pack_bytes": _pack_bytes,
    "tile_mma_shared": _mma_shared,
}
"""By operation: why the types of a value are wrong, or None."""
