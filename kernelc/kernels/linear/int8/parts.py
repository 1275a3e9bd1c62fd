"""What the kernels of the int8 matrix times vector have in common: products of a coded row, and their sums.

`results` says what becomes of the sums.

Of a group's weights w = byte * scale + offset and activations x = number * code_scale:
sum of w * x = (sum of byte * number) * (scale * code_scale) + (sum of number) * (offset * code_scale), and
with two terms the sum of byte * number is 256 times that of the codes plus that of the rests.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.ir.coded_rows import PARTS
from kernelc.ir.formats import Factors
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.results import ProductResults
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.parts.dot4 import dot4
from kernelc.kernels.parts.packed_rows import LoadedGroup, byte_words
from kernelc.kir.functions import bitcast, fma, select, to_f32
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32
from kernelc.kir.values import Number, Operators, Value, Variable


@dataclass(frozen=True)
class Numbers:
    """A group of the coded row: the words of each term, the scale, and what products of bytes start with
    (`None`: with nothing). `shared_sum`: the sum of the activations, where weights have an offset."""

    terms: list[list[Value]]
    code_scale: Value
    start: Value | None
    shared_sum: Value | None


class CodedProduct(ProductResults):
    """A kernel while it is traced: how its products and sums are made."""

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        super().__init__(k, linear, schedule)
        assert self.problem.coded is not None
        self.layout = self.problem.coded
        self.x = linear.buffers["x"]
        self.form = linear.weights.form
        self.groups = linear.weights.groups

    # The products

    def new_sums(self) -> list[Variable]:
        return [self.k.var(0.0, f32, name=f"sum_{r}") for r in range(self.schedule.rows)]

    def squares(self, lane: Value, lanes: Number) -> Variable:
        """The squares of the row's groups lane, lane + lanes, ..."""
        square = self.k.var(0.0, f32, name="square_sum")
        with self.k.loop(lane, self.groups, lanes) as group:
            square += bitcast(self._plane(self.layout.planes - 1, group).z, f32)
        return square

    def _plane(self, plane: int, group: Operators) -> Value:
        return self.x[group + plane * self.groups if plane else group]

    def numbers(self, group: Value, inside: Value | None) -> Numbers:
        """Load a group of the row; it counts as zeros where it is not `inside`."""
        halves = [self._plane(plane, group) for plane in range(2 * self.layout.terms)]
        words = [half.lane(lane) for half in halves for lane in range(4)]
        terms = [words[first : first + 8] for first in range(0, len(words), 8)]
        factors = self._plane(self.layout.planes - 1, group)
        code_scale, number_sum = bitcast(factors.x, f32), bitcast(factors.y, i32)
        if inside is not None:
            code_scale = select(inside, code_scale, 0.0)
        zero = self.form.byte_zero or 0
        start = number_sum * -zero if zero else None
        shared_sum = to_f32(number_sum) * code_scale if self.form.has_offset else None
        return Numbers(terms, code_scale, start, shared_sum)

    def add(self, numbers: Numbers, rows: list[LoadedGroup], sums: list[Variable]) -> None:
        for total, loaded in zip(sums, rows, strict=True):
            products = self._products(byte_words(self.form, loaded.loads), numbers)
            factors = self.linear.weights.factors(loaded.sides, loaded.at)
            total += weighed(to_f32(products), numbers.shared_sum, numbers.code_scale, factors)

    def _products(self, words: list[Value], numbers: Numbers) -> Value:
        """What they start with and the sum of the products of bytes and numbers, an exact i32."""
        terms, start = numbers.terms, numbers.start
        products: Value | int = 0 if len(terms) == 2 or start is None else start
        for word, code in zip(words, terms[0], strict=True):
            products = dot4(word, code, products, self.schedule.dot4)
        if len(terms) == 2:
            assert isinstance(products, Value)
            products = products * PARTS if start is None else products * PARTS + start
            for word, rest in zip(words, terms[1], strict=True):
                products = dot4(word, rest, products, self.schedule.dot4)
        assert isinstance(products, Value)
        return products


def weighed(products: Value, shared_sum: Value | None, code_scale: Value, factors: Factors[Value]) -> Value:
    """What a group adds to a row's sum, from the sum of its products of numbers and bytes.

    `shared_sum`: the sum of the activations, where weights have an offset.
    """
    scale, offset = factors
    scaled = products * (code_scale if scale is None else scale * code_scale)
    return scaled if offset is None or shared_sum is None else fma(shared_sum, offset, scaled)
