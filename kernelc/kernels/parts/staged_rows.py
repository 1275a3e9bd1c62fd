"""Panels: rows of a matrix staged in workgroup memory, from which tiles are multiplied.

A panel holds `depth` neighbouring elements of each of its rows, in cells of 16 bytes: vectors of four f32 for
register tiles, eight packed halves for matrix units.

    cell:      begin   begin+1           begin+stride-1
             | row 0: 0..3 | 4..7 | ... | unused       |      stride = depth / elements of a cell, made odd
             | row 1: 0..3 | 4..7 | ... | unused       |      by one unused cell, so that cell c of
             | ...                                     |      neighbouring rows lies in different banks

    element e of row r:  cell begin + r * stride + e / elements of a cell

A *dense* panel has no unused cells. There the cells of a row change places instead, so that neighbouring rows
have the same cell in different banks:

    cell c of row r:  cell begin + r * stride + (c ^ turn(r))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernelc.kir.functions import at_least, at_most, pack_half2, vector
from kernelc.kir.tile import Tile, load_tile
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f32x4, u32x4
from kernelc.kir.values import Number, Operators, Value

_LARGEST_HALF = 65504.0


def cell_type(kind: TileKind) -> Type:
    """The type of a cell, 16 bytes."""
    return f32x4 if kind.operand == "f32" else u32x4


def cell_elements(kind: TileKind) -> int:
    """Elements in a cell."""
    return 4 if kind.operand == "f32" else 8


def row_cells(kind: TileKind, depth: int, dense: bool = False) -> int:
    """Cells from one staged row to the next: an odd number, but in dense panels."""
    cells = depth // cell_elements(kind)
    return cells if dense else cells | 1


def saturated(x: Operators) -> Value:
    """`x` limited to what a half can hold, so that no infinity gets into a sum. A NaN stays one."""
    return at_least(at_most(x, _LARGEST_HALF), -_LARGEST_HALF)


def halves(low: Operators, high: Operators) -> Value:
    """Eight f32, as two vectors of four, in a cell of halves."""
    pairs = [vector(four.lane(at), four.lane(at + 1)) for four in (low, high) for at in (0, 2)]
    return vector(*(pack_half2(pair) for pair in pairs))


@dataclass(frozen=True)
class Panel:
    """`rows` rows in `array`, from cell `begin` on.

    `tiles` is how many tiles an invocation or a subgroup has along the rows. The rows of one tile are
    `spacing` rows of the panel apart. For matrix units they are neighbours. For register tiles, rows of the
    same number in the tiles of neighbouring invocations are neighbours, so that a subgroup's loads fall on
    neighbouring rows; `together` makes the rows of one tile neighbours there too. `dense` panels have
    register tiles a multiple of eight rows apart, and a power of two of cells in a row. `blocks`: each 4 x 4
    elements of a register tile are transposed, so that a cell has one element of each of its rows.

        register tiles of 4 rows, 8 invocations, spacing 8:
        panel row       0    1   ...   7    8    9   ...  15   16 ...
        invocation      0    1         7    0    1         7    0
        row of its tile 0    0         0    1    1         1    2
    """

    array: Array
    kind: TileKind
    begin: int
    rows: int
    depth: int
    together: bool = False
    tiles: int = 1
    dense: bool = False
    blocks: bool = False

    @property
    def stride(self) -> int:
        return row_cells(self.kind, self.depth, self.dense)

    @property
    def spacing(self) -> int:
        return 1 if self.kind.lanes > 1 or self.together else self.rows // (self.kind.m * self.tiles)

    def put(self, row: Operators, cell: Number, elements: Sequence[Value]) -> None:
        """Write elements of a row, given as f32x4 vectors, from its cell `cell` on."""
        cells = elements if self.kind.operand == "f32" else self._packed(elements)
        self.put_cells(row, cell, cells)

    def put_cells(self, row: Operators, cell: Number, cells: Sequence[Operators]) -> None:
        """Write cells of a row that are stored as they are, from its cell `cell` on."""
        start = row * self.stride + cell
        for at, value in enumerate(cells):
            self.array[start + (at + self.begin)] = value.value()

    def put_block(self, block: Operators, cell: Number, lines: Sequence[Sequence[Value]]) -> None:
        """Write elements of a register tile's rows, from cell `cell` of each on, given as vectors of four for
        each row: into a panel of `blocks`.

        Blocks are numbered as the invocations' tiles: the first tile of each, the second tile of each, ...
        """
        row, turn = block, self._turn(block) if self.dense else None
        if self.tiles > 1:
            row = block // self.spacing * (self.kind.m * self.spacing) + block % self.spacing
        for at in range(len(lines[0])):
            inside = cell + at if at else cell
            place = row * self.stride + (inside if turn is None else turn ^ inside)
            for number in range(self.kind.m):
                further = number * self.spacing * self.stride + self.begin
                column = vector(*(line[at].lane(number) for line in lines))
                self.array[place + further if further else place] = column

    def _turn(self, row: Operators) -> Value:
        """By what the cells of a row of a dense panel change places.

        Eight invocations together read the same cell of eight neighbouring rows, and eight cells are all
        banks. Where a row has fewer, as many rows as fill the banks share a turn.
        """
        shared, turns = max(1, 8 // self.stride), min(8, self.stride)
        return (row // shared if shared > 1 else row) % turns

    def _packed(self, elements: Sequence[Value]) -> list[Value]:
        return [halves(elements[at], elements[at + 1]) for at in range(0, len(elements), 2)]

    def tile(self, role: str, row: Operators, step: Number, name: str) -> Tile:
        """Load the tile whose first row is `row` and whose first element is `step` * kind.k.

        `role` is "a" or "b"; the panel's rows are the columns of b.
        """
        return self.tile_below(role, self.place(row, step), 0, name)

    def place(self, row: Operators, step: Number) -> Value:
        """How far behind `begin` element `step` * kind.k of a row is, for `tile_below`."""
        cells = self.kind.k // cell_elements(self.kind)
        cell = step if cells == 1 else step * cells
        return row * self.stride + (self._turn(row) ^ cell if self.dense else cell)

    def tile_below(self, role: str, place: Value, number: int, name: str) -> Tile:
        """Load a tile of a team that has several below one another: `place` is that of its first."""
        stride = self.spacing * self.stride
        further = self.begin + number * self.kind.m * stride
        transposed = (role == "b") != self.blocks
        return load_tile(
            self.kind, role, self.array, place, stride, transposed=transposed, name=name, further=further
        )
