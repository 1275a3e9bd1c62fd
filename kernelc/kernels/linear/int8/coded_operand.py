"""Coded rows as the operand of products that are not of bytes: they are staged as f32 or halves."""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.operands import Activations
from kernelc.kernels.parts.staged_rows import Panel, saturated
from kernelc.kir.functions import bitcast, named, splat, to_f32, unpack_i8x4
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value

_FOURS = GROUP // 4  # of a group
_LANES = 4  # of a vector of words


class CodedActivations(Activations):
    """Coded rows of x; rows past the last one repeat it.

    Of a unit the words of each term are loaded, and the scale of its group. For register tiles that is a word
    of each, and x is bound as words; for matrix units a vector of four.
    """

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel, first_token: Value) -> None:
        super().__init__(k, linear, panel, first_token)
        if not self.registers:
            self.of_unit = _LANES

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        layout, x = self.linear.problem.coded, self.linear.buffers["x"]
        assert layout is not None
        first = step * self.units + unit
        if not self.registers:
            group, half = named("group", first // 2), named("half", first % 2)
            begin = named("begin", row * layout.vectors + group)
            place = named("place", begin + half * layout.groups)
            vectors = [x[place + 2 * term * layout.groups if term else place] for term in range(layout.terms)]
            return [*vectors, x[begin + 2 * layout.terms * layout.groups].x]
        group, word = named("group", first // _FOURS), named("word", first % _FOURS)
        begin, plane = named("begin", row * layout.words + group * _LANES), _LANES * layout.groups
        place = named("place", begin + word // _LANES * plane + word % _LANES)
        words = [x[place + 2 * term * plane if term else place] for term in range(layout.terms)]
        return [*words, x[begin + 2 * layout.terms * plane]]

    def vectors(self, row: Value, unit: Value, step: Value, loaded: Sequence[Operators]) -> list[Value]:
        *terms, scale = (each.value() for each in loaded)
        factor = named("factor", splat(bitcast(scale, f32), 4))
        if self.registers:
            return [_values(terms, factor)]
        return [saturated(_values([term.lane(at) for term in terms], factor)) for at in range(_LANES)]


def _values(terms: list[Value], factor: Value) -> Value:
    """The four values that a word of each term stands for."""
    numbers = unpack_i8x4(terms[0])
    if len(terms) > 1:
        numbers = numbers * PARTS + unpack_i8x4(terms[1])
    return named("values", to_f32(numbers) * factor)
