"""How kernels make and store coded rows: groups of 32 activations as bytes (see `kernelc.ir.coded_rows`).

`coded_group` codes a group in one invocation. `GroupCoder` codes the groups whose values a workgroup has in
shared memory with eight invocations each, which is what an epilogue wants: it is the end of a chain of
kernels that wait for each other. `SubgroupCoder` codes groups of which each lies in the registers of one
subgroup, without a barrier.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from kernelc.ir.cached_rows import MOST_CODE, SCALE_SHIFT
from kernelc.ir.coded_rows import (
    FINE,
    GREATEST_EXPONENT,
    GROUP,
    INFINITE,
    LEAST_EXPONENT,
    MOST_TERMS,
    NAN,
    NUMERATOR,
    PARTS,
    CodedRows,
)
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.dot4 import dot4
from kernelc.kir.functions import (
    bitcast,
    dot,
    maximum,
    minimum,
    named,
    select,
    splat,
    subgroup_max,
    subgroup_shuffle_xor,
    subgroup_sum,
    to_f32,
    to_i32,
    vector,
)
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, i32, u32
from kernelc.kir.values import Operators, Value

_ONES = 0x01010101  # four ones
_MAGNITUDE = 0x7FFFFFFF
LANES = GROUP // 4
"""Invocations of `GroupCoder` for a group: each codes a vector of four, which is a word of each term."""


@dataclass(frozen=True)
class CodedGroup:
    """A group's words, a list for each term, the bits of its scale and the sum of what that is a scale of
    (i32)."""

    words: list[list[Value]]
    scale: Value
    sum: Value


def magnitude(x: Operators) -> Value:
    """The bits of |x|, which compare as the magnitudes do; unlike the floats' own maximum, theirs is a NaN's
    where there is one."""
    return bitcast(x, u32) & _MAGNITUDE


def coded_group(values: list[Value], terms: int, native: bool) -> CodedGroup:
    """Round a group of 32 activations, given as eight vectors of four. `native`: the device has "dot4"."""
    largest = _largest(values)
    steps = steps_of(largest)
    fours = [words_of(four, steps, terms) for four in values]
    words = [[four[term] for four in fours] for term in range(terms)]
    total: Value | None = None
    for four in fours:
        added = _sum(four, native)
        total = added if total is None else total + added
    assert total is not None
    return CodedGroup(words, _scale(largest, steps, terms), total)


def store_group(
    coded: Array, layout: CodedRows, row: Operators | int, group: Value, made: CodedGroup, square: Value
) -> None:
    """Write a group and the sum of its squares to a row of `coded`, which is bound as u32."""
    start = row * layout.words
    for term, words in enumerate(made.words):
        for half in range(2):
            place = named("place", _place(layout, 2 * term + half, group) + start)
            for lane, word in enumerate(words[4 * half : 4 * half + 4]):
                coded[place + lane if lane else place] = word
    place = named("place", _place(layout, layout.planes - 1, group) + start)
    coded[place] = made.scale
    coded[place + 1] = bitcast(made.sum, u32)
    coded[place + 2] = bitcast(square, u32)
    coded[place + 3] = 0


class GroupCoder:
    """Codes neighbouring values of a row, `count` of them (whole groups), that a workgroup puts down.

    All invocations call `code`, after each value was `put` by any of them. With `squares` the values before
    they were weighted are kept too, for the sum of their squares.
    """

    def __init__(
        self, k: Tracer, coded: Array, layout: CodedRows, count: int, *, squares: bool, native: bool
    ) -> None:
        self.k, self.coded, self.layout, self.count, self.native = k, coded, layout, count, native
        self.values = k.shared("code_values", f32, count)
        self.plain = k.shared("plain_values", f32, count) if squares else None
        self.sums = k.shared("code_sums", i32, count // 4)
        self.squares = k.shared("squares", f32, count // 4) if squares else None

    @staticmethod
    def shared_bytes(count: int, *, squares: bool) -> int:
        """Bytes of shared memory that an instance declares."""
        return 5 * count * (2 if squares else 1)

    def put(self, at: Value, value: Value, weight: Value | None) -> None:
        """Set value number `at` of the workgroup's, which a norm's weight multiplies before it is coded."""
        if self.plain is not None:
            self.plain[at] = value
        self.values[at] = value if weight is None else value * weight

    def code(self, first: Value, end: Operators | int | None, row: Operators | int = 0) -> None:
        """Code what was put, which are the values from group `first` of the row on, below group `end` where
        there may be fewer than the workgroup has place for."""
        k = self.k
        k.barrier()
        with distribute(k, self.count // 4, "four") as four:
            group = named("group", first + four // LANES)
            with nullcontext() if end is None else k.when(group < end):
                self._code_four(four, group, row)
        k.barrier()
        with distribute(k, self.count // GROUP, "own_group") as own:
            group = named("group", first + own)
            with nullcontext() if end is None else k.when(group < end):
                self._add_up(own, group, row)

    def _code_four(self, four: Value, group: Value, row: Operators | int) -> None:
        layout, lane = self.layout, four % LANES
        start = named("start", four // LANES * GROUP)
        largest = _largest([self._vector(self.values, start + 4 * at) for at in range(LANES)])
        steps = steps_of(largest)
        words = words_of(self._vector(self.values, four * 4), steps, layout.terms)
        for term, word in enumerate(words):
            plane = lane // 4 + 2 * term
            self.coded[(plane * layout.groups + group) * 4 + lane % 4 + row * layout.words] = word
        self.sums[four] = _sum(words, self.native)
        if self.plain is not None and self.squares is not None:
            plain = self._vector(self.plain, four * 4)
            self.squares[four] = dot(plain, plain)
        with self.k.when(lane.equals(0)):
            place = _place(layout, layout.planes - 1, group) + row * layout.words
            self.coded[place] = _scale(largest, steps, layout.terms)

    def _add_up(self, own: Value, group: Value, row: Operators | int) -> None:
        first = own * LANES
        total, square = self.sums[first], None if self.squares is None else self.squares[first]
        for lane in range(1, LANES):
            total = named("total", total + self.sums[first + lane])
            if square is not None and self.squares is not None:
                square = square + self.squares[first + lane]
        place = named("place", _place(self.layout, self.layout.planes - 1, group) + row * self.layout.words)
        self.coded[place + 1] = bitcast(total, u32)
        self.coded[place + 2] = 0 if square is None else bitcast(square, u32)
        self.coded[place + 3] = 0

    def _vector(self, cells: Array, at: Value) -> Value:
        return vector(*(cells[at + lane] if lane else cells[at] for lane in range(4)))


@dataclass(frozen=True)
class SubgroupCoder:
    """Codes groups of a row, each of which is one value in every invocation of a subgroup of `GROUP`.

    lane    0   1   2   3 | 4   5   6   7 | ..     a byte of each term in every lane, four of which
    word    0   0   0   0 | 1   1   1   1 | ..     make a word by shuffles
    """

    k: Tracer
    coded: Array
    layout: CodedRows

    def code(self, group: Value, value: Value, plain: Value | None, written: Value) -> None:
        """Code the subgroup's group, number `group` of the row; where `written`, also store it.

        `plain`: the value before it was weighted, whose square is added up. All invocations call this.
        """
        k, terms, lane = self.k, self.layout.terms, self.k.subgroup_lane
        largest = named("largest", subgroup_max(magnitude(value)))
        steps = steps_of(largest)
        parts = named("parts", (to_i32(value * (steps * float(FINE))) + FINE // 2) >> 3)
        codes = named("codes", (parts + PARTS // 2) >> 8)
        total = subgroup_sum(codes if terms == 1 else parts)
        square = None if plain is None else subgroup_sum(plain * plain)
        words = [self._word(bytes_) for bytes_ in (codes, parts)[:terms]]
        four = named("four", lane // 4)
        with k.when(written):
            for term, word in enumerate(words):
                with k.when((lane % 4).equals(term)):
                    plane = four // 4 + 2 * term
                    self.coded[(plane * self.layout.groups + group) * 4 + four % 4] = word
            with k.when(lane.equals(MOST_TERMS)):
                place = _place(self.layout, self.layout.planes - 1, group)
                self.coded[place] = _scale(largest, steps, terms)
                self.coded[place + 1] = bitcast(total, u32)
                self.coded[place + 2] = 0 if square is None else bitcast(square, u32)
                self.coded[place + 3] = 0

    def _word(self, number: Value) -> Value:
        """The low bytes of the numbers of four neighbouring invocations, in each of them."""
        byte = bitcast(number, u32) & 0xFF
        word = named("word", byte << (self.k.subgroup_lane % 4 * 8))
        word = named("word", word | subgroup_shuffle_xor(word, 1))
        return named("word", word | subgroup_shuffle_xor(word, 2))


def _place(layout: CodedRows, plane: int, group: Value) -> Value:
    """The first word of a group's vector in a plane of a row."""
    return (group + plane * layout.groups) * 4


