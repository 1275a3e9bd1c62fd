"""Two codes in a byte: how formats of four bits lie in words.

    word j of a group, its bytes from the least significant to the most:

      byte            0              1              2              3
      bits          7..4  3..0     7..4  3..0     7..4  3..0     7..4  3..0
      element 8j +    4     0        5     1        6     2        7     3

One mask takes the four low nibbles out of a word and one shift and mask the four high ones, and either
result is a word of bytes in the order of their elements.
"""

from __future__ import annotations

import numpy as np

from kernelc.ir.formats.arrays import GROUP, I8, U32
from kernelc.ir.formats.kernel_language import KernelFunctions, V

WORDS = 4
"""Words of a group of 32."""

_MASK = 0x0F0F0F0F


def pack_nibbles(codes: I8, zero: int) -> U32:
    """Codes of -zero .. 15 - zero, stored plus `zero`. Shapes: int8 [..., 32] -> u32 [..., 4]."""
    halves = (codes + np.int8(zero)).view(np.uint8).reshape(*codes.shape[:-1], WORDS, 2, 4)
    packed = halves[..., 0, :] | (halves[..., 1, :] << np.uint8(4))
    return np.ascontiguousarray(packed).view("<u4").reshape(*codes.shape[:-1], WORDS)


def unpack_nibbles(quants: U32, zero: int) -> I8:
    """The inverse of `pack_nibbles`. Shapes: u32 [..., 4] -> int8 [..., 32]."""
    octets = np.ascontiguousarray(quants, dtype="<u4").view(np.uint8)
    octets = octets.reshape(*quants.shape[:-1], WORDS, 1, 4)
    nibbles = np.concatenate([octets & np.uint8(15), octets >> np.uint8(4)], axis=-2)
    return (nibbles.view(np.int8) - np.int8(zero)).reshape(*quants.shape[:-1], GROUP)


def nibble_words(word: V) -> list[V]:
    """The stored nibbles of a word as two words of four bytes: its elements 0 to 3, then 4 to 7."""
    low = word & _MASK
    high = (word >> 4) & _MASK
    return [low, high]


def nibble_vectors(k: KernelFunctions[V], word: V, zero: int) -> list[V]:
    """The codes of a word as two f32 vectors: its elements 0 to 3, then 4 to 7."""
    if zero == 0:
        low = k.to_f32(k.unpack_u8x4(word & _MASK))
        high = k.to_f32(k.unpack_u8x4((word >> 4) & _MASK))
        return [low, high]
    low = k.to_f32(k.unpack_u8x4(word & _MASK)) - float(zero)
    high = k.to_f32(k.unpack_u8x4((word >> 4) & _MASK)) - float(zero)
    return [low, high]
