"""The kernel of the int8 matrix times vector: products of a coded row, their sums, and the epilogue.

Invocation `lane` of a team takes groups lane, lane + team, lane + 2 * team, ... of `rows` rows at a time. A
step of `unroll` such groups is loaded at once, and where a team has few steps, each while the one before it
is multiplied. The sums of a team's rows go to partial_sums, where part p of row r of the workgroup is cell
p * stride + r; one invocation for each result adds up its parts and runs the epilogue.

Of a group's weights w = byte * scale + offset and activations x = number * code_scale:
sum of w * x = (sum of byte * number) * (scale * code_scale) + (sum of number) * (offset * code_scale), and
with two terms the sum of byte * number is 256 times that of the codes plus that of the rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.ir.formats import Factors
from kernelc.kernels.linear.activations import GroupCoder
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.dot4 import dot4
from kernelc.kernels.linear.matvec_int8_schedule import MatvecInt8Schedule
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import LoadedGroup, byte_words
from kernelc.kernels.parts.reduce import team_lane, team_number
from kernelc.kir.functions import bitcast, minimum, rsqrt, select, subgroup_sum, to_f32
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, i32
from kernelc.kir.values import Operators, Value, Variable


@dataclass(frozen=True)
class _Step:
    """Groups of `rows` rows that are loaded together: `groups[u]` and for each row `loaded[u]`."""

    batch: int
    groups: list[Value]
    inside: list[Value | None]  # whether a group is one of the row's, where that is not sure
    loaded: list[list[LoadedGroup]]


class Int8Product:
    """A kernel while it is traced: its shared memory, and the sums of an invocation."""

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        self.k, self.linear, self.schedule = k, linear, schedule
        self.problem = problem = linear.problem
        assert problem.coded is not None
        self.layout = problem.coded
        self.x = linear.buffers["x"]
        self.form = linear.weights.form
        self.groups = linear.weights.groups
        self.cells = k.shared("partial_sums", f32, schedule.parts * schedule.stride)
        normed = problem.norm_eps is not None
        self.square_cells = k.shared("partial_squares", f32, schedule.parts) if normed else None
        self.lane = team_lane(k, schedule.team)
        self.team = team_number(k, schedule.team)
        self.teams = schedule.threads // schedule.team
        self.first_row = k.workgroup_id(0) * schedule.rows_per_workgroup

    def trace(self) -> None:
        if self.schedule.steps(self.groups) * self.schedule.batches <= self.schedule.most_steps:
            self._in_steps()
        else:
            self._in_loops()
        self._finish()

    # The products

    def _in_steps(self) -> None:
        """All steps, spelled out; each is loaded before the one before it is multiplied."""
        schedule = self.schedule
        order = [(b, s) for b in range(schedule.batches) for s in range(schedule.steps(self.groups))]
        step = self._load(*order[0]) if schedule.early else None
        self.k.inputs_ready()
        step = step or self._load(*order[0])
        square = None
        sums: list[Variable] = []
        for at in range(len(order)):
            following = self._load(*order[at + 1]) if at + 1 < len(order) and schedule.early else None
            if at == 0 and self.square_cells is not None:
                square = self._squares()
            if order[at][1] == 0:
                sums = self._new_sums()
            for group, inside, rows in zip(step.groups, step.inside, step.loaded, strict=True):
                self._group(group, inside, rows, sums)
            if order[at][1] == schedule.steps(self.groups) - 1:
                self._write_parts(sums, order[at][0], square)
                square = None
            if at + 1 < len(order):
                step = following or self._load(*order[at + 1])

    def _load(self, batch: int, step: int) -> _Step:
        team, unroll = self.schedule.team, self.schedule.unroll
        groups: list[Value] = []
        inside: list[Value | None] = []
        for u in range(step * unroll, (step + 1) * unroll):
            if u * team >= self.groups:
                break
            group = self.lane + u * team if u else self.lane
            sure = (u + 1) * team <= self.groups
            inside.append(None if sure else group < self.groups)
            groups.append(group if sure else minimum(group, self.groups - 1))
        return _Step(batch, groups, inside, [self._rows(group, batch) for group in groups])

    def _in_loops(self) -> None:
        """Batch by batch, a step at a time, and then what is left of each row."""
        k, schedule = self.k, self.schedule
        step = schedule.team * schedule.unroll
        whole = self.groups if schedule.unroll == 1 else self.groups // step * step
        first = self._load(0, 0) if schedule.early and whole >= step else None
        k.inputs_ready()
        square = self._squares() if self.square_cells is not None else None
        for batch in range(schedule.batches):
            sums = self._new_sums()
            start = self.lane
            if first is not None and batch == 0:
                for group, rows in zip(first.groups, first.loaded, strict=True):
                    self._group(group, None, rows, sums)
                start = self.lane + step
            if whole > (step if first is not None and batch == 0 else 0):
                with k.loop(start, whole, step) as group:
                    groups = [group + u * schedule.team if u else group for u in range(schedule.unroll)]
                    loaded = [self._rows(each, batch) for each in groups]
                    for each, rows in zip(groups, loaded, strict=True):
                        self._group(each, None, rows, sums)
            if whole < self.groups:
                with k.loop(self.lane + whole, self.groups, schedule.team) as group:
                    self._group(group, None, self._rows(group, batch), sums)
            self._write_parts(sums, batch, square if batch == 0 else None)

    def _new_sums(self) -> list[Variable]:
        return [self.k.var(0.0, f32, name=f"sum_{r}") for r in range(self.schedule.rows)]

    def _rows(self, group: Operators, batch: int) -> list[LoadedGroup]:
        """A group of each of the team's rows of a batch."""
        found: list[LoadedGroup] = []
        for r in range(self.schedule.rows):
            row = self.first_row + self._place(batch, r)
            if self.problem.rows % self.schedule.rows_per_workgroup:
                row = minimum(row, self.problem.rows - 1)
            found.append(self.linear.weights.loaded(row, group))
        return found

    def _place(self, batch: int, r: int) -> Value:
        """The number within the workgroup of row `r` of a batch of the team."""
        return self.team * self.schedule.rows + (batch * self.teams * self.schedule.rows + r)

    def _squares(self) -> Variable:
        """The squares of the groups of a lane."""
        square = self.k.var(0.0, f32, name="square_sum")
        with self.k.loop(self.lane, self.groups, self.schedule.team) as group:
            square += bitcast(self._plane(self.layout.planes - 1, group).z, f32)
        return square

    def _plane(self, plane: int, group: Operators) -> Value:
        return self.x[group + plane * self.groups if plane else group]

    def _group(
        self, group: Value, inside: Value | None, rows: list[LoadedGroup], sums: list[Variable]
    ) -> None:
        """Add the products of a group of the row and that group of each of the matrix's rows to the sums."""
        halves = [self._plane(plane, group) for plane in range(2 * self.layout.terms)]
        words = [half.lane(lane) for half in halves for lane in range(4)]
        terms = [words[first : first + 8] for first in range(0, len(words), 8)]
        factors = self._plane(self.layout.planes - 1, group)
        code_scale, number_sum = bitcast(factors.x, f32), bitcast(factors.y, i32)
        if inside is not None:
            code_scale = select(inside, code_scale, 0.0)
        zero = self.form.byte_zero or 0
        start: Value | int = number_sum * -zero if zero else 0
        shared_sum = to_f32(number_sum) * code_scale if self.form.has_offset else None
        for total, loaded in zip(sums, rows, strict=True):
            products = self._products(byte_words(self.form, loaded.loads), terms, start)
            loaded_factors = self.linear.weights.factors(loaded.sides, loaded.at)
            total += _weighed(to_f32(products), shared_sum, code_scale, loaded_factors)

    def _products(self, words: list[Value], terms: list[list[Value]], start: Value | int) -> Value:
        """`start` and the sum of the products of bytes and numbers, an exact i32."""
        products: Value | int = 0 if len(terms) == 2 else start
        for word, code in zip(words, terms[0], strict=True):
            products = dot4(word, code, products, self.schedule.dot4)
        if len(terms) == 2:
            assert isinstance(products, Value)
            products = products * PARTS + start if isinstance(start, Value) else products * PARTS
            for word, rest in zip(words, terms[1], strict=True):
                products = dot4(word, rest, products, self.schedule.dot4)
        assert isinstance(products, Value)
        return products

    # The results

    def _write_parts(self, sums: list[Variable], batch: int, square: Variable | None) -> None:
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
        batch: int,
        square: Operators | None,
        part: Value | int,
    ) -> None:
        for r, total in enumerate(sums):
            self.cells[self._place(batch, r) + part * self.schedule.stride] = total.value()
        if self.square_cells is not None and square is not None:
            with self.k.when(self.team.equals(0)):
                self.square_cells[part] = square.value()

    def _finish(self) -> None:
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
            first = k.workgroup_id(0) * (results // GROUP)
            begin, end = self.problem.row_begin, self.problem.row_begin + self.problem.rows
            coder.code(first + begin // (together * GROUP), end // (together * GROUP))

    def _result(self, row: Value, result: Value, coder: GroupCoder | None) -> None:
        together = self.problem.rows_together
        values = [self._sum_of_parts(self.cells, result * together + i) for i in range(together)]
        if self.square_cells is not None and self.problem.norm_eps is not None:
            squares = self._sum_of_parts(self.square_cells, None)
            factor = rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)
            values = [value * factor for value in values]
        unit = row if together == 1 else row // together
        made = self.linear.finish(0, unit, *values)
        if coder is not None and made is not None:
            coder.put(result, made, self.linear.code_weight(unit))

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
