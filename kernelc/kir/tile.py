"""Tiles in the kernel language: sum += a * b, whatever multiplies them.

The calls are the same for matrix units, where a subgroup holds a tile and each call is an operation of the
kernel IR, and for register tiles, which every device has: there an invocation holds the tile, and the calls
are loads of vectors, products and sums. Offsets and strides are in elements of the memory: of register tiles
vectors of four, of matrix units' operands scalars, or words in which several are packed.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.kir.functions import named, vector
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Array
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Number, Value, Variable, current


@dataclass(frozen=True)
class Tile:
    """An operand in registers. `parts`: the tile of a subgroup, or rows of a and columns of b as vectors
    along k."""

    kind: TileKind
    role: str
    parts: tuple[Value, ...]


def load_tile(
    kind: TileKind,
    role: str,
    memory: Array,
    offset: Number,
    stride: Number,
    *,
    transposed: bool = False,
    name: str = "",
) -> Tile:
    """The tile "a" [m, k] or "b" [k, n] that begins at `offset` in shared memory.

    Element (row, col) is at row * stride + col; `transposed`: at col * stride + row, as where b's columns are
    the rows of a weight matrix. All invocations of the workgroup must call this; offset and stride are the
    same throughout a subgroup.
    """
    if kind.lanes == 1:
        return Tile(kind, role, _register_parts(role, memory, offset, stride, transposed, name))
    k = current()
    op = "tile_load_transposed" if transposed else "tile_load"
    value = k.emit(op, kind.type(role), (k.coerce(offset, u32), k.coerce(stride, u32)), memory.memory)
    return Tile(kind, role, (named(name or role, value),))


def _register_parts(
    role: str, memory: Array, offset: Number, stride: Number, transposed: bool, name: str
) -> tuple[Value, ...]:
    k = current()
    start = k.coerce(offset, u32)
    lines = [memory[start + line * stride if line else start] for line in range(4)]
    for at, line in enumerate(lines):
        line.hint = line.hint or f"{name or role}_{at}"
    if transposed == (role == "b"):
        return tuple(lines)
    return tuple(vector(*(line.lane(at) for line in lines)) for at in range(4))


class TileSum:
    """The sum [m, n] of products of tiles, in registers that start at zero."""

    def __init__(self, kind: TileKind, name: str = "sum") -> None:
        self.kind, k = kind, current()
        self._rows: list[list[Variable]] = []
        if kind.lanes == 1:
            self._rows = [[k.var(0.0, f32, f"{name}_{i}{j}") for j in range(kind.n)] for i in range(kind.m)]
        else:
            type = kind.type("sum")
            self._tile = k.var(k.emit("tile_zero", type, ()), type, name)

    def add(self, a: Tile, b: Tile) -> None:
        """sum += a * b; operands of 16 bits are multiplied exactly, and summed in 32."""
        k = current()
        if self.kind.lanes > 1:
            args = (a.parts[0], b.parts[0], self._tile.value())
            k.assign(self._tile, k.emit("tile_mma", self.kind.type("sum"), args))
            return
        for sums, row in zip(self._rows, a.parts, strict=True):
            for register, col in zip(sums, b.parts, strict=True):
                # One after the other: each product and sum is one instruction, as of a dot product the first
                # and the last are not.
                total = register.value()
                for at in range(self.kind.k):
                    total = total + row.lane(at) * col.lane(at)
                k.assign(register, total)

    def scale_rows(self, factors: Array, offset: Number) -> None:
        """Multiply row i by the f32 at factors[offset + i]."""
        k = current()
        first = k.coerce(offset, u32)
        if self.kind.lanes > 1:
            type = self.kind.type("sum")
            # a column of factors again and again: its stride is 0
            column = k.emit("tile_load_transposed", type, (first, k.constant(0, u32)), factors.memory)
            k.assign(self._tile, k.emit("tile_mul", type, (self._tile.value(), named("factors", column))))
            return
        for row, sums in enumerate(self._rows):
            factor = named("factor", factors[first + row])
            for register in sums:
                register *= factor

    def store(self, memory: Array, offset: Number, stride: Number) -> None:
        """Element (row, col) to shared memory at offset + row * stride + col; for register tiles a row is one
        vector. Offset and stride are multiples of 16 bytes."""
        k = current()
        start = k.coerce(offset, u32)
        if self.kind.lanes > 1:
            k.store_tile(memory.memory, start, stride, self._tile.value())
            return
        for row, sums in enumerate(self._rows):
            memory[start + row * stride if row else start] = vector(*sums)
