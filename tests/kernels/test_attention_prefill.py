from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.prefill_schedule import AttentionPrefillSchedule, matrix_units
from kernelc.kernels.attention.softmax import LOG2_E
from kernelc.kernels.attention.wide import WideSchedule, fits_wide
from kernelc.kir.tile_types import F16
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
    draw_kind,
    draw_ring,
    few,
    fill_cache,
    may_cache,
    opposed_keys,
    run_kernel,
)
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.harness import VARIANTS, check_kernel

TILES = VARIANTS["tiles"]


@st.composite
def prefill_problems(draw: st.DrawFn) -> AttentionPrefillProblem:
    kv_heads, group, head_dim = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(HEAD_DIMS)
    return AttentionPrefillProblem(
        kv_heads * group,
        kv_heads,
        head_dim,
        draw_kind(draw, head_dim),
        head_dim**-0.5,
        draw(WINDOWS),
        draw(CAPS),
    )


@given(problem=prefill_problems(), seed=SEEDS, data=st.data())
def test_prefill_equals_its_reference(
    problem: AttentionPrefillProblem, seed: int, data: st.DataObject
) -> None:
    check_prefill("interpreter", problem, seed, data)


@few
@given(problem=prefill_problems(), seed=SEEDS, data=st.data())
def test_prefill_on_wgpu_equals_its_reference(
    problem: AttentionPrefillProblem, seed: int, data: st.DataObject
) -> None:
    check_prefill("wgpu", problem, seed, data)


