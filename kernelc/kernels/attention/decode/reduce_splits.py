"""Joins the partial results that split decode attention leaves, with one workgroup per head.

A partial result is a softmax over some positions, relative to their own maximum. Weighted by 2^(its maximum -
the greatest of all maxima), the sums and totals of all partial results add up. An invocation owns a pair of
neighbouring elements of the head (or `columns` such pairs) and takes every `streams`-th split.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.dim import Dim, ceildiv, dim_min, evaluate
from kernelc.kernels import step_block
from kernelc.kernels.attention.decode.head_results import (
    GroupRows,
    HeadResults,
    require_codes,
    result_binding,
    write_result,
)
from kernelc.kernels.attention.softmax import LOWEST, Running, exchange_cells, join
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.spec import CONTEXT, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import exp2, minimum, named, select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x2
from kernelc.kir.values import Value
from kernelc.target import Capabilities

UNROLL = 4  # partial results of a stream that are in flight at once


@dataclass(frozen=True)
class AttentionReduceProblem:
    """`split`: positions of each partial result; the last may have fewer. `window`: as in `Scoring`.
    `codes`: terms of the coded row that the result is (`kernelc.ir.coded_rows`); 0: it is f32."""

    heads: int
    head_dim: int
    split: int
    window: int = 0
    codes: int = 0

    def __post_init__(self) -> None:
        """Raise ShapeError for numbers without a meaning."""
        require(self.heads >= 1, self, "at least one head")
        require(self.head_dim >= 2 and self.head_dim % 2 == 0, self, "an even head_dim")
        require_codes(self, self.head_dim, self.codes)

    @property
    def coded(self) -> CodedRows | None:
        """The layout of the result, where it is coded."""
        return CodedRows(self.heads * self.head_dim, self.codes) if self.codes else None

    def seen(self, positions: Dim) -> Dim:
        """How many of `positions` the last of them sees."""
        return dim_min(positions, self.window) if self.window else positions

    @property
    def pairs(self) -> int:
        """f32x2 elements of one partial result: its sums, then (maximum, total)."""
        return self.head_dim // 2 + 1

    def partials(self, access: str) -> Binding:
        """[splits, heads, head_dim/2 + 1] pairs."""
        splits = ceildiv(self.seen(CONTEXT), self.split)
        return Binding("partials", f32x2, access, splits * (self.heads * self.pairs))


@dataclass(frozen=True)
class AttentionReduceSchedule:
    """`streams`: partial results read side by side, a power of two; `columns`: pairs of each that an
    invocation takes, more than one where heads have more pairs than workgroups invocations."""

    streams: int
    columns: int = 1

    def stream_threads(self, head_dim: int) -> int:
        """Invocations that read a partial result together; the last may have fewer pairs than `columns`."""
        return -(-head_dim // (2 * self.columns))


class AttentionReduce(KernelSpec[AttentionReduceProblem, AttentionReduceSchedule]):
    """partials [splits, heads, head_dim/2 + 1] pairs -> out [heads * head_dim], coded or not."""

    name = "attention_reduce"
    problem_type = AttentionReduceProblem

    def bindings(self, problem: AttentionReduceProblem) -> tuple[Binding, ...]:
        out = Binding("out", f32x2, "read_write", problem.heads * problem.head_dim // 2)
        return (problem.partials("read"), result_binding(out, problem.coded))

    def reference(self, problem: AttentionReduceProblem, arrays: Arrays, params: Params) -> None:
        splits = _splits(problem, int(params["past"]))
        partials = arrays["partials"].reshape(-1, problem.heads, 2 * problem.pairs)[:splits]
        parts = np.split(partials.astype(np.float64), (problem.head_dim, problem.head_dim + 1), axis=-1)
        sums, highest, total = parts
        weights = np.exp2(highest - highest.max(axis=0))
        out = (sums * weights).sum(axis=0) / (total * weights).sum(axis=0)
        write_result(arrays, problem.coded, out)

    def space(
        self, capabilities: Capabilities, problem: AttentionReduceProblem
    ) -> Iterable[AttentionReduceSchedule]:
        for columns, streams in itertools.product((1, 2, 4, 8), (2, 4, 8, 16)):
            schedule = AttentionReduceSchedule(streams, columns)
            shared_bytes = self._shared_bytes(problem, schedule)
            small = shared_bytes <= capabilities.shared_bytes or not problem.codes
            if small and self.workgroup(problem, schedule) <= capabilities.max_threads:
                yield schedule

    def _shared_bytes(self, problem: AttentionReduceProblem, schedule: AttentionReduceSchedule) -> int:
        cells = exchange_cells(self.workgroup(problem, schedule), 2 * schedule.columns)
        return 4 * cells + HeadResults.shared_bytes(1, problem.head_dim, problem.codes)

    def default(self, capabilities: Capabilities, problem: AttentionReduceProblem) -> AttentionReduceSchedule:
        """As many streams as a workgroup can have: the splits are few, and each read waits for memory.

        A processor runs one invocation after the other, so it gets as few as there can be.
        """
        if capabilities.serial_workgroups:
            return max(self.space(capabilities, problem), key=lambda each: (each.columns, -each.streams))
        return max(self.space(capabilities, problem), key=lambda each: (-each.columns, each.streams))

    def workgroup(self, problem: AttentionReduceProblem, schedule: AttentionReduceSchedule) -> int:
        return schedule.streams * schedule.stream_threads(problem.head_dim)

    def grid(self, problem: AttentionReduceProblem, schedule: AttentionReduceSchedule) -> Grid:
        return (problem.heads, 1, 1)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AttentionReduceProblem,
        schedule: AttentionReduceSchedule,
    ) -> None:
        partials, rows = arrays["partials"], GroupRows(k, 1, 1)
        results = HeadResults(k, arrays, problem.head_dim, rows, problem.coded)
        exchange = k.shared("exchange", f32, exchange_cells(k.workgroup, 2 * schedule.columns))
        columns, head = problem.head_dim // 2, k.workgroup_id(0)
        threads = schedule.stream_threads(problem.head_dim)
        stream = k.local_id // threads
        column = k.local_id % threads
        past = step_block.rows(k).past
        splits = (minimum(past, problem.window - 1) if problem.window else past) // problem.split + 1
        running = Running(k, 1, 2 * schedule.columns)
        with k.loop(stream, splits, schedule.streams * UNROLL) as first:
            found: list[tuple[Value, Value, list[Value]]] = []  # score, total, sums
            for at in range(UNROLL):
                split = first + at * schedule.streams
                start = (minimum(split, splits - 1) * problem.heads + head) * problem.pairs
                sums = [partials[start + own] for own in _own(column, threads, columns, schedule)]
                summary = partials[start + columns]
                score = select(split < splits, summary.x, LOWEST)
                found.append((named("score", score), summary.y, [named("sums", pair) for pair in sums]))
            highest = running.see([score for score, _, _ in found])
            for score, total, sums in found:
                weight = named("weight", exp2(score - highest))
                running.add(weight, [half for pair in sums for half in (pair.x, pair.y)], total)
        join(k, [running], schedule.streams, exchange)
        with distribute(k, threads, "column") as column:
            for number in range(schedule.columns):
                own = column + number * threads if number else column
                with nullcontext() if number == 0 else k.when(own < columns):
                    sums = running.sums[2 * number : 2 * number + 2]
                    results.put(0, head, own, vector(*sums) / running.total)
        results.code()

    def inputs(
        self, problem: AttentionReduceProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Partial results of every magnitude; where there is no split, huge ones with huge maxima."""
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        partials = arrays["partials"].reshape(-1, problem.heads, 2 * problem.pairs)
        partials[...] = rng.normal(size=partials.shape)
        partials[..., -2] *= rng.choice([1.0, 1000.0])
        partials[..., -1] = rng.uniform(1, problem.split + 1, size=partials.shape[:-1])
        partials[_splits(problem, env["past"]) :] = 1e9
        return arrays

    def tolerance(self, problem: AttentionReduceProblem) -> Tolerance:
        """Sums of order one over a total of at least one: the rounding of exp2 and of a few additions."""
        return Tolerance(relative=1e-5, absolute=1e-5)

    def coded_rows(self, problem: AttentionReduceProblem) -> Mapping[str, CodedRows]:
        return {} if problem.coded is None else {"coded": problem.coded}

    def describe(self, problem: AttentionReduceProblem) -> str:
        window = f"_window{problem.window}" if problem.window else ""
        codes = f"_codes{problem.codes}" if problem.codes else ""
        return f"{problem.heads}x{problem.head_dim}_split{problem.split}{window}{codes}"


def _splits(problem: AttentionReduceProblem, past: int) -> int:
    """Partial results that the position `past` left."""
    return evaluate(ceildiv(problem.seen(past + 1), problem.split), {})


def _own(column: Value, threads: int, pairs: int, schedule: AttentionReduceSchedule) -> Iterator[Value]:
    """The pairs of a partial result that an invocation takes, `threads` apart; past the end the last one."""
    yield column
    for number in range(1, schedule.columns):
        yield minimum(column + number * threads, pairs - 1)


ATTENTION_REDUCE = AttentionReduce()
