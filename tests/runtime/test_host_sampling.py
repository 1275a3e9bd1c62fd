"""Sampling on the host is what the kernels' references mean, with the adjustments that they do not know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.sampling.penalty import Penalty, PenaltyProblem
from kernelc.kernels.sampling.sample import Sample, SampleProblem
from runtime.engine.host_sampling import Adjustments, LogprobTable, adjust, draw
from runtime.engine.sampling import SamplingParams

VOCAB = 40
# Few different values, so that there are ties; NaN and infinity, which no model should give.
VALUES = st.sampled_from([-3.0, -0.5, 0.0, 0.25, 1.0, 1.5, 4.0]) | st.floats(-20, 20, width=32)
LOGITS = st.lists(VALUES | st.sampled_from([np.nan, -np.inf]), min_size=VOCAB, max_size=VOCAB)
SAMPLINGS = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.01, 0.7, 1.0, 5.0]),
    top_k=st.sampled_from([0, 1, 3, 39, 40, 100]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.1, 1.0]),
    repetition_penalty=st.sampled_from([0.5, 1.0, 1.3]),
    seed=st.integers(0, 2**32 - 1),
)


def params(sampling: SamplingParams, past: int) -> dict[str, Any]:
    return {**sampling.step_fields(), "past": past, "seq": 1}


@given(LOGITS, SAMPLINGS, st.integers(0, 60))
def test_a_draw_is_the_kernels(values: list[float], sampling: SamplingParams, past: int) -> None:
    logits, tokens = np.array(values, np.float32), np.zeros(past + 2, np.uint32)
    Sample().reference(
        SampleProblem(VOCAB), {"logits": logits.copy(), "tokens": tokens}, params(sampling, past)
    )
    if sampling.temperature == 0:  # of equal logits the lowest id, where the step block would draw one
        logits = np.nan_to_num(logits, nan=-np.inf, neginf=-np.inf)
        assert draw(logits, sampling, past + 1) == logits.argmax()
        assert logits[tokens[past + 1]] == logits.max()
    else:
        assert draw(logits, sampling, past + 1) == tokens[past + 1]


@given(LOGITS, SAMPLINGS, st.lists(st.integers(0, VOCAB + 3), max_size=12))
def test_a_repetition_penalty_is_the_kernels(
    values: list[float], sampling: SamplingParams, before: list[int]
) -> None:
    got, wanted = np.array(values, np.float32), np.array(values, np.float32)
    adjust(got, sampling, Adjustments(), before, {})
    tokens = np.array([*before, 0], np.uint32)
    arrays = {"logits": wanted, "tokens": tokens}
    Penalty().reference(PenaltyProblem(VOCAB), arrays, params(sampling, len(before) - 1))
    np.testing.assert_array_equal(got, wanted)


def test_biases_come_before_penalties_and_those_by_count_last() -> None:
    logits = np.array([1.0, -1.0, 2.0, 0.0], np.float32)
    adjustments = Adjustments({0: -3.0, 3: 1.0, 99: 5.0}, frequency_penalty=0.25, presence_penalty=0.5)
    adjust(logits, SamplingParams(repetition_penalty=2.0), adjustments, [0, 2, 2], {2: 2})
    assert logits.tolist() == [-4.0, -1.0, 0.0, 1.0]
    assert adjustments.any and not Adjustments().any


@given(st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=20))
def test_log_probabilities_are_those_of_the_softmax(values: list[float]) -> None:
    logits = np.array(values, np.float32)
    table, weights = LogprobTable(logits), np.exp(logits.astype(np.float64))
    got = [table.of(token).logprob for token in range(len(values))]
    np.testing.assert_allclose(got, np.log(weights / weights.sum()), rtol=1e-9, atol=1e-9)
    top = table.top(3)
    assert [each.id for each in top] == sorted(range(len(values)), key=lambda token: -logits[token])[:3]
    assert [each.logprob for each in top] == [got[each.id] for each in top]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_without_a_number_draw_some_token(temperature: float) -> None:
    logits = np.full(VOCAB, np.nan, np.float32)
    assert 0 <= draw(logits, SamplingParams(temperature, seed=1), 3) < VOCAB
