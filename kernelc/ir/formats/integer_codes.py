"""Formats that store small integers, with one scale for each group of 32, or a scale and an offset.

A weight is `code * scale` or `code * scale + offset`, in f32. The product of a code and an f16 scale is
exact, so the sum is rounded once, whether or not a device fuses the two operations.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from kernelc.errors import ShapeError
from kernelc.ir.formats.affine_search import search_affine
from kernelc.ir.formats.arrays import F16, F32, I8, U32, Packed
from kernelc.ir.formats.kernel_language import KernelFunctions, V
from kernelc.ir.formats.scale_search import search_scales
from kernelc.ir.formats.side_array import SideArray
from kernelc.ir.formats.weight_format import Factors, WeightFormat


class IntegerCodes(WeightFormat):
    """Codes from `code_low` to `code_high`; a subclass says where their bits lie."""

    code_low: ClassVar[int]
    code_high: ClassVar[int]

    @abstractmethod
    def pack_codes(self, codes: I8) -> U32:
        """Codes within the bounds to words. Shapes: int8 [..., 32] -> u32 [..., words]."""

    @abstractmethod
    def unpack_codes(self, quants: U32) -> I8:
        """The inverse of `pack_codes`. Shapes: u32 [..., words] -> int8 [..., 32]."""

    @abstractmethod
    def nearest_codes(self, grouped: F32, side: F16) -> I8:
        """The code nearest to each number; 0 under a scale of 0.

        Shapes: f32 [rows, groups, 32], the side array -> int8 [rows, groups, 32].
        """

    @abstractmethod
    def plain_side(self, grouped: F32) -> F16:
        """Side values that need no search: they span the largest or the extreme numbers of each group."""

    def scale_and_offset(self, side: F16) -> tuple[F32, F32]:
        """What a weight is made of beside its code: code * scale + offset. Shapes: those of the groups."""
        if not self.has_offset:
            return side.astype(np.float32), np.zeros(side.shape, np.float32)
        return side[..., 0].astype(np.float32), side[..., 1].astype(np.float32)

    def pack_groups(self, grouped: F32) -> Packed:
        return self.pack_with(grouped, self.plain_side(grouped))

    def pack_with(self, grouped: F32, side: F16) -> Packed:
        """Pack with given side values, each number rounded to the nearest code.

        Raises ShapeError where `side` has another shape than the groups ask for.
        """
        wanted = self.sides[0].shape(*grouped.shape[:2])
        if side.shape != wanted:
            raise ShapeError(f"pack {self.name}: scales have shape {list(side.shape)}, wanted {list(wanted)}")
        return Packed(self.pack_codes(self.nearest_codes(grouped, side)), (side,))

    def factors(self, k: KernelFunctions[V], sides: Sequence[Sequence[V]]) -> Factors[V]:
        values = sides[0]
        return Factors(values[0], values[1] if self.has_offset else None)


class ScaledCodes(IntegerCodes):
    """weight = code * scale, the scale an f16."""

    sides = (SideArray("scales", "f16"),)
    peak_codes: ClassVar[tuple[float, ...]] = ()
    """Where the search for a scale tries to put a group's largest magnitude; see `search_scales`."""
    lattice_codes: ClassVar[tuple[int, ...]] = ()
    """Whole codes where it is put in groups that look as if that were exact."""

    def plain_side(self, grouped: F32) -> F16:
        return (np.abs(grouped).max(axis=2) / self.code_high).astype(np.float16)

    def nearest_codes(self, grouped: F32, side: F16) -> I8:
        wide = side.astype(np.float32)
        inverse = np.divide(np.float32(1), wide, out=np.zeros_like(wide), where=wide != 0)
        codes = np.rint(grouped * inverse[:, :, None])
        return np.clip(codes, self.code_low, self.code_high).astype(np.int8)

    def unpack_groups(self, packed: Packed) -> F32:
        scales = packed.sides[0].astype(np.float32)
        return self.unpack_codes(packed.quants).astype(np.float32) * scales[:, :, None]

    def quantize_groups(self, values: F32, weights: F32 | None) -> Packed:
        bounds = self.code_low, self.code_high
        codes, scales = search_scales(values, weights, bounds, self.peak_codes, self.lattice_codes)
        return Packed(self.pack_codes(np.ascontiguousarray(codes.T)), (scales,))


class AffineCodes(IntegerCodes):
    """weight = code * scale + offset, both f16, the two halves of one word for each group.

    Elements that pad the last group stand for the row's last number: nothing exact stands for 0.
    """

    sides = (SideArray("scales", "f16", lanes=2),)
    has_offset = True
    padding = "edge"

    def plain_side(self, grouped: F32) -> F16:
        low, high = grouped.min(axis=2), grouped.max(axis=2)
        scales = (high - low) / np.float32(self.code_high - self.code_low)
        return np.stack([scales, low - self.code_low * scales], axis=2).astype(np.float16)

    def nearest_codes(self, grouped: F32, side: F16) -> I8:
        scale, offset = (side[:, :, at].astype(np.float32) for at in (0, 1))
        inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
        codes = np.rint((grouped - offset[:, :, None]) * inverse[:, :, None])
        return np.clip(codes, self.code_low, self.code_high).astype(np.int8)

    def unpack_groups(self, packed: Packed) -> F32:
        scale, offset = (packed.sides[0][:, :, at].astype(np.float32)[:, :, None] for at in (0, 1))
        return self.unpack_codes(packed.quants).astype(np.float32) * scale + offset

    def quantize_groups(self, values: F32, weights: F32 | None) -> Packed:
        codes, factors = search_affine(values, weights, self.code_high - self.code_low)
        return Packed(self.pack_codes(np.ascontiguousarray(codes.T)), (factors,))
