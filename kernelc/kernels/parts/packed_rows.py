"""Packed weight matrices as kernels read them, written once for every format.

`kernelc.ir.formats` says how a format's words are laid out and how a unit of them becomes vectors of four
elements. This file loads the words and the side arrays, and hands the format the functions of the kernel
language to read them with.

    row r, group g:   at = r * groups + g

    quants   |  load 0  |  load 1  | ...          element at * loads_per_group + i of the bound array
             | unit 0, 1, ...      |              a load holds whole units, or a unit takes whole loads
    sides    one element for each group           word at, or at >> 1 (halves), or at >> 2 (bytes)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import gcd
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import (
    QUANTS,
    Factors,
    KernelFunctions,
    Packed,
    SideArray,
    WeightFormat,
    groups_of,
    pack,
    packed_from_bytes,
    unpack,
    weight_format,
)
from kernelc.kernels.spec import TILE_ROWS, Binding
from kernelc.kir import functions
from kernelc.kir.functions import convert, dot, select, unpack_half2
from kernelc.kir.trace import Array
from kernelc.kir.types import Type, f16, f32, u32
from kernelc.kir.values import Operators, Value

GROUP = 32
VECTORS_PER_GROUP = GROUP // 4


FUNCTIONS: KernelFunctions[Value] = KernelFunctions(
    vector=functions.vector,
    to_f32=functions.to_f32,
    unpack_u8x4=functions.unpack_u8x4,
    unpack_i8x4=functions.unpack_i8x4,
    unpack_half2=functions.unpack_half2,
    maximum=functions.maximum,
    float_of_bits=partial(functions.bitcast, scalar=f32),
)
"""The kernel language, as far as formats may use it."""


# Bindings


def word_type(form: WeightFormat, words: int) -> Type:
    """The type of a load of so many words, 1, 2 or 4."""
    return {"u32": u32, "f32": f32}[form.word].with_lanes(words)


def widest_load(form: WeightFormat) -> int:
    """Words of the widest loads, 4, 2 or 1, that a group is made of."""
    return gcd(form.words_per_group, 4)


def weight_bindings(format: str, rows: int, cols: int, prefix: str = "") -> tuple[Binding, ...]:
    """`quants` in the widest loads, and the side arrays as 32-bit words."""
    return tuple(
        Binding(prefix + name, type, "read", size // type.bytes, constant=True)
        for name, (type, size) in _stored_arrays(format, rows, cols).items()
    )


def _stored_arrays(format: str, rows: int, cols: int) -> dict[str, tuple[Type, int]]:
    """The element type and the bytes of each array, by name."""
    form = weight_format(format)
    words = word_type(form, widest_load(form))
    sizes = form.stored_arrays(rows, cols)
    return {name: (words if name == QUANTS else u32, size) for name, size in sizes.items()}


def side_types(format: str, f16_storage: bool) -> dict[str, Type]:
    """Where the device has 16-bit floats, side arrays of one half for each group are read as such."""
    halves = [
        side.name for side in weight_format(format).sides if side.dtype == f16.dtype and side.lanes == 1
    ]
    return dict.fromkeys(halves, f16) if f16_storage else {}


def tile_rows(format: str) -> int:
    """Rows of a golden tile: so many that every stored array of them ends at a whole 16 bytes.

    A tile is repeated without the padding that a shorter array would have. The number is a multiple of
    `TILE_ROWS`.
    """
    form = weight_format(format)
    sizes = (4 * form.words_per_group, *(side.element_bytes for side in form.sides))
    return TILE_ROWS * max(16 // gcd(16, TILE_ROWS * size) for size in sizes)


# The kernel's part


@dataclass(frozen=True)
class LoadedGroup:
    """Group number `at` of the whole matrix as it is stored, in loads of `widest_load` words, and for each
    side array its element, or the word around it (see `PackedRows.factors`)."""

    loads: list[Value]
    sides: list[Value]
    at: Value


@dataclass(frozen=True)
class PackedRows:
    """The rows of a packed matrix, in a kernel. `sides`: the bound side arrays in the format's order."""

    form: WeightFormat
    cols: int
    quants: Array
    sides: tuple[Array, ...]

    @staticmethod
    def of(format: str, cols: int, arrays: Mapping[str, Array]) -> PackedRows:
        """The rows in the bound arrays of `weight_bindings`."""
        form = weight_format(format)
        return PackedRows(form, cols, arrays[QUANTS], tuple(arrays[side.name] for side in form.sides))

    @property
    def groups(self) -> int:
        """Groups of a row."""
        return groups_of(self.cols)

    def group(self, row: Operators, group: Operators) -> tuple[list[Value], Factors[Value]]:
        """Elements 32*group .. 32*group+31 of a row: eight f32x4 to which the factors still apply."""
        at = row * self.groups + group
        found: list[Value] = []
        for unit in self._units(at):
            found += self.form.vectors(FUNCTIONS, unit)
        return found, self.factors(self.stored_sides(at), at)

    def product(
        self, row: Operators, group: Operators, activations: Sequence[Value], activation_sum: Value | None
    ) -> Value:
        """The scalar product of a group of a row with the activations of that group, eight vectors of four.

        `activation_sum` is the sum of all 32, for formats that have an offset.
        """
        weights, (scale, offset) = self.group(row, group)
        product = dot(weights[0], activations[0])
        for weight, activation in zip(weights[1:], activations[1:], strict=True):
            product = product + dot(weight, activation)
        if offset is None or activation_sum is None:
            return product if scale is None else product * scale
        return (product if scale is None else product * scale) + offset * activation_sum

    def loaded(self, row: Operators, group: Operators) -> LoadedGroup:
        """A group as it is stored, and its factors: for kernels that multiply bytes (see `byte_words`)."""
        at = row * self.groups + group
        loads = self._loads
        words = [self.quants[at * loads + i] for i in range(loads)]
        return LoadedGroup(words, self.stored_sides(at), at)

    def vectors_of(self, loads: Sequence[Value]) -> list[Value]:
        """The eight vectors of four in the loads of a group, to which the factors still apply."""
        return unit_vectors(self.form, loads)

    def stored_sides(self, at: Value) -> list[Value]:
        """For each side array the element of group number `at` of the whole matrix, or the word around it."""
        sides = zip(self.form.sides, self.sides, strict=True)
        return [array[_place(side, array.type, at)] for side, array in sides]

    def factors(self, stored: Sequence[Operators], at: Operators) -> Factors[Value]:
        """The factors of group `at` out of what `stored_sides` gave."""
        sides = zip(self.form.sides, stored, strict=True)
        return self.form.factors(FUNCTIONS, [_scalars(side, each, at) for side, each in sides])

    @property
    def _loads(self) -> int:
        """Loads of a group."""
        return self.form.words_per_group // self.quants.type.lanes

    def _units(self, at: Value) -> Iterator[list[Value]]:
        """The units of group number `at`, each loaded only when it is asked for."""
        loads = self._loads
        if self.form.word == "f32":
            first = at * loads
            yield from ([self.quants[first + i]] for i in range(loads))
            return
        words: list[Value] = []
        lanes = self.quants.type.lanes
        for i in range(loads):
            packed = self.quants[at * loads + i]
            words += [packed.lane(lane) for lane in range(lanes)] if lanes > 1 else [packed]
            while len(words) >= self.form.unit_words:
                yield words[: self.form.unit_words]
                words = words[self.form.unit_words :]


