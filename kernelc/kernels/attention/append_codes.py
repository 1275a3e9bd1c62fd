"""The write of rows to a KV cache of codes (see `kernelc.ir.cached_rows`).

A head of a position has one scale, so its largest magnitude must be known before any of its elements is
stored. Projections have a head's elements in several workgroups, so this is a kernel of its own; keys and
values of a step go in one dispatch.

    head row   four 0 | four 1 | .. | four team | ..    an invocation of the head row's team has every
    team       0      | 1      | .. | 0         | ..    `team`-th vector of four, which becomes a word
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.cached_rows import CODES_OF_WORD
from kernelc.ir.dim import Dim, evaluate
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import CacheShape, scales_of
from kernelc.kernels.parts.coded_groups import magnitude, row_scale, steps_of, words_of
from kernelc.kernels.parts.wide_rows import works_wide
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import maximum, minimum, named
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32x4, u32
from kernelc.kir.values import Operators, Value
from kernelc.target import Capabilities

_ONE = (("x", "cache"),)
_BOTH = (("k_rows", "k_cache"), ("v_rows", "v_cache"))
_MOST_HELD = 8  # vectors of a head row that an invocation keeps in registers
_TEAMS = (8, 16, 32, 4, 2, 1)


@dataclass(frozen=True)
class AppendCodesProblem:
    """`both`: keys and values, of the same shape; otherwise one cache. `one_position`: the rows are those of
    one position, whatever the step's length."""

    cache: CacheShape
    both: bool = False
    one_position: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError unless the cache is one of codes."""
        require(self.cache.kind.scaled, self, "a cache of codes")

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The bindings of the rows and of the cache that they go to."""
        return _BOTH if self.both else _ONE

    @property
    def words(self) -> int:
        """Words of codes of a head, each of which is made of a vector of four."""
        return self.cache.head_dim // CODES_OF_WORD

    @property
    def positions(self) -> Dim:
        return 1 if self.one_position else SEQ


@dataclass(frozen=True)
class AppendCodesSchedule:
    """`threads` of a workgroup, `team` of which share a head row; a team divides its words evenly."""

    threads: int
    team: int


