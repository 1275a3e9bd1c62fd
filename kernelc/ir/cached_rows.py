"""Heads of a KV cache as signed bytes with one scale: what a row of kind "q8" holds, and its rounding.

A *head row* is what a position leaves in one key/value head: `width` neighbouring elements. Its codes are
signed bytes from -127 to 127, four to a word, the first in the low byte. An element is code * scale, where
scale is an f32 of the row's own. Rounding is symmetric: 0 stays 0, and -x becomes the opposite of x.

The scale is an f32, though it needs 16 bits alone: devices may flush subnormal halves to 0, and the values of
a first position, on which attention rests, are often so small that an f16 scale would be one.

Every target must write the same bytes, or a cache would depend on who filled it. So codes and scales come
from operations that are exact or rounded alike everywhere (`kernelc.ir.coded_rows` says which). With M the
row's largest magnitude, rounded up to 16 bits, the scale is M / 127, cut to 23 bits. Where M is
infinite or a NaN, the scale is a NaN, and the codes mean nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import clipped_exponent, mantissa_of, parts_of, scale_or_nan, steps_of, whole_codes

CODED = "q8"
"""The kind of cache whose rows are codes; others are numbers of that element type."""

CODES_OF_WORD = 4
MOST_CODE = 127
SCALE_SHIFT = 14
"""Bits by which a mantissa of 16 bits is shifted before `MOST_CODE` divides it: f32 holds the result."""

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]


def coded(rows: F32) -> tuple[I8, F32]:
    """Codes and scales. Shapes: f32 [..., width] -> int8 [..., width], f32 [...]."""
    largest = np.abs(rows).max(axis=-1)
    codes = whole_codes(parts_of(rows, steps_of(largest)[..., None]))
    return codes.astype(np.int8), _scales(largest)


def decoded(codes: I8, scales: F32) -> F32:
    """What codes stand for. Shapes: int8 [..., width], f32 [...] -> f32 [..., width]."""
    return codes.astype(np.float32) * scales[..., None]


def rounded(rows: F32) -> F32:
    """The numbers that are read back where these are stored. Shape: f32 [..., width]."""
    return decoded(*coded(rows))


def _scales(largest: F32) -> F32:
    bits = np.ascontiguousarray(largest).view(np.uint32)
    quotient = (mantissa_of(bits) << SCALE_SHIFT) // np.uint32(MOST_CODE)
    power = (clipped_exponent(bits) << 23).view(np.float32)
    scales = quotient.astype(np.float32) * np.float32(2.0 ** -(15 + SCALE_SHIFT)) * power
    return scale_or_nan(largest, scales)
