from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.ir.dim import evaluate
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.reduce_splits import ATTENTION_REDUCE, AttentionReduceProblem
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem, AttentionDecodeSchedule
from kernelc.kernels.attention.wide import WideSchedule, fits_wide
from kernelc.kernels.spec import KernelSpec
from kernelc.target import TARGETS, Capabilities
from tests.kernels.attention_problems import (
    ALL_CAPABILITIES,
    BASELINE,
    CAPS,
    EVEN_WIDTHS,
    HEAD_DIMS,
    KINDS,
    SEEDS,
    WINDOWS,
    assert_as_reference,
    draw_codes,
    draw_kind,
    draw_ring,
    few,
    fill_cache,
    may_cache,
    opposed_keys,
    run_kernel,
)
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import check_kernel


@st.composite
def decode_problems(draw: st.DrawFn) -> AttentionDecodeProblem:
    kv_heads = draw(st.integers(1, 3))
    group = draw(st.sampled_from([1, 2, 3, 4, 5, 8]))
    codes, head_dim = draw_codes(draw, HEAD_DIMS)
    split = 0 if codes else draw(st.sampled_from([0, 1, 7, 32, 33]))
    shape = (kv_heads * group, kv_heads, head_dim, draw_kind(draw, head_dim), head_dim**-0.5)
    return AttentionDecodeProblem(*shape, split, draw(WINDOWS), draw(CAPS), codes=codes)


@given(problem=decode_problems(), seed=SEEDS, data=st.data())
def test_decode_equals_its_reference(problem: AttentionDecodeProblem, seed: int, data: st.DataObject) -> None:
    check_decode("interpreter", problem, seed, data)


@few
@given(problem=decode_problems(), seed=SEEDS, data=st.data())
def test_decode_on_wgpu_equals_its_reference(
    problem: AttentionDecodeProblem, seed: int, data: st.DataObject
) -> None:
    check_decode("wgpu", problem, seed, data)


