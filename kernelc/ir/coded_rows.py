"""Rows of activations as signed bytes with a scale for each group of 32, for products with packed weights.

A group has one or two *terms*. One term is a code from -127 to 127 for each value. With two terms a second
byte says what rounding to the code left, in 256ths of a code from -128 to 127: about 16 bits altogether,
which measures as lossless, for twice the products of bytes and no more weights.

Layout of a row: u32 words, 2 * terms + 1 *planes* of 4 words for each group, plane by plane, so that
neighbouring groups are neighbours in memory.

    plane 2t, 2t + 1    term t of elements 0..15 and 16..31, four to a word, the first in the low byte
    plane 2 * terms     scale (f32), sum of the codes (i32), sum of the squares (f32), 0

With one term a value is code * scale. With two it is (256 * code + rest) * scale, and the sum is that of
256 * code + rest. Where values are multiplied by a norm's weight before they are coded, the squares are those
of the values before that: whoever multiplies the row by a matrix multiplies by 1/rms afterwards, one factor
for the whole row. Otherwise the squares are 0.

Every target must compute the same codes, or results would differ by whole steps where one rounds up and
another down. So codes come from operations that are exact or rounded alike everywhere: one multiplication of
floats, and integers for everything else. There is no sum after the product that a compiler could contract
with it, and no division of floats on the way to a code (WGSL allows an error of 2.5 units in the last place).

With M the group's largest magnitude, rounded up to 16 bits: steps = floor(127 * 2^24 / M's mantissa), a
16-bit number with M's exponent, is how many 256ths of a code make up 1. A value is cut to 8ths of these, of
which `parts` = (cut + 4) >> 3 are whole, and its code is (parts + 128) >> 8.

Codes can hold neither infinities nor NaNs. A group that has one has a NaN for its scale, so that whoever
multiplies the row gets no number either, and codes that mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import groups_of

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]

GROUP = 32
PARTS = 256  # of a code
FINE = 8  # cuts of a part, before it is rounded
# Bounds of M's stored exponent, which is the exponent plus 127. A group below 2^-100 is treated as one of
# 2^-100, so that no product is subnormal, which some devices flush to 0; above 2^126 codes mean nothing.
LEAST_EXPONENT, GREATEST_EXPONENT = 27, 252
NUMERATOR = 127 << 24
INFINITE, NAN = 0x7F800000, 0x7FC00000  # bits of f32
MOST_TERMS = 2


@dataclass(frozen=True)
class CodedRows:
    """The layout of a row of `cols` values with 1 or 2 `terms`; zeros fill up the last group."""

    cols: int
    terms: int

    @property
    def groups(self) -> int:
        """Groups of a row."""
        return groups_of(self.cols)

    @property
    def planes(self) -> int:
        """Vectors of four words for each group."""
        return 2 * self.terms + 1

    @property
    def vectors(self) -> int:
        """Vectors of four words of a row."""
        return self.planes * self.groups

    @property
    def words(self) -> int:
        """Words of a row."""
        return 4 * self.vectors

    @property
    def steps_of_a_code(self) -> int:
        """By what the scale of one term differs from that of two: the numbers that it is a scale of."""
        return PARTS if self.terms == 1 else 1

    def code(self, x: F32, weight: F32 | None = None) -> U32:
        """The coded rows of x * weight. Shapes: f32 [rows, cols], f32 [cols] -> u32 [rows, words]."""
        squares = np.zeros((len(x), self.groups), np.float32)
        if weight is not None:
            squares = np.square(self._grouped(x), dtype=np.float64).sum(axis=2).astype(np.float32)
        values = self._grouped(x if weight is None else x * weight)
        largest = np.abs(values).max(axis=2)
        steps = steps_of(largest)
        parts = parts_of(values, steps[:, :, None])
        codes = whole_codes(parts)
        found = np.zeros((len(x), self.planes, self.groups, 4), np.uint32)
        terms = [codes] if self.terms == 1 else [codes, parts]
        for at, term in enumerate(terms):
            octets = np.ascontiguousarray(term.astype(np.uint8)).reshape(len(x), self.groups, 2, GROUP // 2)
            found[:, 2 * at : 2 * at + 2] = octets.view("<u4").astype(np.uint32).transpose(0, 2, 1, 3)
        scales = scale_or_nan(largest, np.float32(self.steps_of_a_code) / steps)
        sums = terms[-1].sum(axis=2, dtype=np.int32)
        for at, each in enumerate((scales, sums, squares)):
            found[:, -1, :, at] = np.ascontiguousarray(each).view(np.uint32)
        return found.reshape(len(x), self.words)

    def numbers(self, coded: U32) -> tuple[I32, F32, I32, F32]:
        """What the words say: numbers, scales, their stored sums, and the squares.

        Shapes: u32 [rows, words] -> i32 [rows, groups, 32], f32, i32 and f32 [rows, groups].
        """
        planes = np.ascontiguousarray(coded, np.uint32).reshape(-1, self.planes, self.groups, 4)
        terms: list[I32] = []
        for at in range(self.terms):
            words = np.ascontiguousarray(planes[:, 2 * at : 2 * at + 2].transpose(0, 2, 1, 3)).astype("<u4")
            octets = words.reshape(len(planes), self.groups, 8).view(np.int8)
            terms.append(octets.astype(np.int32))
        numbers = terms[0] if self.terms == 1 else terms[0] * PARTS + terms[1]
        scales, sums, squares = (np.ascontiguousarray(planes[:, -1, :, at]) for at in range(3))
        return numbers, scales.view(np.float32), sums.view(np.int32), squares.view(np.float32)

    def decode(self, coded: U32) -> tuple[F32, F32]:
        """The values that rows stand for, and the sum of the squares of each.

        Shapes: u32 [rows, words] -> f32 [rows, cols], f32 [rows].
        """
        numbers, scales, _, squares = self.numbers(coded)
        values = numbers.astype(np.float32) * scales[:, :, None]
        rows = np.ascontiguousarray(values.reshape(len(values), -1)[:, : self.cols])
        return rows, squares.sum(axis=1, dtype=np.float64).astype(np.float32)

    def _grouped(self, x: F32) -> F32:
        values = np.zeros((len(x), self.groups * GROUP), np.float32)
        values[:, : self.cols] = x
        return values.reshape(len(x), self.groups, GROUP)


def steps_of(largest: F32) -> F32:
    """How many 256ths of a code make up 1, where the largest magnitude is to become 127. Any shape."""
    bits = np.ascontiguousarray(largest).view(np.uint32)
    ratio = np.uint32(NUMERATOR) // mantissa_of(bits)
    return ratio.astype(np.float32) * ((253 - clipped_exponent(bits)) << 23).view(np.float32)


def scale_or_nan(largest: F32, scales: F32) -> F32:
    """Scales, but for NaNs where the largest magnitude is infinite or none. Any shape."""
    return np.where(np.isfinite(largest), scales, np.uint32(NAN).view(np.float32)).astype(np.float32)


def mantissa_of(bits: U32) -> U32:
    """The mantissa, rounded up to 16 bits, of the positive f32 with these bits."""
    return (((bits & 0x7FFFFF | 0x800000) >> 8) + 1).astype(np.uint32)


def clipped_exponent(bits: U32) -> U32:
    """The stored exponent of the positive f32 with these bits, within the bounds that codes mean anything."""
    return np.clip(bits >> 23, LEAST_EXPONENT, GREATEST_EXPONENT).astype(np.uint32)


def parts_of(values: F32, steps: F32) -> I32:
    """Values in 256ths of a code, rounded. The shapes must fit each other."""
    with np.errstate(invalid="ignore", over="ignore"):
        cut = np.trunc(values * (steps * np.float32(FINE))).astype(np.int32)
    return (cut + FINE // 2) >> 3


def whole_codes(parts: I32) -> I32:
    """The codes nearest to so many 256ths."""
    return (parts + PARTS // 2) >> 8
