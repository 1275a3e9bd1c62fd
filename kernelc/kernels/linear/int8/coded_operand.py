"""Coded rows as the operand of products that are not of bytes: they are staged as f32 or halves."""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.kernels.linear.operands import Activations
from kernelc.kernels.parts.staged_rows import saturated
from kernelc.kir.functions import bitcast, named, splat, to_f32, unpack_i8x4
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value

_FOURS = GROUP // 4  # of a group


class CodedActivations(Activations):
    """Coded rows of x, bound as words; rows past the last one repeat it.

    A unit's words of each term are loaded, and the scale of its group.
    """

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        layout, x = self.linear.problem.coded, self.linear.buffers["x"]
        assert layout is not None
        first = (step * self.units + unit) * self.of_unit
        group, word = named("group", first // _FOURS), named("word", first % _FOURS)
        begin = named("begin", row * layout.words + group * 4)
        plane = 4 * layout.groups  # words
        place = named("place", begin + word // 4 * plane + word % 4)
        words = [
            x[place + (2 * term * plane + at)] for term in range(layout.terms) for at in range(self.of_unit)
        ]
        return [*words, x[begin + (layout.planes - 1) * plane]]

    def vectors(self, row: Value, unit: Value, step: Value, loaded: Sequence[Operators]) -> list[Value]:
        *words, scale = (each.value() for each in loaded)
        factor = named("factor", splat(bitcast(scale, f32), 4))
        found: list[Value] = []
        for at in range(self.of_unit):
            numbers = unpack_i8x4(words[at])
            if len(words) > self.of_unit:
                numbers = numbers * PARTS + unpack_i8x4(words[self.of_unit + at])
            found.append(named("four", to_f32(numbers) * factor))
        return found if self.registers else [saturated(four) for four in found]
