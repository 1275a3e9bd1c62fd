"""Packed rows as vectors of eight, for processors: a group of 32 is four of them.

Formats say how a word becomes vectors of four. Where their elements are bytes (`WeightFormat.byte_words`),
the same code run on two words at once gives vectors of eight, whose halves come from different words:

    words 0, 1 of q4        | 0..3 and 4..7 | 8..11 and 12..15 |
    low nibbles, together   | 0..3 : 8..11 |                        order (0, 2)
    high nibbles, together  | 4..7 : 12..15 |                       order (1, 3)

So a group has an *order*: for each of its vectors the numbers of the two fours in it. What multiplies such a
group is put in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.ir.formats import WeightFormat, weight_format
from kernelc.kernels.parts.packed_rows import (
    FUNCTIONS,
    VECTORS_PER_GROUP,
    PackedRows,
    byte_words,
    widest_load,
    word_type,
)
from kernelc.kir.functions import concat, to_f32, unpack_i8x4, vector
from kernelc.kir.types import Type, f32x8, u32x2
from kernelc.kir.values import Operators, Value
from kernelc.target import Capabilities

WIDE = 8  # lanes
VECTORS = VECTORS_PER_GROUP // 2  # of a group

Order = tuple[tuple[int, int], ...]

_NATURAL: Order = ((0, 1), (2, 3), (4, 5), (6, 7))


def works_wide(capabilities: Capabilities) -> bool:
    """Whether a workgroup is best one invocation that works with vectors of eight."""
    return capabilities.serial_workgroups and capabilities.vector_lanes >= WIDE


def by_pairs(form: WeightFormat) -> bool:
    """Whether two words of the format are unpacked at once."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group % 2 == 0


def quants_type(format: str, ordered: bool) -> Type:
    """The type under which the words are accessed: pairs of words, eight f32, or the widest loads.

    `ordered`: whether the elements are wanted in their own order.
    """
    form = weight_format(format)
    if form.word == "f32":
        return f32x8
    if by_pairs(form) and not ordered:
        return u32x2
    return word_type(form, widest_load(form))


def order_of(format: str) -> Order:
    """The order of `unpacked_group`."""
    form = weight_format(format)
    if not by_pairs(form):
        return _NATURAL
    each = form.vectors_per_unit
    pairs = range(0, form.words_per_group, 2)
    return tuple((pair * each + at, (pair + 1) * each + at) for pair in pairs for at in range(each))


def unpacked_group(weights: PackedRows, at: Value) -> list[Value]:
    """The elements of group number `at` of the whole matrix, plus the format's `byte_zero`, in its order."""
    if not by_pairs(weights.form):
        return natural_group(weights, at)
    loads = weights.form.words_per_group // 2
    found: list[Value] = []
    for load in range(loads):
        words = weights.quants[at * loads + load]
        found += [_floats(each) for each in weights.form.byte_words(FUNCTIONS, [words])]
    return found


def natural_group(weights: PackedRows, at: Value) -> list[Value]:
    """The same with the elements in their own order."""
    form = weights.form
    lanes = weights.quants.type.lanes
    loads = form.words_per_group // lanes
    loaded = [weights.quants[at * loads + load] for load in range(loads)]
    if form.word == "f32":
        return loaded
    if form.byte_zero is None:
        return in_order(weights.vectors_of(loaded), _NATURAL)
    words = byte_words(form, loaded)
    return [_floats(vector(words[i], words[i + 1])) for i in range(0, len(words), 2)]


def shift_of(scale: Value, offset: Value | None, zero: float) -> Value:
    """What is added to a group's byte * scale: the offset without what the bytes have too much."""
    shift = scale * -zero if offset is None else offset - scale * zero if zero else offset
    return shift  # an assignment, since it names the value in emitted text


def in_order(fours: Sequence[Value], order: Order) -> list[Value]:
    """Eight vectors of four as vectors of eight."""
    return [concat(fours[low], fours[high]) for low, high in order]


def _floats(words: Operators) -> Value:
    return to_f32(unpack_i8x4(words))
