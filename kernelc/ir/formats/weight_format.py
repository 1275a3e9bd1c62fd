"""What a weight format is: its layout as data, its meaning in numpy, and how a kernel reads it.

A matrix `[rows, cols]` (output features by input features) is cut along `cols` into groups of 32, and a group
is stored as whole 32-bit words, with side arrays (`SideArray`) that hold what the group's numbers share:

    NAME.quants   [rows, groups, words_per_group]     | group 0: word 0, 1, ... | group 1: word 0, ... |
    NAME.scales   [rows, groups(, lanes)]             | group 0's element       | group 1's element    |

A kernel need not load a whole group at once. The words are cut into *units* of `unit_words`, each of which
holds whole vectors of four neighbouring elements, in order. Byte 0 of a word is the least significant.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from kernelc.errors import ShapeError
from kernelc.ir.formats.arrays import F32, GROUP, Array, Packed, aligned, groups_of, pad_groups
from kernelc.ir.formats.kernel_language import KernelFunctions, V
from kernelc.ir.formats.side_array import SideArray

QUANTS = "quants"
"""The words of a matrix NAME are stored as `NAME.quants`, and kernels bind them by this name."""


_WORDS = {"u32": np.dtype("<u4"), "f32": np.dtype("<f4")}


class Factors(NamedTuple, Generic[V]):
    """What the elements of a group have in common: a weight is element * scale + offset.

    None stands for a scale of 1 and an offset of 0.
    """

    scale: V | None
    offset: V | None


class WeightFormat(ABC):
    """One way to store the numbers of a matrix. Formats are compared by name and have no state."""

    name: ClassVar[str]
    words_per_group: ClassVar[int]
    unit_words: ClassVar[int]
    """Words that hold whole vectors of four elements; divides `words_per_group`."""
    word: ClassVar[Literal["u32", "f32"]] = "u32"
    sides: ClassVar[tuple[SideArray, ...]] = ()
    has_offset: ClassVar[bool] = False
    """Whether `factors` gives an offset: kernels then need the sums of the activations."""
    holds_halves: ClassVar[bool] = False
    """Whether the words are the elements themselves, as f16: matrix units take them as they are."""
    exact_in_f32: ClassVar[bool] = False
    """Whether a build keeps every bit of f32, so that no kernel may round the weights to f16."""
    byte_zero: ClassVar[int | None] = None
    """What `byte_words` adds to every element; None where the elements are no signed bytes."""
    padding: ClassVar[Literal["constant", "edge"]] = "constant"
    """What fills a last group that is not full: see `pad_groups`."""
    largest_weight: ClassVar[float] = float("inf")
    """The largest magnitude that a matrix may contain."""

    # ---- sizes

    @property
    def bits_per_weight(self) -> float:
        """Storage for each weight, side arrays included."""
        sides = sum(side.element_bytes for side in self.sides)
        return (4 * self.words_per_group + sides) * 8 / GROUP

    @property
    def vectors_per_unit(self) -> int:
        """Vectors of four elements in a unit."""
        return GROUP // 4 * self.unit_words // self.words_per_group

    def quants_bytes(self, rows: int, cols: int) -> int:
        """Bytes of `NAME.quants`, padded to a multiple of 16."""
        return aligned(rows * groups_of(cols) * self.words_per_group * 4)

    def stored_arrays(self, rows: int, cols: int) -> dict[str, int]:
        """Bytes of each array of a matrix, by the name that follows the matrix's own."""
        sizes = {side.name: side.stored_bytes(rows, cols) for side in self.sides}
        return {QUANTS: self.quants_bytes(rows, cols), **sizes}

    def quants_from_bytes(self, raw: npt.NDArray[np.uint8], rows: int, cols: int) -> Array:
        """The stored bytes of `NAME.quants` as [rows, groups, words], not copied."""
        shape = (rows, groups_of(cols), self.words_per_group)
        return raw.view(_WORDS[self.word])[: shape[0] * shape[1] * shape[2]].reshape(shape)

    # ---- numpy

    def pack(self, values: F32) -> Packed:
        """Round every number of a matrix in the plainest way: good enough for tests of kernels.

        Shapes: f32 [rows, cols] -> see `Packed`.
        """
        return self.pack_groups(pad_groups(values, self.padding))

    @abstractmethod
    def pack_groups(self, grouped: F32) -> Packed:
        """`pack` of a matrix that is cut into groups. Shape: f32 [rows, groups, 32]."""

    @abstractmethod
    def unpack_groups(self, packed: Packed) -> F32:
        """The numbers that packed data stands for: the meaning of the format.

        Shape: f32 [rows, groups, 32].
        """

    def quantize_groups(self, values: F32, weights: F32 | None) -> Packed:
        """Choose the side values that make the (weighted) squared error small: what a build uses.

        Shapes: f32 [32, groups], so that a group is a lane of numpy's vectors; `weights` the same ->
        quants [groups, words], sides [groups] or [groups, lanes]. Formats without side arrays have nothing
        to choose.
        """
        return self.pack_groups(np.ascontiguousarray(values.T))

    # ---- kernels

    @abstractmethod
    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        """The f32 vectors of four elements in a unit, in order, without scale and offset.

        `unit`: the unit's u32 words; for f32 words one vector of the four.
        """

    def factors(self, k: KernelFunctions[V], sides: Sequence[Sequence[V]]) -> Factors[V]:
        """The scale and the offset of a group, as f32, from the scalars of its side elements.

        A side's f16 arrive as f32, its u8 as u32.
        """
        return Factors(None, None)

    def byte_words(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        """The elements of a unit plus `byte_zero` as words of four signed bytes, in order.

        Raises ShapeError for a format whose elements are no bytes.
        """
        raise ShapeError(f"weights of {self.name} are no integers of a byte, so bytes cannot multiply them")

    def __repr__(self) -> str:
        return f"<weight format {self.name}>"
