"""Products of the four signed bytes of two words: one operation where the device has it, else its meaning."""

from __future__ import annotations

from kernelc.kir.functions import bitcast, dot4_i8, unpack_i8x4
from kernelc.kir.types import i32, u32
from kernelc.kir.values import Number, Operators, Value


def dot4(word: Operators, other: Number, plus: Number, native: bool) -> Value:
    """`plus` and the sum of the products of the signed bytes of two words, an exact i32.

    `native`: whether the device has the feature "dot4".
    """
    if native:
        return dot4_i8(word, other, plus)
    # in u32, which wraps in every language and gives the same bits
    products = bitcast(unpack_i8x4(word), u32) * bitcast(unpack_i8x4(other), u32)
    total = bitcast(products.x + products.y + products.z + products.w, i32)
    return total + plus
