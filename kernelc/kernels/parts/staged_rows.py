"""Rows of a matrix staged in workgroup memory, for whatever tiles multiply them.

A panel holds `depth` neighbouring elements of each of its rows. For register tiles they are vectors of four
f32; for matrix units of 16 bits, words of 16 bytes with eight halves each. A row takes an odd number of
16-byte cells, one more than its elements need, so that neighbouring rows lie in different banks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernelc.kir.functions import maximum, minimum, pack_half2, vector
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Number, Operators
from kernelc.kir.tile import Tile, load_tile
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f32x4, u32x4

_LARGEST_HALF = 65504.0


def cell_type(kind: TileKind) -> Type:
    """What a panel is an array of: 16 bytes."""
    return f32x4 if kind.operand == "f32" else u32x4


def cell_elements(kind: TileKind) -> int:
    """Elements in a cell."""
    return 4 if kind.operand == "f32" else 8


def row_cells(kind: TileKind, depth: int) -> int:
    """Cells from one staged row to the next."""
    return depth // cell_elements(kind) | 1


def saturated(x: Operators) -> Value:
    """What a half cannot hold becomes the largest that it can: no infinity meets a sum."""
    return maximum(minimum(x, _LARGEST_HALF), -_LARGEST_HALF)


def halves(low: Operators, high: Operators) -> Value:
    """Eight f32 as a cell of halves."""
    pairs = [vector(four.lane(at), four.lane(at + 1)) for four in (low, high) for at in (0, 2)]
    return vector(*(pack_half2(pair) for pair in pairs))


@dataclass(frozen=True)
class Panel:
    """`rows` rows in `array`, from cell `begin` on.

    A tile's rows are `spacing` rows apart: neighbours for matrix units; for register tiles those of
    neighbouring invocations are neighbours, unless `together` says that a tile's are. `tiles`: how many an
    invocation or a subgroup has along the rows.
    """

    array: Array
    kind: TileKind
    begin: int
    rows: int
    depth: int
    together: bool = False
    tiles: int = 1

    @property
    def stride(self) -> int:
        return row_cells(self.kind, self.depth)

    @property
    def spacing(self) -> int:
        return 1 if self.kind.lanes > 1 or self.together else self.rows // (self.kind.m * self.tiles)

    def put(self, row: Operators, cell: Number, elements: Sequence[Value]) -> None:
        """Elements of a row, in f32x4 vectors, from `cell` on."""
        cells = elements if self.kind.operand == "f32" else self._packed(elements)
        self.put_cells(row, cell, cells)

    def put_cells(self, row: Operators, cell: Number, cells: Sequence[Operators]) -> None:
        """Cells of a row as they are stored, from `cell` on."""
        start = row * self.stride + cell
        for at, value in enumerate(cells):
            self.array[start + (at + self.begin)] = value.value()

    def _packed(self, elements: Sequence[Value]) -> list[Value]:
        return [halves(elements[at], elements[at + 1]) for at in range(0, len(elements), 2)]

    def tile(self, role: str, row: Operators, step: Number, name: str) -> Tile:
        """The tile whose first row is `row`, at the `step`th k elements; rows are the columns of b."""
        cells = self.kind.k // cell_elements(self.kind)
        place = row * self.stride + step * cells
        place = place + self.begin if self.begin else place
        stride = self.spacing * self.stride
        return load_tile(self.kind, role, self.array, place, stride, transposed=role == "b", name=name)
