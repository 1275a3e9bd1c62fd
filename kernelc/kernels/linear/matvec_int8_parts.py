"""What the kernels of the int8 matrix times vector have in common: products of a coded row, and their sums.

The sums of a team's rows go to partial_sums, where part p of row r of the workgroup is cell p * stride + r;
one invocation for each result adds up its parts and runs the epilogue.

Of a group's weights w = byte * scale + offset and activations x = number * code_scale:
sum of w * x = (sum of byte * number) * (scale * code_scale) + (sum of number) * (offset * code_scale), and
with two terms the sum of byte * number is 256 times that of the codes plus that of the rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.ir.formats import Factors
from kernelc.kernels.linear.activations import GroupCoder
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.dot4 import dot4
from kernelc.kernels.linear.matvec_int8_schedule import MatvecInt8Schedule
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import LoadedGroup, byte_words
from kernelc.kernels.parts.reduce import team_lane, team_number
from kernelc.kir.functions import bitcast, rsqrt, select, subgroup_sum, to_f32
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


class CodedProduct:
    """A kernel while it is traced: its shared memory, and how its products and sums are made.

    `adds_squares`: whether the squares of a row that is normalised are added up as the sums are, in parts.
    """

    adds_squares: ClassVar[bool] = True

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        self.k, self.linear, self.schedule = k, linear, schedule
        self.problem = problem = linear.problem
        assert problem.coded is not None
        self.layout = problem.coded
        self.x = linear.buffers["x"]
        self.form = linear.weights.form
        self.groups = linear.weights.groups
        self.cells = k.shared("partial_sums", f32, schedule.parts * schedule.stride)
        normed = problem.norm_eps is not None and self.adds_squares
        self.square_cells = k.shared("partial_squares", f32, schedule.parts) if normed else None
        self.lane = team_lane(k, schedule.team)
        self.team = team_number(k, schedule.team)
        self.teams = schedule.threads // schedule.team
        self.tile = k.workgroup_id(0)  # which of the runs of `rows_per_workgroup` rows
        self.first_row = self.tile * schedule.rows_per_workgroup

    # The products

    def new_sums(self) -> list[Variable]:
        return [self.k.var(0.0, f32, name=f"sum_{r}") for r in range(self.schedule.rows)]

    def place(self, batch: Value | int, r: int) -> Value:
        """The number within the workgroup of row `r` of a batch of the team."""
        return self.team * self.schedule.rows + (batch * self.teams * self.schedule.rows + r)

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
            total += _weighed(to_f32(products), numbers.shared_sum, numbers.code_scale, factors)

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

    # The results

    def write_parts(self, sums: list[Variable], batch: Value | int, square: Variable | None) -> None:
        """Write the team's partial sums of a batch to shared memory, and its squares."""
        k, schedule = self.k, self.schedule
        if schedule.in_subgroups or schedule.over_subgroups:
            totals = [subgroup_sum(total) for total in sums]
            squares = None if square is None else subgroup_sum(square)
            with k.when(k.subgroup_lane.equals(0)):
                self._write(totals, batch, squares, self._part())
        else:
            self._write(sums, batch, square, self.lane)

    def _part(self) -> Value | int:
        """Which part of its team's sums a subgroup has."""
        schedule = self.schedule
        if schedule.over_subgroups:
            return self.k.local_id // self.k.subgroup_size
        return 0 if schedule.parts == 1 else self.lane // (schedule.team // schedule.parts)

    def _write(
        self,
        sums: Sequence[Operators],
        batch: Value | int,
        square: Operators | None,
        part: Value | int,
    ) -> None:
        for r, total in enumerate(sums):
            self.cells[self.place(batch, r) + part * self.schedule.stride] = total.value()
        if self.square_cells is not None and square is not None:
            with self.k.when(self.team.equals(0)):
                self.square_cells[part] = square.value()

    def finish(self) -> None:
        """Add up the parts of each row in one invocation per result, which also runs the epilogue."""
        k, together, epilogue = self.k, self.problem.rows_together, self.problem.epilogue
        results = self.schedule.rows_per_workgroup // together
        coder = None
        if epilogue.coding is not None and epilogue.coded is not None:
            coder = GroupCoder(
                k, self.linear.buffers["coded"], epilogue.coded, results,
                squares=epilogue.coding.weight, native=self.schedule.dot4,
            )  # fmt: skip
        k.barrier()
        with distribute(k, results, "result") as result:
            row = self.first_row + result * together
            with k.when(row < self.problem.rows):
                self._result(row, result, coder)
        if coder is not None:
            first = self.tile * (results // GROUP)
            begin, end = self.problem.row_begin, self.problem.row_begin + self.problem.rows
            coder.code(first + begin // (together * GROUP), end // (together * GROUP))

    def _result(self, row: Value, result: Value, coder: GroupCoder | None) -> None:
        together = self.problem.rows_together
        values = [self._sum_of_parts(self.cells, result * together + i) for i in range(together)]
        factor = self.norm()
        if factor is not None:
            values = [value * factor for value in values]
        unit = row if together == 1 else row // together
        made = self.linear.finish(0, unit, *values)
        if coder is not None and made is not None:
            coder.put(result, made, self.linear.code_weight(unit))

    def norm(self) -> Value | None:
        """What RMSNorm multiplies all results with, where the row is normalised."""
        if self.square_cells is None or self.problem.norm_eps is None:
            return None
        squares = self._sum_of_parts(self.square_cells, None)
        return rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)

    def _sum_of_parts(self, cells: Any, result: Value | None) -> Value:
        k, stride = self.k, 1 if result is None else self.schedule.stride
        at: Value | int = 0 if result is None else result
        if self.schedule.parts == 1:
            return cells[at]
        parts: Value | int = self.schedule.parts
        if self.schedule.over_subgroups:
            parts = (k.subgroup_size + (self.schedule.threads - 1)) // k.subgroup_size
        total = k.var(cells[at], name="total")
        with k.loop(1, parts) as part:
            total += cells[part * stride + at]
        return total.value()


def _weighed(products: Value, shared_sum: Value | None, code_scale: Value, factors: Factors[Value]) -> Value:
    """What a group adds to a row's sum, from the sum of its products of numbers and bytes.

    `shared_sum`: the sum of the activations, where weights have an offset.
    """
    scale, offset = factors
    weighed = products * (code_scale if scale is None else scale * code_scale)
    return weighed if offset is None or shared_sum is None else weighed + shared_sum * offset
