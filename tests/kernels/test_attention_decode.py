from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.kernels.attention_decode import ATTENTION_DECODE, AttentionDecodeProblem
from kernelc.kernels.attention_reduce import ATTENTION_REDUCE, AttentionReduceProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel


@st.composite
def decode_problems(draw: st.DrawFn) -> AttentionDecodeProblem:
    kv_heads = draw(st.integers(1, 3))
    group = draw(st.sampled_from([1, 2, 3, 4, 5, 8]))
    head_dim = draw(st.sampled_from([2, 6, 8, 16, 20, 32, 64]))
    kv_dtype = draw(st.sampled_from(["f16", "f32"]))
    split = draw(st.sampled_from([0, 1, 7, 32, 33]))
    return AttentionDecodeProblem(kv_heads * group, kv_heads, head_dim, kv_dtype, head_dim**-0.5, split)


@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=decode_problems(), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_decode_equals_its_reference(
    executor: str, problem: AttentionDecodeProblem, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS["baseline"]
    schedule = data.draw(st.sampled_from(list(ATTENTION_DECODE.space(capabilities, problem))))
    tile = schedule.tile
    past = data.draw(st.sampled_from([0, 1, tile - 2, tile - 1, tile, 2 * tile - 1]))
    spare = data.draw(st.sampled_from([0, 1, 40]))
    env = {"seq": 1, "past": past, "context": past + 1 + spare}
    check_kernel(ATTENTION_DECODE, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule)


@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    heads=st.integers(1, 5),
    head_dim=st.sampled_from([2, 6, 8, 20, 64]),
    split=st.sampled_from([1, 2, 5, 64]),
    last=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_reduce_equals_its_reference(
    executor: str, heads: int, head_dim: int, split: int, last: bool, seed: int, data: st.DataObject
) -> None:
    capabilities, problem = VARIANTS["baseline"], AttentionReduceProblem(heads, head_dim, split)
    schedule = data.draw(st.sampled_from(list(ATTENTION_REDUCE.space(capabilities, problem))))
    streams = schedule.streams
    splits = data.draw(st.sampled_from([1, 2, streams - 1, streams, streams + 1, 4 * streams, 4 * streams + 1]))
    env = {"seq": 1, "past": splits * split - 1 if last else (splits - 1) * split, "context": (splits + 3) * split}
    check_kernel(
        ATTENTION_REDUCE, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )
