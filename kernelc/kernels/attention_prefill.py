"""Attention of a chunk of new positions over the KV cache, block by block: prefill.

    out[i, h] = sum over p <= past + i of softmax(q[i, h] . k_cache[p] * scale)[p] * v_cache[p]

A workgroup takes a block of queries of one head, and tile after tile of keys up to the last position that one
of them may see. Queries go four to a vector: a *group* of invocations has the same four for good. Within it
an invocation scores some keys of the tile, then sums up one load's worth of the value rows. So a group's
maxima, totals and sums stay in its registers, and only the weights of a tile go through shared memory.
Queries and keys are staged there a chunk of the head at a time, the keys unpacked once for all groups. Where
there are matrix units and the cache holds halves, `kernelc.kernels.attention_tiles` does the same with them.

Source: Dao et al., FlashAttention (2022): tiles, online softmax, nothing of size seq x past in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels.attention_tiles import AttentionTilesSchedule, TiledPrefill, tile_schedules
from kernelc.kernels.cache import AttentionBuffers, CacheShape, attention_bindings, attention_inputs
from kernelc.kernels.deal import deal
from kernelc.kernels.softmax import LOG2_E, LOWEST, Running
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance
from kernelc.kir.functions import dot, exp2, maximum, minimum, named, select, vector
from kernelc.kir.nodes import Value, Variable
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x4
from kernelc.target import Capabilities

ROWS = 4  # queries of a group: the lanes of its vectors


@dataclass(frozen=True)
class AttentionPrefillProblem:
    """Query head h uses key/value head h // (heads / kv_heads)."""

    heads: int
    kv_heads: int
    head_dim: int
    kv_dtype: str
    scale: float

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype)


@dataclass(frozen=True)
class AttentionPrefillSchedule:
    """`width`: elements of the cache a load; `groups`: of four queries each; `keys`: of a tile that an
    invocation scores; `chunk`: elements of a head that are staged at once."""

    width: int
    groups: int
    keys: int
    chunk: int

    @property
    def rows(self) -> int:
        """Queries of a workgroup."""
        return self.groups * ROWS

    @property
    def lanes(self) -> int:
        return min(4, self.width)

    @property
    def stride(self) -> int:
        """Vectors from one staged key to the next: odd, so that neighbouring keys lie in different banks."""
        return self.chunk // self.lanes | 1

    def tile(self, head_dim: int) -> int:
        """Keys whose scores are computed at once."""
        return head_dim // self.width * self.keys

    def threads(self, head_dim: int) -> int:
        """Invocations of a workgroup."""
        return head_dim // self.width * self.groups

    def shared_bytes(self, head_dim: int) -> int:
        """Of a workgroup."""
        columns, tile = head_dim // self.width, self.tile(head_dim)
        staged = self.rows * self.chunk + tile * self.stride * self.lanes
        return 4 * (staged + ROWS * self.groups * (tile + columns))

    def fits(self, capabilities: Capabilities, head_dim: int) -> bool:
        registers = ROWS * (self.width + self.keys)
        small = self.shared_bytes(head_dim) <= capabilities.shared_bytes
        return self.threads(head_dim) <= capabilities.max_threads and registers <= 64 and small


PrefillSchedule = AttentionPrefillSchedule | AttentionTilesSchedule


