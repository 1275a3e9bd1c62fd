"""q8: signed bytes and a scale for each group of 32; 8.5 bits for each weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernelc.ir.formats.arrays import GROUP, I8, U32
from kernelc.ir.formats.integer_codes import ScaledCodes
from kernelc.ir.formats.kernel_language import KernelFunctions, V

_WORDS = GROUP // 4


class _Q8(ScaledCodes):
    """weight = byte * scale; byte b of word j is element 4j + b:  | 4j+3 : 4j+2 : 4j+1 : 4j |."""

    name = "q8"
    words_per_group = _WORDS
    unit_words = 1
    code_low, code_high = -127, 127
    lattice_codes = (15, 16, 31, 32, 63, 64)  # the largest codes of 5, 6 and 7 bits
    byte_zero = 0
    largest_weight = 100 * 65504.0  # least squares leaves the largest magnitude at a code above 100

    def pack_codes(self, codes: I8) -> U32:
        return np.ascontiguousarray(codes).view("<u4").reshape(*codes.shape[:-1], _WORDS)

    def unpack_codes(self, quants: U32) -> I8:
        octets = np.ascontiguousarray(quants, dtype="<u4").view(np.int8)
        return octets.reshape(*quants.shape[:-1], GROUP)

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return [k.to_f32(k.unpack_i8x4(unit[0]))]

    def byte_words(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return [unit[0]]


FORMAT = _Q8()
