from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.kernels.sampling.sample import SAMPLE, SampleProblem, kept_reference, scores_reference
from kernelc.kernels.sampling.threshold import SampleSchedule
from tests.kernels import harness
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import check_kernel

VOCABS = [1, 2, 4, 31, 64, 257, 512, 1000, 1028, 3000]
RUNS = 4
PLAIN = {"seq": 1, "past": 0, "seed": 1, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}

DEVICES = [name for name in EXECUTORS if name != "interpreter"]
# The kernel has no 16-bit floats: variants that differ in them alone are the same kernel.
VARIANTS = {name: variant for name, variant in harness.VARIANTS.items() if not name.startswith("f16")}


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=max(1, settings().max_examples // 5))
@given(
    vocab=st.sampled_from(VOCABS),
    seq=st.integers(1, 3),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_sample_equals_its_reference(
    variant: str, vocab: int, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities, problem = VARIANTS[variant], SampleProblem(vocab)
    schedule = data.draw(st.sampled_from(list(SAMPLE.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": data.draw(st.integers(seq + past, 16))}
    check(problem, "interpreter", variant, schedule, seed, env)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("executor", "vocab", "slots", "steps"),
    [
        pytest.param("wgpu", 31, 10, 20, marks=pytest.mark.nightly),
        ("wgpu", 1028, 2, 16),
        *((device, 1028, 10, 6) for device in DEVICES),
    ],
)
def test_sample_on_a_device_equals_its_reference(
    executor: str, vocab: int, slots: int, steps: int, variant: str
) -> None:
    """Compiling the kernel takes a driver longer than running it: few kernels, on many inputs."""
    schedule = SampleSchedule(64, 2, slots, 2, VARIANTS[variant].subgroups)
    for past in range(steps):
        env = {"seq": 1, "past": past, "context": steps + 2}
        check(SampleProblem(vocab), executor, variant, schedule, past, env)


@pytest.mark.nightly
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("vocab", [512, 32000, 32001, 128256])
def test_sample_of_real_vocabularies(vocab: int, variant: str) -> None:
    capabilities, problem = VARIANTS[variant], SampleProblem(vocab)
    for seed, schedule in enumerate(list(SAMPLE.space(capabilities, problem))[::5]):
        check(problem, "wgpu", variant, schedule, seed, {"seq": 1, "past": seed, "context": 128})


def check(
    problem: SampleProblem,
    executor: str,
    variant: str,
    schedule: SampleSchedule,
    seed: int,
    env: dict[str, int],
) -> None:
    for run in range(RUNS):
        check_kernel(
            SAMPLE,
            problem,
            executor=executor,
            capabilities=VARIANTS[variant],
            seed=seed * RUNS + run,
            env=env,
            schedule=schedule,
        )


def hugging_face(logits: npt.NDArray[Any], params: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """What is kept according to Hugging Face's warpers, as their code has it: sort, cumulate, mask."""
    scores = logits.astype(np.float64) / params["temperature"]
    if params["top_k"]:
        scores = np.where(scores < np.sort(scores)[-min(params["top_k"], scores.size)], -np.inf, scores)
    if params["top_p"] < 1:
        ascending = np.argsort(scores, kind="stable")
        cumulative = np.cumsum(softmax(scores[ascending]))
        removed = cumulative <= 1 - params["top_p"]
        removed[-1:] = False
        scores[ascending[removed]] = -np.inf
    probabilities = softmax(scores)
    return np.isfinite(scores) & (probabilities >= params["min_p"] * probabilities.max())


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


@settings(max_examples=200)
@given(
    seed=st.integers(0, 2**32 - 1),
    vocab=st.integers(1, 50),
    temperature=st.floats(0.1, 5),
    top_k=st.integers(0, 60),
    top_p=st.floats(0.01, 1.2),
    min_p=st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.99]),
)
def test_reference_keeps_what_hugging_face_keeps(
    seed: int, vocab: int, temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    logits = np.random.default_rng(seed).normal(size=vocab).astype(np.float32) * 3
    params = {**PLAIN, "temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
    wanted = hugging_face(logits, params)
    surely, perhaps = (kept_reference(logits, params, slack) for slack in (-1e-6, 1e-6))
    assert np.all(surely <= wanted)
    assert np.all(wanted <= perhaps)


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"top_k": 1}, [0, 1]),
        ({"top_k": 3}, [0, 1, 2, 3]),
        ({"top_k": 4}, [0, 1, 2, 3]),
        ({"top_k": 6}, [0, 1, 2, 3, 4, 5]),
        ({"top_k": 99}, [0, 1, 2, 3, 4, 5]),
        ({"top_p": 0.1}, [0, 1]),
        ({"top_k": 1, "top_p": 0.9}, [0, 1]),
        ({"min_p": 1.0}, [0, 1]),
        ({"min_p": 0.36}, [0, 1, 2, 3]),
        ({"min_p": 0.37}, [0, 1]),
        ({"temperature": 0.0, "top_k": 4, "min_p": 0.1}, [0, 1]),
    ],
)
def test_equal_logits_stay_together(params: dict[str, Any], kept: list[int]) -> None:
    logits = np.array([2, 2, 1, 1, 0, -np.inf], np.float32)
    assert np.flatnonzero(kept_reference(logits, {**PLAIN, **params})).tolist() == kept


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"temperature": 0.6},
        {"top_k": 4},
        {"top_p": 0.8},
        {"min_p": 0.1},
        {"top_k": 6, "top_p": 0.9, "min_p": 0.05},
    ],
)
@pytest.mark.parametrize("along", ["positions", "seeds"])
def test_draws_follow_the_distribution(params: dict[str, Any], along: str) -> None:
    """Chi-square of ten tokens: with 9 degrees of freedom above 33.7 once in 10,000."""
    step = {**PLAIN, **params}
    logits = np.random.default_rng(7).normal(size=10).astype(np.float32) * 1.5
    kept = kept_reference(logits, step)
    expected = softmax(np.where(kept, logits / step["temperature"], -np.inf))
    draws = np.arange(20000, dtype=np.uint32)[:, None]
    seeds, positions = (draws, 11) if along == "seeds" else (42, draws)
    scores = scores_reference(logits, step["temperature"], seeds, positions)
    seen = np.bincount(np.argmax(np.where(kept, scores, -np.inf), axis=1), minlength=10)
    assert np.all(seen[~kept] == 0)
    wanted = expected[kept] * len(draws)
    assert ((seen[kept] - wanted) ** 2 / wanted).sum() < 33.7


