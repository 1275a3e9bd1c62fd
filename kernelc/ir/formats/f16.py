"""f16: halves, nothing beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernelc.ir.formats.arrays import F32, GROUP, Packed
from kernelc.ir.formats.kernel_language import KernelFunctions, V
from kernelc.ir.formats.weight_format import WeightFormat


class _F16(WeightFormat):
    """Word j of a group holds elements 2j and 2j + 1:  | element 2j+1 : element 2j |."""

    name = "f16"
    words_per_group = GROUP // 2
    unit_words = 2
    holds_halves = True
    largest_weight = 65504.0

    def pack_groups(self, grouped: F32) -> Packed:
        with np.errstate(
            over="ignore"
        ):  # what overflows is an infinity here; model.quantize refuses it by name
            halves = grouped.astype("<f2")
        return Packed(np.ascontiguousarray(halves).view("<u4"))

    def unpack_groups(self, packed: Packed) -> F32:
        return np.ascontiguousarray(packed.quants, dtype="<u4").view("<f2").astype(np.float32)

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        low, high = k.unpack_half2(unit[0]), k.unpack_half2(unit[1])
        return [k.vector(low.x, low.y, high.x, high.y)]


FORMAT = _F16()