def check_decode(executor: str, problem: AttentionDecodeProblem, seed: int, data: st.DataObject) -> None:
    schedule = data.draw(st.sampled_from(list(ATTENTION_DECODE.space(BASELINE, problem))))
    tile = schedule.tile
    ring, past = draw_ring(data, problem.window, 1, [0, 1, tile - 2, tile - 1, tile, 2 * tile - 1])
    problem = replace(problem, ring=ring)
    env = {"seq": 1, "past": past, "context": past + 1 + data.draw(st.sampled_from([0, 1, 40]))}
    check_kernel(
        ATTENTION_DECODE,
        problem,
        executor=executor,
        capabilities=BASELINE,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@st.composite
def reduce_problems(draw: st.DrawFn) -> AttentionReduceProblem:
    codes, head_dim = draw_codes(draw, HEAD_DIMS)
    split = draw(st.sampled_from([1, 2, 5, 64]))
    return AttentionReduceProblem(draw(st.integers(1, 5)), head_dim, split, draw(WINDOWS), codes)


@given(problem=reduce_problems(), full=st.booleans(), seed=SEEDS, data=st.data())
def test_reduce_equals_its_reference(
    problem: AttentionReduceProblem, full: bool, seed: int, data: st.DataObject
) -> None:
    check_reduce("interpreter", problem, full, seed, data)


@few
@given(problem=reduce_problems(), full=st.booleans(), seed=SEEDS, data=st.data())
def test_reduce_on_wgpu_equals_its_reference(
    problem: AttentionReduceProblem, full: bool, seed: int, data: st.DataObject
) -> None:
    check_reduce("wgpu", problem, full, seed, data)


def check_reduce(
    executor: str, problem: AttentionReduceProblem, full: bool, seed: int, data: st.DataObject
) -> None:
    schedule = data.draw(st.sampled_from(list(ATTENTION_REDUCE.space(BASELINE, problem))))
    n = schedule.streams
    splits = data.draw(st.sampled_from([1, 2, n - 1, n, n + 1, 4 * n, 4 * n + 1]))
    past = splits * problem.split - 1 if full else (splits - 1) * problem.split
    env = {"seq": 1, "past": past, "context": past + 1 + data.draw(st.sampled_from([0, 3 * problem.split]))}
    check_kernel(
        ATTENTION_REDUCE,
        problem,
        executor=executor,
        capabilities=BASELINE,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("past", [0, 15, 16, 59])
def test_splits_join_to_the_whole(executor: str, past: int) -> None:
    whole = AttentionDecodeProblem(6, 2, 16, "f16", 0.25, 0)
    problem = AttentionDecodeProblem(6, 2, 16, "f16", 0.25, 16)
    env = {"seq": 1, "past": past, "context": 64}
    arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(past), env)
    partials = run_kernel(ATTENTION_DECODE, problem, executor, arrays, env)["partials"]
    out = np.zeros((24, 4), np.float32)
    joined = {"partials": partials, "out": out.reshape(-1, 2)}
    got = run_kernel(ATTENTION_REDUCE, problem.reduce, executor, joined, env)["out"]
    wanted = {**arrays, "out": out}
    ATTENTION_DECODE.reference(whole, wanted, {"seq": 1, "past": past})
    assert np.allclose(got.reshape(-1), wanted["out"].reshape(-1), rtol=5e-5, atol=5e-5)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", ["f16", "q8"])
@pytest.mark.parametrize("split", [0, 16])
@pytest.mark.parametrize("winner", [0, 5, 31, 34])
def test_scores_of_ten_thousand_pick_their_values(executor: str, winner: int, split: int, kind: str) -> None:
    problem = AttentionDecodeProblem(4, 2, 8, kind, 8.0, split)
    env = {"seq": 1, "past": 90, "context": 100}
    arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(3), env)
    fill_cache(problem.cache, arrays, "k_cache", opposed_keys(problem.cache, 91, winner))
    arrays["q"][...] = 13.0
    got = run_kernel(ATTENTION_DECODE, problem, executor, arrays, env)
    if split:
        joined = {"partials": got["partials"], "out": np.zeros((16, 2), np.float32)}
        got = run_kernel(ATTENTION_REDUCE, problem.reduce, executor, joined, env)
    mean = problem.cache.numbers(arrays, "v_cache")[[winner, winner + 41]].astype(np.float64).mean(axis=0)
    assert np.allclose(got["out"].reshape(2, 2, 8), mean[:, None], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_tiles_follow_each_other_where_keys_are_not_shared(executor: str) -> None:
    problem = AttentionDecodeProblem(2, 1, 8, "f16", 0.3, 0)
    schedule = AttentionDecodeSchedule(rows=2, sets=1, width=2, streams=2, rounds=1, parts=1)
    env = {"seq": 1, "past": 5 * schedule.tile, "context": 64}
    check_kernel(
        ATTENTION_DECODE,
        problem,
        executor=executor,
        capabilities=BASELINE,
        seed=6,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("executor", EXECUTORS)
def test_more_workgroups_than_splits_do_no_harm(executor: str) -> None:
    problem = AttentionDecodeProblem(3, 1, 8, "f16", 0.3, 4)
    env = {"seq": 1, "past": 11, "context": 16}
    arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(5), env)
    got = run_kernel(ATTENTION_DECODE, problem, executor, arrays, env, more=(0, 3, 0))
    assert_as_reference(ATTENTION_DECODE, problem, arrays, env, got)


SHAPES = [  # heads, kv_heads, head_dim
    *[(8 * group, 8, 128) for group in (1, 2, 3, 5, 7, 8, 16)],
    *[(16, 1, head_dim) for head_dim in (2, 8, 48, 64, 80, 96, 100, 250, 256)],
    (128, 8, 256),
    (128, 128, 128),
]


@pytest.mark.parametrize("kv_dtype", KINDS)
@pytest.mark.parametrize("heads, kv_heads, head_dim", SHAPES)
def test_default_schedules_fit_webgpu_limits(heads: int, kv_heads: int, head_dim: int, kv_dtype: str) -> None:
    if not may_cache(kv_dtype, head_dim):
        pytest.skip(f"a cache of {kv_dtype} has no heads of {head_dim}")
    problem = AttentionDecodeProblem(heads, kv_heads, head_dim, kv_dtype, 0.1, 64)
    schedule = ATTENTION_DECODE.default(BASELINE, problem)
    assert schedule in set(ATTENTION_DECODE.space(BASELINE, problem))
    kernel = ATTENTION_DECODE.kernel(problem, schedule, BASELINE)
    assert isinstance(schedule, AttentionDecodeSchedule)
    assert kernel.shared_bytes == schedule.shared_bytes(problem) <= 16384
    assert kernel.workgroup <= 256
    reduce = ATTENTION_REDUCE.default(BASELINE, problem.reduce)
    assert reduce in set(ATTENTION_REDUCE.space(BASELINE, problem.reduce))


@pytest.mark.parametrize("heads, kv_heads, head_dim", [shape for shape in SHAPES if shape[2] % 32 == 0])
def test_default_schedules_of_coded_heads_fit_webgpu_limits(heads: int, kv_heads: int, head_dim: int) -> None:
    for width in (head_dim, 1024):
        problem = AttentionDecodeProblem(heads, kv_heads, width, "f16", 0.1, 64, joined=True, codes=2)
        schedule = ATTENTION_DECODE.default(BASELINE, problem)
        kernel = ATTENTION_DECODE.kernel(problem, schedule, BASELINE)
        assert isinstance(schedule, AttentionDecodeSchedule)
        assert kernel.shared_bytes == schedule.shared_bytes(problem) <= 16384
        reduce = ATTENTION_REDUCE.default(BASELINE, problem.reduce)
        assert ATTENTION_REDUCE.kernel(problem.reduce, reduce, BASELINE).shared_bytes <= 16384


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head_dim": 48, "codes": 1}, "coded heads of whole groups of 32"),
        ({"codes": 3}, "codes of at most two terms"),
        ({"split": 64, "codes": 2}, "codes where there is a result"),
    ],
)
def test_heads_that_cannot_be_coded_are_refused(change: dict[str, int], message: str) -> None:
    problem = AttentionDecodeProblem(4, 2, 64, "f16", 0.1, 0)
    with pytest.raises(ShapeError, match=message):
        replace(problem, **change)


