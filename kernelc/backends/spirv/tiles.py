"""Tiles of matrix units in SPIR-V: matrices that the invocations of a subgroup hold together.

Source: SPV_KHR_cooperative_matrix. Memory may hold words that pack several elements; strides count elements
of the memory, as in kernel IR, and a load may have stride 0.
"""

from __future__ import annotations

from kernelc.backends.spirv.lines import Lines
from kernelc.backends.spirv.operations import instruction_of
from kernelc.kir.memory import Buffer, Shared
from kernelc.kir.nodes import TileStore
from kernelc.kir.tile_types import TileKind, TileType
from kernelc.kir.types import f32, i32
from kernelc.kir.values import Value

_ROW_MAJOR, _COLUMN_MAJOR = 0, 1
_SIGNED = "|".join(f"Matrix{each}SignedComponentsKHR" for each in ("A", "B", "C", "Result"))


def tile_value(lines: Lines, wish: str, value: Value, args: list[str]) -> str:
    """Emit an operation on tiles; returns its id.

    Raises: NotImplementedError for tiles that several subgroups hold.
    """
    kind = value.type
    assert isinstance(kind, TileType)
    if kind.kind.b_shared:
        raise NotImplementedError(f"SPIR-V has no matrices of several subgroups, such as {kind}")
    type = lines.type(kind)
    match value.op:
        case "tile_zero":
            zero = lines.constant(0, i32 if kind.scalar == "i32" else f32)
            return lines.module.declare(f"{kind}_zero", f"OpConstantComposite {type} {zero}")
        case "tile_mul":
            return lines.result(wish, instruction_of("mul", kind.scalar), type, *args)
        case "tile_mma":
            return lines.result(wish, "OpCooperativeMatrixMulAddKHR", type, *args, *_signs(kind.kind))
        case _:
            assert isinstance(value.attr, Buffer | Shared)
            layout = lines.constant(_COLUMN_MAJOR if value.op == "tile_load_transposed" else _ROW_MAJOR)
            where = (lines.cell(value.attr, value.args[0]), layout, args[1])
            return lines.result(wish, "OpCooperativeMatrixLoadKHR", type, *where, *lines.access(value.attr))


def tile_store(lines: Lines, statement: TileStore) -> None:
    """Emit a store, row by row."""
    cell, stride = lines.cell(statement.memory, statement.offset), lines.ref(statement.stride)
    layout = _COLUMN_MAJOR if statement.transposed else _ROW_MAJOR
    operands = (lines.ref(statement.value), lines.constant(layout), stride)
    lines.emit("OpCooperativeMatrixStoreKHR", cell, *operands, *lines.access(statement.memory))


def _signs(kind: TileKind) -> tuple[str, ...]:
    return (_SIGNED,) if kind.sum == "i32" else ()