def _place(side: SideArray, type: Type, at: Value) -> Value:
    """Which element of the bound array holds the side element of group `at`."""
    if type.bytes == side.element_bytes:
        return at
    return at >> (1 if side.element_bytes == 2 else 2)


def _scalars(side: SideArray, stored: Operators, at: Operators) -> list[Value]:
    """The scalars of the side element of group `at`: f16 as f32, u8 as u32."""
    if stored.value().type == f16:
        return [convert(stored, f32)]
    if side.element_bytes == 1:
        return [(stored >> ((at & 3) * 8)) & 255]
    pair = unpack_half2(stored)
    return [pair.x, pair.y] if side.lanes == 2 else [select((at & 1).equals(1), pair.y, pair.x)]


def unit_vectors(form: WeightFormat, words: Sequence[Value]) -> list[Value]:
    """The vectors of four elements in loads that hold whole units, in order, without the factors."""
    if words[0].type.lanes == form.unit_words:
        return [vector for load in words for vector in form.vectors(FUNCTIONS, _words_of(form, load))]
    scalars: list[Value] = []
    for load in words:
        for lane in range(load.type.lanes):
            scalars.append(load.lane(lane) if load.type.lanes > 1 else load)
    return [vector for unit in _units_in(form, scalars) for vector in form.vectors(FUNCTIONS, unit)]


