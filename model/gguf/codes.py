"""Quantised blocks of GGUF as what they all are: integers times a scale, plus an offset, by small groups.

Each reader takes blocks u8 [n, bytes of a block] and gives a `Lattice`. The numbers of a type are spread over
its bytes so that C can unpack them quickly; here they come out in the order of the row.

Source: the block structures in ggml-common.h and `dequantize_row_*` in ggml-quants.c of the ggml project.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
_F32 = npt.NDArray[np.float32]


class Lattice(NamedTuple):
    """A number is code * scale + offset.

    Shapes: `codes` int16 [n, groups, elements of a group]; `scales` f32 [n, groups]; `offsets` the same, or
    None where there are none.
    """

    codes: npt.NDArray[np.int16]
    scales: _F32
    offsets: _F32 | None = None


def _half(blocks: U8, at: int) -> _F32:
    """The f16 at byte `at` of each block. Shape: f32 [n, 1]."""
    return np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)


def _nibbles(stored: U8) -> npt.NDArray[np.int16]:
    """Bytes that hold elements i (low four bits) and i + width (high four bits). Shapes: [..., width] ->
    [..., 2 * width]."""
    return np.concatenate([stored & 15, stored >> 4], axis=-1).astype(np.int16)


def _fields(stored: U8, bits: int) -> npt.NDArray[np.int16]:
    """Every field of `bits` bits of each byte, the lowest first.

    Shapes: u8 [n, ..., width] -> int16 [n, ..., 8 / bits, width]: a byte's fields are elements `width` apart.
    """
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return ((stored[..., None, :] >> shifts[:, None]) & ((1 << bits) - 1)).astype(np.int16)


def _q4_0(blocks: U8) -> Lattice:
    """| d: f16 | 16 bytes of nibbles |: a number is (nibble - 8) * d."""
    return Lattice((_nibbles(blocks[:, 2:]) - 8)[:, None], _half(blocks, 0))


def _q4_1(blocks: U8) -> Lattice:
    """| d: f16 | m: f16 | 16 bytes of nibbles |: nibble * d + m."""
    return Lattice(_nibbles(blocks[:, 4:])[:, None], _half(blocks, 0), _half(blocks, 2))


def _fifth_bits(stored: U8) -> npt.NDArray[np.int16]:
    """Bit i of four bytes, times 16. Shapes: u8 [n, 4] -> int16 [n, 32]."""
    return np.unpackbits(np.ascontiguousarray(stored), axis=1, bitorder="little").astype(np.int16) << 4


def _q5_0(blocks: U8) -> Lattice:
    """| d: f16 | 32 fifth bits | 16 bytes of nibbles |: (code - 16) * d."""
    stored = _nibbles(blocks[:, 6:]) | _fifth_bits(blocks[:, 2:6])
    return Lattice((stored - 16)[:, None], _half(blocks, 0))


def _q5_1(blocks: U8) -> Lattice:
    """| d: f16 | m: f16 | 32 fifth bits | 16 bytes of nibbles |: code * d + m."""
    stored = _nibbles(blocks[:, 8:]) | _fifth_bits(blocks[:, 4:8])
    return Lattice(stored[:, None], _half(blocks, 0), _half(blocks, 2))


def _q8_0(blocks: U8) -> Lattice:
    """| d: f16 | 32 signed bytes |: byte * d."""
    return Lattice(blocks[:, 2:].view(np.int8).astype(np.int16)[:, None], _half(blocks, 0))


def _q2_k(blocks: U8) -> Lattice:
    """| 16 bytes of scale and min nibbles | 64 bytes of two bits | d: f16 | dmin: f16 |, groups of 16."""
    scales, mins = (blocks[:, :16] & 15).astype(np.float32), (blocks[:, :16] >> 4).astype(np.float32)
    stored = _fields(blocks[:, 16:80].reshape(-1, 2, 32), 2).reshape(-1, 16, 16)
    return Lattice(stored, _half(blocks, 80) * scales, -_half(blocks, 82) * mins)


def _q3_k(blocks: U8) -> Lattice:
    """| 32 bytes of third bits | 64 bytes of two bits | 12 bytes of 6-bit scales | d: f16 |, groups of 16.

    (code - 4) * d * (scale - 32), where the third bit is the code's highest.
    """
    stored, factors, scales = q3_k_parts(blocks)
    return Lattice(stored, scales.astype(np.float32) * factors.astype(np.float32))


def q3_k_parts(
    blocks: U8,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], npt.NDArray[np.float16]]:
    """Return Q3_K's codes less 4 [n, 16, 16], scales less 32 [n, 16] and d [n, 1]."""
    third = _fields(blocks[:, :32], 1).reshape(-1, 2, 4, 32) << 2
    stored = _fields(blocks[:, 32:96].reshape(-1, 2, 32), 2) | third
    factors = _six_bit_scales(blocks[:, 96:108]) - 32
    return (stored - 4).reshape(-1, 16, 16), factors, _half(blocks, 108).astype(np.float16)


