"""q4: signed codes of four bits and a scale for each group of 32; 4.5 bits for each weight."""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.ir.formats import nibbles
from kernelc.ir.formats.arrays import I8, U32
from kernelc.ir.formats.integer_codes import ScaledCodes
from kernelc.ir.formats.kernel_language import KernelFunctions, V

_ZERO = 8  # the nibble of code 0
_PEAK_CODES = (-8.25, -7.75, -8.75, 7.25, -8.0, -8.5, 7.0, -9.0, 6.25, 6.75)
"""Of 26 positions from -9.5 to 8.5 the ten that together leave least error on Gaussian weights, chosen one
after the other: 0.00655 of their power, as all 26 do."""


class _Q4(ScaledCodes):
    """weight = (nibble - 8) * scale. Scales may be negative, so a group is stored either way up."""

    name = "q4"
    words_per_group = nibbles.WORDS
    unit_words = 1
    code_low, code_high = -8, 7
    peak_codes = _PEAK_CODES
    lattice_codes = (1, 2, 3, 4, 5, 6)  # -8 and 7 are among the others; of the rest either sign will do
    byte_zero = _ZERO
    largest_weight = 4 * 65504.0  # where an f16 would overflow, the search leaves it at a code above 4

    def pack_codes(self, codes: I8) -> U32:
        return nibbles.pack_nibbles(codes, _ZERO)

    def unpack_codes(self, quants: U32) -> I8:
        return nibbles.unpack_nibbles(quants, _ZERO)

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return nibbles.nibble_vectors(k, unit[0], _ZERO)

    def byte_words(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return nibbles.nibble_words(unit[0])


FORMAT = _Q4()
