"""q4a: codes of four bits, a scale and an offset for each group of 32; 5 bits for each weight.

This is what GGUF's Q4_1 and Q4_K and most GPTQ and AWQ files hold, once a scale of scales is multiplied out.
"""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.ir.formats import nibbles
from kernelc.ir.formats.arrays import I8, U32
from kernelc.ir.formats.integer_codes import AffineCodes
from kernelc.ir.formats.kernel_language import KernelFunctions, V


class _Q4A(AffineCodes):
    """weight = nibble * scale + offset; word i of the scales is `| offset (f16) : scale (f16) |`."""

    name = "q4a"
    words_per_group = nibbles.WORDS
    unit_words = 1
    code_low, code_high = 0, 15
    byte_zero = 0
    largest_weight = 65504.0  # an offset may be the group's least number

    def pack_codes(self, codes: I8) -> U32:
        return nibbles.pack_nibbles(codes, 0)

    def unpack_codes(self, quants: U32) -> I8:
        return nibbles.unpack_nibbles(quants, 0)

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return nibbles.nibble_vectors(k, unit[0], 0)

    def byte_words(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return nibbles.nibble_words(unit[0])


FORMAT = _Q4A()
