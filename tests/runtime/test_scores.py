"""Scores that are no numbers end an answer with an error, wherever they begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError
from kernelc.kernels.sampling.argmax import ARGMAX, ArgmaxProblem
from kernelc.kernels.sampling.sample import SAMPLE, SampleProblem
from runtime.engine.chooser import SamplingChooser
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import Adjustments
from runtime.engine.sampling import SamplingParams
from tests.runtime.tiny_kernels import REFERENCES, VOCAB, continuation
from tests.runtime.tiny_kernels import logits as toy_logits

PROMPT = [1, 17, 4]


def broken_engine(tiny: Artifact, first: int, score: float) -> Engine:
    """The toy model in numpy, all of whose scores are `score` from position `first` on."""

    def logits(problem: Mapping[str, Any], arrays: dict[str, np.ndarray], params: Mapping[str, Any]) -> None:
        toy_logits(problem, arrays, params)
        if params["past"] + params["seq"] >= first:
            arrays["logits"][...] = score

    return Engine.open(tiny, device="numpy", references={**REFERENCES, "toy_logits": logits})


@pytest.mark.parametrize("score", [np.nan, -np.inf])
@pytest.mark.parametrize("ahead", [1, 4])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_prompt_without_scores_gives_no_token(
    tiny: Artifact, score: float, ahead: int, temperature: float
) -> None:
    with broken_engine(tiny, 0, score) as engine:
        engine.feed(PROMPT)
        sampling = SamplingParams(temperature=temperature, top_k=1, seed=1)
        tokens = engine.generate(1, sampling, ahead=ahead)
        with pytest.raises(DeviceError, match="the model's scores for token 3 are no numbers"):
            next(tokens)


@pytest.mark.parametrize("ahead", [1, 4])
def test_scores_that_are_lost_amid_an_answer_end_it_soon(tiny: Artifact, ahead: int) -> None:
    with broken_engine(tiny, 12, np.nan) as engine:
        engine.feed(PROMPT)
        said: list[int] = []
        with pytest.raises(DeviceError, match="are no numbers"):
            said += [token.id for token in engine.generate(40, ahead=ahead)]
        assert engine.ids == ()  # nothing of the cache is used again
        engine.feed(PROMPT)  # the engine goes on
        assert len(list(engine.generate(1))) == 1


@pytest.mark.parametrize("ahead", [1, 4])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_scores_that_are_lost_are_no_end_where_id_0_is_one(
    tiny: Artifact, ahead: int, temperature: float
) -> None:
    with broken_engine(tiny, 12, np.nan) as engine:
        engine.feed(PROMPT)
        sampling = SamplingParams(temperature=temperature, top_k=1, seed=1)
        with pytest.raises(DeviceError, match="the model's scores for token 12 are no numbers"):
            list(engine.generate(40, sampling, {0}, ahead=ahead))


@pytest.mark.parametrize("ahead", [1, 4])
def test_an_id_of_0_that_ends_an_answer_ends_it(tiny: Artifact, ahead: int) -> None:
    with broken_engine(tiny, 12, 1.5) as engine:
        engine.feed(PROMPT)
        tokens = engine.generate(40, stop_ids={0}, ahead=ahead)
        said = [token.id for token in tokens]
        assert (tokens.finish_reason, tokens.stop_id) == ("stop", 0)
        assert said == continuation(PROMPT, 40)[: len(said)]
        assert len(engine.ids) == len(PROMPT) + len(said)


def test_an_answer_of_zeros_that_were_chosen_goes_on(tiny: Artifact) -> None:
    with broken_engine(tiny, 0, 1.5) as engine:
        engine.feed(PROMPT)
        assert [token.id for token in engine.generate(12)] == [0] * 12


def test_the_host_sees_it_too(tiny: Artifact) -> None:
    with broken_engine(tiny, 0, np.nan) as engine:
        engine.feed(PROMPT)
        choose = SamplingChooser(SamplingParams(seed=1), Adjustments(), prompt_tokens=3, top_logprobs=0)
        with pytest.raises(DeviceError, match="token 3"):
            next(engine.generate(4, choose=choose))


def test_sound_scores_with_one_that_is_none_are_sampled(tiny: Artifact) -> None:
    with Engine.open(tiny, device="numpy", references=REFERENCES) as engine:
        engine.feed(PROMPT)
        assert [token.id for token in engine.generate(20)] == continuation(PROMPT, 20)


@pytest.mark.parametrize("score", [np.nan, -np.nan, -np.inf])
def test_kernels_take_id_0_where_no_score_is_a_number(score: float) -> None:
    """What the check relies on. Kernels are compared with these references elsewhere."""
    logits = np.full(VOCAB, score, np.float32)
    params = {"past": 0, "seq": 1, "seed": 3, "temperature": 0.8, "top_k": 5, "top_p": 0.9, "min_p": 0.1}
    tokens = np.full(2, 7, np.uint32)
    ARGMAX.reference(ArgmaxProblem(VOCAB), {"logits": logits.copy(), "tokens": tokens}, params)
    assert tokens[1] == 0
    tokens = np.full(2, 7, np.uint32)
    SAMPLE.reference(SampleProblem(VOCAB), {"logits": logits.copy(), "tokens": tokens}, params)
    assert tokens[1] == 0