class AppendCodes(KernelSpec[AppendCodesProblem, AppendCodesSchedule]):
    """Rows [seq, kv_heads, head_dim] -> the rows of positions past .. past + seq - 1 of a cache [rows,
    kv_heads, head_dim] and its scales [rows, kv_heads]; a ring has more rows than a step."""

    name = "append_codes"
    problem_type = AppendCodesProblem

    def bindings(self, problem: AppendCodesProblem) -> tuple[Binding, ...]:
        length = problem.positions * (problem.cache.kv_heads * problem.words)
        rows = tuple(Binding(x, f32x4, "read", length) for x, _ in problem.parts)
        caches = (problem.cache.bindings(cache, "read_write") for _, cache in problem.parts)
        return (*rows, *(binding for each in caches for binding in each))

    def reference(self, problem: AppendCodesProblem, arrays: Arrays, params: Params) -> None:
        past, cache = int(params["past"]), problem.cache
        seq = evaluate(problem.positions, {"seq": int(params["seq"])})
        for x, name in problem.parts:
            rows = arrays[x].reshape(-1, cache.kv_heads, cache.head_dim)[:seq]
            cache.store(arrays, name, cache.rows_of(past, past + seq), rows)

    def space(self, capabilities: Capabilities, problem: AppendCodesProblem) -> Iterable[AppendCodesSchedule]:
        if works_wide(capabilities):
            yield AppendCodesSchedule(1, 1)
        for team in _TEAMS:
            for threads in (32, 64, 256):
                if problem.words % team == 0 and team <= threads <= capabilities.max_threads:
                    yield AppendCodesSchedule(threads, team)

    def default(self, capabilities: Capabilities, problem: AppendCodesProblem) -> AppendCodesSchedule:
        return next(iter(self.space(capabilities, problem)))

    def workgroup(self, problem: AppendCodesProblem, schedule: AppendCodesSchedule) -> int:
        return schedule.threads

    def grid(self, problem: AppendCodesProblem, schedule: AppendCodesSchedule) -> Grid:
        heads = schedule.threads // schedule.team  # of a workgroup
        return (-(-problem.cache.kv_heads // heads), problem.positions, len(problem.parts))

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AppendCodesProblem,
        schedule: AppendCodesSchedule,
    ) -> None:
        heads, team = problem.cache.kv_heads, schedule.team
        largest = k.shared("largest", u32, schedule.threads) if team > 1 else None
        head = k.workgroup_id(0) * (schedule.threads // team) + k.local_id // team
        known = named("head", minimum(head, heads - 1))  # surplus teams read the last head
        row = k.workgroup_id(1)
        into = problem.cache.row(step_block.rows(k).position(row))
        source, target = row * heads + known, into * heads + known

        def loaded(number: int) -> _HeadRow:
            return _HeadRow(k, arrays[problem.parts[number][0]], source * problem.words, problem.words, team)

        def mine(number: int) -> AbstractContextManager[None]:
            return k.when(k.workgroup_id(2).equals(number)) if problem.both else nullcontext()

        numbers = range(len(problem.parts))
        before: _HeadRow | None = None
        if largest is not None:
            # The barrier stands outside of what depends on the workgroup: pocl loses stores that follow one
            # within. So a row of two is loaded again after it.
            for number in numbers:
                with mine(number):
                    before = loaded(number)
                    largest[k.local_id] = before.largest()
            k.barrier()
        for number in numbers:
            with mine(number):
                words = before if before is not None and not problem.both else loaded(number)
                steps, scale = words.measured(largest)
                with k.when(head < heads):
                    name = problem.parts[number][1]
                    words.store(arrays[name], target * problem.words, steps)
                    with k.when(k.local_id % team < 1):
                        arrays[scales_of(name)][target] = scale

    def inputs(
        self, problem: AppendCodesProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Heads of very different sizes, one of zeros alone. All of the cache is filled: what lies outside of
        the new rows must stay."""
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        for x, name in problem.parts:
            heads = rng.normal(size=(arrays[x].size // problem.cache.head_dim, problem.cache.head_dim))
            heads *= rng.choice([1e-6, 1.0, 300.0], size=(len(heads), 1))
            heads[rng.integers(len(heads))] = 0
            arrays[x][...] = heads.reshape(arrays[x].shape)
            filled = (0, evaluate(problem.cache.rows, env))
            arrays |= problem.cache.random(rng, name, env, filled)
        return arrays

    def tolerance(self, problem: AppendCodesProblem) -> Tolerance:
        """Codes and scales are exact."""
        return Tolerance(0, 0)

    def describe(self, problem: AppendCodesProblem) -> str:
        cache, one = problem.cache, "_one" if problem.one_position else ""
        both = "_both" if problem.both else ""
        return f"{cache.kv_heads}x{cache.head_dim}{both}{one}{cache.describe()}"


class _HeadRow:
    """What an invocation has of a head row, whose vectors begin at `start` of x: every `team`-th vector."""

    def __init__(self, k: Tracer, x: Array, start: Value, words: int, team: int) -> None:
        self.k, self.x, self.team = k, x, team
        self.own = words // team
        self.first = named("first", start + k.local_id % team)
        self.held = [self._four(at) for at in range(self.own)] if self.own <= _MOST_HELD else None

    def _four(self, at: Operators | int) -> Value:
        """One's own vector number `at`."""
        if isinstance(at, int):
            return self.x[self.first + at * self.team if at else self.first]
        return self.x[self.first + at * self.team]

    def largest(self) -> Value:
        """The bits of the largest magnitude of one's own vectors."""
        k = self.k
        if self.held is not None:
            four = magnitude(self.held[0])
            for other in self.held[1:]:
                four = maximum(four, magnitude(other))
        else:
            found = k.var(magnitude(self._four(0)), name="highest")
            with k.loop(1, self.own) as at:
                k.assign(found, maximum(found, magnitude(self._four(at))))
            four = found.value()
        return named("most", maximum(maximum(four.x, four.y), maximum(four.z, four.w)))

    def measured(self, exchange: Array | None) -> tuple[Value, Value]:
        """The row's steps of a code, and its scale. Where there are teams, `exchange` holds the largest
        magnitude that each invocation found."""
        if exchange is None:
            largest = self.largest()
        else:
            mine = self.k.local_id // self.team * self.team
            largest = exchange[mine]
            for at in range(1, self.team):
                largest = maximum(largest, exchange[mine + at])
            named("most", largest)
        return named("steps", steps_of(largest)), row_scale(largest)

    def store(self, codes: Array, start: Value, steps: Value) -> None:
        """Write one's own words of codes to the row that begins at `start`."""
        first = start + self.k.local_id % self.team
        if self.held is not None:
            for at, four in enumerate(self.held):
                codes[first + at * self.team if at else first] = words_of(four, steps, 1)[0]
            return
        with self.k.loop(0, self.own) as at:
            codes[first + at * self.team] = words_of(self._four(at), steps, 1)[0]


APPEND_CODES = AppendCodes()
