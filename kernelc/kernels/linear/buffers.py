"""What the linear kernels bind: activations, the packed rows, and what the epilogue reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import PackedRows
from kernelc.kir.functions import select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32x4
from kernelc.kir.values import Operators, Value


@dataclass(frozen=True)
class LinearBuffers:
    """The bound buffers of a linear kernel being traced, and the packed rows in them."""

    k: Tracer
    problem: LinearProblem
    buffers: Mapping[str, Array]
    weights: PackedRows

    @staticmethod
    def of(k: Tracer, problem: LinearProblem, arrays: Mapping[str, Array]) -> LinearBuffers:
        """The bound arrays, with the packed rows that some of them hold."""
        weights = PackedRows.of(problem.format, problem.cols, arrays)
        return LinearBuffers(k, problem, arrays, weights)

    def four(self, name: str, row: Operators | int, at: Operators) -> Value:
        """Elements 4*at .. 4*at+3 of a row of x or norm_weight; zeros beyond its end."""
        return four_of(self.buffers[name], row, at, self.problem.cols)

    def finish_four(self, token: Operators, row: Value, results: Value) -> None:
        """The epilogue of packed rows row .. row+3 of the piece, for activation row `token`, where the output
        is bound for `stored_together` elements."""
        problem = self.problem
        place = row // 4 + problem.row_begin // 4
        if problem.bias:
            bias = self.buffers["bias"]
            results = results + vector(*(bias[row + at if at else row] for at in range(4)))
        problem.epilogue.finish_four(self.buffers, token, row, place, results)

    def finish(self, token: Operators | int, unit: Operators, *results: Value) -> Value | None:
        """The epilogue of one result's packed rows (`rows_together` of them, from `unit` * that many on).
        Returns what `Epilogue.finish` returns."""
        problem, results = self.problem, self.biased(unit, results)
        return problem.epilogue.finish(self.k, self.buffers, problem.piece, token, unit, results)

    def biased(self, unit: Operators, results: tuple[Value, ...]) -> tuple[Value, ...]:
        """One result's packed rows, each with its bias where there is one."""
        if not self.problem.bias:
            return results
        bias, together = self.buffers["bias"], self.problem.rows_together
        places = (unit,) if together == 1 else (unit * 2, unit * 2 + 1)
        return tuple(result + bias[at] for result, at in zip(results, places, strict=True))

    def code_weight(self, unit: Operators) -> Value | None:
        """The norm's weight that multiplies result number `unit` of the piece before it is coded."""
        problem = self.problem
        if problem.epilogue.coding is None or not problem.epilogue.coding.weight:
            return None
        return self.buffers["code_weight"][unit + problem.row_begin // problem.rows_together]


def four_of(array: Array, row: Operators | int, at: Operators, cols: int) -> Value:
    """Elements 4*at .. 4*at+3 of a row of `cols` elements; zeros beyond its end."""
    if array.type == f32x4:
        width = cols // 4
        if cols % 32 == 0:
            return array[at + row * width]
        inside = at < width
        return select(inside, array[select(inside, at, 0) + row * width], 0.0)
    lanes: list[Value] = []
    for lane in range(4):
        element = at * 4 + lane
        inside = element < cols
        lanes.append(select(inside, array[select(inside, element, 0) + row * cols], 0.0))
    return vector(*lanes)
