"""The write of rows to caches of codes, which must give the same bytes everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.ir.ops import OPS
from kernelc.kernels.attention.append_codes import APPEND_CODES, AppendCodesProblem, AppendCodesSchedule
from kernelc.kernels.attention.cache import CacheShape, scales_of
from tests.kernels.attention_problems import SEEDS
from tests.kernels.executors import EXECUTORS, WIDE_EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

BASELINE, PROCESSOR = VARIANTS["baseline"], VARIANTS["processor"]
RINGS = st.sampled_from([0, 5, 7])  # rows, at least those of a step
# A word, less and more than an invocation keeps in registers, and numbers that no team divides.
HEADS = st.sampled_from([4, 16, 20, 32, 64, 80, 128, 136])
problems = st.builds(
    AppendCodesProblem,
    st.builds(CacheShape, st.integers(1, 3), HEADS, st.just("q8"), RINGS),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems, seq=st.integers(1, 5), past=st.integers(0, 9), seed=SEEDS, data=st.data())
def test_append_equals_its_reference(
    executor: str, problem: AppendCodesProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    check(executor, "baseline", problem, seq, past, seed, data)


@pytest.mark.parametrize("executor", WIDE_EXECUTORS)
@given(problem=problems, seq=st.integers(1, 5), past=st.integers(0, 9), seed=SEEDS, data=st.data())
def test_append_on_processors_equals_its_reference(
    executor: str, problem: AppendCodesProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    assert APPEND_CODES.default(PROCESSOR, problem) == AppendCodesSchedule(1, 1)
    check(executor, "processor", problem, seq, past, seed, data)


def check(
    executor: str,
    variant: str,
    problem: AppendCodesProblem,
    seq: int,
    past: int,
    seed: int,
    data: st.DataObject,
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(APPEND_CODES.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": seq + past + 2}
    check_kernel(
        APPEND_CODES,
        problem,
        executor=executor,
        capabilities=capabilities,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@given(problem=problems)
def test_problems_survive_json(problem: AppendCodesProblem) -> None:
    stored = json.loads(json.dumps(APPEND_CODES.problem_json(problem)))
    assert APPEND_CODES.problem_from_json(stored) == problem


def test_caches_of_numbers_and_heads_that_are_no_words_are_refused() -> None:
    shape = CacheShape(2, 8, "q8")
    with pytest.raises(ShapeError, match="a cache of codes"):
        AppendCodesProblem(replace(shape, kv_dtype="f16"))
    with pytest.raises(ShapeError, match="a head_dim that 4 divides"):
        replace(shape, head_dim=6)


@pytest.mark.parametrize("past", [4, 23])
@pytest.mark.parametrize("ring", [0, 5])
def test_kernel_and_operation_append_alike(ring: int, past: int) -> None:
    rng, shape = np.random.default_rng(2), CacheShape(2, 8, "q8", ring)
    x = rng.normal(size=(3, 2, 8)).astype(np.float32)
    arrays = shape.random(rng, "cache", {"context": 30}, (0, 0)) | {"x": x.reshape(-1, 4)}
    before = shape.numbers(arrays, "cache")
    (wanted,) = OPS["cache_append"].reference({"cache": before, "x": x}, {"past": past, "stored": "q8"})
    APPEND_CODES.reference(AppendCodesProblem(shape), arrays, {"seq": 3, "past": past})
    assert np.array_equal(shape.numbers(arrays, "cache"), wanted)


def test_scales_have_a_binding_of_their_own() -> None:
    names = [binding.name for binding in CacheShape(2, 8, "q8").bindings("k_cache")]
    assert names == ["k_cache", scales_of("k_cache")] == ["k_cache", "k_scales"]
    assert CacheShape(2, 8, "q8").row_bytes == 2 * (8 + 4)
