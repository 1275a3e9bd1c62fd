"""What becomes of the sums of an int8 matrix times vector: parts are added up, finished and coded.

The sums of a team's rows go to partial_sums, where part p of row r of the workgroup is cell p * stride + r;
one invocation for each result adds up its parts and runs the epilogue. Where results are coded and subgroups
are as large as groups, every subgroup holds a group, one result in each invocation: nothing goes through
shared memory again, and what the epilogue reads was loaded while the products were made. Several subgroups
may hold the same group; one writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kernelc.ir.coded_rows import GROUP
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.epilogues.coded import CodedEpilogue
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.parts.coded_groups import GroupCoder, SubgroupCoder
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.reduce import spread_sums, team_lane, team_number
from kernelc.kir.functions import logical_and, minimum, named, rsqrt, subgroup_sum
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value, Variable


class ProductResults:
    """A kernel while it is traced: its shared memory, and what becomes of a workgroup's sums.

    `adds_squares`: whether the squares of a row that is normalised are added up as the sums are, in parts.
    """

    adds_squares: ClassVar[bool] = True

    def __init__(self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule) -> None:
        self.k, self.linear, self.schedule = k, linear, schedule
        self.problem = problem = linear.problem
        self.cells = k.shared("partial_sums", f32, schedule.parts * schedule.stride)
        normed = problem.norm_eps is not None and self.adds_squares
        self.square_cells = k.shared("partial_squares", f32, schedule.parts) if normed else None
        self.lane = team_lane(k, schedule.team)
        self.team = team_number(k, schedule.team)
        self.teams = schedule.threads // schedule.team
        self.tile = k.workgroup_id(0)  # which of the runs of `rows_per_workgroup` rows
        self.first_row = self.tile * schedule.rows_per_workgroup
        self._in_registers = schedule.codes_in_registers(problem)
        self._weight: Value | None = None  # of one's own result, see `load_constants`
        self._inputs: Mapping[str, Value] = {}

    def place(self, batch: Value | int, r: Value | int) -> Value:
        """The number within the workgroup of row `r` of a batch of the team."""
        return self.team * self.schedule.rows + (batch * self.teams * self.schedule.rows + r)

    # Partial sums

    def write_parts(self, sums: list[Variable], batch: Value | int, square: Variable | None) -> None:
        """Write the team's partial sums of a batch to shared memory, and its squares."""
        k, schedule = self.k, self.schedule
        if schedule.in_subgroups:
            self._write_spread([sums], batch)
            self._write_square(square, self._part())
        elif schedule.over_subgroups:
            totals = [subgroup_sum(total) for total in sums]
            squares = None if square is None else subgroup_sum(square)
            with k.when(k.subgroup_lane.equals(0)):
                self._write(totals, batch, squares, self._part())
        else:
            self._write(sums, batch, square, self.lane)

    def _write_spread(self, sums: Sequence[Sequence[Operators]], batch: Value | int) -> None:
        """Write the sums over a subgroup of a batch's rows, for each row of activations: one row's
        cells lie after the other's."""
        size, rows, part = self.schedule.subgroup_size, self.schedule.rows, self._part()
        assert size is not None
        every = [total for own in sums for total in own]
        for first in range(0, len(every), size):
            spread = spread_sums(self.k, every[first : first + size], size)
            with self.k.when(spread.writes):
                number = spread.number + first if first else spread.number
                place = self.place(batch, number % rows if len(sums) > 1 else number)
                place = place + part * self.schedule.stride
                if len(sums) > 1:
                    place = place + number // rows * (self.schedule.parts * self.schedule.stride)
                self.cells[place] = spread.total

    def _write_square(self, square: Variable | None, part: Value | int) -> None:
        """Write the sum of a subgroup's squares, which the first team has."""
        if self.square_cells is not None and square is not None:
            total = subgroup_sum(square)
            with self.k.when(logical_and(self.k.subgroup_lane.equals(0), self.team.equals(0))):
                self.square_cells[part] = total

    def _part(self) -> Value | int:
        """Which part of its team's sums a subgroup has."""
        schedule = self.schedule
        if schedule.over_subgroups:
            return self.lane // self.k.subgroup_size
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

    def _sum_of_parts(self, cells: Any, result: Value | None) -> Value:
        k, stride = self.k, 1 if result is None else self.schedule.stride
        at: Value | int = 0 if result is None else result
        if self.schedule.parts == 1:
            return cells[at]
        parts: Value | int = self.schedule.parts
        if self.schedule.over_subgroups:
            parts = (k.subgroup_size + (self.schedule.team - 1)) // k.subgroup_size
        total = k.var(cells[at], name="total")
        with k.loop(1, parts) as part:
            total += cells[part * stride + at]
        return total.value()

    def norm(self) -> Value | None:
        """What RMSNorm multiplies all results with, where the row is normalised."""
        if self.square_cells is None or self.problem.norm_eps is None:
            return None
        squares = self._sum_of_parts(self.square_cells, None)
        return rsqrt(squares * (1.0 / self.problem.cols) + self.problem.norm_eps)

    def _finished_sums(self, first: Value) -> tuple[Value, ...]:
        """The finished sums of a result's rows, of which `first` is the first in the workgroup."""
        values = [self._sum_of_parts(self.cells, first + i) for i in range(self.problem.rows_together)]
        factor = self.norm()
        return tuple(values if factor is None else [value * factor for value in values])

    # Results

    def load_constants(self) -> None:
        """Load the weight that codes one's own result; may be called before the kernel's inputs are ready."""
        if self._in_registers:
            self._weight = self.linear.code_weight(self._own()[1])

    def load_rows(self) -> None:
        """Load what the epilogue reads for one's own result, once the kernel's inputs are ready."""
        epilogue = self.problem.epilogue
        if self._in_registers and isinstance(epilogue, CodedEpilogue):
            _, unit = self._own()
            self._inputs = epilogue.result_inputs(self.linear.buffers, self.problem.piece, 0, unit)

    def finish(self) -> None:
        """Add up the parts of each row, and run the epilogue."""
        epilogue = self.problem.epilogue
        self.k.barrier()
        if self._in_registers and isinstance(epilogue, CodedEpilogue):
            results = self.schedule.rows_per_workgroup // self.problem.rows_together
            self._code_in_registers(epilogue, self.k.local_id < results)
        else:
            self._finish_in_memory()

    def _own(self) -> tuple[Value, Value]:
        """The number of one's own result in the workgroup, and in the piece (the last for surplus ones)."""
        schedule, together = self.schedule, self.problem.rows_together
        results = schedule.rows_per_workgroup // together
        own = self.k.local_id if results == schedule.threads else self.k.local_id % results
        row = self.first_row + own * together
        if self.problem.rows % schedule.rows_per_workgroup:
            row = minimum(row, self.problem.rows - together)
        return own, row if together == 1 else row // together

    def _code_in_registers(self, epilogue: CodedEpilogue, written: Value) -> None:
        """Finish and code one's own result, and write it and its group's codes where `written` says so."""
        k, problem, together = self.k, self.problem, self.problem.rows_together
        assert epilogue.coding is not None and epilogue.coded is not None
        own, unit = self._own()
        made = epilogue.made(self.linear.biased(unit, self._finished_sums(own * together)), self._inputs)
        if problem.rows % self.schedule.rows_per_workgroup:
            written = logical_and(written, self.first_row + own * together < problem.rows)
        with k.when(written):
            epilogue.keep(self.linear.buffers, problem.piece, 0, unit, made)
        group = named("group", (unit + problem.row_begin // together) // GROUP)
        value = made if self._weight is None else made * self._weight
        plain = made if epilogue.coding.weight else None
        coder = SubgroupCoder(k, self.linear.buffers["coded"], epilogue.coded)
        coder.code(group, value, plain, written)

    def _finish_in_memory(self) -> None:
        k, together, epilogue = self.k, self.problem.rows_together, self.problem.epilogue
        results = self.schedule.rows_per_workgroup // together
        coder = None
        if epilogue.coding is not None and epilogue.coded is not None:
            coder = GroupCoder(
                k, self.linear.buffers["coded"], epilogue.coded, results,
                squares=epilogue.coding.weight, native=self.schedule.dot4,
            )  # fmt: skip
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
        values = self._finished_sums(result * together)
        unit = row if together == 1 else row // together
        made = self.linear.finish(0, unit, *values)
        if coder is not None and made is not None:
            coder.put(result, made, self.linear.code_weight(unit))
