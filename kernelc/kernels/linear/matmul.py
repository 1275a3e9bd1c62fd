"""Matrix times a chunk of activation rows: prefill, in tiles whose operands are staged in shared memory.

For each `depth` columns the workgroup stages `tokens` rows of x and `rows` rows of W, dequantised; then its
teams multiply: an invocation one or several 4 x 4 blocks of results, or where there are matrix units a
subgroup several of their tiles (operands in f16, sums in f32). While a team multiplies, its invocations'
loads of the next columns are under way. The results go through shared memory once more, so that the epilogue
is written once and its stores are coalesced.

Where x is coded rows (`kernelc.ir.coded_rows`), its bytes may be multiplied as they are, four at a time (see
`kernelc.kernels.linear.int8.tiles`); otherwise they become f32 or halves on their way to shared memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from kernelc.ir.dim import ceildiv
from kernelc.ir.formats import weight_format
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.byte_panels import BLOCK
from kernelc.kernels.linear.int8.tile_choices import byte_schedules, usual_bytes
from kernelc.kernels.linear.int8.tile_operands import quants_type as byte_quants_type
from kernelc.kernels.linear.int8.tiles import ByteMatmul
from kernelc.kernels.linear.matmul_large import LargeMatmul, chunk_type
from kernelc.kernels.linear.matmul_registers import RegisterMatmul
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule, every_schedule, usual_schedule
from kernelc.kernels.linear.matmul_tiled import finish_cell
from kernelc.kernels.linear.matmul_units import UnitMatmul
from kernelc.kernels.linear.matmul_wide import WideMatmul
from kernelc.kernels.linear.operands import unit_type
from kernelc.kernels.linear.problem import (
    LinearProblem,
    linear_bindings,
    linear_reference,
    require_rows,
)
from kernelc.kernels.linear.spec import LinearSpec
from kernelc.kernels.parts.packed_rows import side_types
from kernelc.kernels.parts.wide_rows import quants_type
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, Params, Tolerance
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x8, u32
from kernelc.target import Capabilities


class Matmul(LinearSpec[MatmulSchedule]):
    """x [seq, cols] -> out [seq, out_width] or q and the KV cache."""

    name = "matmul"

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        require_rows(problem, terms=True)
        return linear_bindings(problem, SEQ)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        linear_reference(problem, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatmulSchedule]:
        yield from every_schedule(capabilities, problem)
        yield from byte_schedules(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
        return usual_bytes(capabilities, problem) or usual_schedule(capabilities, problem)

    def workgroup(self, problem: LinearProblem, schedule: MatmulSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatmulSchedule) -> Grid:
        rows, tokens = ceildiv(problem.rows, schedule.rows), ceildiv(SEQ, schedule.tokens)
        return (tokens, rows, 1) if schedule.large else (rows, tokens, 1)

    def access_types(self, problem: LinearProblem, schedule: MatmulSchedule) -> Mapping[str, Type]:
        rows, form = f32.with_lanes(problem.epilogue.stored_together(problem.piece)), problem.format
        if schedule.bytes:
            units = schedule.rows // BLOCK * schedule.groups
            types = {"quants": byte_quants_type(weight_format(form), units, schedule.threads)}
            return types | dict.fromkeys((*problem.epilogue.row_inputs, "out"), rows)
        types = {"quants": unit_type(problem.format, schedule.kind)}
        if schedule.wide:
            types = {"quants": quants_type(problem.format, ordered=True), "x": f32x8}
        elif schedule.large:
            types = {"quants": chunk_type(problem.format)}
        elif problem.halves or (problem.terms and schedule.kind.lanes == 1):
            types["x"] = u32
        types |= dict.fromkeys((*problem.epilogue.row_inputs, "out"), rows)
        return side_types(problem.format, schedule.f16) | types

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: LinearProblem, schedule: MatmulSchedule
    ) -> None:
        linear = LinearBuffers.of(k, problem, arrays)
        if schedule.wide:
            WideMatmul(k, schedule, linear, partial(finish_cell, k, linear)).trace()
        elif schedule.large:
            LargeMatmul(k, schedule, linear, partial(finish_cell, k, linear)).trace()
        elif schedule.bytes:
            ByteMatmul(k, schedule, linear, partial(finish_cell, k, linear)).trace()
        elif schedule.kind.lanes == 1:
            RegisterMatmul(k, schedule, linear).trace()
        else:
            UnitMatmul(k, schedule, linear).trace()

    def tile_tolerance(self, problem: LinearProblem) -> Tolerance:
        """Both factors of a product are rounded to f16, each by at most 2^-11 of itself.

        The products' squares add up to one, so the sum is off by a normal error of at most 2^-11 * sqrt(2/3),
        and six times that is what no test will see; one product alone is off by 2^-10. A gated result
        multiplies one such sum by another of up to five.
        """
        exact = self.tolerance(problem)
        sum_error = 6 * 2**-11 * (2 / 3) ** 0.5
        factor = problem.epilogue.rounding_amplification
        return Tolerance(exact.relative + 2**-10, exact.absolute + factor * sum_error)


MATMUL = Matmul()
