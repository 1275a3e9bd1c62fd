"""Chunks of the matrix in registers: four groups of two rows, a quarter of each group in each of four
invocations.

Each invocation loads a whole group of two rows, as they lie in memory, and four neighbours exchange words,
since matrix units take a quarter of the bytes from each. Which quarter is the format's: its words lie in
memory as they do, and `fours_of` says to which numbers of the activations an invocation's bytes belong.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.ir.formats import Factors, WeightFormat
from kernelc.kernels.parts.packed_rows import FUNCTIONS, PackedRows, byte_words
from kernelc.kernels.several.mma.division import CHUNK
from kernelc.kir.functions import minimum, named, select, subgroup_shuffle_xor, unpack_half2, vector
from kernelc.kir.types import Type, u32x2
from kernelc.kir.values import Value


@dataclass(frozen=True)
class Chunk:
    """A chunk of one row as it is stored: the invocation's own group, and the words of all groups' factors,
    two groups to a word unless `ats` says which group each belongs to."""

    loads: list[Value]
    sides: list[list[Value]]
    ats: list[Value]


class ChunkLoads:
    """How a subgroup loads chunks of its rows, and what matrix units take of them."""

    def __init__(self, weights: PackedRows, lane: Value) -> None:
        self.weights, self.groups = weights, weights.groups
        self.quarter = named("quarter", lane % 4)
        self._upper = named("upper", self.quarter >= 2)
        self._odd = named("odd", (self.quarter & 1).equals(1))

    def load(self, row: Value, start: Value, *, sure: bool) -> Chunk:
        """The chunk of a row that begins with group `start`; what is beyond the row, unless it is `sure` that
        nothing is, are any groups of it."""
        weights, groups = self.weights, self.groups

        def inside(group: Value) -> Value:
            return row * groups + (group if sure else minimum(group, groups - 1))

        each, own = weights.form.words_per_group // 4, inside(start + self.quarter)
        loads = [weights.quants[own * each + load] for load in range(each)]
        if all(side.type == u32x2 for side in weights.sides):
            at = (row * groups + (start if sure else minimum(start, groups - CHUNK))) // CHUNK
            pairs = [side[at] for side in weights.sides]
            return Chunk(loads, [[pair.lane(half) for pair in pairs] for half in range(2)], [])
        ats = [inside(start + j) for j in range(CHUNK)]
        return Chunk(loads, [weights.stored_sides(at) for at in ats], ats)

    def factors(self, chunk: Chunk) -> list[Factors[Value]]:
        """The factors of each group of a chunk."""
        weights = self.weights
        if chunk.ats:
            return [weights.factors(*each) for each in zip(chunk.sides, chunk.ats, strict=True)]
        pairs = [[unpack_half2(word) for word in words] for words in chunk.sides]
        return [
            weights.form.factors(FUNCTIONS, [[pair.lane(j % 2)] for pair in pairs[j // 2]])
            for j in range(CHUNK)
        ]

    def operands(self, upper: Chunk, lower: Chunk) -> list[Value]:
        """For each group of a chunk what matrix units take of a row and of that eight below."""
        rows = [[self._quarters(load) for load in chunk.loads] for chunk in (upper, lower)]
        found: list[Value] = []
        for j in range(CHUNK):
            high, low = (byte_words(self.weights.form, [load[j] for load in loads]) for loads in rows)
            found.append(vector(high[0], low[0], high[1], low[1]))
        return found

    def _quarters(self, words: Value) -> list[Value]:
        """Of the words of four groups, one in each of four invocations, one's own quarter of each.

        invocation   0  1  2  3            0    1    2    3
        words        a  b  c  d     ->     a0   a1   a2   a3     group 0
                                           b0   b1   b2   b3     group 1, and so on
        """
        upper, odd, own = self._upper, self._odd, [words.lane(at) for at in range(4)]
        got = [subgroup_shuffle_xor(select(upper, own[at], own[2 + at]), 2) for at in range(2)]
        low = [select(upper, got[at], own[at]) for at in range(2)]
        high = [select(upper, own[2 + at], got[at]) for at in range(2)]
        found: list[Value] = []
        for first, second in (low, high):
            other = subgroup_shuffle_xor(select(odd, first, second), 1)
            found += [select(odd, other, first), select(odd, second, other)]
        return found


def fours_of(form: WeightFormat, quarter: int) -> list[int]:
    """Which words of four numbers belong to the bytes of a quarter of a group."""
    each, loads = form.vectors_per_unit, form.words_per_group // 4
    return [(load * 4 + quarter) * each + at for load in range(loads) for at in range(each)]


def side_types(form: WeightFormat, groups: int) -> dict[str, Type]:
    """Types with which chunks' factors are loaded at once: halves, four of the same row."""
    halves = all(side.element_bytes == 2 for side in form.sides)
    return {side.name: u32x2 for side in form.sides} if halves and groups % CHUNK == 0 else {}
