"""Rotary embedding and the write to the KV cache, each as a kernel of its own.

Models whose projections are fused do both where the sums are (`kernelc/kernels/linear`); these serve every
other graph. Heads are in their natural layout here: the elements j and j + rotary_dim/2 rotate together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, evaluate
from kernelc.ir.rotary import Rotary
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.parts.rotary import require_rotary, rotate
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x2
from kernelc.target import Capabilities


@dataclass(frozen=True)
class RowsSchedule:
    """`threads`: invocations of a workgroup; a position of the step is dealt out to as many as it takes."""

    threads: int


def _every_schedule(capabilities: Capabilities) -> Iterable[RowsSchedule]:
    return (RowsSchedule(threads) for threads in (32, 64, 256) if threads <= capabilities.max_threads)


def _positions(one_position: bool) -> Dim:
    return 1 if one_position else SEQ


@dataclass(frozen=True)
class RopeProblem:
    """`one_position`: x has one row, of the position that follows those in the cache, whatever the step's
    length."""

    heads: int
    head_dim: int
    rotary: Rotary
    one_position: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError where the numbers do not fit each other."""
        require(self.heads >= 1, self, "at least one head")
        require_rotary(self.rotary, self.head_dim)

    @property
    def units(self) -> int:
        """Pairs of a head that rotate, and then its elements that stay as they are."""
        return self.head_dim - self.rotary.dim // 2