@pytest.mark.parametrize("params", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}])
def test_what_keeps_only_the_greatest_is_greedy(params: dict[str, Any]) -> None:
    logits = np.random.default_rng(1).normal(size=99).astype(np.float32)
    tokens = np.zeros(4, np.uint32)
    SAMPLE.reference(SampleProblem(99), {"logits": logits, "tokens": tokens}, {**PLAIN, **params, "past": 2})
    assert tokens[3] == np.argmax(logits)


def test_a_near_tie_is_not_any_other_token() -> None:
    logits = np.array([1.0, 3.0, 2.0, -9.0], np.float32)
    inputs = {"logits": logits, "tokens": np.zeros(4, np.uint32)}
    params = {**PLAIN, "top_k": 3}
    wanted = {name: array.copy() for name, array in inputs.items()}
    SAMPLE.reference(SampleProblem(4), wanted, params)
    right = int(wanted["tokens"][1])
    accepted: list[int] = []
    for token in range(6):
        got = {**wanted, "tokens": np.array([0, token, 0, 0], np.uint32)}
        if SAMPLE.near_tie(SampleProblem(4), inputs, params, got, wanted):
            accepted.append(token)
    assert accepted == [right]
    elsewhere = {**wanted, "tokens": np.array([1, right, 0, 0], np.uint32)}
    assert not SAMPLE.near_tie(SampleProblem(4), inputs, params, elsewhere, wanted)
