"""The int8 matrix times a few coded rows where a workgroup is many invocations: weights are loaded once.

What an invocation loads of the weights it multiplies with every row of activations, one after the other, as
`Int8Product` multiplies one; each row has sums and squares of its own, which are added up and finished row by
row. Of `most` rows those that there are not repeat the last, and are not finished.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager

from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.epilogues.coded import CodedEpilogue
from kernelc.kernels.linear.int8.body import Int8Product
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import LoadedGroup
from kernelc.kernels.several.part import PartOfArray
from kernelc.kir.functions import logical_and, minimum, named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Number, Operators, Value, Variable

OfRow = Callable[[Value], AbstractContextManager[Mapping[str, Array]]]
"""The arrays of a row of activations, while the step block is that row's."""


MOST_SUMS = 64  # of an invocation, in registers
LEAST_SHARED_BYTES = 16384  # that any device has


def rows_shared_bytes(schedule: MatvecInt8Schedule, problem: LinearProblem, most: int) -> int:
    """Bytes of workgroup memory for up to `most` rows of activations."""
    return schedule.shared_bytes(problem) + 4 * schedule.parts * (schedule.stride + 1) * most


class Int8Rows(Int8Product):
    """A kernel while it is traced."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, schedule: MatvecInt8Schedule, of_row: OfRow, most: int
    ) -> None:
        super().__init__(k, linear, schedule)
        self.of_row, self.most, self.count = of_row, most, k.param("seq")
        self.cells_of_row = self.kept_parts(schedule) * schedule.stride
        self.every_sum = k.shared("row_sums", f32, most * self.cells_of_row)
        normed = self.problem.norm_eps is not None
        self.every_square = k.shared("row_squares", f32, most * schedule.parts) if normed else None
        self.every_x: list[Array] = []

    @staticmethod
    def kept_parts(schedule: MatvecInt8Schedule) -> int:
        """How many parts of each sum are kept in shared memory until the row is finished."""
        return schedule.parts

    def trace(self) -> None:
        for row in range(self.most):
            with self.of_row(minimum(self.k.constant(row, u32), self.count - 1)) as arrays:
                self.every_x.append(arrays["x"])
        super().trace()

    def new_sums(self) -> list[Variable]:
        return [sum_ for _ in range(self.most) for sum_ in super(Int8Rows, self).new_sums()]

    def _group(
        self, group: Value, inside: Value | None, rows: list[LoadedGroup], sums: list[Variable]
    ) -> None:
        for number, x in enumerate(self.every_x):
            self.x = x
            own = sums[number * self.schedule.rows : (number + 1) * self.schedule.rows]
            super()._group(group, inside, rows, own)

    def squares(self, lane: Value, lanes: Number) -> Variable:
        """What says that they are wanted: `write_parts` adds them up, row by row."""
        return self.k.var(0.0, f32, name="no_square")

    def write_parts(self, sums: list[Variable], batch: Value | int, square: Variable | None) -> None:
        rows, schedule = self.schedule.rows, self.schedule
        of_rows = [sums[first : first + rows] for first in range(0, len(sums), rows)]
        if schedule.in_subgroups:
            self.cells = _part(self.every_sum, 0)
            self._write_spread(of_rows, batch)
        for number, x in enumerate(self.every_x):
            self.x, own = x, None
            if self.every_square is not None and square is not None:
                self.square_cells = _part(self.every_square, number * schedule.parts)
                own = super().squares(self.lane, schedule.team)
            if schedule.in_subgroups:
                self._write_square(own, self._part())
            else:
                self.cells = _part(self.every_sum, number * self.cells_of_row)
                super().write_parts(of_rows[number], batch, own)

    def load_rows(self) -> None:
        """Nothing: each row's are loaded when it is finished."""

    def finish(self) -> None:
        """Add up the parts, and run the epilogue, for each row that there is: several rows at once where a
        subgroup codes a group of results by itself, and where nothing is coded."""
        self.k.barrier()
        if self._in_registers:
            self._finish_in_subgroups()
        elif self.problem.epilogue.coding is None:
            self._finish_results()
        else:
            self._finish_in_turn()

    def _finish_in_subgroups(self) -> None:
        """As many rows at once as there are subgroups for their results."""
        k, epilogue = self.k, self.problem.epilogue
        assert isinstance(epilogue, CodedEpilogue)
        results = self.schedule.rows_per_workgroup // self.problem.rows_together
        at_once = self.schedule.threads // results
        own = k.local_id // results if at_once > 1 else k.constant(0, u32)
        for first in range(0, self.most, at_once):
            row = named("row", own + first if first else own)
            there = row < self.count
            with self._of(minimum(row, self.count - 1)):
                super().load_rows()
                self._code_in_registers(epilogue, there)

    def _finish_results(self) -> None:
        """A result of a row in each invocation, whatever row that is."""
        together = self.problem.rows_together
        results = self.schedule.rows_per_workgroup // together
        with distribute(self.k, results * self.most, "finished") as number:
            row, result = named("row", number // results), named("result", number % results)
            first = self.first_row + result * together
            with self.k.when(logical_and(row < self.count, first < self.problem.rows)), self._of(row):
                self._result(first, result, None)

    def _finish_in_turn(self) -> None:
        with self.k.loop(0, self.count) as row, self._of(row):
            super().load_rows()
            super().finish()
            self.k.barrier()

    @contextmanager
    def _of(self, row: Value) -> Generator[None]:
        """The arrays, sums and squares of a row, while the step block is that row's."""
        with self.of_row(row) as arrays:
            self.linear = LinearBuffers.of(self.k, self.problem, arrays)
            self.cells = _part(self.every_sum, row * self.cells_of_row)
            if self.every_square is not None:
                self.square_cells = _part(self.every_square, row * self.schedule.parts)
            yield


def _part(array: Array, first: Operators | int) -> Array:
    """The elements of a memory from `first` on."""
    return PartOfArray(array.tracer, array.memory, array.tracer.coerce(first, u32))
