"""Matrices that are packed from several tensors: how their rows are ordered, and how large pieces are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kernelc.errors import InternalError
from kernelc.ir.formats.arrays import Index
from kernelc.ir.formats.registry import weight_format
from kernelc.ir.formats.weight_format import WeightFormat


@dataclass(frozen=True)
class RowOrder:
    """How the next `rows` rows of a packed matrix are taken from the next `rows` rows of its sources.

    identity    packed row i is source row i
    pairs       within each head of `head_dim` rows, packed rows 2i and 2i+1 are source rows i and
                i + rotary_dim/2 for i < rotary_dim/2 (the two numbers that rotary embedding rotates as one
                pair); the other rows stay in place
    interleave  packed rows 2i and 2i+1 are source rows i and rows/2 + i: two stacked matrices, row by row
    """

    kind: Literal["identity", "pairs", "interleave"]
    rows: int
    head_dim: int = 0
    rotary_dim: int = 0

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise InternalError(f"{self}: needs at least one row")
        if self.kind == "interleave" and self.rows % 2:
            raise InternalError(f"{self}: interleaves two halves, so rows must be even")
        if self.kind == "pairs":
            self._check_heads()

    def _check_heads(self) -> None:
        if self.head_dim < 1 or self.rows % self.head_dim:
            raise InternalError(f"{self}: rows are not a whole number of heads")
        if self.rotary_dim % 2 or not 0 <= self.rotary_dim <= self.head_dim:
            raise InternalError(f"{self}: rotary_dim must be even and at most head_dim")


@dataclass(frozen=True)
class StoredArray:
    """A tensor of the artifact: its name, its encoding in the manifest, and its bytes."""

    name: str
    encoding: str
    bytes: int


@dataclass(frozen=True)
class PackedMatrix:
    """A packed matrix `[rows, cols]`: sources concatenated by rows, then rearranged as `order` says.

    `row_begin` and `row_end` cut a piece out of it, in packed row order, where the whole would not fit a
    binding; `rows` and `order` always describe the whole.
    """

    name: str
    sources: tuple[str, ...]
    rows: int
    cols: int
    order: tuple[RowOrder, ...]
    format: str
    row_begin: int = 0
    row_end: int | None = None

    def __post_init__(self) -> None:
        ordered = sum(block.rows for block in self.order)
        if ordered != self.rows:
            raise InternalError(f"packed matrix {self.name}: order covers {ordered} rows, wanted {self.rows}")
        if not 0 <= self.row_begin < self.end <= self.rows:
            piece = f"{self.row_begin}..{self.end}"
            raise InternalError(f"packed matrix {self.name}: no rows {piece} in {self.rows}")
        if self.cols < 1 or not self.sources:
            raise InternalError(f"packed matrix {self.name}: {self.cols} columns from sources {self.sources}")
        weight_format(self.format)

    @property
    def end(self) -> int:
        """One past the last packed row of this piece."""
        return self.rows if self.row_end is None else self.row_end

    @property
    def stored_rows(self) -> int:
        """Rows of this piece."""
        return self.end - self.row_begin

    @property
    def form(self) -> WeightFormat:
        """The descriptor of its format."""
        return weight_format(self.format)

    @property
    def stored_arrays(self) -> dict[str, StoredArray]:
        """What the artifact holds of this piece, by the name under which kernels bind it."""
        sizes = self.form.stored_arrays(self.stored_rows, self.cols)
        return {
            array: StoredArray(f"{self.name}.{array}", f"{self.format}.{array}", size)
            for array, size in sizes.items()
        }

    @property
    def stored_bytes(self) -> int:
        """Bytes of this piece in the artifact, side arrays included."""
        return sum(array.bytes for array in self.stored_arrays.values())

    def row_index(self) -> Index:
        """For each stored row, its row in the concatenated sources. Shape: int64 [stored_rows]."""
        return row_index(self.order)[self.row_begin : self.end]


def row_index(order: tuple[RowOrder, ...]) -> Index:
    """The map from packed row to source row: `packed = source[row_index(order)]`. Shape: int64 [rows]."""
    blocks: list[Index] = []
    begin = 0
    for block in order:
        blocks.append(begin + _block_index(block))
        begin += block.rows
    return np.concatenate(blocks)


def _block_index(block: RowOrder) -> Index:
    if block.kind == "interleave":
        return np.arange(block.rows, dtype=np.int64).reshape(2, -1).T.reshape(-1)
    if block.kind == "pairs":
        return _pairs_index(block)
    return np.arange(block.rows, dtype=np.int64)


def _pairs_index(block: RowOrder) -> Index:
    turned = np.arange(block.rotary_dim, dtype=np.int64).reshape(2, -1).T.reshape(-1)
    head = np.concatenate([turned, np.arange(block.rotary_dim, block.head_dim, dtype=np.int64)])
    starts = np.arange(0, block.rows, block.head_dim, dtype=np.int64)
    return (starts[:, None] + head[None, :]).reshape(-1)
