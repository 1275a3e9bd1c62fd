"""Joins the partial results that split decode attention leaves, a workgroup a head.

A partial result is a softmax over some positions, relative to their own maximum; weighted by 2^(its maximum -
the greatest) the sums and totals of all of them add up. An invocation owns two neighbouring elements of the
head and takes every `streams`-th split.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.attention.softmax import LOWEST, Running, exchange_cells, join
from kernelc.kernels.parts.distribute import deal
from kernelc.kernels.spec import CONTEXT, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kir.functions import exp2, minimum, named, select, vector
from kernelc.kir.nodes import Value
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x2
from kernelc.target import Capabilities

UNROLL = 4  # partial results of a stream that are on their way at once


@dataclass(frozen=True)
class AttentionReduceProblem:
    """`split`: positions of a partial result, all of them but the last."""

    heads: int
    head_dim: int
    split: int

    @property
    def pairs(self) -> int:
        """f32x2 elements of one partial result: its sums, then (maximum, total)."""
        return self.head_dim // 2 + 1

    def partials(self, access: str) -> Binding:
        """[splits, heads, head_dim/2 + 1] pairs."""
        return Binding("partials", f32x2, access, ceildiv(CONTEXT, self.split) * (self.heads * self.pairs))


@dataclass(frozen=True)
class AttentionReduceSchedule:
    """`streams`: partial results read side by side, a power of two."""

    streams: int


class AttentionReduce(KernelSpec[AttentionReduceProblem, AttentionReduceSchedule]):
    """partials [splits, heads, head_dim/2 + 1] pairs -> out [heads * head_dim]."""

    name = "attention_reduce"
    problem_type = AttentionReduceProblem

    def bindings(self, problem: AttentionReduceProblem) -> tuple[Binding, ...]:
        return (
            problem.partials("read"),
            Binding("out", f32x2, "read_write", problem.heads * problem.head_dim // 2),
        )

    def reference(self, problem: AttentionReduceProblem, arrays: Arrays, params: Params) -> None:
        splits = int(params["past"]) // problem.split + 1
        partials = arrays["partials"].reshape(-1, problem.heads, 2 * problem.pairs)[:splits]
        parts = np.split(partials.astype(np.float64), (problem.head_dim, problem.head_dim + 1), axis=-1)
        sums, highest, total = parts
        weights = np.exp2(highest - highest.max(axis=0))
        out = (sums * weights).sum(axis=0) / (total * weights).sum(axis=0)
        arrays["out"].reshape(-1)[:] = out.reshape(-1)

    def space(
        self, capabilities: Capabilities, problem: AttentionReduceProblem
    ) -> Iterable[AttentionReduceSchedule]:
        for streams in (2, 4, 8, 16):
            if streams * problem.head_dim // 2 <= capabilities.max_threads:
                yield AttentionReduceSchedule(streams)

    def default(self, capabilities: Capabilities, problem: AttentionReduceProblem) -> AttentionReduceSchedule:
        """As many streams as there is room for: the splits are few, and each read waits for memory."""
        return max(self.space(capabilities, problem), key=lambda schedule: schedule.streams)

    def workgroup(self, problem: AttentionReduceProblem, schedule: AttentionReduceSchedule) -> int:
        return schedule.streams * problem.head_dim // 2

    def grid(self, problem: AttentionReduceProblem, schedule: AttentionReduceSchedule) -> Grid:
        return (problem.heads, 1, 1)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AttentionReduceProblem,
        schedule: AttentionReduceSchedule,
    ) -> None:
        partials, out = arrays["partials"], arrays["out"]
        exchange = k.shared("exchange", f32, exchange_cells(k.workgroup, 2))
        columns, head = problem.head_dim // 2, k.workgroup_id(0)
        stream = k.local_id // columns
        column = k.local_id % columns
        splits = step_block.rows(k).past // problem.split + 1
        running = Running(k, 1, 2)
        with k.loop(stream, splits, schedule.streams * UNROLL) as first:
            found: list[tuple[Value, Value, Value]] = []  # score, total, sums
            for at in range(UNROLL):
                split = first + at * schedule.streams
                start = (minimum(split, splits - 1) * problem.heads + head) * problem.pairs
                sums = partials[start + column]
                summary = partials[start + columns]
                score = select(split < splits, summary.x, LOWEST)
                found.append((named("score", score), summary.y, named("sums", sums)))
            highest = running.see([score for score, _, _ in found])
            for score, total, sums in found:
                weight = named("weight", exp2(score - highest))
                running.add(weight, (sums.x, sums.y), total)
        join(k, [running], schedule.streams, exchange)
        with deal(k, columns, "column") as column:
            out[head * columns + column] = vector(*running.sums) / running.total

    def inputs(
        self, problem: AttentionReduceProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Partial results of every size; huge ones, with huge maxima, where there is no split."""
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        partials = arrays["partials"].reshape(-1, problem.heads, 2 * problem.pairs)
        partials[...] = rng.normal(size=partials.shape)
        partials[..., -2] *= rng.choice([1.0, 1000.0])
        partials[..., -1] = rng.uniform(1, problem.split + 1, size=partials.shape[:-1])
        partials[env["past"] // problem.split + 1 :] = 1e9
        return arrays

    def tolerance(self, problem: AttentionReduceProblem) -> Tolerance:
        """Sums of order one, by a total of at least one: the roundings of exp2 and of a few additions."""
        return Tolerance(relative=1e-5, absolute=1e-5)

    def describe(self, problem: AttentionReduceProblem) -> str:
        return f"{problem.heads}x{problem.head_dim}_split{problem.split}"


ATTENTION_REDUCE = AttentionReduce()
