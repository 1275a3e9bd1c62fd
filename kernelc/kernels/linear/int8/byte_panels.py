"""Bytes in shared memory, as the product of bytes reads them.

A panel has lines of cells, and a cell of 16 bytes is one word of each of four neighbouring rows, a *block*:

    line     block 0                block 1
     0     | word 0 of rows 0..3  | word 0 of rows 4..7 | ...      a word has four neighbouring columns
     1     | word 1               | word 1              |
     ..

So an invocation multiplies two cells at once, and its neighbours read neighbouring cells. A step stages whole
groups of 32 columns, side by side, each with these lines:

    coded rows    the planes of `kernelc.ir.coded_rows`, four lines a plane: the words of each term, scales,
                  sums of the numbers, and two that nobody reads
    weights       the words, scales, and offsets where the format has them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.formats import GROUP, WeightFormat
from kernelc.kir.functions import named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32x4
from kernelc.kir.values import Number, Value

BLOCK = 4
"""Rows whose words share a cell."""
GROUP_WORDS = GROUP // 4
"""Words of a group's bytes."""


def weight_lines(form: WeightFormat) -> int:
    """Lines of a group of weights."""
    return GROUP_WORDS + 1 + form.has_offset


def code_lines(layout: CodedRows) -> int:
    """Lines of a group of coded rows."""
    return 4 * layout.planes


@dataclass(frozen=True)
class BytePanel:
    """`groups` groups of `width` blocks in shared memory, side by side in each of `lines` lines."""

    array: Array
    width: int
    groups: int

    @staticmethod
    def declared(k: Tracer, name: str, width: int, groups: int, lines: int) -> BytePanel:
        """A panel in shared memory of its own."""
        row = groups * width
        return BytePanel(k.shared(name, u32x4, lines * row, row), width, groups)

    def put(self, block: Value, group: Value | int, line: Value | int, cells: Sequence[Value]) -> None:
        """Write cells of a block of a group, one below the other from `line` on."""
        row = self.groups * self.width
        first = named("first", block + group * self.width + line * row)
        for at, cell in enumerate(cells):
            self.array[first + at * row if at else first] = cell

    def cell(self, column: Value, further: int, line: Number, more: int) -> Value:
        """The cell in column `column` + `further` of line `line` + `more`."""
        row = self.groups * self.width
        if isinstance(line, int):
            return self.array[column + (further + (line + more) * row)]
        return self.array[column + line * row + (further + more * row)]


@dataclass(frozen=True)
class Columns:
    """Where an invocation's blocks lie in the lines of a panel: its first block's column, that of a group of
    which the number is known, and how many blocks its tiles are apart."""

    panel: BytePanel
    first: Value
    group: int
    apart: int

    def cell(self, line: Number, tile: int, more: int = 0) -> Value:
        """The cell of the invocation's tile number `tile`, `more` lines below `line`."""
        return self.panel.cell(self.first, self.group * self.panel.width + tile * self.apart, line, more)
