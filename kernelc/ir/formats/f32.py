"""f32: the numbers as they are; kernels may not round them either."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernelc.ir.formats.arrays import F32, GROUP, Packed
from kernelc.ir.formats.kernel_language import KernelFunctions, V
from kernelc.ir.formats.weight_format import WeightFormat


class _F32(WeightFormat):
    """Word j of a group is element j, as f32."""

    name = "f32"
    words_per_group = GROUP
    unit_words = 4
    word = "f32"
    exact_in_f32 = True

    def pack_groups(self, grouped: F32) -> Packed:
        return Packed(np.ascontiguousarray(grouped, np.float32))

    def unpack_groups(self, packed: Packed) -> F32:
        return packed.quants.astype(np.float32)

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return [unit[0]]


FORMAT = _F32()
