"""Packed weight matrices as kernels read them: one group of 32 input elements at a time, dequantised in
registers.

The layouts are `kernelc.ir.formats`; this is their meaning in the kernel language. Every format hands out the
same shape (eight vectors of four, and a scale or none), so matvec, matmul and embedding are written once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import FORMATS, groups_of, pack, scales_bytes, unpack
from kernelc.kernels.spec import Binding
from kernelc.kir.functions import convert, select, to_f32, unpack_half2, unpack_i8x4, unpack_u8x4, vector
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f16, f32, f32x4, u32, u32x2, u32x4

GROUP = 32
VECTORS_PER_GROUP = GROUP // 4


def weight_bindings(format: str, rows: int, cols: int, prefix: str = "") -> tuple[Binding, ...]:
    """`quants` as 16-byte words, and `scales` (pairs of f16 in a word) where the format has them."""
    kind = FORMATS[format]
    words = rows * groups_of(cols) * kind.words_per_group
    found = [Binding(prefix + "quants", f32x4 if format == "f32" else u32x4, "read", words // 4)]
    if kind.has_scales:
        found.append(Binding(prefix + "scales", u32, "read", scales_bytes(format, rows, cols) // 4))
    return tuple(found)


def scale_types(format: str, f16_storage: bool) -> dict[str, Type]:
    """Where the device has 16-bit floats the same bytes are read as such, with no unpacking."""
    return {"scales": f16} if f16_storage and FORMATS[format].has_scales else {}


@dataclass(frozen=True)
class PackedRows:
    """The rows of a packed matrix, in a kernel. `scales` is None for formats without."""

    format: str
    cols: int
    quants: Array
    scales: Array | None

    @property
    def groups(self) -> int:
        return groups_of(self.cols)

    def group(self, row: Operators, group: Operators) -> tuple[list[Value], Value | None]:
        """Elements 32*group .. 32*group+31 of a row: (eight f32x4, not yet scaled; the scale or None)."""
        at = row * self.groups + group
        match self.format:
            case "q4":
                return self._q4(at), self.scale(at)
            case "q8":
                return self._q8(at), self.scale(at)
            case "f16":
                return self._f16(at), None
            case _:
                first = at * VECTORS_PER_GROUP
                return [self.quants[first + i] for i in range(VECTORS_PER_GROUP)], None

    def words(self, row: Operators, group: Operators) -> tuple[list[Value], Value]:
        """The loads of a group of q4 or q8, u32x4 each, and its scale: `byte_words` takes them apart."""
        at = row * self.groups + group
        loads = FORMATS[self.format].words_per_group // 4
        return [self.quants[at * loads + i] for i in range(loads)], self.scale(at)

    def _q4(self, at: Value) -> list[Value]:
        """Low nibbles of a word are its elements 0..3, high nibbles 4..7; 8 is zero."""
        packed = self.quants[at]
        found: list[Value] = []
        for word in (packed.x, packed.y, packed.z, packed.w):
            found += _nibbles(word)
        return found

    def _q8(self, at: Value) -> list[Value]:
        found: list[Value] = []
        for half in range(2):
            packed = self.quants[at * 2 + half]
            found += [to_f32(unpack_i8x4(word)) for word in (packed.x, packed.y, packed.z, packed.w)]
        return found

    def _f16(self, at: Value) -> list[Value]:
        found: list[Value] = []
        for quarter in range(4):
            packed = self.quants[at * 4 + quarter]
            for first, second in ((packed.x, packed.y), (packed.z, packed.w)):
                low, high = unpack_half2(first), unpack_half2(second)
                found.append(vector(low.x, low.y, high.x, high.y))
        return found

    def scale(self, at: Value) -> Value:
        """The scale of group number `at` of the whole matrix, as f32."""
        return self.scale_of(self.stored_scale(at), at)

    def stored_scale(self, at: Value) -> Value:
        """The half, or the pair in a word, that the scale of group `at` is stored in."""
        assert self.scales is not None
        return self.scales[at if self.scales.type == f16 else at >> 1]

    def scale_of(self, stored: Operators, at: Operators) -> Value:
        """The scale of group `at` out of what `stored_scale` gave."""
        if stored.value().type == f16:
            return convert(stored, f32)
        pair = unpack_half2(stored)
        return select((at & 1).equals(1), pair.y, pair.x)


def byte_words(format: str, loads: Sequence[Value]) -> list[Value]:
    """Words of four signed bytes, elements 4i..4i+3 in word i, from what `PackedRows.words` loaded.

    They are the codes of q8; of q4 the codes plus 8.
    """
    found: list[Value] = []
    for packed in loads:
        for word in (packed.x, packed.y, packed.z, packed.w):
            if format == "q8":
                found.append(word)
                continue
            low = word & 0x0F0F0F0F
            high = (word >> 4) & 0x0F0F0F0F
            found += [low, high]
    return found


def unit_type(format: str) -> Type:
    """The smallest load that holds whole vectors of four elements.

    For kernels that deal a group out to several invocations: a word of q4 (two vectors) or q8 (one), two
    words of f16 (one), four of f32 (one).
    """
    return {"q4": u32, "q8": u32, "f16": u32x2, "f32": f32x4}[format]


def units_per_group(format: str) -> int:
    """Loads of `unit_type` that make up a group of 32 elements."""
    return 4 if format == "q4" else VECTORS_PER_GROUP


def unit_vectors(format: str, unit: Value) -> list[Value]:
    """The vectors of four elements in a loaded unit, in order, still to be scaled."""
    match format:
        case "q4":
            return _nibbles(unit)
        case "q8":
            return [to_f32(unpack_i8x4(unit))]
        case "f16":
            low, high = unpack_half2(unit.x), unpack_half2(unit.y)
            return [vector(low.x, low.y, high.x, high.y)]
        case _:
            return [unit]


def load_vectors(format: str, words: Value) -> list[Value]:
    """The vectors of four elements in 16 bytes of q4 or q8, in order, still to be scaled."""
    found: list[Value] = []
    for word in (words.x, words.y, words.z, words.w):
        found += unit_vectors(format, word)
    return found


def _nibbles(word: Value) -> list[Value]:
    low = to_f32(unpack_u8x4(word & 0x0F0F0F0F)) - 8.0
    high = to_f32(unpack_u8x4((word >> 4) & 0x0F0F0F0F)) - 8.0
    return [low, high]


def packed_inputs(format: str, weights: npt.NDArray[Any], prefix: str = "") -> dict[str, npt.NDArray[Any]]:
    """Arrays for `weight_bindings` that hold `weights` [rows, cols], rounded: for tests and `verify`."""
    quants, scales = pack(format, weights.astype(np.float32))
    word = np.float32 if format == "f32" else np.uint32
    found: dict[str, npt.NDArray[Any]] = {
        prefix + "quants": np.ascontiguousarray(quants).view(word).reshape(-1, 4)
    }
    if scales is not None:
        data = scales.astype(np.float16).tobytes()
        wanted = scales_bytes(format, *weights.shape)
        found[prefix + "scales"] = np.frombuffer(data.ljust(wanted, b"\0"), np.uint32).copy()
    return found


def unpacked(
    format: str, arrays: Mapping[str, npt.NDArray[Any]], rows: int, cols: int, prefix: str = ""
) -> npt.NDArray[np.float32]:
    """The f32 matrix [rows, cols] that the arrays of `weight_bindings` mean."""
    groups = groups_of(cols)
    quants = arrays[prefix + "quants"].reshape(rows, groups, -1)
    scales = None
    if FORMATS[format].has_scales:
        scales = arrays[prefix + "scales"].view(np.float16)[: rows * groups].reshape(rows, groups)
    return unpack(format, quants, scales, cols)
