"""Embedding: looks up the rows of a packed table for the step's tokens, and dequantises them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import groups_of, unpack
from kernelc.kernels import step_block
from kernelc.kernels.parts.packed_rows import (
    GROUP,
    VECTORS_PER_GROUP,
    PackedRows,
    packed_arrays,
    packed_inputs,
    side_types,
    tile_rows,
    weight_bindings,
)
from kernelc.kernels.spec import (
    CONTEXT,
    SEQ,
    Arrays,
    Binding,
    Grid,
    KernelSpec,
    Params,
    Tolerance,
    empty,
)
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import logical_and, splat
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x4, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class EmbeddingProblem:
    """`cols`: the width of a row. `row_begin` .. `row_end` - 1: the ids whose rows this piece holds."""

    format: str
    cols: int
    row_begin: int
    row_end: int

    def __post_init__(self) -> None:
        """Raise ShapeError for a piece without rows."""
        require(self.cols >= 1, self, "at least one column")
        require(0 <= self.row_begin < self.row_end, self, "a row_begin below row_end")

    @property
    def rows(self) -> int:
        return self.row_end - self.row_begin


@dataclass(frozen=True)
class EmbeddingSchedule:
    """`threads`: invocations of a workgroup, which share a row, one group of 32 elements at a time.

    `f16`: whether scales are read as 16-bit floats.
    """

    threads: int
    f16: bool


def unpacked_rows(
    problem: EmbeddingProblem, arrays: Arrays, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """The rows `rows` of the table as f32 [len(rows), cols], without unpacking the others."""
    table = packed_arrays(problem.format, arrays, problem.rows, problem.cols)
    return unpack(problem.format, table.rows(rows), problem.cols)


class Embedding(KernelSpec[EmbeddingProblem, EmbeddingSchedule]):
    """tokens [context + 1] and a table [rows, cols] -> out [seq, cols].

    Row i is the table's row for tokens[past + i]. A token outside the piece leaves its row as it is, so that
    the pieces of a split table run one after the other on the same output. An id that is in no piece writes
    nothing.
    """

    name = "embedding"
    problem_type = EmbeddingProblem

    def bindings(self, problem: EmbeddingProblem) -> tuple[Binding, ...]:
        whole = problem.cols % 4 == 0
        return (
            Binding("tokens", u32, "read", CONTEXT + 1),
            *weight_bindings(problem.format, problem.rows, problem.cols),
            Binding(
                "out", f32x4 if whole else f32, "read_write", SEQ * (problem.cols // (4 if whole else 1))
            ),
        )

    def reference(self, problem: EmbeddingProblem, arrays: Arrays, params: Params) -> None:
        seq, past = int(params["seq"]), int(params["past"])
        out = arrays["out"].reshape(-1)[: seq * problem.cols].reshape(seq, problem.cols)
        rows = arrays["tokens"][past : past + seq].astype(np.int64) - problem.row_begin
        held = (rows >= 0) & (rows < problem.rows)
        if held.any():
            out[held] = unpacked_rows(problem, arrays, rows[held])

    def space(self, capabilities: Capabilities, problem: EmbeddingProblem) -> Iterable[EmbeddingSchedule]:
        for threads in (32, 64, 128):
            yield EmbeddingSchedule(threads, capabilities.f16)

    def default(self, capabilities: Capabilities, problem: EmbeddingProblem) -> EmbeddingSchedule:
        return EmbeddingSchedule(32 if groups_of(problem.cols) <= 32 else 64, capabilities.f16)

    def workgroup(self, problem: EmbeddingProblem, schedule: EmbeddingSchedule) -> int:
        return schedule.threads

    def grid(self, problem: EmbeddingProblem, schedule: EmbeddingSchedule) -> Grid:
        return (SEQ, 1, 1)

    def access_types(self, problem: EmbeddingProblem, schedule: EmbeddingSchedule) -> Mapping[str, Type]:
        return side_types(problem.format, schedule.f16)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: EmbeddingProblem, schedule: EmbeddingSchedule
    ) -> None:
        table = PackedRows.of(problem.format, problem.cols, arrays)
        position = k.workgroup_id(0)
        token = arrays["tokens"][step_block.rows(k).position(position)]
        held = token < problem.row_end
        if problem.row_begin:
            held = logical_and(held, token >= problem.row_begin)
        with k.when(held):
            row = token - problem.row_begin
            with k.loop(k.local_id, table.groups, schedule.threads) as group:
                vectors, (scale, offset) = table.group(row, group)
                first = group * VECTORS_PER_GROUP
                if scale is not None:
                    factor = splat(scale, 4)
                    vectors = [vector * factor for vector in vectors]
                if offset is not None:
                    offsets = splat(offset, 4)
                    vectors = [vector + offsets for vector in vectors]
                for at, vector in enumerate(vectors):
                    _store(k, problem.cols, arrays["out"], position, first, at, vector)

    def inputs(
        self, problem: EmbeddingProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays |= packed_inputs(problem.format, rng.normal(size=(problem.rows, problem.cols)))
        outside = 3  # ids on both sides of the piece, and one that no table holds
        ids = rng.integers(max(0, problem.row_begin - outside), problem.row_end + outside, env["context"] + 1)
        arrays["tokens"][...] = np.where(rng.random(ids.size) < 0.1, 2**32 - 1, ids)
        arrays["out"][...] = rng.normal(size=arrays["out"].shape)
        return arrays

    def tile(self, problem: EmbeddingProblem) -> EmbeddingProblem:
        rows = tile_rows(problem.format)
        return replace(problem, row_end=problem.row_begin + rows) if problem.rows > 2 * rows else problem

    def describe(self, problem: EmbeddingProblem) -> str:
        piece = f"_from_{problem.row_begin}" if problem.row_begin else ""
        return f"{problem.format}_{problem.cols}{piece}"

    def tolerance(self, problem: EmbeddingProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)


def _store(k: Tracer, cols: int, out: Array, row: Value, first: Value, at: int, four: Value) -> None:
    """Store the vector number `first` + `at` of a row, as far as the row reaches."""
    if cols % GROUP == 0:
        out[row * (cols // 4) + first + at] = four
    elif cols % 4 == 0:
        with k.when(first + at < cols // 4):
            out[row * (cols // 4) + first + at] = four
    else:
        begin = first * 4
        for lane in range(4):
            with k.when(begin + (at * 4 + lane) < cols):
                out[row * cols + begin + (at * 4 + lane)] = four.lane(lane)


EMBEDDING = Embedding()