@pytest.mark.parametrize("executor", EXECUTORS)
@few
@given(group=st.integers(1, 2), dim=st.sampled_from([16, 48, 64, 128]), seed=SEEDS, data=st.data())
def test_prefill_on_matrix_units_equals_its_reference(
    executor: str, group: int, dim: int, seed: int, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["f16", "q8"]))
    problem = AttentionPrefillProblem(2 * group, 2, dim, kind, dim**-0.5, data.draw(WINDOWS), data.draw(CAPS))
    schedule = data.draw(st.sampled_from(list(matrix_units(TILES, problem.cache))))
    rows, tile = schedule.rows, schedule.tile_keys
    seq = data.draw(st.sampled_from([1, rows - 1, rows, rows + 1]))
    ring, past = draw_ring(data, problem.window, seq, [0, 1, tile - 1, tile, max(0, 2 * tile - seq)])
    problem = replace(problem, ring=ring)
    env = {"seq": seq, "past": past, "context": past + seq + data.draw(st.sampled_from([0, 1, 40]))}
    check_kernel(
        ATTENTION_PREFILL,
        problem,
        executor=executor,
        capabilities=TILES,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", ["f16", "q8"])
@pytest.mark.parametrize("winner", [0, 5, 63, 64])
def test_matrix_units_pick_the_values_of_scores_of_ten_thousand(
    executor: str, winner: int, kind: str
) -> None:
    """Queries and keys that halves hold exactly; every weight is then 1 or 0."""
    require(executor, TILES)
    problem = AttentionPrefillProblem(2, 1, 16, kind, 4.0 / LOG2_E)
    env = {"seq": 40, "past": 80, "context": 130}
    arrays = ATTENTION_PREFILL.inputs(problem, np.random.default_rng(4), env)
    fill_cache(problem.cache, arrays, "k_cache", opposed_keys(problem.cache, 120, winner))
    arrays["q"][...] = 13.0
    schedule = ATTENTION_PREFILL.default(TILES, problem)
    kernel = ATTENTION_PREFILL.kernel(problem, schedule, TILES)
    step = ATTENTION_PREFILL.params(problem, np.random.default_rng(0), env)
    got = EXECUTORS[executor](kernel, (2, 2, 1), arrays, step)["out"].reshape(40, 2, 16)
    values = problem.cache.numbers(arrays, "v_cache").astype(np.float64)[:, 0]
    for row in range(40):
        seen = [p for p in (winner, winner + 41) if p <= 80 + row]
        # Values of a cache of codes are rounded to halves, too.
        rounding = 0 if kind == "f16" else 2.0**-11 * np.abs(values[seen]).max()
        assert np.allclose(got[row], values[seen].mean(axis=0), rtol=1e-5, atol=1e-5 + rounding)


@pytest.mark.parametrize("kind", ["f16", "q8"])
@pytest.mark.parametrize("head_dim", [16, 48, 64, 80, 96, 128, 256])
def test_matrix_units_are_chosen_where_they_can_be(head_dim: int, kind: str) -> None:
    problem = AttentionPrefillProblem(8, 2, head_dim, kind, 0.1)
    schedule = ATTENTION_PREFILL.default(TILES, problem)
    assert isinstance(schedule, AttentionPrefillSchedule) and schedule.kind is F16
    kernel = ATTENTION_PREFILL.kernel(problem, schedule, TILES)
    assert kernel.features() == ("tile_f16_16x16x16",)
    assert kernel.shared_bytes == schedule.shared_bytes(head_dim) <= TILES.shared_bytes


@pytest.mark.parametrize(("head_dim", "kv_dtype"), [(64, "f32"), (20, "f16"), (8, "f16"), (20, "q8")])
def test_caches_of_floats_and_odd_heads_go_without_matrix_units(head_dim: int, kv_dtype: str) -> None:
    problem = AttentionPrefillProblem(8, 2, head_dim, kv_dtype, 0.1)
    schedule = ATTENTION_PREFILL.default(TILES, problem)
    assert ATTENTION_PREFILL.kernel(problem, schedule, TILES).features() == ()


def check_prefill(executor: str, problem: AttentionPrefillProblem, seed: int, data: st.DataObject) -> None:
    schedule = data.draw(st.sampled_from(list(ATTENTION_PREFILL.space(BASELINE, problem))))
    assert isinstance(schedule, AttentionPrefillSchedule)
    rows, tile = schedule.rows, schedule.tile_keys
    seq = data.draw(st.sampled_from([1, rows - 1, rows, rows + 1, 2 * rows]))
    pasts = [0, 1, tile - 1, tile, tile + 1, max(0, 2 * tile - seq)]
    ring, past = draw_ring(data, problem.window, seq, pasts)
    problem = replace(problem, ring=ring)
    env = {"seq": seq, "past": past, "context": past + seq + data.draw(st.sampled_from([0, 1, 40]))}
    check_kernel(
        ATTENTION_PREFILL,
        problem,
        executor=executor,
        capabilities=BASELINE,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", ["f16", "q8"])
@pytest.mark.parametrize("winner", [0, 5, 31, 34])
def test_scores_of_ten_thousand_pick_their_values(executor: str, winner: int, kind: str) -> None:
    problem = AttentionPrefillProblem(4, 2, 8, kind, 8.0)
    env = {"seq": 40, "past": 50, "context": 100}
    arrays = ATTENTION_PREFILL.inputs(problem, np.random.default_rng(4), env)
    fill_cache(problem.cache, arrays, "k_cache", opposed_keys(problem.cache, 90, winner))
    arrays["q"][...] = 13.0
    got = run_kernel(ATTENTION_PREFILL, problem, executor, arrays, env)["out"].reshape(40, 2, 2, 8)
    values = problem.cache.numbers(arrays, "v_cache").astype(np.float64)
    for row in range(40):
        seen = [p for p in (winner, winner + 41) if p <= 50 + row]
        assert np.allclose(got[row], values[seen].mean(axis=0)[:, None], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kv_dtype", KINDS)
@pytest.mark.parametrize("head_dim", [80, 100, 128, 250, 256, 512, 514, 1022, 1024])
def test_heads_of_many_elements_equal_their_reference(head_dim: int, kv_dtype: str) -> None:
    """Which take more tiles than fit at once, or a part of a tile."""
    if not may_cache(kv_dtype, head_dim):
        pytest.skip(f"a cache of {kv_dtype} has no heads of {head_dim}")
    problem = AttentionPrefillProblem(2, 1, head_dim, kv_dtype, head_dim**-0.5)
    env = {"seq": 5, "past": 130, "context": 140}
    check_kernel(
        ATTENTION_PREFILL, problem, executor="interpreter", capabilities=BASELINE, seed=head_dim, env=env
    )


@pytest.mark.parametrize("executor", EXECUTORS)
def test_more_workgroups_than_blocks_do_no_harm(executor: str) -> None:
    problem = AttentionPrefillProblem(2, 1, 8, "f32", 0.3)
    env = {"seq": 5, "past": 2, "context": 7}
    arrays = ATTENTION_PREFILL.inputs(problem, np.random.default_rng(5), env)
    got = run_kernel(ATTENTION_PREFILL, problem, executor, arrays, env, more=(2, 0, 0))
    assert_as_reference(ATTENTION_PREFILL, problem, arrays, env, got)


SHAPES = [(32, 32, 128), (32, 8, 128), *[(16, 1, dim) for dim in (2, 8, 48, 64, 80, 96, 100, 250, 256, 1024)]]


@pytest.mark.parametrize("kv_dtype", KINDS)
@pytest.mark.parametrize("heads, kv_heads, head_dim", SHAPES)
def test_default_schedules_fit_webgpu_limits(heads: int, kv_heads: int, head_dim: int, kv_dtype: str) -> None:
    if not may_cache(kv_dtype, head_dim):
        pytest.skip(f"a cache of {kv_dtype} has no heads of {head_dim}")
    problem = AttentionPrefillProblem(heads, kv_heads, head_dim, kv_dtype, 0.1)
    schedule = ATTENTION_PREFILL.default(BASELINE, problem)
    assert schedule in set(ATTENTION_PREFILL.space(BASELINE, problem))
    kernel = ATTENTION_PREFILL.kernel(problem, schedule, BASELINE)
    assert isinstance(schedule, AttentionPrefillSchedule)
    assert kernel.shared_bytes == schedule.shared_bytes(head_dim) <= 16384
    assert kernel.workgroup <= 256


@pytest.mark.parametrize("capabilities", ALL_CAPABILITIES, ids=range(len(ALL_CAPABILITIES)))
def test_every_even_width_has_a_schedule(capabilities: Capabilities) -> None:
    for head_dim, kv_dtype in itertools.product(EVEN_WIDTHS, KINDS):
        if not may_cache(kv_dtype, head_dim):
            continue
        problem = AttentionPrefillProblem(2, 2, head_dim, kv_dtype, 0.1)
        schedule = ATTENTION_PREFILL.default(capabilities, problem)
        assert any(schedule == each for each in ATTENTION_PREFILL.space(capabilities, problem))
        if isinstance(schedule, WideSchedule):
            assert fits_wide(capabilities, problem.cache, schedule.tokens * problem.group)
        else:
            assert schedule.fits(capabilities, problem.cache)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(("past", "window"), [(50, 7), (70, 64), (3, 100), (90, 1)])
def test_positions_before_every_window_are_not_read(executor: str, past: int, window: int) -> None:
    """The first block of rows begins with the first position that its first row sees."""
    problem = AttentionPrefillProblem(2, 1, 8, "f32", 0.3, window)
    env = {"seq": 40, "past": past, "context": 140}
    arrays = ATTENTION_PREFILL.inputs(problem, np.random.default_rng(past), env)
    wanted = {name: array.copy() for name, array in arrays.items()}
    ATTENTION_PREFILL.reference(problem, wanted, {"seq": 40, "past": past})
    for name in ("k_cache", "v_cache"):
        problem.cache.values(arrays[name])[: max(0, past + 1 - window)] = np.nan
    got = run_kernel(ATTENTION_PREFILL, problem, executor, arrays, env)["out"]
    assert np.allclose(got, wanted["out"], rtol=3e-5, atol=3e-5)


def test_windows_and_caps_on_matrix_units_round_no_more_than_without() -> None:
    problem = AttentionPrefillProblem(2, 1, 64, "f16", 0.125, window=70, soft_cap=50.0)
    env = {"seq": 70, "past": 130, "context": 200}
    check_kernel(ATTENTION_PREFILL, problem, executor="interpreter", capabilities=TILES, seed=1, env=env)


def test_every_variant_is_the_same_kernel() -> None:
    """So testing the baseline tests them all, and an artifact need carry only one."""
    problem = AttentionPrefillProblem(8, 2, 16, "f16", 0.25)
    for capabilities in TARGETS["wgsl"].variants:
        schedule = ATTENTION_PREFILL.default(capabilities, problem)
        assert schedule == ATTENTION_PREFILL.default(BASELINE, problem)
        assert ATTENTION_PREFILL.kernel(problem, schedule, capabilities).features() == ()


@pytest.mark.nightly
@pytest.mark.parametrize("seq, past", [(1, 0), (33, 0), (100, 157), (512, 512)])
@pytest.mark.parametrize("heads, kv_heads, head_dim", SHAPES)
def test_prefill_of_real_shapes(heads: int, kv_heads: int, head_dim: int, seq: int, past: int) -> None:
    problem = AttentionPrefillProblem(heads, kv_heads, head_dim, "f16", head_dim**-0.5)
    env = {"seq": seq, "past": past, "context": 1024}
    check_kernel(ATTENTION_PREFILL, problem, executor="wgpu", capabilities=BASELINE, seed=past, env=env)
