"""The int8 matrix times one row on a processor: a workgroup is one invocation, a group one vector of codes.

As in `kernelc.kernels.linear.matvec_wide` rows of the matrix run along the row of activations, `rows` at a
time. Of a group's weights w = (byte - zero) * scale + offset and activations x = number * code_scale:

    sum of w * x = (sum of byte * number) * (scale * code_scale) + x_sum * (offset - zero * scale)

where x_sum is the sum of the numbers times their scale.
"""

from __future__ import annotations

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.ir.formats import WeightFormat
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.wide_product import WideProduct
from kernelc.kernels.parts.coded_groups import LANES, coded_group, store_group
from kernelc.kernels.parts.packed_rows import FUNCTIONS
from kernelc.kernels.parts.wide_rows import WIDE, shift_of
from kernelc.kir.functions import bitcast, concat, dot, dot4_i8, fma, splat, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32
from kernelc.kir.values import Value

_LOAD_WORDS = 4


def fits_bytes(form: WeightFormat) -> bool:
    """Whether a group's bytes are made of loads of four words alike."""
    return form.byte_zero is not None and form.unit_words == 1 and form.words_per_group % _LOAD_WORDS == 0


class WideInt8Product(WideProduct):
    """The product with a coded row."""

    def __init__(self, k: Tracer, linear: LinearBuffers, rows: int, blocks: int) -> None:
        super().__init__(k, linear, rows, blocks)
        assert linear.problem.coded is not None
        self.layout = linear.problem.coded
        self.x = linear.buffers["x"]
        self.nothing = splat(k.constant(0, i32), WIDE)
        self.ones = splat(k.constant(1.0, f32), WIDE)
        coding = self.problem.epilogue.coding
        results = rows * blocks // self.problem.rows_together
        self.made = None if coding is None else k.shared("code_values", f32, results)

    def stage(self) -> Value | None:
        """The factor 1/rms where the row is normalised; its squares are beside the codes."""
        if not self.normed:
            return None
        squares = self.k.var(0.0, f32, name="squares")
        with self.k.loop(0, self.layout.groups) as group:
            squares += bitcast(self._plane(self.layout.planes - 1, group).z, f32)
        return self.one_over_rms(squares)

    def products(self, first: Value) -> list[Value]:
        """A vector of sums for each row, and what the offsets add to it."""
        k, weights = self.k, self.linear.weights
        sums = [k.var(self.zeros(), name=f"sum_{r}") for r in range(self.rows)]
        shifts = [k.var(0.0, f32, name=f"shift_{r}") for r in range(self.rows)] if self.shifted else []
        starts = self.starts(first)
        with k.loop(0, weights.groups) as group:
            terms = [self._numbers(term, group) for term in range(self.layout.terms)]
            factors = self._plane(self.layout.planes - 1, group)
            code_scale = bitcast(factors.x, f32)
            x_sum = to_f32(bitcast(factors.y, i32)) * code_scale if self.shifted else None
            for r, start in enumerate(starts):
                at = start + group
                octets = self._bytes(at)
                products = dot4_i8(octets, terms[0], self.nothing)
                if len(terms) == 2:
                    products = dot4_i8(octets, terms[1], products * PARTS)
                factor, offset = weights.factors(weights.stored_sides(at), at)
                common = code_scale if factor is None else factor * code_scale
                k.assign(sums[r], fma(to_f32(products), splat(common, WIDE), sums[r].value()))
                if x_sum is not None and factor is not None:
                    shift = shift_of(factor, offset, self.zero)
                    k.assign(shifts[r], fma(x_sum, shift, shifts[r].value()))
        results = [dot(total, self.ones) for total in sums]
        if shifts:
            results = [result + shift for result, shift in zip(results, shifts, strict=True)]
        return results

    def finished(self, place: Value, unit: Value, made: Value | None) -> None:
        """Keep a result that is to be coded."""
        if self.made is not None and made is not None:
            self.made[place] = made

    def done(self) -> None:
        """Code the workgroup's results, a group at a time."""
        problem, coded = self.problem, self.problem.epilogue.coded
        coding, k = problem.epilogue.coding, self.k
        if self.made is None or coding is None or coded is None:
            return
        groups, together = self.rows * self.blocks // problem.result_rows, problem.rows_together
        first = k.workgroup_id(0) * groups + problem.row_begin // problem.result_rows
        with k.loop(0, groups) as own:
            group = first + own
            with k.when(group < (problem.row_begin + problem.rows) // problem.result_rows):
                fours, square = self._group(own * GROUP, group * GROUP - problem.row_begin // together)
                store_group(
                    self.linear.buffers["coded"], coded, 0, group,
                    coded_group(fours, coding.terms, native=True), square,
                )  # fmt: skip

    def _group(self, start: Value, unit: Value) -> tuple[list[Value], Value]:
        """The values of a group, times the norm's weight, and the sum of the squares before."""
        assert self.made is not None
        square, fours = self.k.constant(0.0, f32), list[Value]()
        for four in range(LANES):
            places = [4 * four + lane for lane in range(4)]
            x = vector(*(self.made[start + place] for place in places))
            weights = [self.linear.code_weight(unit + place) for place in places]
            if weights[0] is not None:
                square = square + dot(x, x)
                x = x * vector(*(weight for weight in weights if weight is not None))
            fours.append(x)
        return fours, square

    def _plane(self, plane: int, group: Value) -> Value:
        return self.x[group + plane * self.layout.groups if plane else group]

    def _numbers(self, term: int, group: Value) -> Value:
        """The words of a term, in the order of the format's bytes."""
        halves = [self._plane(2 * term + half, group) for half in range(2)]
        words = [half.lane(lane) for half in halves for lane in range(4)]
        if self._order == list(range(LANES)):
            return concat(*halves)
        ordered = [words[at] for at in self._order]
        return concat(vector(*ordered[:4]), vector(*ordered[4:]))

    @property
    def _order(self) -> list[int]:
        """For each word of codes the number of its four elements in the group."""
        form = self.linear.weights.form
        each, loads = form.vectors_per_unit, form.words_per_group // _LOAD_WORDS
        return [
            (load * _LOAD_WORDS + word) * each + at
            for load in range(loads)
            for at in range(each)
            for word in range(_LOAD_WORDS)
        ]

    def _bytes(self, at: Value) -> Value:
        """The bytes of group number `at` of the whole matrix, in `_order`."""
        weights = self.linear.weights
        loads = weights.form.words_per_group // _LOAD_WORDS
        fours: list[Value] = []
        for load in range(loads):
            fours += weights.form.byte_words(FUNCTIONS, [weights.quants[at * loads + load]])
        return concat(*fours)