@pytest.mark.parametrize("capabilities", ALL_CAPABILITIES, ids=range(len(ALL_CAPABILITIES)))
def test_every_even_width_has_a_schedule(capabilities: Capabilities) -> None:
    for head_dim, group, kv_dtype in itertools.product(EVEN_WIDTHS, (1, 3, 8), KINDS):
        if not may_cache(kv_dtype, head_dim):
            continue
        problem = AttentionDecodeProblem(2 * group, 2, head_dim, kv_dtype, 0.1, 64)
        schedule = ATTENTION_DECODE.default(capabilities, problem)
        if isinstance(schedule, WideSchedule):
            assert fits_wide(capabilities, problem.cache, group)
        else:
            assert schedule.fits(capabilities, problem)
        assert any(schedule == each for each in ATTENTION_DECODE.space(capabilities, problem))
        if head_dim % 32 == 0:
            coded = replace(problem, split=0, codes=2)
            schedule = ATTENTION_DECODE.default(capabilities, coded)
            assert isinstance(schedule, WideSchedule) or schedule.fits(capabilities, coded)
            assert ATTENTION_REDUCE.default(capabilities, coded.reduce)
        reduce = ATTENTION_REDUCE.default(capabilities, problem.reduce)
        assert ATTENTION_REDUCE.workgroup(problem.reduce, reduce) <= capabilities.max_threads


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("head_dim", "kv_dtype", "split"),
    [
        (512, "f16", 0),
        (514, "f32", 16),
        (770, "f16", 16),
        (1022, "f16", 0),
        (1024, "f32", 16),
        (516, "q8", 16),
        (1024, "q8", 0),
    ],
)
def test_wide_heads_equal_their_reference(executor: str, head_dim: int, kv_dtype: str, split: int) -> None:
    """An invocation takes several loads of a row where a workgroup has fewer invocations than a row loads."""
    problem = AttentionDecodeProblem(3, 1, head_dim, kv_dtype, head_dim**-0.5, split)
    env = {"seq": 1, "past": 37, "context": 40}
    check = {"executor": executor, "capabilities": BASELINE, "seed": head_dim, "env": env}
    check_kernel(ATTENTION_DECODE, problem, **check)
    if split:
        check_kernel(ATTENTION_REDUCE, problem.reduce, **check)
    schedule = ATTENTION_DECODE.default(BASELINE, problem)
    kernel = ATTENTION_DECODE.kernel(problem, schedule, BASELINE)
    assert isinstance(schedule, AttentionDecodeSchedule)
    assert kernel.shared_bytes == schedule.shared_bytes(problem) <= BASELINE.shared_bytes


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("split", [0, 4])
@pytest.mark.parametrize(("past", "window"), [(5, 20), (20, 5), (19, 20), (63, 1), (63, 33)])
def test_positions_before_the_window_are_not_read(executor: str, split: int, past: int, window: int) -> None:
    problem = AttentionDecodeProblem(4, 2, 8, "f32", 0.3, split, window)
    env = {"seq": 1, "past": past, "context": 64}
    arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(3), env)
    wanted = {name: array.copy() for name, array in arrays.items()}
    ATTENTION_DECODE.reference(problem, wanted, {"seq": 1, "past": past})
    for name in ("k_cache", "v_cache"):
        problem.cache.values(arrays[name])[: max(0, past + 1 - window)] = np.nan
    got = run_kernel(ATTENTION_DECODE, problem, executor, arrays, env)
    name = "partials" if split else "out"
    assert np.allclose(got[name], wanted[name], rtol=5e-5, atol=5e-5)
    if split:
        joined = {"partials": got["partials"], "out": np.zeros((16, 2), np.float32)}
        whole = run_kernel(ATTENTION_REDUCE, problem.reduce, executor, joined, env)
        direct = {**arrays, "out": np.zeros((8, 4), np.float32)}
        ATTENTION_DECODE.reference(replace(problem, split=0), direct, {"seq": 1, "past": past})
        assert np.allclose(whole["out"].reshape(-1), direct["out"].reshape(-1), rtol=5e-5, atol=5e-5)


