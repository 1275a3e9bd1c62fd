"""Matrix times a few rows, each of which is a token of another sequence: weights are read once for all.

With coded rows what an invocation loads of the weights is decoded once and multiplied with every row
(`wide_int8` on a processor, `int8_rows` elsewhere). With rows of f32 a processor's workgroup has some rows of
the matrix, which it multiplies with every row of activations while they are in its first cache; elsewhere the
rows of activations are the last axis of the grid, and a matrix comes from the device's second-level cache for
all but the first. A row's sums are those of the matrix times one row, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import lcm
from typing import Any, Protocol, TypeVar

from kernelc.ir.dim import substitute
from kernelc.ir.formats import groups_of, weight_format
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.kernels.several.each_row import EachRow
from kernelc.kernels.several.int8_rows import LEAST_SHARED_BYTES, MOST_SUMS, Int8Rows, rows_shared_bytes
from kernelc.kernels.several.mma.chunks import side_types
from kernelc.kernels.several.mma.division import COLUMNS, usual_mma_schedule
from kernelc.kernels.several.mma.kernel import MmaRows
from kernelc.kernels.several.mma.stream_schedule import stream_types, usual_streams
from kernelc.kernels.several.mma.streams import StreamedRows
from kernelc.kernels.several.rows_problem import RowsProblem
from kernelc.kernels.several.wide_int8 import MOST_BYTES, ROWS, WideInt8Rows, panel_bytes
from kernelc.kernels.spec import Grid
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type
from kernelc.target import Capabilities


class _Blocked(Protocol):
    """A schedule of which `blocks` says whether a workgroup is one invocation."""

    @property
    def blocks(self) -> int: ...


S = TypeVar("S", bound=_Blocked)
_LEAST_COLUMNS = 3  # rows of activations from which on matrix units pay
_STEPS = 4  # that are spelled out
_THREADS = 256  # measured on an H200: with 512 sums no longer fit the registers


class MatvecRows(EachRow[LinearProblem, S]):
    """x [seq, cols] -> out [seq, out_width], or q and the KV caches of as many sequences."""

    def kernel(
        self, problem: RowsProblem[LinearProblem], schedule: S, capabilities: Capabilities, name: str = ""
    ) -> Kernel:
        """As traced. All variants have the step block, since a launch binds the same for each: those that
        loop over the rows read their number there, the grid says it to the others."""
        made = super().kernel(problem, schedule, capabilities, name)
        return made if made.params else replace(made, params=STEP)

    def grid(self, problem: RowsProblem[LinearProblem], schedule: S) -> Grid:
        if not schedule.blocks:
            return super().grid(problem, schedule)
        x, y, z = (substitute(extent, {"seq": 1}) for extent in self.inner.grid(problem.of, schedule))
        return (x, y, z)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: RowsProblem[LinearProblem], schedule: S
    ) -> None:
        if not schedule.blocks:
            super().trace(k, arrays, problem, schedule)
            return
        with k.loop(0, k.param("seq")) as row, self.row(k, arrays, problem, row) as own:
            self.inner.trace(k, own, problem.of, schedule)


class MatvecInt8Rows(MatvecRows[MatvecInt8Schedule]):
    """The same of coded rows, for all of which weights are decoded once."""

    def space(
        self, capabilities: Capabilities, problem: RowsProblem[LinearProblem]
    ) -> Iterable[MatvecInt8Schedule]:
        yield self.default(capabilities, problem)
        yield from (
            schedule
            for schedule in super().space(capabilities, problem)
            if not schedule.blocks or schedule.rows == ROWS
        )

    def following(
        self, capabilities: Capabilities, problem: RowsProblem[LinearProblem], alone: MatvecInt8Schedule
    ) -> MatvecInt8Schedule:
        """The single row's schedule, with as many rows of the matrix as registers have sums for.

        Its teams stay as they are, so that sums have the same order. The rows are a power of two, so that
        workgroups of coded results have whole groups without more batches.
        """
        alone = super().following(capabilities, problem, alone)
        if (units := self._on_matrix_units(capabilities, problem, alone)) is not None:
            return units
        if not alone.in_subgroups or alone.stages:
            return alone
        rows = max(problem.of.rows_together, power_of_two_up_to(MOST_SUMS // problem.most))
        threads = max(alone.team, min(_THREADS, capabilities.max_threads))
        at_once = threads // alone.team * rows
        batches = lcm(at_once, problem.of.result_rows) // at_once
        together = replace(
            alone, threads=threads, rows=rows, unroll=1, batches=batches, most_steps=_STEPS, early_steps=1
        )
        return together if self.once(problem, together) else alone

    def access_types(
        self, problem: RowsProblem[LinearProblem], schedule: MatvecInt8Schedule
    ) -> Mapping[str, Type]:
        if not schedule.splits:
            return super().access_types(problem, schedule)
        if schedule.ring:
            return stream_types(problem.of)
        return side_types(weight_format(problem.of.format), groups_of(problem.of.cols))

    def _on_matrix_units(
        self, capabilities: Capabilities, problem: RowsProblem[LinearProblem], alone: MatvecInt8Schedule
    ) -> MatvecInt8Schedule | None:
        """For matrix units, where a device has such and there are enough rows for them."""
        if not capabilities.mma_i8 or not _LEAST_COLUMNS <= problem.most <= COLUMNS:
            return None
        streams = usual_streams(capabilities, alone, problem.of, problem.most)
        return streams or usual_mma_schedule(capabilities, alone, problem.of, problem.most)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: RowsProblem[LinearProblem],
        schedule: MatvecInt8Schedule,
    ) -> None:
        if not self.once(problem, schedule):
            super().trace(k, arrays, problem, schedule)
            return

        def of_row(row: Any) -> Any:
            return self.row(k, arrays, problem, row)

        linear, most = LinearBuffers.of(k, problem.of, arrays), problem.most
        if schedule.blocks:
            WideInt8Rows(k, linear, schedule.blocks, of_row, most).trace()
        elif schedule.ring:
            StreamedRows(k, linear, schedule, of_row, most).trace()
        elif schedule.splits:
            MmaRows(k, linear, schedule, of_row, most).trace()
        else:
            Int8Rows(k, linear, schedule, of_row, most).trace()

    def grid(self, problem: RowsProblem[LinearProblem], schedule: MatvecInt8Schedule) -> Grid:
        x, y, z = super().grid(problem, schedule)
        return (x, y, 1) if not schedule.blocks and self.once(problem, schedule) else (x, y, z)

    @staticmethod
    def once(problem: RowsProblem[LinearProblem], schedule: MatvecInt8Schedule) -> bool:
        """Whether weights are decoded once for all rows: where sums or panels of all of them have room."""
        most = problem.most
        if schedule.blocks:
            small = panel_bytes(problem.of, schedule.blocks, most) <= MOST_BYTES
            return small and schedule.rows == ROWS
        if schedule.splits:
            return True
        few = schedule.rows * most <= MOST_SUMS and not schedule.stages
        return few and rows_shared_bytes(schedule, problem.of, most) <= LEAST_SHARED_BYTES


MATVEC_ROWS = MatvecRows(MATVEC)
MATVEC_INT8_ROWS = MatvecInt8Rows(MATVEC_INT8)
