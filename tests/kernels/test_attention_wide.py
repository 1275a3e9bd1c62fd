"""Attention on processors: every schedule with wide vectors gives what the references give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.decode.kernel import ATTENTION_DECODE
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.wide import TILE, WideSchedule, fits_wide, wide_shared_bytes
from kernelc.target import Capabilities
from tests.kernels.attention_problems import CAPS, KINDS, SEEDS, WINDOWS, few
from tests.kernels.executors import WIDE_EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

PROCESSOR = VARIANTS["processor"]
on_both = pytest.mark.parametrize("executor", WIDE_EXECUTORS)
# One vector, fewer and more than are summed in registers at once.
WIDE_HEADS = st.sampled_from([8, 16, 40, 64, 80, 96, 136])


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, int, int, str]:
    """heads, kv_heads, head_dim and kv_dtype: blocks of scores have three, two and one rows."""
    kv_heads, group = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 3, 4, 5, 7]))
    return kv_heads * group, kv_heads, draw(WIDE_HEADS), draw(st.sampled_from(KINDS))


@on_both
@given(shape=shapes(), seed=SEEDS, data=st.data())
def test_decode_equals_its_reference(
    executor: str, shape: tuple[int, int, int, str], seed: int, data: st.DataObject
) -> None:
    codes = data.draw(st.sampled_from([0, 1, 2])) if shape[2] % 32 == 0 else 0
    split = 0 if codes else data.draw(st.sampled_from([0, 0, 1, 31, TILE, 50]))
    window, cap = data.draw(WINDOWS), data.draw(CAPS)
    problem = AttentionDecodeProblem(*shape, shape[2] ** -0.5, split, window, cap, codes=codes)
    past = data.draw(st.sampled_from([0, 1, TILE - 2, TILE - 1, TILE, 2 * TILE - 1, 70]))
    env = {"seq": 1, "past": past, "context": past + 1 + data.draw(st.sampled_from([0, 1, 40]))}
    assert ATTENTION_DECODE.default(PROCESSOR, problem) == WideSchedule(1)
    check_kernel(ATTENTION_DECODE, problem, executor=executor, capabilities=PROCESSOR, seed=seed, env=env)


@on_both
@few
@given(shape=shapes(), seed=SEEDS, data=st.data())
def test_prefill_equals_its_reference(
    executor: str, shape: tuple[int, int, int, str], seed: int, data: st.DataObject
) -> None:
    window, cap = data.draw(WINDOWS), data.draw(CAPS)
    problem = AttentionPrefillProblem(*shape, shape[2] ** -0.5, window, cap)
    schedules = [
        each for each in ATTENTION_PREFILL.space(PROCESSOR, problem) if isinstance(each, WideSchedule)
    ]
    assert ATTENTION_PREFILL.default(PROCESSOR, problem) == schedules[0]
    schedule = data.draw(st.sampled_from(schedules))
    seq = data.draw(st.sampled_from([1, 2, schedule.tokens, schedule.tokens + 1, 2 * schedule.tokens - 1]))
    past = data.draw(st.sampled_from([0, 1, TILE - 1, TILE, 45]))
    env = {"seq": seq, "past": past, "context": past + seq + data.draw(st.sampled_from([0, 9]))}
    check_kernel(
        ATTENTION_PREFILL,
        problem,
        executor=executor,
        capabilities=PROCESSOR,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("kv_dtype", KINDS)
@pytest.mark.parametrize("group", [1, 3, 8])
@pytest.mark.parametrize("head_dim", [8, 64, 136])
def test_shared_memory_is_what_was_asked_for(head_dim: int, group: int, kv_dtype: str) -> None:
    problem = AttentionPrefillProblem(2 * group, 2, head_dim, kv_dtype, 0.1)
    for schedule in ATTENTION_PREFILL.space(PROCESSOR, problem):
        if isinstance(schedule, WideSchedule):
            kernel = ATTENTION_PREFILL.kernel(problem, schedule, PROCESSOR)
            assert kernel.shared_bytes == wide_shared_bytes(problem.cache, schedule.tokens * group)
            assert kernel.shared_bytes <= PROCESSOR.shared_bytes


def test_heads_that_are_not_whole_vectors_have_other_schedules() -> None:
    assert fits_wide(PROCESSOR, CacheShape(2, 64, "f16"), 8)
    for head_dim in (2, 12, 60, 1022):
        assert not fits_wide(PROCESSOR, CacheShape(2, head_dim, "f16"), 1)
    assert not fits_wide(Capabilities(), CacheShape(2, 64, "f16"), 8)
    assert not fits_wide(PROCESSOR, CacheShape(2, 1024, "f16"), 64)  # more than shared memory holds