def _six_bit_scales(stored: U8) -> npt.NDArray[np.int16]:
    """The 16 scales of Q3_K: four low bits in 8 bytes, two high bits in 4. Shapes: u8 [n, 12] -> [n, 16]."""
    return _nibbles(stored[:, :8]) | (_fields(stored[:, 8:], 2).reshape(-1, 16) << 4)


def _scales_and_mins(stored: U8) -> tuple[_F32, _F32]:
    """The eight 6-bit scales and mins of Q4_K and Q5_K. Shapes: u8 [n, 12] -> twice f32 [n, 8].

    The first four of each lie in the low bits of bytes 0 to 3 and 4 to 7, whose two high bits complete the
    last four: their low bits are the nibbles of bytes 8 to 11.
    """
    first, second, third = stored[:, :4], stored[:, 4:8], stored[:, 8:]
    scales = np.concatenate([first & 63, (third & 15) | (first >> 6 << 4)], axis=1)
    mins = np.concatenate([second & 63, (third >> 4) | (second >> 6 << 4)], axis=1)
    return scales.astype(np.float32), mins.astype(np.float32)


def _q4_k(blocks: U8) -> Lattice:
    """| d: f16 | dmin: f16 | 12 bytes of scales and mins | 128 bytes of nibbles |, groups of 32.

    nibble * (d * scale) - dmin * min.
    """
    scales, mins = _scales_and_mins(blocks[:, 4:16])
    stored = _fields(blocks[:, 16:].reshape(-1, 4, 32), 4).reshape(-1, 8, 32)
    return Lattice(stored, _half(blocks, 0) * scales, -_half(blocks, 2) * mins)


def _q5_k(blocks: U8) -> Lattice:
    """| d: f16 | dmin: f16 | 12 bytes of scales and mins | 32 bytes of fifth bits | 128 of nibbles |."""
    scales, mins = _scales_and_mins(blocks[:, 4:16])
    fifth = _fields(blocks[:, 16:48], 1) << 4
    stored = _fields(blocks[:, 48:].reshape(-1, 4, 32), 4).reshape(-1, 8, 32) | fifth
    return Lattice(stored, _half(blocks, 0) * scales, -_half(blocks, 2) * mins)


def _q6_k(blocks: U8) -> Lattice:
    """| 128 bytes of nibbles | 64 bytes of two bits | 16 signed scales | d: f16 |, groups of 16.

    (code - 32) * d * scale.
    """
    low = _fields(blocks[:, :128].reshape(-1, 2, 64), 4).reshape(-1, 2, 4, 32)
    stored = low | (_fields(blocks[:, 128:192].reshape(-1, 2, 32), 2) << 4)
    factors = blocks[:, 192:208].view(np.int8).astype(np.float32)
    return Lattice((stored - 32).reshape(-1, 16, 16), _half(blocks, 208) * factors)


_IQ4 = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.int16)
"""The numbers that the nibbles of IQ4_NL and IQ4_XS stand for: `kvalues_iq4nl` of ggml-common.h."""


def _iq4_nl(blocks: U8) -> Lattice:
    """| d: f16 | 16 bytes of nibbles |: a table's entry times d."""
    return Lattice(_IQ4[_nibbles(blocks[:, 2:])][:, None], _half(blocks, 0))


def _iq4_xs(blocks: U8) -> Lattice:
    """| d: f16 | 2 bytes of high scale bits | 4 of low ones | 128 of nibbles |, groups of 32.

    A table's entry times d * (scale - 32).
    """
    low = _fields(blocks[:, 4:8, None], 4).reshape(-1, 8)
    high = _fields(blocks[:, 2:4, None], 2).reshape(-1, 8)
    factors = ((low | (high << 4)) - 32).astype(np.float32)
    return Lattice(_IQ4[_nibbles(blocks[:, 8:].reshape(-1, 8, 16))], _half(blocks, 0) * factors)


LATTICES: dict[str, Callable[[U8], Lattice]] = {
    "Q4_0": _q4_0, "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "Q8_0": _q8_0,
    "Q2_K": _q2_k, "Q3_K": _q3_k, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k,
    "IQ4_NL": _iq4_nl, "IQ4_XS": _iq4_xs,
}  # fmt: skip
"""The quantised types that kernelc reads, by name."""