def _largest(values: list[Value]) -> Value:
    largest = magnitude(values[0])
    for four in values[1:]:
        largest = maximum(largest, magnitude(four))
    return named("largest", maximum(maximum(largest.x, largest.y), maximum(largest.z, largest.w)))


def steps_of(bits: Value) -> Value:
    """How many 256ths of a code make up 1, where the largest `magnitude` is to become 127."""
    exponent = minimum(maximum(bits >> 23, LEAST_EXPONENT), GREATEST_EXPONENT)
    return to_f32(NUMERATOR // _mantissa(bits)) * bitcast((253 - exponent) << 23, f32)


def row_scale(bits: Value) -> Value:
    """The scale of a head row whose largest `magnitude` is given (`kernelc.ir.cached_rows`)."""
    exponent = minimum(maximum(bits >> 23, LEAST_EXPONENT), GREATEST_EXPONENT)
    quotient = to_f32((_mantissa(bits) << SCALE_SHIFT) // MOST_CODE)
    scale = quotient * 2.0 ** -(15 + SCALE_SHIFT) * bitcast(exponent << 23, f32)
    return bitcast(_or_nan(bits, scale), f32)


def _mantissa(bits: Value) -> Value:
    return (((bits & 0x7FFFFF) | 0x800000) >> 8) + 1


def _scale(largest: Value, steps: Value, terms: int) -> Value:
    """The bits of a group's scale."""
    return _or_nan(largest, float(PARTS if terms == 1 else 1) / steps)


def _or_nan(largest: Value, scale: Value) -> Value:
    """The bits of a scale, or of a NaN where the largest magnitude is infinite or none: codes have neither,
    and what they stand for would be a number again."""
    return select(largest < INFINITE, bitcast(scale, u32), NAN)


def words_of(four: Operators, steps: Value, terms: int) -> list[Value]:
    """A word for each term: the codes of four values, and the low bytes of their parts."""
    cut = to_i32(four * splat(steps * float(FINE), 4))
    parts = named("parts", (cut + FINE // 2) >> 3)
    codes = bitcast(parts + PARTS // 2, u32) & 0xFF00
    low, high = named("low", codes.x >> 8 | codes.y), named("high", codes.z << 8 | codes.w << 16)
    words = [low | high]
    if terms == 2:
        rest = bitcast(parts, u32) & 0xFF
        low, high = named("low", rest.x | rest.y << 8), named("high", rest.z << 16 | rest.w << 24)
        words.append(low | high)
    return words


def _sum(words: list[Value], native: bool) -> Value:
    """The sum of the numbers in a word of each term (see `CodedRows.numbers`)."""
    total = dot4(words[0], _ONES, 0, native)
    return total if len(words) == 1 else dot4(words[1], _ONES, total * PARTS, native)
