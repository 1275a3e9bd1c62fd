"""Attention of one new position over the KV cache.

    out[h] = sum over p <= past of softmax(q[h] . k_cache[p] * scale)[p] * v_cache[p]

`body` says how a workgroup does it, `subgroups` how where subgroups have a known size; `schedule` and
`subgroup_schedule` say how the work is divided.

With `split` the positions are cut into pieces of that many, one workgroup each, so that one token fills a
large GPU. The workgroups write their results to `partials`, which `attention_reduce` joins.

Source of the splits: Dao et al., Flash-Decoding for long-context inference (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.dim import ceildiv
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import (
    AttentionBuffers,
    access_types,
    attention_bindings,
    attention_inputs,
)
from kernelc.kernels.attention.decode.body import DecodeBody
from kernelc.kernels.attention.decode.head_results import Partials, result_binding, write_result
from kernelc.kernels.attention.decode.join_splits import in_the_last_workgroup, split_count
from kernelc.kernels.attention.decode.schedule import (
    AttentionDecodeProblem,
    AttentionDecodeSchedule,
    every_schedule,
    usual_schedule,
)
from kernelc.kernels.attention.decode.subgroup_schedule import (
    SubgroupSchedule,
    fits_subgroups,
    subgroup_schedules,
    usual_subgroup_schedule,
)
from kernelc.kernels.attention.decode.subgroups import SubgroupBody
from kernelc.kernels.attention.softmax import LOG2_E
from kernelc.kernels.attention.wide import WideAttention, WideSchedule, fits_wide, wide_access_types
from kernelc.kernels.spec import PAST, Arrays, Binding, Grid, KernelSpec, Params, Tolerance
from kernelc.kir.functions import minimum
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32x2, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities

AnySchedule = AttentionDecodeSchedule | SubgroupSchedule | WideSchedule


class AttentionDecode(KernelSpec[AttentionDecodeProblem, AnySchedule]):
    """q [heads, head_dim] -> out [heads * head_dim], partials [splits, heads, head_dim/2 + 1] pairs, or both.

    With `codes` that row is `coded`, and not out. The new position's key and value are in the cache already.
    A partial result is the sums of 2^(score - maximum) * value, then (maximum, total of the weights); scores
    in powers of two. Where the last workgroup joins them, `arrivals` counts, and is zero before and after.
    """

    name = "attention_decode"
    problem_type = AttentionDecodeProblem

    def bindings(self, problem: AttentionDecodeProblem) -> tuple[Binding, ...]:
        *inputs, out = attention_bindings(problem.cache, problem.heads, 1)
        out = result_binding(out, problem.coded)
        if not problem.split:
            return (*inputs, out)
        partials = problem.reduce.partials("read_write")
        if not problem.joined:
            return (*inputs, partials)
        return (*inputs, out, partials, Binding("arrivals", u32, "read_write", problem.heads))

    def reference(self, problem: AttentionDecodeProblem, arrays: Arrays, params: Params) -> None:
        """Softmax in float64, a split at a time."""
        end = int(params["past"]) + 1
        begin = max(0, end - problem.window) if problem.window else 0
        q = arrays["q"].reshape(problem.kv_heads, problem.group, problem.head_dim).astype(np.float64)
        rows = problem.cache.rows_of(begin, end)
        caches = (problem.cache.numbers(arrays, name)[rows] for name in ("k_cache", "v_cache"))
        keys, values = (cache.transpose(1, 0, 2).astype(np.float64) for cache in caches)  # heads first
        scores = problem.scoring.reference(q @ keys.transpose(0, 2, 1)) * LOG2_E
        split = problem.split or end
        if not problem.split or problem.joined:
            weights = np.exp2(scores - scores.max(axis=-1, keepdims=True))
            out = (weights @ values) / weights.sum(axis=-1, keepdims=True)
            write_result(arrays, problem.coded, out)
        if not problem.split or (problem.joined and end - begin <= split):
            return
        for number, first in enumerate(range(0, end - begin, split)):
            piece = scores[..., first : first + split]
            highest = piece.max(axis=-1, keepdims=True)
            weights = np.exp2(piece - highest)
            total, sums = weights.sum(axis=-1, keepdims=True), weights @ values[:, first : first + split]
            found = np.concatenate([sums, highest, total], axis=-1).reshape(-1)
            arrays["partials"].reshape(-1, found.size)[number] = found

    def space(self, capabilities: Capabilities, problem: AttentionDecodeProblem) -> Iterable[AnySchedule]:
        if fits_wide(capabilities, problem.cache, problem.group):
            yield WideSchedule(1)
        if fits_subgroups(capabilities):
            yield from subgroup_schedules(capabilities, problem)
        yield from every_schedule(capabilities, problem)

    def default(self, capabilities: Capabilities, problem: AttentionDecodeProblem) -> AnySchedule:
        if fits_wide(capabilities, problem.cache, problem.group):
            return WideSchedule(1)
        if fits_subgroups(capabilities):
            schedule = usual_subgroup_schedule(capabilities, problem)
            if schedule is not None:
                return schedule
        return usual_schedule(capabilities, problem)

    def workgroup(self, problem: AttentionDecodeProblem, schedule: AnySchedule) -> int:
        match schedule:
            case WideSchedule():
                return 1
            case SubgroupSchedule():
                return schedule.threads
            case AttentionDecodeSchedule():
                return schedule.threads(problem.head_dim)

    def grid(self, problem: AttentionDecodeProblem, schedule: AnySchedule) -> Grid:
        splits = ceildiv(problem.reduce.seen(PAST + 1), problem.split) if problem.split else 1
        blocks = 1 if isinstance(schedule, WideSchedule) else schedule.blocks(problem)
        return (problem.kv_heads * blocks, splits, 1)

    def access_types(self, problem: AttentionDecodeProblem, schedule: AnySchedule) -> Mapping[str, Type]:
        if isinstance(schedule, WideSchedule):
            return wide_access_types(problem.cache)
        types = access_types(problem.cache, schedule.width)
        pairs = isinstance(schedule, SubgroupSchedule) or problem.joined
        return types | {"out": f32x2} if pairs else types

    def trace(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AttentionDecodeProblem,
        schedule: AnySchedule,
    ) -> None:
        positions = step_block.rows(k).past + 1
        begin = problem.scoring.first_seen(step_block.rows(k).past)
        first = k.workgroup_id(1) * problem.split if problem.split else k.constant(0, u32)
        if begin is not None:
            first = begin + first if problem.split else begin
        attend = self._attend(k, arrays, problem, schedule, first)
        if not problem.split:
            attend(first, positions)
            return
        with k.when(first < positions):  # a recorded dispatch may be larger than this step needs
            end = minimum(first + problem.split, positions)
            attend(first, end)

    def _attend(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        problem: AttentionDecodeProblem,
        schedule: AnySchedule,
        first: Value,
    ) -> Callable[[Value, Value], None]:
        """What attends to a range of positions, which begins with `first`, and writes the results."""
        if isinstance(schedule, SubgroupSchedule):
            body = SubgroupBody(k, problem, schedule, arrays)
            if schedule.early:
                body.load_early(first, step_block.rows(k).past)
            return body.attend
        if not isinstance(schedule, WideSchedule):
            buffers = AttentionBuffers.of(arrays, problem.cache, schedule.width)
            return DecodeBody(k, problem, schedule, buffers).attend
        kv_head, token = k.workgroup_id(0), k.constant(0, u32)
        shape = (problem.cache, problem.scoring, problem.group, 1)
        wide = WideAttention(k, arrays, *shape, kv_head, token, problem.coded)

        def attend(first: Value, end: Value) -> None:
            wide.attend(first, end)
            if not problem.split:
                wide.write()
                return
            partials = Partials(arrays["partials"], problem.heads, problem.reduce.pairs)
            if not problem.joined:
                wide.write_partials(partials, k.workgroup_id(1))
                return
            splits = split_count(k, problem.reduce)
            with k.when(splits.equals(1)):
                wide.write()
            with k.otherwise():
                wide.write_partials(partials, k.workgroup_id(1))
                with in_the_last_workgroup(k, arrays["arrivals"], splits):
                    wide.join_splits(partials, splits)

        return attend

    def inputs(
        self, problem: AttentionDecodeProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        return attention_inputs(self.bindings(problem), problem.cache, problem.window, rng, env)

    def tolerance(self, problem: AttentionDecodeProblem) -> Tolerance:
        """Values of order one. A score of magnitude 20 has an f32 error of a few 1e-6, which is its weight's
        relative error; exp2 adds as much. The sums of a partial result grow with the split's length."""
        return Tolerance(relative=5e-5, absolute=5e-5)

    def coded_rows(self, problem: AttentionDecodeProblem) -> Mapping[str, CodedRows]:
        return {} if problem.coded is None else {"coded": problem.coded}

    def describe(self, problem: AttentionDecodeProblem) -> str:
        split = f"_split{problem.split}" if problem.split else ""
        split += "_joined" if problem.joined else ""
        codes = f"_codes{problem.codes}" if problem.codes else ""
        marks = split + problem.scoring.describe() + problem.cache.describe() + codes
        return f"{problem.kv_dtype}_{problem.heads}_{problem.kv_heads}x{problem.head_dim}{marks}"


ATTENTION_DECODE = AttentionDecode()
