"""Joins the splits of decode attention in the dispatch that makes them: the last workgroup of a head does.

Every workgroup of some heads writes its partial results and counts itself in `arrivals`, a buffer of zeros
that outlives the step. Who finds that all others have counted sees what they wrote, joins all of it, and sets
the count to zero again for the next dispatch. Workgroups may run in any order, and none waits.

An invocation joins a pair of neighbouring elements of a head over every `streams`-th split (or several pairs,
where the heads have more than a workgroup invocations); then the streams are joined through shared memory.

Source of the scheme: NVIDIA, CUDA C++ Programming Guide, section "Memory Fence Functions".
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from kernelc.kernels import step_block
from kernelc.kernels.attention.decode.head_results import GroupRows, HeadResults, Partials
from kernelc.kernels.attention.decode.reduce_splits import AttentionReduceProblem
from kernelc.kernels.attention.softmax import LOWEST, Running, exchange_cells, join
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.kir.functions import exp2, minimum, named, select, vector
from kernelc.kir.sharing import atomic_add, fence, uniform_load
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Value

UNROLL = 8  # partial results of a stream that are in flight at once: each waits for the second-level cache
_MOST_STREAMS = 16


def split_count(k: Tracer, problem: AttentionReduceProblem) -> Value:
    """How many splits the step's position has."""
    past = step_block.rows(k).past
    return (minimum(past, problem.window - 1) if problem.window else past) // problem.split + 1


@contextmanager
def in_the_last_workgroup(k: Tracer, arrivals: Array, splits: Value) -> Generator[None]:
    """The statements inside run in that workgroup which is the last of its heads to come here, when what all
    of these wrote to buffers is to be seen. All workgroups must come here once."""
    arrived = k.shared("arrived", u32, 1)
    fence(k)
    k.barrier()
    with k.when(k.local_id.equals(0)):
        arrived[0] = atomic_add(arrivals, k.workgroup_id(0), 1)
    k.barrier()
    with k.when(uniform_load(arrived, 0).equals(splits - 1)):
        fence(k)
        with k.when(k.local_id.equals(0)):
            arrivals[k.workgroup_id(0)] = 0
        yield


@dataclass(frozen=True)
class JoinPlan:
    """How a workgroup of `threads` invocations joins the splits of `heads` heads."""

    heads: int
    head_dim: int
    threads: int

    @property
    def pairs(self) -> int:
        """Pairs of elements of all heads."""
        return self.heads * self.head_dim // 2

    @property
    def streams(self) -> int:
        """Splits that are read side by side."""
        return min(_MOST_STREAMS, power_of_two_up_to(self.threads // self.pairs))

    @property
    def exchange_cells(self) -> int:
        """Length of the shared array through which streams are joined."""
        return exchange_cells(self.streams * self.pairs, 2) if self.streams > 1 else 0

    @property
    def shared_bytes(self) -> int:
        """Bytes of workgroup memory, the cell of the count included."""
        return 4 * (self.exchange_cells + 1)


class SplitJoin:
    """The joining part of a kernel that is being traced."""

    def __init__(
        self, k: Tracer, plan: JoinPlan, problem: AttentionReduceProblem, splits: Value, heads: int
    ) -> None:
        """`heads` of the workgroup, of which an invocation joins one of each of the plan's."""
        self.k, self.plan, self.problem, self.splits = k, plan, problem, splits
        self.rounds = heads // plan.heads
        cells = plan.exchange_cells
        self.exchange = k.shared("join_exchange", f32, cells) if cells else None

    def run(self, rows: GroupRows, partials: Partials, results: HeadResults) -> None:
        """Join all splits of all rows."""
        k, plan = self.k, self.plan
        own = -(-plan.pairs // plan.threads)
        cells = [
            (number, row + begin if begin else row, pair)
            for begin in range(0, self.rounds * plan.heads, plan.heads)
            for number, (row, pair) in ((number, self._cell(number)) for number in range(own))
        ]
        running = [Running(k, 1, 2) for _ in cells]
        stream = k.local_id // plan.pairs if own == 1 else k.constant(0, u32)
        with k.loop(stream, self.splits, plan.streams * UNROLL) as first:
            for (_, row, pair), state in zip(cells, running, strict=True):
                self._see(state, partials, first, rows.head_to_read(row), pair)
        if self.exchange is not None:
            join(k, running, plan.streams, self.exchange, plan.pairs)
        for (number, row, pair), state in zip(cells, running, strict=True):
            with k.when(k.local_id + number * plan.threads < plan.pairs), rows.where_there(row):
                results.put(row, rows.head(row), pair, vector(*state.sums) / state.total)
        results.code()

    def _cell(self, number: int) -> tuple[Value, Value]:
        """The row and the pair of its elements that an invocation joins; surplus ones repeat the last."""
        plan, pairs = self.plan, self.problem.head_dim // 2
        if plan.pairs <= plan.threads:
            cell = self.k.local_id % plan.pairs
        else:
            cell = minimum(self.k.local_id + number * plan.threads, plan.pairs - 1)
        if plan.heads == 1:
            return self.k.constant(0, u32), named("pair", cell)
        return named("row", cell // pairs), named("pair", cell % pairs)

    def _see(self, state: Running, partials: Partials, first: Value, head: Value, pair: Value) -> None:
        found: list[tuple[Value, Value, Value]] = []  # score, total, sums
        for at in range(UNROLL):
            split = first + at * self.plan.streams
            start = partials.start(minimum(split, self.splits - 1), head)
            sums, summary = partials.array[start + pair], partials.array[start + (partials.pairs - 1)]
            score = select(split < self.splits, summary.x, LOWEST)
            found.append((named("score", score), summary.y, named("sums", sums)))
        highest = state.see([score for score, _, _ in found])
        for score, total, sums in found:
            state.add(named("weight", exp2(score - highest)), [sums.x, sums.y], total)