def byte_words(form: WeightFormat, loads: Sequence[Value]) -> list[Value]:
    """Words of four signed bytes, elements 4i..4i+3 plus `byte_zero` in word i, from a group's loads."""
    scalars: list[Value] = []
    for load in loads:
        for lane in range(load.type.lanes):
            scalars.append(load.lane(lane) if load.type.lanes > 1 else load)
    return [word for unit in _units_in(form, scalars) for word in form.byte_words(FUNCTIONS, unit)]


def _words_of(form: WeightFormat, unit: Value) -> Sequence[Value]:
    """The words of a load that is one unit, as `WeightFormat.vectors` takes them."""
    return [unit] if form.word == "f32" or unit.type.lanes == 1 else _Words(unit)


class _Words(Sequence[Value]):
    """The words of a load, each taken out of the vector when it is asked for."""

    def __init__(self, unit: Value) -> None:
        self._unit = unit

    def __len__(self) -> int:
        return self._unit.type.lanes

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> list[Value]: ...
    def __getitem__(self, index: int | slice) -> Value | list[Value]:
        unit = self._unit
        if isinstance(index, slice):
            return [unit.lane(lane) for lane in range(*index.indices(len(self)))]
        return unit.lane(range(len(self))[index])


def _units_in(form: WeightFormat, scalars: list[Value]) -> list[list[Value]]:
    size = form.unit_words
    return [scalars[first : first + size] for first in range(0, len(scalars), size)]


def packed_inputs(format: str, weights: npt.NDArray[Any], prefix: str = "") -> dict[str, npt.NDArray[Any]]:
    """Arrays for `weight_bindings` that hold `weights` [rows, cols], rounded: for tests and `verify`."""
    form, packed = weight_format(format), pack(format, weights.astype(np.float32))
    sides = zip(form.sides, packed.sides, strict=True)
    stored = {QUANTS: packed.quants.tobytes()} | {side.name: side.to_bytes(values) for side, values in sides}
    found: dict[str, npt.NDArray[Any]] = {}
    for name, (type, size) in _stored_arrays(format, *weights.shape).items():
        data = np.frombuffer(stored[name].ljust(size, b"\0"), type.dtype).copy()
        found[prefix + name] = data if type.lanes == 1 else data.reshape(-1, type.lanes)
    return found


def packed_arrays(
    format: str, arrays: Mapping[str, npt.NDArray[Any]], rows: int, cols: int, prefix: str = ""
) -> Packed:
    """The arrays of `weight_bindings` as the format's numpy side has them, not copied."""
    names = weight_format(format).stored_arrays(rows, cols)
    stored = {name: arrays[prefix + name].reshape(-1).view(np.uint8) for name in names}
    return packed_from_bytes(format, stored, rows, cols)


def unpacked(
    format: str, arrays: Mapping[str, npt.NDArray[Any]], rows: int, cols: int, prefix: str = ""
) -> npt.NDArray[np.float32]:
    """The f32 matrix [rows, cols] that the arrays of `weight_bindings` mean."""
    return unpack(format, packed_arrays(format, arrays, rows, cols, prefix), cols)
