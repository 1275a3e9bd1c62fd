"""Packed weight formats: one layout for every target, and its meaning in numpy.

A matrix `[rows, cols]` (output features by input features) is cut along `cols` into groups of 32; the last
group is padded with codes that mean 0, so widths that 32 does not divide need no special case in a kernel. A
group is a whole number of 16-byte words, which is what kernels load:

    name   quants                  word j of a group holds                                  scales
    q4     u32 [rows, groups, 4]   elements 8j..8j+7: byte b has element 8j+b in its        f16 [rows, groups]
                                   low nibble, 8j+4+b in its high; value (nibble-8)*scale
    q8     u32 [rows, groups, 8]   elements 4j..4j+3, byte b = element 4j+b as int8;        f16 [rows, groups]
                                   value q*scale
    f16    u32 [rows, groups, 16]  elements 2j (low half) and 2j+1 (high half)              none
    f32    f32 [rows, groups, 32]  element j                                                none

Byte 0 is the least significant. Scales are stored in C order, padded with zeros to a multiple of 16 bytes. A
packed matrix NAME is two stored tensors, `NAME.quants` and (with scales) `NAME.scales`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError, ShapeError

F32: TypeAlias = npt.NDArray[np.float32]
F16: TypeAlias = npt.NDArray[np.float16]
U32: TypeAlias = npt.NDArray[np.uint32]
I8: TypeAlias = npt.NDArray[np.int8]
Index: TypeAlias = npt.NDArray[np.int64]

GROUP = 32
"""Elements that share a scale; every format pads `cols` to a multiple of it."""

_SCALES_ALIGNMENT_BYTES = 16


@dataclass(frozen=True)
class WeightFormat:
    """How the numbers of a packed matrix are stored.

    `code_low..code_high` are the integer codes of a scaled format (0, 0 for the float formats).
    """

    name: str
    bits_per_weight: float
    words_per_group: int
    has_scales: bool
    code_low: int = 0
    code_high: int = 0


FORMATS: dict[str, WeightFormat] = {
    "q4": WeightFormat("q4", 4.5, 4, True, -8, 7),
    "q8": WeightFormat("q8", 8.5, 8, True, -127, 127),
    "f16": WeightFormat("f16", 16.0, 16, False),
    "f32": WeightFormat("f32", 32.0, 32, False),
}


def weight_format(name: str) -> WeightFormat:
    """The format called `name`. Raises ShapeError for a name that is none."""
    if name not in FORMATS:
        raise ShapeError(f"unknown weight format {name!r}, wanted one of {', '.join(FORMATS)}")
    return FORMATS[name]


def groups_of(cols: int) -> int:
    """Groups of 32 that a row of `cols` elements takes."""
    return -(-cols // GROUP)


def quants_bytes(fmt: str, rows: int, cols: int) -> int:
    """Bytes of `NAME.quants`: always a multiple of 16."""
    return rows * groups_of(cols) * weight_format(fmt).words_per_group * 4


def scales_bytes(fmt: str, rows: int, cols: int) -> int:
    """Bytes of `NAME.scales`, padded to a multiple of 16; 0 for a format without scales."""
    if not weight_format(fmt).has_scales:
        return 0
    return _padded(rows * groups_of(cols) * 2)


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // _SCALES_ALIGNMENT_BYTES) * _SCALES_ALIGNMENT_BYTES


# ---- codes <-> words ---------------------------------------------------------------------------------------


def pack_codes(fmt: str, codes: I8) -> U32:
    """Integer codes to the words of `NAME.quants`.

    Shapes: int8 [rows, groups, 32] -> u32 [rows, groups, 4 (q4) or 8 (q8)]. Codes are signed: -8..7 for q4
    (stored plus 8), -127..127 for q8. The caller has clipped them.
    """
    rows, groups = codes.shape[0], codes.shape[1]
    if fmt == "q8":
        return np.ascontiguousarray(codes).view("<u4").reshape(rows, groups, 8)
    halves = (codes + np.int8(8)).view(np.uint8).reshape(rows, groups, 4, 2, 4)
    packed = halves[:, :, :, 0, :] | (halves[:, :, :, 1, :] << np.uint8(4))
    return np.ascontiguousarray(packed).view("<u4").reshape(rows, groups, 4)


def unpack_codes(fmt: str, quants: U32) -> I8:
    """The inverse of `pack_codes`. Shapes: u32 [rows, groups, 4 or 8] -> int8 [rows, groups, 32]."""
    rows, groups = quants.shape[0], quants.shape[1]
    octets = np.ascontiguousarray(quants, dtype="<u4").view(np.uint8)
    if fmt == "q8":
        return octets.view(np.int8).reshape(rows, groups, GROUP)
    octets = octets.reshape(rows, groups, 4, 1, 4)
    nibbles = np.concatenate([octets & np.uint8(15), octets >> np.uint8(4)], axis=3)
    return (nibbles.view(np.int8) - np.int8(8)).reshape(rows, groups, GROUP)


# ---- values <-> packed -------------------------------------------------------------------------------------


def pad_groups(values: F32) -> F32:
    """`[rows, cols]` cut into `[rows, groups, 32]`, zeros in the tail (a view where nothing is missing)."""
    rows, cols = values.shape
    missing = groups_of(cols) * GROUP - cols
    padded = np.pad(values, ((0, 0), (0, missing))) if missing else values
    return padded.reshape(rows, groups_of(cols), GROUP)


def pack(fmt: str, values: F32, scales: F16 | None = None) -> tuple[npt.NDArray[Any], F16 | None]:
    """Packs `values` into `(quants, scales)`, rounding each to the nearest code of its group's scale.

    Without `scales`, the largest magnitude of a group takes the largest positive code (7 or 127): simple and
    good enough for tests of kernels. What a build uses is `model.quantize.quantize`, which searches for the
    scale.

    Shapes: f32 [rows, cols] -> quants u32 [rows, groups, words] (f32 for "f32"), scales f16 [rows, groups] or
    None.
    Raises ShapeError where `values` is not a matrix or `scales` does not fit it.
    """
    form = weight_format(fmt)
    if values.ndim != 2:
        raise ShapeError(f"pack {fmt}: wanted a matrix [rows, cols], got shape {list(values.shape)}")
    grouped = pad_groups(np.asarray(values, dtype=np.float32))
    if fmt == "f32":
        return np.ascontiguousarray(grouped), None
    if fmt == "f16":
        return _pack_f16(grouped), None
    chosen = (np.abs(grouped).max(axis=2) / form.code_high).astype(np.float16) if scales is None else scales
    if chosen.shape != grouped.shape[:2]:
        got, wanted = list(chosen.shape), list(grouped.shape[:2])
        raise ShapeError(f"pack {fmt}: scales have shape {got}, wanted {wanted}")
    return pack_codes(fmt, nearest_codes(form, grouped, chosen)), chosen


def _pack_f16(grouped: F32) -> U32:
    with np.errstate(over="ignore"):  # what overflows is an infinity here; model.quantize refuses it by name
        halves = grouped.astype("<f2")
    return np.ascontiguousarray(halves).view("<u4")


def nearest_codes(form: WeightFormat, grouped: F32, scales: F16) -> I8:
    """The code nearest to each value: f32 [rows, groups, 32], f16 [rows, groups] -> int8; 0 under scale 0."""
    wide = scales.astype(np.float32)
    inverse = np.divide(np.float32(1), wide, out=np.zeros_like(wide), where=wide != 0)
    codes = np.rint(grouped * inverse[:, :, None])
    return np.clip(codes, form.code_low, form.code_high).astype(np.int8)


def unpack(fmt: str, quants: npt.NDArray[Any], scales: F16 | None, cols: int) -> F32:
    """The values that packed data stands for: the meaning of every format.

    Shapes: quants [rows, groups, words], scales f16 [rows, groups] or None -> f32 [rows, cols]. A scaled
    value is the f32 product of its code and its f16 scale, exact.
    Raises ShapeError where the shapes do not belong together.
    """
    form = weight_format(fmt)
    rows = quants.shape[0]
    if quants.shape != (rows, groups_of(cols), form.words_per_group):
        wanted = [rows, groups_of(cols), form.words_per_group]
        raise ShapeError(f"unpack {fmt}: quants are {list(quants.shape)}, wanted {wanted} for {cols} columns")
    if fmt == "f32":
        return quants.reshape(rows, -1)[:, :cols].astype(np.float32)
    if fmt == "f16":
        halves = np.ascontiguousarray(quants, dtype="<u4").view("<f2").reshape(rows, -1)
        return halves[:, :cols].astype(np.float32)
    if scales is None or scales.shape != quants.shape[:2]:
        got = None if scales is None else list(scales.shape)
        raise ShapeError(f"unpack {fmt}: scales have shape {got}, wanted {list(quants.shape[:2])}")
    values = unpack_codes(fmt, quants).astype(np.float32) * scales.astype(np.float32)[:, :, None]
    return np.ascontiguousarray(values.reshape(rows, -1)[:, :cols])


# ---- packed <-> bytes --------------------------------------------------------------------------------------


def scales_to_bytes(scales: F16) -> bytes:
    """f16 [rows, groups] as stored in `NAME.scales`: C order, zero-padded to a multiple of 16 bytes."""
    raw = np.ascontiguousarray(scales, dtype="<f2").tobytes()
    return raw + bytes(_padded(len(raw)) - len(raw))


def quants_from_bytes(fmt: str, raw: npt.NDArray[np.uint8], rows: int, cols: int) -> npt.NDArray[Any]:
    """The stored bytes of `NAME.quants` as `[rows, groups, words]`, not copied."""
    dtype = "<f4" if fmt == "f32" else "<u4"
    return raw.view(dtype).reshape(rows, groups_of(cols), weight_format(fmt).words_per_group)


def scales_from_bytes(raw: npt.NDArray[np.uint8], rows: int, cols: int) -> F16:
    """The stored bytes of `NAME.scales` as f16 `[rows, groups]`, its padding dropped."""
    return raw.view("<f2")[: rows * groups_of(cols)].reshape(rows, groups_of(cols))


# ---- matrices made of several tensors ----------------------------------------------------------------------


@dataclass(frozen=True)
class RowOrder:
    """How the next `rows` rows of a packed matrix are taken from the next `rows` rows of its sources.

    identity    packed row i is source row i
    pairs       within each head of `head_dim` rows, packed rows 2i and 2i+1 are source rows i and
                i + rotary_dim/2 for i < rotary_dim/2 (the two numbers that rotary embedding turns together);
                the rest stay in place
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
    def quants_name(self) -> str:
        return f"{self.name}.quants"

    @property
    def scales_name(self) -> str:
        return f"{self.name}.scales"

    @property
    def stored_bytes(self) -> int:
        """Bytes of this piece in the artifact, scales included."""
        shape = (self.stored_rows, self.cols)
        return quants_bytes(self.format, *shape) + scales_bytes(self.format, *shape)

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
