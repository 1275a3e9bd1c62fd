"""Attention of one new position over the KV cache, and the small kernel that joins its splits.

    out[h] = sum over p <= past of softmax(q[h] . k_cache[p] * scale)[p] * v_cache[p]

Reading the cache is the whole cost, so a workgroup serves several query heads of one key/value head and reads each row
once, in the widest loads: neighbouring invocations read neighbouring parts of a row. A tile of positions goes through
shared memory as scores alone. For the keys, a few invocations share a position; for the values, an invocation owns one
load's worth of a row and every `streams`-th position, with a softmax of its own, and the streams are joined at the end.

With `split` the positions are cut into pieces of that many, a workgroup each, so that one token fills a large GPU; what
they found goes to `partials` and `AttentionReduce` joins it (Dao et al., Flash-Decoding, 2023).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels.attention_reduce import AttentionReduceProblem
from kernelc.kernels.cache import CacheRows, CacheShape, row_type
from kernelc.kernels.deal import deal
from kernelc.kernels.softmax import LOG2_E, LOWEST, Running, exchange_cells, join, lane, pack
from kernelc.kernels.spec import PAST, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kir.functions import dot, exp2, minimum, named, vector
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from kernelc.target import Capabilities

UNROLL = 4  # positions of a stream whose values are on their way at once


@dataclass(frozen=True)
class AttentionDecodeProblem:
    """`split`: positions a workgroup attends to at most; 0: one workgroup attends to all and writes the result."""

    heads: int
    kv_heads: int
    head_dim: int
    kv_dtype: str
    scale: float
    split: int

    @property
    def group(self) -> int:
        """Query heads that share a key/value head."""
        return self.heads // self.kv_heads

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype)

    @property
    def reduce(self) -> AttentionReduceProblem:
        """What joins the splits."""
        return AttentionReduceProblem(self.heads, self.head_dim, self.split)


@dataclass(frozen=True)
class AttentionDecodeSchedule:
    """A workgroup serves `rows` * `sets` query heads (`rows` of them in the lanes of a vector).

    `width`: elements of the cache a load; `streams`: positions whose values are read side by side; `rounds`: how often
    every stream comes round in a tile; `parts`: invocations that share a key.
    """

    rows: int
    sets: int
    width: int
    streams: int
    rounds: int
    parts: int

    @property
    def heads(self) -> int:
        return self.rows * self.sets

    @property
    def tile(self) -> int:
        """Positions whose scores are in shared memory at once."""
        return self.streams * UNROLL * self.rounds

    def threads(self, head_dim: int) -> int:
        return head_dim // self.width * self.streams

    def shared_bytes(self, head_dim: int) -> int:
        rows = self.heads * head_dim + self.heads * self.tile + self.rows * self.exchange_cells(head_dim)
        return 4 * rows

    def exchange_cells(self, head_dim: int) -> int:
        """Room for the parts of scores and, later, for joining the streams."""
        parts = self.sets * self.tile * self.parts if self.parts > 1 else 0
        return max(parts, exchange_cells(self.threads(head_dim), self.width))


class AttentionDecode(KernelSpec[AttentionDecodeProblem, AttentionDecodeSchedule]):
    """q [heads, head_dim] -> out [heads * head_dim], or partials [splits, heads, head_dim/2 + 1] pairs.

    The new position's key and value are in the cache already. A partial result is the sums of 2^(score - maximum) *
    value, then the maximum score and the total of the weights; scores in powers of two.
    """

    name = "attention_decode"
    problem_type = AttentionDecodeProblem

    def bindings(self, problem: AttentionDecodeProblem) -> tuple[Binding, ...]:
        rows = row_type(problem.head_dim)
        length = problem.heads * problem.head_dim // rows.lanes
        caches = (problem.cache.binding("k_cache"), problem.cache.binding("v_cache"))
        out = Binding("out", rows, "read_write", length)
        if problem.split:
            out = problem.reduce.partials("read_write")
        return (Binding("q", rows, "read", length), *caches, out)

    def reference(self, problem: AttentionDecodeProblem, arrays: Arrays, params: Params) -> None:
        """Softmax in float64, a split at a time."""
        end = int(params["past"]) + 1
        q = arrays["q"].reshape(problem.kv_heads, problem.group, problem.head_dim).astype(np.float64)
        caches = [problem.cache.values(arrays[name])[:end].astype(np.float64) for name in ("k_cache", "v_cache")]
        keys, values = (cache.transpose(1, 0, 2) for cache in caches)  # [kv_heads, positions, head_dim]
        scores = q @ keys.transpose(0, 2, 1) * (problem.scale * LOG2_E)
        split = problem.split or end
        for number, first in enumerate(range(0, end, split)):
            piece = scores[..., first : first + split]
            highest = piece.max(axis=-1, keepdims=True)
            weights = np.exp2(piece - highest)
            total, sums = weights.sum(axis=-1, keepdims=True), weights @ values[:, first : first + split]
            if not problem.split:
                arrays["out"].reshape(-1)[:] = (sums / total).reshape(-1)
                return
            found = np.concatenate([sums, highest, total], axis=-1).reshape(-1)
            arrays["partials"].reshape(-1, found.size)[number] = found

    def space(
        self, capabilities: Capabilities, problem: AttentionDecodeProblem
    ) -> Iterable[AttentionDecodeSchedule]:
        for width, streams, rounds in itertools.product(problem.cache.load_widths(), (2, 4, 8, 16, 32), (1, 2, 4)):
            for rows, sets in ((1, 1), (2, 1), (4, 1), (4, 2)):
                parts = _key_parts(problem.head_dim // width)
                schedule = AttentionDecodeSchedule(rows, sets, width, streams, rounds, parts)
                if rows * sets < 2 * problem.group and _fits(capabilities, problem, schedule):
                    yield schedule

    def default(self, capabilities: Capabilities, problem: AttentionDecodeProblem) -> AttentionDecodeSchedule:
        """Few enough streams that joining them is cheap; all of a group's heads, where their scores have room."""
        threads = 128 if problem.head_dim >= 64 else 64
        widths = problem.cache.load_widths()
        width = next((w for w in widths if threads * w <= 16 * problem.head_dim), widths[-1])
        streams = max(2, min(16, _power_of_two_below(threads * width // problem.head_dim)))
        rows = min(4, 1 << (problem.group - 1).bit_length())
        parts = _key_parts(problem.head_dim // width)
        wanted = (
            AttentionDecodeSchedule(rows, sets, width, streams, rounds, parts)
            for sets in ((2, 1) if problem.group > 4 else (1,))
            for rounds in (4, 2, 1)
            if streams * UNROLL * rounds <= 64 or rounds == 1
        )
        return next(schedule for schedule in wanted if _fits(capabilities, problem, schedule))

    def workgroup(self, problem: AttentionDecodeProblem, schedule: AttentionDecodeSchedule) -> int:
        return schedule.threads(problem.head_dim)

    def grid(self, problem: AttentionDecodeProblem, schedule: AttentionDecodeSchedule) -> Grid:
        splits = ceildiv(PAST + 1, problem.split) if problem.split else 1
        return (problem.kv_heads * -(-problem.group // schedule.heads), splits, 1)

    def trace(self, k: Tracer, problem: AttentionDecodeProblem, schedule: AttentionDecodeSchedule) -> None:
        decode = _Decode(k, problem, schedule, self.bindings(problem))
        positions = k.param("past") + 1
        if not problem.split:
            decode.attend(k.constant(0, u32), positions)
            return
        first = k.workgroup_id(1) * problem.split
        with k.when(first < positions):  # a recorded dispatch may be larger than this step needs
            end = minimum(first + problem.split, positions)
            decode.attend(first, end)

    def inputs(
        self, problem: AttentionDecodeProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["q"][...] = rng.normal(size=arrays["q"].shape) * rng.choice([0.5, 4.0])
        for name in ("k_cache", "v_cache"):
            arrays[name] = problem.cache.random(name, rng, env, env["past"] + 1)
        return arrays

    def tolerance(self, problem: AttentionDecodeProblem) -> Tolerance:
        """Values of order one. A score of magnitude 20 has an f32 error of a few 1e-6, which is its weight's relative
        error; exp2 adds as much. Sums of a split's partial result are as large as the split is long."""
        return Tolerance(relative=5e-5, absolute=5e-5)

    def describe(self, problem: AttentionDecodeProblem) -> str:
        split = f"_split{problem.split}" if problem.split else ""
        return f"{problem.kv_dtype}_{problem.heads}_{problem.kv_heads}x{problem.head_dim}{split}"


def _power_of_two_below(n: int) -> int:
    return 1 << max(0, n.bit_length() - 1)


def _key_parts(loads: int) -> int:
    """Invocations that share a key: enough that they read whole sectors of memory, few enough to add up cheaply."""
    return next(parts for parts in (4, 2, 1) if loads % parts == 0)


def _fits(
    capabilities: Capabilities, problem: AttentionDecodeProblem, schedule: AttentionDecodeSchedule
) -> bool:
    threads = schedule.threads(problem.head_dim)
    return threads <= capabilities.max_threads and schedule.shared_bytes(problem.head_dim) <= capabilities.shared_bytes


class _Decode:
    """The kernel's buffers and places, and its steps."""

    def __init__(
        self,
        k: Tracer,
        problem: AttentionDecodeProblem,
        schedule: AttentionDecodeSchedule,
        bindings: tuple[Binding, ...],
    ) -> None:
        self.k, self.problem, self.schedule = k, problem, schedule
        self.vector = f32.with_lanes(min(4, schedule.width))
        cached = problem.cache.load_type(schedule.width)
        types = {"q": self.vector, "out": self.vector, "k_cache": cached, "v_cache": cached}
        self.buffers = {b.name: k.buffer(b.name, types.get(b.name, b.type), b.access) for b in bindings}
        self.keys = CacheRows(self.buffers["k_cache"], problem.cache, schedule.width)
        self.values = CacheRows(self.buffers["v_cache"], problem.cache, schedule.width)
        self.row_vectors = problem.head_dim // self.vector.lanes
        rows = f32.with_lanes(schedule.rows)
        self.query = k.shared("query", self.vector, schedule.heads * self.row_vectors)
        self.scores = k.shared("scores", rows, schedule.sets * schedule.tile)
        self.exchange = k.shared("exchange", rows, schedule.exchange_cells(problem.head_dim))
        self.score_parts = self.exchange if schedule.parts > 1 else self.scores
        self.blocks = -(-problem.group // schedule.heads)

    @property
    def kv_head(self) -> Value:
        return self.k.workgroup_id(0) // self.blocks

    def row_in_group(self, row: Operators | int) -> Value:
        """Which of its group's query heads a row of this workgroup is; may be beyond the last."""
        return self.k.workgroup_id(0) % self.blocks * self.schedule.heads + row

    def attend(self, first: Value, end: Value) -> None:
        """Attend to the positions first <= p < end, at least one."""
        k, schedule = self.k, self.schedule
        self._stage_query()
        running = [Running(k, schedule.rows, schedule.width) for _ in range(schedule.sets)]
        with k.loop(first, end, schedule.tile) as tile:
            count = minimum(end - tile, schedule.tile)
            self._score(tile, count)
            k.barrier()
            if schedule.parts > 1:
                self._sum_score_parts()
                k.barrier()
            self._sum_values(running, tile, count, end)
            if schedule.parts == 1:
                k.barrier()  # the scores have been read
        if schedule.parts > 1 and schedule.streams > 1:
            k.barrier()  # so have their parts
        join(k, running, schedule.streams, self.exchange)
        with deal(k, self.values.loads, "column") as column:
            for number, state in enumerate(running):
                for row in range(schedule.rows):
                    self._write(state, number * schedule.rows + row, row, column)

    def _stage_query(self) -> None:
        """Scaled here once, so that scores come out in powers of two."""
        k, problem, vectors = self.k, self.problem, self.row_vectors
        with deal(k, self.schedule.heads * vectors, "at") as at:
            row = self.row_in_group(at // vectors)
            if problem.group % self.schedule.heads:
                row = minimum(row, problem.group - 1)
            head = self.kv_head * problem.group + row
            self.query[at] = self.buffers["q"][head * vectors + at % vectors] * (problem.scale * LOG2_E)
        k.barrier()

    def _score(self, tile: Value, count: Value) -> None:
        """Each invocation's part of the scores of a tile."""
        k, schedule, parts = self.k, self.schedule, self.schedule.parts
        part = k.local_id % parts
        with k.loop(k.local_id // parts, schedule.tile, k.workgroup // parts) as position:
            cell = position * parts + part
            with k.when(position < count):
                scores = self._dot_products(tile + position, part)
                for number in range(schedule.sets):
                    self._put_score(number, cell, pack(scores[number * schedule.rows :][: schedule.rows]))
            with k.otherwise():
                for number in range(schedule.sets):
                    self._put_score(number, cell, LOWEST)

    def _dot_products(self, position: Value, part: Value) -> list[Value]:
        """Of every query with the loads of a key that fall to `part`."""
        k, vectors = self.k, self.row_vectors
        scores = [k.var(0.0, f32, name=f"score_{row}") for row in range(self.schedule.heads)]
        for load in self._loads(part):
            key = self.keys.load(position, self.kv_head, load, "key")
            for row, score in enumerate(scores):
                for at, elements in enumerate(key):
                    score += dot(self.query[load * len(key) + (row * vectors + at)], elements)
        return [score.value() for score in scores]

    def _loads(self, part: Value) -> Iterable[Value]:
        """The numbers of the loads of a key that fall to `part`."""
        loads, parts = self.keys.loads, self.schedule.parts
        if loads <= UNROLL * parts:
            yield from (part + first for first in range(0, loads, parts))
        else:
            with self.k.loop(part, loads, parts) as load:
                yield load

    def _put_score(self, number: int, cell: Value, score: Value | float) -> None:
        self.score_parts[cell + number * (self.schedule.tile * self.schedule.parts)] = score

    def _sum_score_parts(self) -> None:
        k, parts = self.k, self.schedule.parts
        with deal(k, self.schedule.sets * self.schedule.tile, "cell") as cell:
            score = self.score_parts[cell * parts]
            for part in range(1, parts):
                score = score + self.score_parts[cell * parts + part]
            self.scores[cell] = score

    def _sum_values(self, running: list[Running], tile: Value, count: Value, end: Value) -> None:
        """Each stream's positions of a tile, `UNROLL` at a time; beyond `count` the scores are the lowest."""
        k, streams = self.k, self.schedule.streams
        stream = k.local_id // self.values.loads
        column = k.local_id % self.values.loads
        last = end - 1
        with k.loop(0, count, streams * UNROLL) as first:
            places = [named("place", first + stream + at * streams) for at in range(UNROLL)]
            loads = [self.values.load(minimum(tile + p, last), self.kv_head, column, "value") for p in places]
            for number, state in enumerate(running):
                offset = number * self.schedule.tile
                scores = [named("score", self.scores[place + offset]) for place in places]
                highest = state.see(scores)
                for score, load in zip(scores, loads, strict=True):
                    weight = named("weight", exp2(score - highest))
                    state.add(weight, [vector.lane(i) for vector in load for i in range(vector.type.lanes)])

    def _write(self, state: Running, row: int, in_set: int, column: Value) -> None:
        k, problem = self.k, self.problem
        row_in_group = self.row_in_group(row)
        head = self.kv_head * problem.group + row_in_group
        if problem.group % self.schedule.heads == 0:
            self._write_row(state, head, in_set, column)
            return
        with k.when(row_in_group < problem.group):
            self._write_row(state, head, in_set, column)

    def _write_row(self, state: Running, head: Value, row: int, column: Value) -> None:
        k, problem = self.k, self.problem
        if not problem.split:
            for at, sums in enumerate(state.row(row, self.vector.lanes)):
                at_vector = head * self.row_vectors + (column * self.values.vectors + at)
                self.buffers["out"][at_vector] = sums / lane(state.total, row)
            return
        partials, pairs = self.buffers["partials"], problem.reduce.pairs
        start = (k.workgroup_id(1) * problem.heads + head) * pairs
        for at, pair in enumerate(state.row(row, 2)):
            partials[start + column * (self.schedule.width // 2) + at] = pair
        with k.when(column.equals(0)):
            partials[start + (pairs - 1)] = vector(lane(state.maximum, row), lane(state.total, row))


ATTENTION_DECODE = AttentionDecode()