def test_no_more_workgroups_than_the_window_needs() -> None:
    problem = AttentionDecodeProblem(4, 2, 8, "f16", 0.3, 16, window=40)
    schedule = ATTENTION_DECODE.default(BASELINE, problem)
    splits = [evaluate(ATTENTION_DECODE.grid(problem, schedule)[1], {"past": past}) for past in (0, 30, 9999)]
    assert splits == [1, 2, 3]
    partials = evaluate(problem.reduce.partials("read").length, {"context": 10_000})
    assert partials == 3 * 4 * (8 // 2 + 1)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_soft_cap_bounds_scores(executor: str) -> None:
    """Scores of ten thousand and of minus ten thousand become 2 and -2: weights of e^4 to 1."""
    problem = AttentionDecodeProblem(2, 1, 8, "f32", 8.0, 0, soft_cap=2.0)
    env = {"seq": 1, "past": 90, "context": 100}
    arrays = ATTENTION_DECODE.inputs(problem, np.random.default_rng(3), env)
    fill_cache(problem.cache, arrays, "k_cache", opposed_keys(problem.cache, 91, 5))
    arrays["q"][...] = 13.0
    got = run_kernel(ATTENTION_DECODE, problem, executor, arrays, env)["out"].reshape(2, 8)
    weights = np.where(np.isin(np.arange(91), [5, 46]), np.exp(4.0), 1.0)
    values = problem.cache.numbers(arrays, "v_cache")[:91, 0].astype(np.float64)
    assert np.allclose(got, weights @ values / weights.sum(), rtol=1e-5, atol=1e-6)


def test_every_variant_is_the_same_kernel() -> None:
    """Where the size of subgroups is not known. So testing the baseline tests them all, and an artifact need
    carry only one."""
    problem = AttentionDecodeProblem(8, 2, 16, "f16", 0.25, 64)
    specs: list[tuple[KernelSpec[Any, Any], Any]] = [
        (ATTENTION_DECODE, problem),
        (ATTENTION_REDUCE, problem.reduce),
    ]
    for spec, asked in specs:
        for capabilities in TARGETS["wgsl"].variants:
            if capabilities.subgroup_size is not None:
                continue
            schedule = spec.default(capabilities, asked)
            assert schedule == spec.default(BASELINE, asked)
            assert spec.kernel(asked, schedule, capabilities).features() == ()


@pytest.mark.nightly
@pytest.mark.parametrize("past", [0, 63, 64, 700])
@pytest.mark.parametrize("split", [0, 64])
@pytest.mark.parametrize("heads, kv_heads, head_dim", SHAPES)
def test_decode_of_real_shapes(heads: int, kv_heads: int, head_dim: int, split: int, past: int) -> None:
    problem = AttentionDecodeProblem(heads, kv_heads, head_dim, "f16", head_dim**-0.5, split)
    env = {"seq": 1, "past": past, "context": 1024}
    check_kernel(ATTENTION_DECODE, problem, executor="wgpu", capabilities=BASELINE, seed=past, env=env)
