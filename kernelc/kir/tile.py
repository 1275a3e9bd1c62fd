"""Tiles in the kernel language: sum += a * b, whatever hardware multiplies them.

Kernels make the same calls for both sorts of tiles. For matrix units a subgroup holds a tile together, and
each call is an operation of the kernel IR. Register tiles work on every device: each invocation holds its
own, and the calls expand to loads of vectors, products and sums. Offsets and strides count elements of the
memory: vectors of four for register tiles; for the operands of matrix units scalars, or words in which
several are packed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernelc.kir.functions import named, splat, vector
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Array
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Number, Value, Variable, current


@dataclass(frozen=True)
class Tile:
    """An operand in registers. `parts` is the tile of a subgroup, or for each number along k the column of a
    (the row of b) as a vector."""

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
    further: int = 0,
) -> Tile:
    """The tile "a" [m, k] or "b" [k, n] that begins at `offset` in shared memory.

    Element (row, col) is at row * stride + col; if `transposed`, at col * stride + row, as when the columns
    of b are the rows of a weight matrix. All invocations of the workgroup must call this, with the same
    offset and stride throughout a subgroup. `further` is added to the offset.
    """
    k = current()
    if kind.lanes == 1:
        start = k.coerce(offset, u32)
        places = [start + more if (more := line * stride + further) else start for line in range(4)]
        lines = [memory[place] for place in places]
        return Tile(kind, role, _register_parts(lines, transposed == (role == "a"), name or role))
    if further:
        offset = k.coerce(offset, u32) + further
    op = "tile_load_transposed" if transposed else "tile_load"
    value = k.emit(op, kind.type(role), (k.coerce(offset, u32), k.coerce(stride, u32)), memory.memory)
    return Tile(kind, role, (named(name or role, value),))


def pack_tile(kind: TileKind, words: Value, name: str = "a") -> Tile:
    """The tile "a" whose elements are in the four words u32x4 of each invocation that holds it, for kinds
    that read b from shared memory: see `kernelc.kir.tile_types.packed_place`."""
    return Tile(kind, "a", (named(name, current().emit("tile_pack", kind.type("a"), (words,))),))


def pack_bytes(
    kind: TileKind, upper: Value, lower: Value, factors: tuple[Value, Value], less: int, name: str = "a"
) -> Tile:
    """As `pack_tile`, of signed bytes: an element is (byte - less) * factor, rounded to a half once.

    Words of four bytes are the elements of an invocation's upper and lower row, `factors` those of the two
    rows, each a half twice in a word.
    """
    value = current().emit("tile_pack_bytes", kind.type("a"), (upper, lower, *factors), less)
    return Tile(kind, "a", (named(name, value),))


def _register_parts(lines: list[Value], across: bool, name: str) -> tuple[Value, ...]:
    """The parts out of what memory holds: these, where its lines lie across k, or the lines along k."""
    for at, line in enumerate(lines):
        line.hint = line.hint or f"{name}_{at}"
    if across:
        return tuple(lines)
    parts = [vector(*(line.lane(at) for line in lines)) for at in range(4)]
    for part, lane in zip(parts, "xyzw", strict=True):
        part.hint = part.hint or f"{name}_{lane}"
    return tuple(parts)


class TileSum:
    """The sum [m, n] of products of tiles, in registers that start at zero."""

    def __init__(self, kind: TileKind, name: str = "sum") -> None:
        self.kind, k = kind, current()
        self._rows: list[Variable] = []
        if kind.lanes == 1:
            self._rows = [k.var(0.0, f32.with_lanes(kind.n), f"{name}_{i}") for i in range(kind.m)]
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
        # An outer product for each number along k: sixteen products and sums, each one fused instruction, of
        # which none waits for another.
        for column, row in zip(a.parts, b.parts, strict=True):
            for at, sums in enumerate(self._rows):
                factor = splat(column.lane(at), self.kind.n)
                factor.hint = factor.hint or "factor"
                sums += row * factor

    def add_shared(self, a: Sequence[Tile], memory: Array, offset: Number, stride: Number) -> None:
        """sum += a[0] * b[0] + a[1] * b[1] + ..., for kinds that read b from shared memory of u32x4.

        A cell holds eight neighbouring halves of a column of the b's, which lie below each other: those at
        rows 8*i .. 8*i+7 of column n are the cell at offset + i * stride + n.
        """
        k = current()
        places = k.coerce(offset, u32), k.coerce(stride, u32)
        args = (*places, self._tile.value(), *(tile.parts[0] for tile in a))
        k.assign(self._tile, k.emit("tile_mma_shared", self.kind.type("sum"), args, memory.memory))

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
            sums *= named("factor", factors[first + row])

    def store(
        self,
        memory: Array,
        offset: Number,
        stride: Number,
        *,
        transposed: bool = False,
        columns: tuple[int, int] | None = None,
    ) -> None:
        """Store element (row, col) to shared memory at offset + row * stride + col; if `transposed`, which
        only matrix units can, at offset + col * stride + row. Of large tiles a range of `columns` may be
        stored so, as if they were all.

        A row of a register tile is one vector. Offset and stride are multiples of 16 bytes.
        """
        k = current()
        start = k.coerce(offset, u32)
        if self.kind.lanes > 1:
            k.store_tile(memory.memory, start, stride, self._tile.value(), transposed, columns)
            return
        assert not transposed, "register tiles are stored by rows"
        for row, sums in enumerate(self._rows):
            memory[start + row * stride if row else start] = sums.value()
