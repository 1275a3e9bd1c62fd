"""Rows of activations to blocks of halves (see `half_blocks`), once for all tiles that multiply them.

Every workgroup of a matrix product would otherwise read twice the bytes and round them again. An invocation
makes two cells of a row, of four vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import four_of
from kernelc.kernels.linear.half_blocks import CELLS, CHUNK, CHUNKS, COLUMNS, ROWS, HalfBlocks
from kernelc.kernels.linear.problem import activation_type
from kernelc.kernels.parts.staged_rows import saturated
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import named, pack_half2, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities

_UNITS = CELLS // 2  # of a row in a block: what an invocation makes


@dataclass(frozen=True)
class HalfRowsProblem:
    """Rows of `cols` values."""

    cols: int

    def __post_init__(self) -> None:
        """Raise ShapeError for rows that are no whole blocks."""
        require(self.cols >= 1 and self.cols % COLUMNS == 0, self, f"a multiple of {COLUMNS} columns")

    @property
    def blocks(self) -> HalfBlocks:
        return HalfBlocks(self.cols)


@dataclass(frozen=True)
class HalfRowsSchedule:
    """`threads` of a workgroup, which make cells of neighbouring rows of a block."""

    threads: int


class HalfRows(KernelSpec[HalfRowsProblem, HalfRowsSchedule]):
    """x [seq, cols] -> halves, in blocks."""

    name = "half_rows"
    problem_type = HalfRowsProblem

    def bindings(self, problem: HalfRowsProblem) -> tuple[Binding, ...]:
        type_ = activation_type(problem.cols)
        x = Binding("x", type_, "read", SEQ * (problem.cols // type_.lanes))
        return x, Binding("halves", u32x4, "read_write", problem.blocks.cells(SEQ))

    def reference(self, problem: HalfRowsProblem, arrays: Arrays, params: Params) -> None:
        x = arrays["x"].reshape(-1, problem.cols)[: int(params["seq"])]
        cells = problem.blocks.arrange(x)
        arrays["halves"][: len(cells)] = cells

    def space(self, capabilities: Capabilities, problem: HalfRowsProblem) -> Iterable[HalfRowsSchedule]:
        for threads in (128, 64, 256, 512):
            if threads <= capabilities.max_threads:
                yield HalfRowsSchedule(threads)

    def default(self, capabilities: Capabilities, problem: HalfRowsProblem) -> HalfRowsSchedule:
        return next(iter(self.space(capabilities, problem)))

    def workgroup(self, problem: HalfRowsProblem, schedule: HalfRowsSchedule) -> int:
        return schedule.threads

    def grid(self, problem: HalfRowsProblem, schedule: HalfRowsSchedule) -> Grid:
        return (problem.blocks.across * (_UNITS * ROWS // schedule.threads), ceildiv(SEQ, ROWS), 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: HalfRowsProblem, schedule: HalfRowsSchedule
    ) -> None:
        parts = _UNITS * ROWS // schedule.threads  # workgroups of a block
        step = k.workgroup_id(0) // parts
        unit = k.local_id % _UNITS
        line = k.workgroup_id(0) % parts * (schedule.threads // _UNITS) + k.local_id // _UNITS
        row = step_block.rows(k).clamped(k.workgroup_id(1) * ROWS + line)
        first = step * (COLUMNS // 4) + unit
        fours = [
            saturated(four_of(arrays["x"], row, first + at * (CHUNK // 4), problem.cols))
            for at in range(CHUNKS)
        ]
        place = problem.blocks.block(k.workgroup_id(1), step) + unit * (2 * ROWS) + line
        for cell in range(2):
            words = [_pair(x, 2 * cell) for x in fours]
            arrays["halves"][place + cell * ROWS] = vector(*words)

    def inputs(
        self, problem: HalfRowsProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["x"][...] = rng.normal(size=arrays["x"].shape)
        return arrays

    def tolerance(self, problem: HalfRowsProblem) -> Tolerance:
        """A half is the nearest, or where a target does not say how it rounds, one beside it."""
        return Tolerance(relative=2**-10, absolute=2**-24)

    def packed_halves(self, problem: HalfRowsProblem) -> frozenset[str]:
        return frozenset({"halves"})

    def describe(self, problem: HalfRowsProblem) -> str:
        return str(problem.cols)


def _pair(four: Value, lane: int) -> Value:
    """Two neighbouring elements as a word."""
    low, high = four.lane(lane), four.lane(lane + 1)
    low.hint, high.hint = low.hint or "low", high.hint or "high"
    return named("word", pack_half2(vector(low, high)))


HALF_ROWS = HalfRows()