class AttentionPrefill(KernelSpec[AttentionPrefillProblem, PrefillSchedule]):
    """q [seq, heads, head_dim] -> out [seq, heads * head_dim].

    The keys and values of the chunk are in the cache already, at positions past .. past + seq - 1.
    """

    name = "attention_prefill"
    problem_type = AttentionPrefillProblem

    def bindings(self, problem: AttentionPrefillProblem) -> tuple[Binding, ...]:
        return attention_bindings(problem.cache, problem.heads, SEQ)

    def reference(self, problem: AttentionPrefillProblem, arrays: Arrays, params: Params) -> None:
        """Softmax in float64, a head at a time."""
        seq, past = int(params["seq"]), int(params["past"])
        shape = (-1, problem.heads, problem.head_dim)
        q, out = arrays["q"].reshape(shape)[:seq], arrays["out"].reshape(shape)
        keys, values = (problem.cache.values(arrays[name])[: past + seq] for name in ("k_cache", "v_cache"))
        hidden = np.arange(past + seq) > past + np.arange(seq)[:, None]
        for head in range(problem.heads):
            kv_head = head // (problem.heads // problem.kv_heads)
            scores = q[:, head].astype(np.float64) @ keys[:, kv_head].T.astype(np.float64) * problem.scale
            scores[hidden] = -np.inf
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            out[:seq, head] = weights @ values[:, kv_head].astype(np.float64)

    def space(
        self, capabilities: Capabilities, problem: AttentionPrefillProblem
    ) -> Iterable[PrefillSchedule]:
        dim = problem.head_dim
        yield from tile_schedules(capabilities, problem.cache)
        chunks = [chunk for chunk in range(2, min(dim, 64) + 1, 2) if dim % chunk == 0]
        choices = itertools.product(problem.cache.load_widths(), (1, 2, 4, 8, 16), (1, 2, 4, 8), chunks)
        for width, groups, keys, chunk in choices:
            schedule = AttentionPrefillSchedule(width, groups, keys, chunk)
            if chunk % width == 0 and schedule.fits(capabilities, dim):
                yield schedule

    def default(self, capabilities: Capabilities, problem: AttentionPrefillProblem) -> PrefillSchedule:
        """Matrix units where they can be had. Else about 32 queries and 32 keys a tile; chunks of 16 elements
        (on an H200 1.2 times as fast as 32)."""
        for on_matrix_units in tile_schedules(capabilities, problem.cache):
            return on_matrix_units
        dim, widths = problem.head_dim, problem.cache.load_widths()
        width = next((w for w in widths if dim // w >= 8), widths[-1])
        keys = next(keys for keys in (1, 2, 4, 8) if dim // width * keys >= 32 or keys == 8)
        chunk = max(chunk for chunk in range(width, max(16, width) + 1, width) if dim % chunk == 0)
        wanted = (AttentionPrefillSchedule(width, groups, keys, chunk) for groups in (8, 4, 2, 1))
        return next(schedule for schedule in wanted if schedule.fits(capabilities, dim))

    def workgroup(self, problem: AttentionPrefillProblem, schedule: PrefillSchedule) -> int:
        return schedule.threads(problem.head_dim)

    def grid(self, problem: AttentionPrefillProblem, schedule: PrefillSchedule) -> Grid:
        return (ceildiv(SEQ, schedule.rows), problem.heads, 1)

    def trace(self, k: Tracer, problem: AttentionPrefillProblem, schedule: PrefillSchedule) -> None:
        first_row, bindings = k.workgroup_id(0) * schedule.rows, self.bindings(problem)
        prefill = (
            _Prefill(k, problem, schedule, bindings)
            if isinstance(schedule, AttentionPrefillSchedule)
            else TiledPrefill(k, problem.cache, problem.heads, problem.scale, schedule, bindings)
        )
        with k.when(first_row < k.param("seq")):  # a recorded dispatch may be larger than this step needs
            prefill.attend(first_row)

    def inputs(
        self, problem: AttentionPrefillProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        return attention_inputs(self.bindings(problem), problem.cache, rng, env)

    def tolerance(self, problem: AttentionPrefillProblem) -> Tolerance:
        """Values of order one. A score of magnitude 20 has an f32 error of a few 1e-6, which is its weight's
        relative error; exp2 adds as much."""
        return Tolerance(relative=3e-5, absolute=3e-5)

    def tile_tolerance(self, problem: AttentionPrefillProblem) -> Tolerance:
        """Queries and weights are rounded to f16, by at most 2^-11 of themselves; keys and values are halves.

        Terms of a score whose squares add up to 16 (the largest of `inputs`) make it uncertain by a normal
        error of at most 4 * 2^-11 / sqrt(3), which is its weight's relative error; the weight's own rounding
        adds 2^-11. A mean of values of order one is off by as much at most: six times that.
        """
        return Tolerance(relative=2**-11, absolute=6 * 2**-11 * (4 / 3**0.5 + 1))

    def describe(self, problem: AttentionPrefillProblem) -> str:
        return f"{problem.kv_dtype}_{problem.heads}_{problem.kv_heads}x{problem.head_dim}"


class _Prefill:
    """The kernel's buffers and places, and its steps."""

    def __init__(
        self,
        k: Tracer,
        problem: AttentionPrefillProblem,
        schedule: AttentionPrefillSchedule,
        bindings: tuple[Binding, ...],
    ) -> None:
        self.k, self.problem, self.schedule = k, problem, schedule
        self.buffers = AttentionBuffers.bind(k, bindings, problem.cache, schedule.width)
        self.keys, self.values = self.buffers.keys, self.buffers.values
        self.columns = self.values.loads
        self.tile_keys = schedule.tile(problem.head_dim)
        self.chunk_vectors = schedule.chunk // schedule.lanes
        self.staged_queries = k.shared("queries", self.buffers.vector, schedule.rows * self.chunk_vectors)
        self.staged_keys = k.shared("keys", self.buffers.vector, self.tile_keys * schedule.stride)
        self.maxima = k.shared("maxima", f32x4, schedule.groups * self.columns)
        self.weights = k.shared("weights", f32x4, schedule.groups * self.tile_keys)

    def attend(self, first_row: Value) -> None:
        k, schedule, self.first_row = self.k, self.schedule, first_row
        seq, past = k.param("seq"), k.param("past")
        head = k.workgroup_id(1)
        kv_head = head // (self.problem.heads // self.problem.kv_heads)
        group = k.local_id // self.columns
        column = k.local_id % self.columns
        end = past + minimum(self.first_row + schedule.rows, seq)
        running = Running(k, ROWS, schedule.width)
        with k.loop(0, end, self.tile_keys) as tile:
            scores = self._score(tile, end, head, kv_head, group, column)
            self._weigh(running, scores, tile, group, column)
            self._sum_values(running, tile, end, kv_head, group, column)
        self._write(running, head, group, column)

    def _score(
        self, tile: Value, end: Value, head: Value, kv_head: Value, group: Value, column: Value
    ) -> list[list[Variable]]:
        """Of the group's four queries with the keys column, column + columns, ... of the tile."""
        k, schedule, vectors, keys = self.k, self.schedule, self.chunk_vectors, range(self.schedule.keys)
        first_query = group * (ROWS * vectors)
        first_key = column * schedule.stride
        scores = [[k.var(0.0, f32, name=f"score_{key}{row}") for row in range(ROWS)] for key in keys]
        with k.loop(0, self.buffers.row_vectors, vectors) as chunk:
            k.barrier()  # what was staged before has been read
            self._stage_queries(chunk, head)
            self._stage_keys(chunk, tile, end, kv_head)
            k.barrier()
            with k.loop(0, vectors) as at:
                places = [first_query + at + row * vectors for row in range(ROWS)]
                queries = [named("query", self.staged_queries[place]) for place in places]
                for key in keys:
                    place = first_key + at + key * (self.columns * schedule.stride)
                    elements = named("key", self.staged_keys[place])
                    for score, query in zip(scores[key], queries, strict=True):
                        score += dot(query, elements)
        return scores

    def _stage_queries(self, chunk: Value, head: Value) -> None:
        """Scaled, so that scores come out in powers of two. Rows beyond the last repeat it."""
        k, vectors = self.k, self.chunk_vectors
        with deal(k, self.schedule.rows * vectors, "at") as at:
            row = minimum(self.first_row + at // vectors, k.param("seq") - 1)
            element = (row * self.problem.heads + head) * self.buffers.row_vectors + chunk + at % vectors
            self.staged_queries[at] = self.buffers.arrays["q"][element] * (self.problem.scale * LOG2_E)

    def _stage_keys(self, chunk: Value, tile: Value, end: Value, kv_head: Value) -> None:
        """Positions beyond the last repeat it: the cache holds nothing there yet."""
        k, loads = self.k, self.schedule.chunk // self.schedule.width
        with deal(k, self.tile_keys * loads, "at") as at:
            key = at // loads
            load = at % loads
            position = minimum(tile + key, end - 1)
            staged = self.keys.load(position, kv_head, chunk // self.keys.vectors + load, "staged")
            for part, elements in enumerate(staged):
                self.staged_keys[key * self.schedule.stride + (load * self.keys.vectors + part)] = elements

    def _weigh(
        self, running: Running, scores: list[list[Variable]], tile: Value, group: Value, column: Value
    ) -> None:
        """Mask, find each query's maximum in the group, and share the weights."""
        k, keys = self.k, range(self.schedule.keys)
        position = k.param("past") + self.first_row + group * ROWS  # of the group's first query
        own = [named("own_position", position + row) for row in range(ROWS)]
        masked: list[Value] = []
        for key in keys:
            key_position = tile + column + key * self.columns
            seen = [select(key_position <= own[row], scores[key][row], LOWEST) for row in range(ROWS)]
            masked.append(named("masked", vector(*seen)))
        self.maxima[k.local_id] = _greatest(masked)
        k.barrier()
        tile_maximum = k.var(self.maxima[group * self.columns], name="tile_maximum")
        with k.loop(1, self.columns) as other:
            k.assign(tile_maximum, maximum(tile_maximum, self.maxima[group * self.columns + other]))
        highest = running.see([tile_maximum.value()])
        for key in keys:
            place = group * self.tile_keys + column + key * self.columns
            self.weights[place] = exp2(masked[key] - highest)
        k.barrier()

    def _sum_values(
        self, running: Running, tile: Value, end: Value, kv_head: Value, group: Value, column: Value
    ) -> None:
        k = self.k
        unroll = next(n for n in (4, 2, 1) if self.tile_keys % n == 0)
        count, last = minimum(end - tile, self.tile_keys), end - 1
        first_weight = group * self.tile_keys
        with k.loop(0, count, unroll) as key:
            keys = [named("key", key + at) if at else key for at in range(unroll)]
            loads = [self.values.load(minimum(tile + at, last), kv_head, column, "value") for at in keys]
            for at, load in zip(keys, loads, strict=True):
                weight = named("weight", self.weights[first_weight + at])
                running.add(weight, [part.lane(i) for part in load for i in range(part.type.lanes)])

    def _write(self, running: Running, head: Value, group: Value, column: Value) -> None:
        k = self.k
        for row in range(ROWS):
            token = self.first_row + group * ROWS + row
            with k.when(token < k.param("seq")):
                row_start = (token * self.problem.heads + head) * self.buffers.row_vectors
                start = row_start + column * self.values.vectors
                for at, sums in enumerate(running.row(row, self.buffers.vector.lanes)):
                    self.buffers.arrays["out"][start + at] = sums / running.total.lane(row)


def _greatest(values: list[Value]) -> Value:
    greatest = values[0]
    for value in values[1:]:
        greatest = maximum(greatest, value)
    return greatest


ATTENTION_PREFILL = AttentionPrefill()
