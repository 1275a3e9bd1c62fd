from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.sampling.mask import MASK, MaskProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=st.builds(MaskProblem, st.sampled_from([1, 3, 4, 31, 32, 33, 300, 1027, 2052])),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_a_mask_equals_its_reference(
    executor: str, variant: str, problem: MaskProblem, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MASK.space(capabilities, problem))))
    env = {"seq": 1, "past": 3, "context": 8}
    check_kernel(
        MASK, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )


def test_what_is_allowed_stays_above_what_is_not() -> None:
    logits = np.array([1.5, np.nan, -np.inf, -np.inf, np.inf, 2.5], np.float32)
    arrays = {"mask": np.array([0b010111], np.uint32), "logits": logits.view(np.uint32)}
    MASK.reference(MaskProblem(6), arrays, {})
    assert logits[0] == 1.5 and np.isnan(logits[1])
    assert logits[2] == np.finfo(np.float32).min
    assert (logits[[3, 5]] == -np.inf).all() and logits[4] == np.inf
