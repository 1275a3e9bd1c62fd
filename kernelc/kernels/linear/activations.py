"""Activations rounded to signed bytes, with a scale for each group of 32, for products with packed weights.

Every target must compute the same codes, or results would differ by whole steps where one rounds up and
another down. So codes come from operations that are exact or rounded alike everywhere: one multiplication of
floats, and integers for everything else. There is no division of floats (WGSL allows an error of 2.5 units in
the last place), and no sum after the product that a compiler could contract with it.

With M the group's largest magnitude, rounded up to 16 bits: steps = floor(127 * 2^24 / M's mantissa), a
16-bit number with M's exponent, is how many 256ths of a code make up 1, and a value's code is
(trunc(value * steps) + 128) >> 8. The group's scale is 256 / steps: at most 0.007 % above M / 127.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import groups_of
from kernelc.kernels.linear.dot4 import dot4
from kernelc.kir.functions import absolute, bitcast, maximum, minimum, splat, to_f32, to_i32
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Number, Operators, Value

F32 = npt.NDArray[np.float32]

GROUP = 32
PARTS = 256  # a value is computed in 256ths of a code before it is rounded
# Bounds of M's stored exponent, which is the exponent plus 127. A group below 2^-100 is treated as one of
# 2^-100, so that no product is subnormal, which some devices flush to 0; above 2^126 codes mean nothing.
_LEAST_EXPONENT, _GREATEST_EXPONENT = 27, 252
_NUMERATOR = 127 << 24


# The reference


def codes_and_scales(x: F32) -> tuple[npt.NDArray[np.int8], F32]:
    """The codes and scales of rows; zeros fill up the last group.

    Shapes: f32 [rows, cols] -> int8 [rows, groups, 32], f32 [rows, groups].
    """
    rows, cols = x.shape
    groups = groups_of(cols)
    values = np.zeros((rows, groups * GROUP), np.float32)
    values[:, :cols] = x
    values = values.reshape(rows, groups, GROUP)
    steps = _steps_reference(np.abs(values).max(axis=2))
    parts = np.trunc(values * steps[:, :, None]).astype(np.int32)
    return ((parts + PARTS // 2) >> 8).astype(np.int8), np.float32(PARTS) / steps


def _steps_reference(largest: F32) -> F32:
    bits = np.ascontiguousarray(largest).view(np.uint32)
    exponent = np.clip(bits >> 23, _LEAST_EXPONENT, _GREATEST_EXPONENT).astype(np.uint32)
    mantissa = ((bits & 0x7FFFFF | 0x800000) >> 8) + 1
    ratio = np.uint32(_NUMERATOR) // mantissa.astype(np.uint32)
    return ratio.astype(np.float32) * ((253 - exponent) << 23).astype(np.uint32).view(np.float32)


def rounded(x: F32) -> F32:
    """The values that the codes of rows stand for. Shapes: f32 [rows, cols] -> f32 [rows, cols]."""
    codes, scales = codes_and_scales(x)
    values = codes.astype(np.float32) * scales[:, :, None]
    return np.ascontiguousarray(values.reshape(len(x), -1)[:, : x.shape[1]])


# The kernel's part


@dataclass(frozen=True)
class CodedGroup:
    """A group's codes, four to a word in order, and its scale; `native`: the device has "dot4"."""

    words: list[Value]
    scale: Value
    native: bool

    def times(self, byte: int) -> Value:
        """The sum of the codes times a number from -128 to 127, as i32."""
        total: Number = 0
        for word in self.words:
            total = dot4(word, 0x01010101 * (byte & 0xFF), total, self.native)
        assert isinstance(total, Value)
        return total


def coded(values: list[Value], native: bool) -> CodedGroup:
    """Round a group of 32 activations, given as eight vectors of four."""
    largest = absolute(values[0])
    for four in values[1:]:
        magnitudes = absolute(four)
        largest = maximum(largest, magnitudes)
    steps = _steps(maximum(maximum(largest.x, largest.y), maximum(largest.z, largest.w)))
    spread = splat(steps, 4)
    return CodedGroup([_word(four * spread) for four in values], float(PARTS) / steps, native)


def _steps(largest: Value) -> Value:
    bits = bitcast(largest, u32)
    exponent = minimum(maximum(bits >> 23, _LEAST_EXPONENT), _GREATEST_EXPONENT)
    mantissa = (((bits & 0x7FFFFF) | 0x800000) >> 8) + 1
    return to_f32(_NUMERATOR // mantissa) * bitcast((253 - exponent) << 23, f32)


def _word(parts: Operators) -> Value:
    """Four codes in a word: the second byte of each number of 256ths, after rounding."""
    codes = bitcast(to_i32(parts) + PARTS // 2, u32) & 0xFF00
    word = codes.x >> 8 | codes.y | codes.z << 8 | codes.w << 16
    return word
