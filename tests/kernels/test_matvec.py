from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import LONGEST_STEP, problems


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems(decode=True), past=st.integers(0, 9), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_matvec_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATVEC.space(capabilities, problem))))
    past += data.draw(st.sampled_from([0, LONGEST_STEP]))  # round a ring
    seq = data.draw(st.integers(1, 4)) if problem.last_row else 1
    env = {"seq": seq, "past": past, "context": past + 7}
    check_kernel(
        MATVEC, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )
