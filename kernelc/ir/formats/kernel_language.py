"""The part of the kernel language that a weight format may use to read its own words in a kernel.

`kernelc.ir` does not import the kernel language, so the kernel hands the functions in
(`kernelc/kernels/parts/packed_rows.py`). They are those of `kernelc.kir.functions`, by the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar


class KernelValue(Protocol):
    """A scalar or a vector in a kernel; operators work lane by lane."""

    def __add__(self, other: Self | float, /) -> Self: ...
    def __sub__(self, other: Self | float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __and__(self, other: int, /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...
    def __lshift__(self, other: int, /) -> Self: ...
    def __rshift__(self, other: int, /) -> Self: ...
    @property
    def x(self) -> Self: ...
    @property
    def y(self) -> Self: ...


V = TypeVar("V", bound=KernelValue)


@dataclass(frozen=True)
class KernelFunctions(Generic[V]):
    """What a format's reading is written with. Vectors have four lanes unless it says otherwise."""

    vector: Callable[[V, V, V, V], V]
    """Four scalars -> a vector."""
    to_f32: Callable[[V], V]
    """Integers -> f32, lane by lane."""
    unpack_u8x4: Callable[[V], V]
    """u32 -> its four bytes as unsigned integers, the least significant first."""
    unpack_i8x4: Callable[[V], V]
    """u32 -> its four bytes as signed integers, the least significant first."""
    unpack_half2: Callable[[V], V]
    """u32 -> its two halves as two f32, the lower first."""
    maximum: Callable[[V, V | float], V]
    """The greater of two numbers, lane by lane."""
    float_of_bits: Callable[[V], V]
    """u32 -> the f32 with those bits."""
