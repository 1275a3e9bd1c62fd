"""Tiles in the kernel language: sum += a * b, whatever hardware multiplies them.

Kernels make the same calls for both sorts of tiles. For matrix units a subgroup holds a tile together, and
each call is an operation of the kernel IR. Register tiles work on every device: each invocation holds its
own, and the calls expand to loads of vectors, products and sums. Offsets and strides count elements of the
memory: vectors of four for register tiles; for the operands of matrix units scalars, or words in which
several are packed.
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
    """An operand in registers. `parts` is the tile of a subgroup, or the rows of a (columns of b) as vectors
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

    Element (row, col) is at row * stride + col; if `transposed`, at col * stride + row, as when the columns
    of b are the rows of a weight matrix. All invocations of the workgroup must call this, with the same
    offset and stride throughout a subgroup.
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
        """sum += a * b. Products of 16-bit operands are exact; the sum has 32 bits."""
        k = current()
        if self.kind.lanes > 1:
            args = (a.parts[0], b.parts[0], self._tile.value())
            k.assign(self._tile, k.emit("tile_mma", self.kind.type("sum"), args))
            return
        for sums, row in zip(self._rows, a.parts, strict=True):
            for register, col in zip(sums, b.parts, strict=True):
                # One product and sum after the other: each pair is one fused instruction. In a dot product
                # the first product and the last sum would be instructions of their own.
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
            # Stride 0 repeats one column of factors, so that every row has its own factor.
            column = k.emit("tile_load_transposed", type, (first, k.constant(0, u32)), factors.memory)
            k.assign(self._tile, k.emit("tile_mul", type, (self._tile.value(), named("factors", column))))
            return
        for row, sums in enumerate(self._rows):
            factor = named("factor", factors[first + row])
            for register in sums:
                register *= factor

    def store(self, memory: Array, offset: Number, stride: Number) -> None:
        """Store element (row, col) to shared memory at offset + row * stride + col; a row of a register tile
        is one vector. Offset and stride are multiples of 16 bytes."""
        k = current()
        start = k.coerce(offset, u32)
        if self.kind.lanes > 1:
            k.store_tile(memory.memory, start, stride, self._tile.value())
            return
        for row, sums in enumerate(self._rows):
            memory[start + row * stride if row else start] = vector(*sums)
