"""Attention of a chunk of new positions over the KV cache (prefill), block by block.

    out[i, h] = sum over p <= past + i of softmax(q[i, h] . k_cache[p] * scale)[p] * v_cache[p]

One body (`prefill_body`) multiplies tiles: of matrix units if the device has them and the cache holds halves,
otherwise of registers. The schedule says which, and how many (`prefill_schedule`).

Source: Dao et al., FlashAttention (2022): tiles, online softmax, nothing of size seq x past in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import (
    AttentionBuffers,
    CacheShape,
    access_types,
    attention_bindings,
    attention_inputs,
    require_heads,
)
from kernelc.kernels.attention.prefill_body import TiledPrefill
from kernelc.kernels.attention.prefill_schedule import (
    AttentionPrefillSchedule,
    matrix_units,
    register_tiles,
    usual_registers,
)
from kernelc.kernels.attention.softmax import Scoring
from kernelc.kernels.attention.wide import WideAttention, WideSchedule, fits_wide, wide_access_types
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import minimum
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, u32
from kernelc.target import Capabilities

AnySchedule = AttentionPrefillSchedule | WideSchedule
WIDE_TOKENS = (8, 2, 1)  # of a workgroup on a processor, the best first


@dataclass(frozen=True)
class AttentionPrefillProblem:
    """Query head h uses key/value head h // (heads / kv_heads). `window`, `soft_cap`: see `Scoring`; `ring`:
    see `CacheShape`."""

    heads: int
    kv_heads: int
    head_dim: int
    kv_dtype: str
    scale: float
    window: int = 0
    soft_cap: float = 0.0
    ring: int = 0

    def __post_init__(self) -> None:
        """Raise ShapeError where the numbers do not fit each other."""
        require_heads(self.heads, self.cache)
        require(not self.ring or 1 <= self.window <= self.ring, self, "a ring that holds the window")

    @property
    def scoring(self) -> Scoring:
        return Scoring(self.scale, self.window, self.soft_cap)

    @property
    def group(self) -> int:
        """Query heads that share a key/value head."""
        return self.heads // self.kv_heads

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype, self.ring)


class AttentionPrefill(KernelSpec[AttentionPrefillProblem, AnySchedule]):
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
        rows = problem.cache.rows_of(0, past + seq)  # of a ring others, where those have gone that none sees
        keys, values = (problem.cache.numbers(arrays, name)[rows] for name in ("k_cache", "v_cache"))
        distance = past + np.arange(seq)[:, None] - np.arange(past + seq)
        hidden = (distance < 0) | (distance >= (problem.window or past + seq))
        for head in range(problem.heads):
            kv_head = head // (problem.heads // problem.kv_heads)
            products = q[:, head].astype(np.float64) @ keys[:, kv_head].T.astype(np.float64)
            scores = problem.scoring.reference(products)
            scores[hidden] = -np.inf
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            out[:seq, head] = weights @ values[:, kv_head].astype(np.float64)

    def space(self, capabilities: Capabilities, problem: AttentionPrefillProblem) -> Iterable[AnySchedule]:
        for tokens in (*WIDE_TOKENS, 3, 4, 6, 12, 16):
            if fits_wide(capabilities, problem.cache, tokens * problem.group):
                yield WideSchedule(tokens)
        yield from matrix_units(capabilities, problem.cache)
        yield from register_tiles(capabilities, problem.cache)

    def default(self, capabilities: Capabilities, problem: AttentionPrefillProblem) -> AnySchedule:
        """Matrix units wherever they fit, and wide vectors on processors."""
        for tokens in WIDE_TOKENS:
            if fits_wide(capabilities, problem.cache, tokens * problem.group):
                return WideSchedule(tokens)
        on_matrix_units = matrix_units(capabilities, problem.cache)
        return next(on_matrix_units, None) or usual_registers(capabilities, problem.cache)

    def workgroup(self, problem: AttentionPrefillProblem, schedule: AnySchedule) -> int:
        return 1 if isinstance(schedule, WideSchedule) else schedule.threads

    def grid(self, problem: AttentionPrefillProblem, schedule: AnySchedule) -> Grid:
        if isinstance(schedule, WideSchedule):
            return (ceildiv(SEQ, schedule.tokens), problem.kv_heads, 1)
        return (ceildiv(SEQ, schedule.rows), problem.heads, 1)

    def access_types(self, problem: AttentionPrefillProblem, schedule: AnySchedule) -> Mapping[str, Type]:
        if isinstance(schedule, WideSchedule):
            return wide_access_types(problem.cache)
        return access_types(problem.cache, problem.cache.staged_width)

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AttentionPrefillProblem,
        schedule: AnySchedule,
    ) -> None:
        if isinstance(schedule, WideSchedule):
            self._trace_wide(k, arrays, problem, schedule)
            return
        first_row = k.workgroup_id(0) * schedule.rows
        cache = problem.cache
        buffers = AttentionBuffers.of(arrays, cache, cache.staged_width)
        # A recorded dispatch may be larger than this step needs.
        with k.when(step_block.rows(k).include(first_row)):
            TiledPrefill(k, buffers, schedule, problem.heads, problem.scoring, first_row).attend()

    def _trace_wide(
        self, k: Tracer, arrays: Mapping[str, Array], problem: AttentionPrefillProblem, schedule: WideSchedule
    ) -> None:
        first = k.workgroup_id(0) * schedule.tokens
        rows, scoring = step_block.rows(k), problem.scoring
        wide = WideAttention(
            k, arrays, problem.cache, scoring, problem.group, schedule.tokens, k.workgroup_id(1), first
        )
        with k.when(rows.include(first)):
            begin = scoring.first_seen(rows.position(first))
            end = rows.past + minimum(first + schedule.tokens, rows.count)
            wide.attend(k.constant(0, u32) if begin is None else begin, end)
            wide.write()

    def inputs(
        self, problem: AttentionPrefillProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        return attention_inputs(self.bindings(problem), problem.cache, problem.window, rng, env)

    def tolerance(self, problem: AttentionPrefillProblem) -> Tolerance:
        """Values of order one. A score of magnitude 20 has an f32 error of a few 1e-6, which is its weight's
        relative error; exp2 adds as much."""
        return Tolerance(relative=3e-5, absolute=3e-5)

    def tile_tolerance(self, problem: AttentionPrefillProblem) -> Tolerance:
        """Queries and weights are rounded to f16, by at most 2^-11 of themselves; keys and values are halves,
        or rounded as well.

        Terms of a score whose squares add up to 16 (the largest of `inputs`) make it uncertain by a normal
        error of at most 4 * 2^-11 / sqrt(3) for each factor that is rounded, which is its weight's relative
        error; the rounding of weight and value adds 2^-11 each. A mean of values of order one is off by as
        much at most: six times that.
        """
        rounded = 1 if problem.cache.kind.stores_halves else 2  # factors of each product
        return Tolerance(relative=2**-11, absolute=6 * 2**-11 * (4 * (rounded / 3) ** 0.5 + rounded))

    def describe(self, problem: AttentionPrefillProblem) -> str:
        marks = problem.scoring.describe() + problem.cache.describe()
        return f"{problem.kv_dtype}_{problem.heads}_{problem.kv_heads}x{problem.head_dim}{marks}"


ATTENTION_PREFILL = AttentionPrefill()
