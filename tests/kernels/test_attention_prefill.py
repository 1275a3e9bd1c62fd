from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.attention_prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel


@st.composite
def prefill_problems(draw: st.DrawFn) -> AttentionPrefillProblem:
    kv_heads = draw(st.integers(1, 2))
    group = draw(st.sampled_from([1, 2, 3]))
    head_dim = draw(st.sampled_from([2, 6, 8, 16, 20, 32, 64]))
    kv_dtype = draw(st.sampled_from(["f16", "f32"]))
    return AttentionPrefillProblem(kv_heads * group, kv_heads, head_dim, kv_dtype, head_dim**-0.5)


@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=prefill_problems(), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_prefill_equals_its_reference(
    executor: str, problem: AttentionPrefillProblem, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS["baseline"]
    schedule = data.draw(st.sampled_from(list(ATTENTION_PREFILL.space(capabilities, problem))))
    rows, tile = schedule.rows, schedule.tile(problem.head_dim)
    seq = data.draw(st.sampled_from([1, rows - 1, rows, rows + 1, 2 * rows]))
    past = data.draw(st.sampled_from([0, 1, tile - 1, tile, tile + 1, max(0, 2 * tile - seq)]))
    env = {"seq": seq, "past": past, "context": past + seq + data.draw(st.sampled_from([0, 1, 40]))}
    check_kernel(
        ATTENTION_PREFILL, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )
