"""What a row of a KV cache is made of: the one place where kinds of caches differ.

    f32   pairs of floats
    f16   pairs of halves in a u32, the even element in the low half
    q8    four signed bytes in a u32, the first in the low byte; beside them a scale for each head of a
          position (`kernelc.ir.cached_rows`)

A kind says how its elements are bound, loaded and turned into f32; everything else about a cache is the same
for all of them. Scales are an array of their own: beside the codes of a row they would put the next row's off
the 16 bytes of a load, and after all rows their place would be a matter of the context.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from kernelc.ir.cached_rows import CODED, CODES_OF_WORD
from kernelc.kir.functions import concat, pack_half2, to_f32, unpack_half2, unpack_i8x4
from kernelc.kir.types import Type, f32, f32x2, u32
from kernelc.kir.values import Operators, Value


class RowKind(ABC):
    """One kind of cache. `together`: neighbouring elements in the narrowest load, which is the bound element;
    `widest`: in one of 16 bytes. `scaled`: whether what is loaded is to be multiplied by the scale of its
    head row. `halves_do`: whether less is lost than a kind has lost already where elements are multiplied as
    f16; `stores_halves`: whether nothing is."""

    name: ClassVar[str]
    bound: ClassVar[Type]
    together: ClassVar[int]
    widest: ClassVar[int]
    scaled: ClassVar[bool] = False
    halves_do: ClassVar[bool] = True
    stores_halves: ClassVar[bool] = False

    @abstractmethod
    def load_type(self, width: int) -> Type:
        """The element type as which to bind a cache for loads of `width` elements."""

    @abstractmethod
    def vectors(self, stored: Value) -> list[Value]:
        """One load as f32 vectors of up to four, without the scale."""

    @abstractmethod
    def eight(self, stored: Value) -> Value:
        """One load of eight elements as an f32x8, without the scale."""

    def words(self, elements: int) -> int:
        """Words of 32 bits that so many elements take."""
        return elements * self.bound.bytes // (4 * self.together)


class NumberKind(RowKind):
    """Rows of numbers, which may be stored a pair at a time."""

    together = 2
    dtype: ClassVar[type[np.floating]]

    @abstractmethod
    def pair(self, elements: Operators) -> Operators:
        """An f32x2 as it is stored."""


class _Floats(NumberKind):
    name = "f32"
    halves_do = False
    bound = f32x2
    widest = 4
    dtype = np.float32

    def load_type(self, width: int) -> Type:
        return f32.with_lanes(width)

    def vectors(self, stored: Value) -> list[Value]:
        return [stored]

    def eight(self, stored: Value) -> Value:
        return stored

    def pair(self, elements: Operators) -> Operators:
        return elements


class _Halves(NumberKind):
    name = "f16"
    stores_halves = True
    bound = u32
    widest = 8
    dtype = np.float16

    def load_type(self, width: int) -> Type:
        return u32.with_lanes(width // 2)

    def vectors(self, stored: Value) -> list[Value]:
        words = stored.type.lanes
        if words == 1:
            return [unpack_half2(stored)]
        pairs = [unpack_half2(stored.lane(i)) for i in range(words)]
        return [concat(pairs[i], pairs[i + 1]) for i in range(0, words, 2)]

    def eight(self, stored: Value) -> Value:
        return unpack_half2(stored)

    def pair(self, elements: Operators) -> Operators:
        return pack_half2(elements)


class _Codes(RowKind):
    name = CODED
    bound = u32
    together = CODES_OF_WORD
    widest = 16
    scaled = True

    def load_type(self, width: int) -> Type:
        return u32.with_lanes(width // CODES_OF_WORD)

    def vectors(self, stored: Value) -> list[Value]:
        words = stored.type.lanes
        each = [stored] if words == 1 else [stored.lane(i) for i in range(words)]
        return [to_f32(unpack_i8x4(word)) for word in each]

    def eight(self, stored: Value) -> Value:
        return to_f32(unpack_i8x4(stored))


KINDS: dict[str, RowKind] = {kind.name: kind for kind in (_Halves(), _Floats(), _Codes())}
"""By what problems call them, `kv_dtype`."""
