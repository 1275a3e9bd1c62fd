"""Matrix times a chunk of activation rows: prefill, in shared tiles, a 4 x 4 block of results an invocation.

For each group of 32 columns the workgroup stages `tokens` rows of x and `rows` rows of W, dequantised, as
vectors of four along the columns. A staged row takes nine vectors, not eight, and W's rows are dealt out so
that neighbouring invocations read neighbouring rows: both keep shared memory free of bank conflicts. The
results go through shared memory once more, so that the epilogue is written once and its stores are coalesced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels.linear import (
    LinearBuffers,
    LinearProblem,
    linear_bindings,
    linear_halves,
    linear_inputs,
    linear_name,
    linear_pieces,
    linear_reference,
    linear_tile,
    linear_tolerance,
)
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance
from kernelc.kernels.weights import VECTORS_PER_GROUP, unit_type, unit_vectors, units_per_group
from kernelc.kir.functions import dot, minimum, vector
from kernelc.kir.nodes import Value, Variable
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x4
from kernelc.target import Capabilities

BLOCK = 4  # results of an invocation: BLOCK tokens x BLOCK rows
STRIDE = VECTORS_PER_GROUP + 1  # vectors from one staged row to the next


@dataclass(frozen=True)
class MatmulSchedule:
    """The tile of results of a workgroup: `tokens` x `rows`, both multiples of 4."""

    tokens: int
    rows: int
    f16: bool = False

    @property
    def threads(self) -> int:
        return self.tokens * self.rows // (BLOCK * BLOCK)

    @property
    def shared_vectors(self) -> int:
        return max((self.tokens + self.rows) * STRIDE, self.tokens * self.rows // 4)


class Matmul(KernelSpec[LinearProblem, MatmulSchedule]):
    """x [seq, cols] -> out [seq, out_width] or q and the KV cache."""

    name = "matmul"
    problem_type = LinearProblem

    def bindings(self, problem: LinearProblem) -> tuple[Binding, ...]:
        return linear_bindings(problem, SEQ)

    def reference(self, problem: LinearProblem, arrays: Arrays, params: Params) -> None:
        linear_reference(problem, arrays, params)

    def space(self, capabilities: Capabilities, problem: LinearProblem) -> Iterable[MatmulSchedule]:
        for tokens in (8, 16, 32, 64, 128):
            for rows in (16, 32, 64, 128):
                schedule = MatmulSchedule(tokens, rows, capabilities.f16)
                fits = schedule.shared_vectors * 16 <= capabilities.shared_bytes
                if fits and 16 <= schedule.threads <= capabilities.max_threads:
                    yield schedule

    def default(self, capabilities: Capabilities, problem: LinearProblem) -> MatmulSchedule:
        return MatmulSchedule(32, 64 if problem.rows >= 256 else 32, capabilities.f16)

    def workgroup(self, problem: LinearProblem, schedule: MatmulSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LinearProblem, schedule: MatmulSchedule) -> Grid:
        return (ceildiv(problem.rows, schedule.rows), ceildiv(SEQ, schedule.tokens), 1)

    def trace(self, k: Tracer, problem: LinearProblem, schedule: MatmulSchedule) -> None:
        linear = self._bind(k, problem, schedule)
        tile = k.shared("tile", f32x4, schedule.shared_vectors)
        first_row = k.workgroup_id(0) * schedule.rows
        first_token = k.workgroup_id(1) * schedule.tokens
        across = schedule.rows // BLOCK
        column = k.local_id % across
        line = k.local_id // across
        sums = [[k.var(0.0, f32, name=f"sum_{i}{j}") for j in range(BLOCK)] for i in range(BLOCK)]
        with k.loop(0, linear.weights.groups) as group:
            self._stage_activations(k, linear, schedule, tile, first_token, group)
            self._stage_weights(k, linear, schedule, tile, first_row, group)
            k.barrier()
            self._multiply(k, schedule, tile, line, column, sums)
            k.barrier()
        for i in range(BLOCK):
            token = line + i * (schedule.tokens // BLOCK)
            tile[token * across + column] = vector(*sums[i])
        k.barrier()
        with k.loop(k.local_id, schedule.tokens * across, schedule.threads) as block:
            self._finish(
                k, linear, tile[block], first_token + block // across, first_row + block % across * BLOCK
            )

    def _bind(self, k: Tracer, problem: LinearProblem, schedule: MatmulSchedule) -> LinearBuffers:
        bindings = tuple(
            Binding(b.name, unit_type(problem.format), b.access, b.length) if b.name == "quants" else b
            for b in self.bindings(problem)
        )
        return LinearBuffers.bind(k, problem, bindings, schedule.f16)

    def _stage_activations(
        self,
        k: Tracer,
        linear: LinearBuffers,
        schedule: MatmulSchedule,
        tile: Array,
        first_token: Value,
        group: Value,
    ) -> None:
        with k.loop(k.local_id, schedule.tokens * VECTORS_PER_GROUP, schedule.threads) as staged:
            token = staged // VECTORS_PER_GROUP
            part = staged % VECTORS_PER_GROUP
            row = minimum(first_token + token, k.param("seq") - 1)
            tile[token * STRIDE + part] = linear.four("x", row, group * VECTORS_PER_GROUP + part)

    def _stage_weights(
        self,
        k: Tracer,
        linear: LinearBuffers,
        schedule: MatmulSchedule,
        tile: Array,
        first_row: Value,
        group: Value,
    ) -> None:
        problem, units = linear.problem, units_per_group(linear.problem.format)
        with k.loop(k.local_id, schedule.rows * units, schedule.threads) as staged:
            line = staged // units
            unit = staged % units
            row = first_row + line
            if problem.rows % schedule.rows:
                row = minimum(row, problem.rows - 1)
            at = row * linear.weights.groups + group
            vectors = unit_vectors(problem.format, linear.buffers["quants"][at * units + unit])
            slot = (line % BLOCK * (schedule.rows // BLOCK) + line // BLOCK + schedule.tokens) * STRIDE
            scale = linear.weights.scale(at) if linear.weights.scales is not None else None
            for i, elements in enumerate(vectors):
                tile[slot + unit * len(vectors) + i] = elements if scale is None else elements * scale

    def _multiply(
        self,
        k: Tracer,
        schedule: MatmulSchedule,
        tile: Array,
        line: Value,
        column: Value,
        sums: list[list[Variable]],
    ) -> None:
        with k.loop(0, VECTORS_PER_GROUP) as part:
            x = [tile[(line + i * (schedule.tokens // BLOCK)) * STRIDE + part] for i in range(BLOCK)]
            first = column + schedule.tokens
            w = [tile[(first + j * (schedule.rows // BLOCK)) * STRIDE + part] for j in range(BLOCK)]
            for i in range(BLOCK):
                for j in range(BLOCK):
                    sums[i][j] += dot(x[i], w[j])

    def _finish(self, k: Tracer, linear: LinearBuffers, results: Value, token: Value, row: Value) -> None:
        problem = linear.problem
        with k.when(token < k.param("seq")):
            for j in range(0, BLOCK, 2 if problem.paired else 1):
                with k.when(row + j < problem.rows):
                    if problem.paired:
                        linear.finish_pair(token, (row + j) // 2, results.lane(j), results.lane(j + 1))
                    else:
                        linear.finish_row(token, row + j, results.lane(j))

    def inputs(
        self, problem: LinearProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        return linear_inputs(problem, self.bindings(problem), rng, env)

    def tile(self, problem: LinearProblem) -> LinearProblem:
        return linear_tile(problem)

    def pieces(self, problem: LinearProblem) -> tuple[LinearProblem, ...]:
        return linear_pieces(problem)

    def tolerance(self, problem: LinearProblem) -> Tolerance:
        return linear_tolerance(problem)

    def describe(self, problem: LinearProblem) -> str:
        return linear_name(problem)

    def packed_halves(self, problem: LinearProblem) -> frozenset[str]:
        return linear_halves(problem)


MATMUL = Matmul()
