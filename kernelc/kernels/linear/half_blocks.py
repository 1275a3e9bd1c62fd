"""Activations as halves, in the blocks in which matrix units with large tiles read them from shared memory.

A block holds 64 columns of 128 rows, in cells of eight halves, so that one copy of it is a whole step's
operand; and its elements stand in the order in which packed weights come out of their words: each of four
invocations that share a row of weights loads 16 neighbouring ones, its *chunk*.

    chunk t             columns 16t .. 16t+15 of a block
    cell 2s + c         elements 4s + 2c and 4s + 2c + 1 of chunks 0, 1, 2, 3, two to a word

    cells of the array  block by block, all of 128 rows first: [rows / 128, cols / 64, 8 cells, 128 rows]

Rows are filled up to whole blocks with the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, ceildiv
from kernelc.kir.values import Operators, Value

ROWS = 128
COLUMNS = 64
CHUNKS = 4
CHUNK = COLUMNS // CHUNKS
CELLS = COLUMNS // 8  # of a row in a block
BLOCK_CELLS = CELLS * ROWS
LARGEST_HALF = np.float32(65504.0)


@dataclass(frozen=True)
class HalfBlocks:
    """The layout of rows of `cols` values, a multiple of 64."""

    cols: int

    @property
    def across(self) -> int:
        """Blocks beside each other."""
        return self.cols // COLUMNS

    def cells(self, rows: Dim) -> Dim:
        """Cells of so many rows."""
        return ceildiv(rows, ROWS) * (self.across * BLOCK_CELLS)

    def block(self, rows: Operators, step: Operators) -> Value:
        """The first cell of the block with columns 64*step .. of the 128 rows numbered `rows`."""
        return (rows * self.across + step) * BLOCK_CELLS

    def arrange(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
        """The blocks of rows, saturated to what a half can hold.

        Shapes: f32 [rows, cols] -> u32 [cells, 4].
        """
        whole = -(-len(x) // ROWS) * ROWS
        filled = np.concatenate([x, np.repeat(x[-1:], whole - len(x), axis=0)])
        halves = np.clip(filled, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
        parts = halves.reshape(-1, ROWS, self.across, CHUNKS, CHUNK // 4, 2, 2)
        cells = np.ascontiguousarray(parts.transpose(0, 2, 4, 5, 1, 3, 6))
        return cells.reshape(-1).view(np.uint32).reshape(-1, 4)

    def values(self, cells: npt.NDArray[np.uint32], rows: int) -> npt.NDArray[np.float32]:
        """The first rows of what `arrange` gives. Shape: f32 [rows, cols]."""
        halves = np.ascontiguousarray(cells).reshape(-1).view(np.float16)
        parts = halves.reshape(-1, self.across, CHUNK // 4, 2, ROWS, CHUNKS, 2)
        every = parts.transpose(0, 4, 1, 5, 2, 3, 6).reshape(-1, self.cols)
        return every[:rows].astype(np.float32)