class Rope(KernelSpec[RopeProblem, RowsSchedule]):
    """x [seq, heads, head_dim] -> out [seq, heads, head_dim], rotated by position."""

    name = "rope"
    problem_type = RopeProblem

    def bindings(self, problem: RopeProblem) -> tuple[Binding, ...]:
        length = _positions(problem.one_position) * (problem.heads * problem.head_dim)
        return (Binding("x", f32, "read", length), Binding("out", f32, "read_write", length))

    def reference(self, problem: RopeProblem, arrays: Arrays, params: Params) -> None:
        """Angles in float64."""
        past, rotary = int(params["past"]), problem.rotary
        seq = evaluate(_positions(problem.one_position), {"seq": int(params["seq"])})
        size, half = seq * problem.heads * problem.head_dim, rotary.dim // 2
        x = arrays["x"][:size].reshape(seq, problem.heads, problem.head_dim).astype(np.float64)
        angles = np.arange(past, past + seq)[:, None, None] * rotary.frequencies(past + seq)
        cos, sin = (part(angles) * rotary.attention for part in (np.cos, np.sin))
        first, second, rest = np.split(x, (half, rotary.dim), axis=-1)
        rotated = (first * cos - second * sin, second * cos + first * sin, rest)
        arrays["out"][:size] = np.concatenate(rotated, axis=-1).reshape(-1)

    def space(self, capabilities: Capabilities, problem: RopeProblem) -> Iterable[RowsSchedule]:
        return _every_schedule(capabilities)

    def default(self, capabilities: Capabilities, problem: RopeProblem) -> RowsSchedule:
        return RowsSchedule(min(64, capabilities.max_threads))

    def workgroup(self, problem: RopeProblem, schedule: RowsSchedule) -> int:
        return schedule.threads

    def grid(self, problem: RopeProblem, schedule: RowsSchedule) -> Grid:
        workgroups = -(-problem.heads * problem.units // schedule.threads)
        return (workgroups, _positions(problem.one_position), 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: RopeProblem, schedule: RowsSchedule
    ) -> None:
        x, out, half = arrays["x"], arrays["out"], problem.rotary.dim // 2
        row, unit = k.workgroup_id(1), named("unit", k.workgroup_id(0) * schedule.threads + k.local_id)
        rows = step_block.rows(k)
        position = rows.position(row)
        length = rows.past + 1 if problem.one_position else rows.next_position
        with k.when(unit < problem.heads * problem.units):
            in_head = unit % problem.units
            first = (row * problem.heads + unit // problem.units) * problem.head_dim + in_head
            with k.when(in_head < half):
                second = first + half
                turned = rotate(position, in_head, x[first], x[second], problem.rotary, length)
                out[first], out[second] = turned
            if problem.head_dim > 2 * half:
                with k.otherwise():
                    kept = first + half
                    out[kept] = x[kept]

    def inputs(
        self, problem: RopeProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["x"][...] = rng.normal(size=arrays["x"].shape)
        return arrays

    def tolerance(self, problem: RopeProblem) -> Tolerance:
        """An f32 angle's error grows with the position: this is for the first few dozen positions. (The tests
        of `rotate` itself go farther.)"""
        return Tolerance(relative=2e-5, absolute=3e-5)

    def describe(self, problem: RopeProblem) -> str:
        one = "_one" if problem.one_position else ""
        return f"{problem.rotary.scaling}_{problem.heads}x{problem.head_dim}{one}"


@dataclass(frozen=True)
class CacheAppendProblem:
    """`one_position`: x has one row, whatever the step's length. A cache of codes is `append_codes`'s."""

    cache: CacheShape
    one_position: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError unless the cache is one of numbers."""
        require(not self.cache.kind.scaled, self, "a cache of numbers")

    @property
    def pairs(self) -> int:
        """Pairs of elements of a position."""
        return self.cache.kv_heads * self.cache.head_dim // 2


class CacheAppend(KernelSpec[CacheAppendProblem, RowsSchedule]):
    """x [seq, kv_heads, head_dim] -> the rows of positions past .. past + seq - 1 of cache [rows, kv_heads,
    head_dim]; a ring has more rows than a step."""

    name = "cache_append"
    problem_type = CacheAppendProblem

    def bindings(self, problem: CacheAppendProblem) -> tuple[Binding, ...]:
        rows = Binding("x", f32x2, "read", _positions(problem.one_position) * problem.pairs)
        return (rows, *problem.cache.bindings("cache", "read_write"))

    def reference(self, problem: CacheAppendProblem, arrays: Arrays, params: Params) -> None:
        past, cache = int(params["past"]), problem.cache
        seq = evaluate(_positions(problem.one_position), {"seq": int(params["seq"])})
        x = arrays["x"][: seq * problem.pairs].reshape(seq, cache.kv_heads, cache.head_dim)
        cache.values(arrays["cache"])[cache.rows_of(past, past + seq)] = x

    def space(self, capabilities: Capabilities, problem: CacheAppendProblem) -> Iterable[RowsSchedule]:
        return _every_schedule(capabilities)

    def default(self, capabilities: Capabilities, problem: CacheAppendProblem) -> RowsSchedule:
        return RowsSchedule(min(64, capabilities.max_threads))

    def workgroup(self, problem: CacheAppendProblem, schedule: RowsSchedule) -> int:
        return schedule.threads

    def grid(self, problem: CacheAppendProblem, schedule: RowsSchedule) -> Grid:
        return (-(-problem.pairs // schedule.threads), _positions(problem.one_position), 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: CacheAppendProblem, schedule: RowsSchedule
    ) -> None:
        row, pair = k.workgroup_id(1), named("pair", k.workgroup_id(0) * schedule.threads + k.local_id)
        with k.when(pair < problem.pairs):
            elements = arrays["x"][row * problem.pairs + pair]
            into = problem.cache.row(step_block.rows(k).position(row))
            arrays["cache"][into * problem.pairs + pair] = problem.cache.number_kind.pair(elements)

    def inputs(
        self, problem: CacheAppendProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """All of the cache is filled: what lies outside of the new rows must stay."""
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        arrays["x"][...] = rng.normal(size=arrays["x"].shape)
        return arrays | problem.cache.random(rng, "cache", env, (0, evaluate(problem.cache.rows, env)))

    def packed_halves(self, problem: CacheAppendProblem) -> frozenset[str]:
        return frozenset({"cache"}) if problem.cache.kind.stores_halves else frozenset()

    def tolerance(self, problem: CacheAppendProblem) -> Tolerance:
        """Halves may be rounded to either neighbour (WGSL), or to zero below their normal numbers."""
        return Tolerance(2.0**-10, 2.0**-14) if problem.cache.kind.stores_halves else Tolerance(0, 0)

    def describe(self, problem: CacheAppendProblem) -> str:
        cache, one = problem.cache, "_one" if problem.one_position else ""
        return f"{cache.kv_dtype}_{cache.kv_heads}x{cache.head_dim}{one}{cache.describe()}"


ROPE = Rope()
CACHE_APPEND = CacheAppend()
