from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.sampling.penalty import PENALTY, PenaltyProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=st.builds(PenaltyProblem, st.sampled_from([1, 2, 5, 64, 300])),
    seq=st.integers(1, 40),
    past=st.integers(0, 60),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_penalty_equals_its_reference(
    executor: str, variant: str, problem: PenaltyProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(PENALTY.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": data.draw(st.integers(seq + past, 128))}
    check_kernel(
        PENALTY, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )


def test_each_id_is_penalised_once_and_only_what_was_fed() -> None:
    tokens = np.array([2, 0, 2, 2, 1, 1], np.uint32)
    logits = np.array([4.0, 4.0, -4.0, 4.0], np.float32)
    params = {"seq": 3, "past": 1, "repetition_penalty": 2.0}
    PENALTY.reference(PenaltyProblem(4), {"tokens": tokens, "logits": logits}, params)
    assert logits.tolist() == [2.0, 4.0, -8.0, 4.0]
