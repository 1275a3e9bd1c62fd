"""Decode attention on subgroups of a known size, and splits that their workgroups join themselves."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.dim import evaluate
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE, AnySchedule
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.attention.wide import WideSchedule
from kernelc.target import Capabilities
from runtime.vulkan.opened import OpenedDevice
from tests.kernels import vulkan_runner
from tests.kernels.attention_problems import (
    ALL_CAPABILITIES,
    BASELINE,
    CAPS,
    EVEN_WIDTHS,
    KINDS,
    SEEDS,
    WINDOWS,
    assert_as_reference,
    draw_codes,
    draw_kind,
    draw_ring,
    few,
    may_cache,
)
from tests.kernels.executors import EXECUTORS, require, run_interpreter
from tests.kernels.harness import VARIANTS, check_kernel

PROCESSOR, WARPS = VARIANTS["processor"], VARIANTS["warps"]
# One lane to all lanes of a subgroup, loads of all widths, several loads of a lane, heads that do not fit.
HEAD_DIMS = st.sampled_from([2, 6, 8, 16, 20, 32, 48, 64, 80, 96, 128])


def with_subgroups(executor: str) -> Capabilities:
    """Capabilities of what an executor runs on: a driver on the processor has subgroups of eight."""
    size: int | None = 32
    if executor == "vulkan":
        on = vulkan_runner.opened()
        size = on.device.info.subgroup_size if isinstance(on, OpenedDevice) else 32
    return replace(WARPS, subgroup_size=size, dot4=False)


@st.composite
def decode_problems(draw: st.DrawFn, joined: bool = False) -> AttentionDecodeProblem:
    kv_heads, group = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 3, 4, 5, 8]))
    codes, head_dim = draw_codes(draw, HEAD_DIMS)
    splits = [1, 7, 16, 33, 64] if joined else [0] if codes else [0, 0, 7, 32, 64]
    shape = (kv_heads * group, kv_heads, head_dim, draw_kind(draw, head_dim), head_dim**-0.5)
    split, window, cap = draw(st.sampled_from(splits)), draw(WINDOWS), draw(CAPS)
    return AttentionDecodeProblem(*shape, split, window, cap, joined=joined, codes=codes)


def check(
    executor: str,
    capabilities: Capabilities,
    problem: AttentionDecodeProblem,
    schedule: AnySchedule,
    seed: int,
    data: st.DataObject,
) -> None:
    tile, split = schedule.tile, problem.split
    pasts = [0, 1, tile - 1, tile, 2 * tile - 1, *((split, 4 * split) if split else ())]
    ring, past = draw_ring(data, problem.window, 1, pasts)
    env = {"seq": 1, "past": past, "context": past + 1 + data.draw(st.sampled_from([0, 1, 40]))}
    check_kernel(
        ATTENTION_DECODE,
        replace(problem, ring=ring),
        executor=executor,
        capabilities=capabilities,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("executor", ["interpreter", "vulkan", "cuda"])
@few
@given(problem=decode_problems(), seed=SEEDS, data=st.data())
def test_subgroups_equal_the_reference(
    executor: str, problem: AttentionDecodeProblem, seed: int, data: st.DataObject
) -> None:
    capabilities = with_subgroups(executor)
    require(executor, capabilities)
    every = [s for s in ATTENTION_DECODE.space(capabilities, problem) if isinstance(s, SubgroupSchedule)]
    schedule = data.draw(st.sampled_from([ATTENTION_DECODE.default(capabilities, problem), *every]))
    check(executor, capabilities, problem, schedule, seed, data)


@pytest.mark.parametrize("executor", ["interpreter", "vulkan", "cuda", "c"])
@few
@given(problem=decode_problems(joined=True), seed=SEEDS, data=st.data())
def test_joined_splits_equal_the_reference(
    executor: str, problem: AttentionDecodeProblem, seed: int, data: st.DataObject
) -> None:
    """The partial results, the joined ones, and a count that is zero again."""
    kinds = [BASELINE, PROCESSOR] if executor == "c" else [BASELINE, with_subgroups(executor)]
    if executor == "interpreter":
        kinds.append(PROCESSOR)
    capabilities = data.draw(st.sampled_from(kinds))
    require(executor, capabilities)
    every = list(ATTENTION_DECODE.space(capabilities, problem))
    schedule = data.draw(st.sampled_from([ATTENTION_DECODE.default(capabilities, problem), *every]))
    check(executor, capabilities, problem, schedule, seed, data)


@pytest.mark.parametrize("past", [0, 1, 15, 16, 17, 40])
@pytest.mark.parametrize(("split", "window"), [(0, 0), (16, 0), (16, 20), (64, 0)])
def test_the_steps_own_position_is_read_late(past: int, split: int, window: int) -> None:
    """Before the inputs are ready its place in the cache holds no numbers; earlier positions are there."""
    ring = 48 if window else 0
    problem = AttentionDecodeProblem(4, 2, 32, "f16", 0.2, split, window, ring=ring, joined=split > 0)
    env = {"seq": 1, "past": past, "context": 64}
    rng = np.random.default_rng(past)
    arrays = ATTENTION_DECODE.inputs(problem, rng, env)
    step = ATTENTION_DECODE.params(problem, rng, env)
    before = {name: arrays[name].copy() for name in ("k_cache", "v_cache")}
    for cache in before.values():
        problem.cache.values(cache)[problem.cache.rows_of(past, past + 1)] = np.nan
        assert np.isnan(problem.cache.values(cache)).any()
    every = [s for s in ATTENTION_DECODE.space(WARPS, problem) if isinstance(s, SubgroupSchedule) and s.early]
    usual = ATTENTION_DECODE.default(WARPS, problem)
    assert isinstance(usual, SubgroupSchedule) and usual.early
    for schedule in [usual, *every[:: max(1, len(every) // 5)]]:
        kernel = ATTENTION_DECODE.kernel(problem, schedule, WARPS)
        x, y, z = (evaluate(axis, env) for axis in ATTENTION_DECODE.grid(problem, schedule))
        got = run_interpreter(kernel, (x, y, z), arrays, step, before)
        assert_as_reference(ATTENTION_DECODE, problem, arrays, env, got)


@pytest.mark.parametrize("executor", ["interpreter", "vulkan", "cuda", "c"])
def test_steps_of_all_lengths_follow_each_other(executor: str) -> None:
    """A count that is left over would show in the next step. Workgroups without positions do not count."""
    problem = AttentionDecodeProblem(6, 2, 16, "f16", 0.25, 8, joined=True)
    require(executor, BASELINE)
    schedule = ATTENTION_DECODE.default(BASELINE, problem)
    kernel = ATTENTION_DECODE.kernel(problem, schedule, BASELINE)
    grid = ATTENTION_DECODE.grid(problem, schedule)
    arrivals: Any = None
    for past, more in ((50, 0), (3, 0), (7, 4), (8, 2), (63, 0), (0, 3), (30, 0)):
        env = {"seq": 1, "past": past, "context": 64}
        arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(past), env)
        if arrivals is not None:
            arrays["arrivals"] = arrivals
        x, y, z = (evaluate(axis, env) for axis in grid)
        step = ATTENTION_DECODE.params(problem, np.random.default_rng(0), env)
        got = EXECUTORS[executor](kernel, (x, y + more, z), arrays, step)
        assert_as_reference(ATTENTION_DECODE, problem, arrays, env, got)
        arrivals = got["arrivals"]


@pytest.mark.parametrize("capabilities", ALL_CAPABILITIES, ids=range(len(ALL_CAPABILITIES)))
def test_every_width_has_a_schedule_that_joins(capabilities: Capabilities) -> None:
    for head_dim, group, kv_dtype in itertools.product(EVEN_WIDTHS, (1, 3, 8), KINDS):
        if not may_cache(kv_dtype, head_dim):
            continue
        problem = AttentionDecodeProblem(2 * group, 2, head_dim, kv_dtype, 0.1, 64, joined=True)
        schedule = ATTENTION_DECODE.default(capabilities, problem)
        if not isinstance(schedule, WideSchedule):
            assert schedule.fits(capabilities, problem)
        assert any(schedule == each for each in ATTENTION_DECODE.space(capabilities, problem))


SHAPES = [
    *[(32, 32, 128), (32, 8, 128), (32, 8, 64), (8, 4, 256), (14, 2, 64), (20, 4, 80)],
    *[(16, 1, 250), (3, 1, 2)],
]


@pytest.mark.parametrize(("heads", "kv_heads", "head_dim"), SHAPES)
@pytest.mark.parametrize("split", [0, 64, 256])
def test_shared_memory_is_what_was_asked_for(heads: int, kv_heads: int, head_dim: int, split: int) -> None:
    for joined in (False, True)[: 1 + (split > 0)]:
        problem = AttentionDecodeProblem(heads, kv_heads, head_dim, "f16", 0.1, split, joined=joined)
        for capabilities in (BASELINE, WARPS):
            schedule = ATTENTION_DECODE.default(capabilities, problem)
            assert not isinstance(schedule, WideSchedule)
            kernel = ATTENTION_DECODE.kernel(problem, schedule, capabilities)
            assert kernel.shared_bytes == schedule.shared_bytes(problem) <= capabilities.shared_bytes
            assert kernel.workgroup <= capabilities.max_threads


def test_known_shapes_use_subgroups_and_short_contexts_have_more_workgroups() -> None:
    for heads, kv_heads, head_dim in SHAPES[:6]:
        short = AttentionDecodeProblem(heads, kv_heads, head_dim, "f16", 0.1, 64)
        schedules = [ATTENTION_DECODE.default(WARPS, replace(short, split=split)) for split in (64, 256)]
        assert all(isinstance(each, SubgroupSchedule) for each in schedules)
        grids = [
            ATTENTION_DECODE.grid(replace(short, split=each), schedule)[0]
            for each, schedule in zip((64, 256), schedules, strict=True)
        ]
        assert evaluate(grids[0], {}) >= evaluate(grids[1], {}) >= kv_heads
