"""Rotary embedding and cache writes as kernels of their own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.ops import OPS
from kernelc.ir.rotary import Rotary
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.rotate_and_append import CACHE_APPEND, ROPE, CacheAppendProblem, RopeProblem
from tests.kernels.attention_problems import SEEDS
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

BASELINE = VARIANTS["baseline"]


@st.composite
def rotaries(draw: st.DrawFn, head_dim: int) -> Rotary:
    """Every scaling, with original lengths on both sides of what the test feeds."""
    dim = draw(st.integers(1, head_dim // 2)) * 2
    positive = st.floats(1.0, 32.0, width=32)
    lists = st.tuples(*[positive] * (dim // 2))
    original = draw(st.sampled_from([4, 9, 4096]))
    kinds = [
        Rotary(dim, 10_000.0),
        Rotary(dim, 500_000.0, "linear", factor=4.0),
        Rotary(dim, 500_000.0, "llama3", factor=8.0, low=1.0, high=4.0, original=original),
        Rotary(dim, 10_000.0, "yarn", factor=4.0, low=0.5, high=dim / 2, original=original, attention=1.14),
        Rotary(
            dim, 10_000.0, "longrope", original=original, attention=1.2, short=draw(lists), long=draw(lists)
        ),
    ]
    if dim > 2:
        kinds.append(Rotary(dim, 10_000.0, "dynamic", factor=2.0, original=original))
    return draw(st.sampled_from(kinds))


@st.composite
def rope_problems(draw: st.DrawFn) -> RopeProblem:
    head_dim = draw(st.sampled_from([2, 3, 6, 7, 16, 20, 33, 64]))
    return RopeProblem(draw(st.integers(1, 3)), head_dim, draw(rotaries(head_dim)), draw(st.booleans()))


NUMBERS = st.sampled_from(["f16", "f32"])
RINGS = st.sampled_from([0, 5, 7])  # rows, at least those of a step
append_problems = st.builds(
    CacheAppendProblem,
    st.builds(CacheShape, st.integers(1, 3), st.sampled_from([2, 6, 16, 66]), NUMBERS, RINGS),
    st.booleans(),
)


@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=rope_problems(), seq=st.integers(1, 5), past=st.integers(0, 9), seed=SEEDS, data=st.data())
def test_rope_equals_its_reference(
    executor: str, problem: RopeProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    schedule = data.draw(st.sampled_from(list(ROPE.space(BASELINE, problem))))
    env = {"seq": seq, "past": past, "context": seq + past}
    check_kernel(
        ROPE, problem, executor=executor, capabilities=BASELINE, seed=seed, env=env, schedule=schedule
    )


@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=append_problems, seq=st.integers(1, 5), past=st.integers(0, 9), seed=SEEDS, data=st.data())
def test_cache_append_equals_its_reference(
    executor: str, problem: CacheAppendProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    schedule = data.draw(st.sampled_from(list(CACHE_APPEND.space(BASELINE, problem))))
    env = {"seq": seq, "past": past, "context": seq + past + 2}
    check_kernel(
        CACHE_APPEND, problem, executor=executor, capabilities=BASELINE, seed=seed, env=env, schedule=schedule
    )


@given(problem=rope_problems())
def test_rope_problems_survive_json(problem: RopeProblem) -> None:
    assert ROPE.problem_from_json(json.loads(json.dumps(ROPE.problem_json(problem)))) == problem


@given(problem=append_problems)
def test_append_problems_survive_json(problem: CacheAppendProblem) -> None:
    stored = json.loads(json.dumps(CACHE_APPEND.problem_json(problem)))
    assert CACHE_APPEND.problem_from_json(stored) == problem


def test_kernel_and_operation_rotate_alike() -> None:
    attrs = {"theta": 10_000.0, "rotary_dim": 6, "scaling": "dynamic", "factor": 2.0}
    attrs |= {"original_max_position_embeddings": 4}
    x = np.random.default_rng(2).normal(size=(5, 2, 7)).astype(np.float32)
    (wanted,) = OPS["rope"].reference({"x": x}, {**attrs, "past": 3})
    arrays = {"x": x.reshape(-1), "out": np.zeros(x.size, np.float32)}
    ROPE.reference(RopeProblem(2, 7, Rotary.of(attrs)), arrays, {"seq": 5, "past": 3})
    assert np.allclose(arrays["out"].reshape(x.shape), wanted, atol=2e-6)


@pytest.mark.parametrize("past", [4, 23])
@pytest.mark.parametrize("ring", [0, 5])
@pytest.mark.parametrize("dtype", ["f16", "f32"])
def test_kernel_and_operation_append_alike(dtype: str, ring: int, past: int) -> None:
    rng, shape = np.random.default_rng(2), CacheShape(2, 6, dtype, ring)
    x = rng.normal(size=(3, 2, 6)).astype(np.float32)
    arrays = shape.random(rng, "cache", {"context": 30}, (0, 0)) | {"x": x.reshape(-1, 2)}
    before = shape.numbers(arrays, "cache")
    (wanted,) = OPS["cache_append"].reference({"cache": before, "x": x}, {"past": past})
    CACHE_APPEND.reference(CacheAppendProblem(shape), arrays, {"seq": 3, "past": past})
    assert np.array_equal(shape.numbers(arrays, "cache"), wanted)
