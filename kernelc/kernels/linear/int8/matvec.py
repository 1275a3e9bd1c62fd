"""Matrix times one row of activations that are signed bytes: four products at a time.

With f32 activations 16 bytes of q4 weights need 128 bytes of activations, and reading those is what limits a
fast device; codes of one term are 32 bytes and those of two 64. Whoever made the activations has coded them
(`kernelc.ir.coded_rows`, `kernelc.kernels.parts.coded_groups`), once for all workgroups that read them, with
the weight of a norm and the squares for it. Products are exact but for a few roundings per group and the
sums: scales and offsets are common to a group's products. What a format adds to its codes to store them (q4:
8) and its offset (q4a) are accounted for with the sum of the group's codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from kernelc.errors import UsageError
from kernelc.ir.formats import FORMATS, weight_format
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.body import Int8Product
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule, every_schedule, usual_schedule
from kernelc.kernels.linear.int8.streamed import StreamedInt8Product
from kernelc.kernels.linear.int8.wide import WideInt8Product
from kernelc.kernels.linear.problem import LinearProblem, linear_bindings, linear_epilogue_reference
from kernelc.kernels.linear.spec import LinearSpec
from kernelc.kernels.parts.packed_rows import side_types, unpacked
from kernelc.kernels.spec import Arrays, Binding, Grid, Params
from kernelc.kernels.stored_problem import require
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type
from kernelc.target import Capabilities

FORMATS_WITH_CODES = tuple(name for name, form in FORMATS.items() if form.byte_zero is not None)
"""The formats that this family multiplies."""


class MatvecInt8(LinearSpec[MatvecInt8Schedule]):
    """x, a coded row of cols -> out [1, out_width], coded or not, or q and the KV cache."""

    name = "matvec_int8"

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        _require_bytes(problem.format)
        require(problem.terms >= 1, problem, "a coded row of one or two terms")
        return linear_bindings(problem, 1)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        """As `linear_reference`, of what the codes stand for."""
        assert problem.coded is not None
        x, squares = problem.coded.decode(arrays["x"].reshape(1, -1))
        y = x @ unpacked(problem.format, arrays, problem.rows, problem.cols).T
        if problem.norm_eps is not None:
            mean = squares.astype(np.float64)[:, None] / problem.cols
            y = y * (1 / np.sqrt(mean + problem.norm_eps)).astype(np.float32)
        linear_epilogue_reference(problem, y, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatvecInt8Schedule]:
        return every_schedule(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatvecInt8Schedule:
        return usual_schedule(capabilities, problem)

    def workgroup(self, problem: LinearProblem, schedule: MatvecInt8Schedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatvecInt8Schedule) -> Grid:
        tiles = -(-problem.rows // schedule.rows_per_workgroup)
        return (min(tiles, schedule.workgroups) if schedule.stages else tiles, 1, 1)

    def access_types(self, problem: LinearProblem, schedule: MatvecInt8Schedule) -> Mapping[str, Type]:
        return side_types(problem.format, schedule.f16)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: LinearProblem, schedule: MatvecInt8Schedule
    ) -> None:
        linear = LinearBuffers.of(k, problem, arrays)
        if schedule.stages:
            StreamedInt8Product(k, linear, schedule).trace()
        elif schedule.blocks:
            WideInt8Product(k, linear, schedule.rows, schedule.blocks).trace()
        else:
            Int8Product(k, linear, schedule).trace()


def _require_bytes(format: str) -> None:
    """Raise UsageError for a format whose weights are no integers of a byte."""
    if weight_format(format).byte_zero is None:
        *others, last = (name for name, form in FORMATS.items() if form.byte_zero is not None)
        raise UsageError(
            f"int8 activations multiply weights that are integers of a byte, and those of {format} are not",
            help=f"take activations of f32, or weights of {', '.join(others)} or {last}",
        )


MATVEC_INT8 = MatvecInt8()
