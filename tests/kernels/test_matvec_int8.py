from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.linear import LinearProblem
from kernelc.kernels.matvec_int8 import FORMATS_WITH_CODES, MATVEC_INT8
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import DOT4, VARIANTS, check_kernel
from tests.kernels.linear_problems import problems

_VARIANTS = {**VARIANTS, "dot4": DOT4}


@pytest.mark.parametrize("variant", _VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=problems(decode=True, formats=FORMATS_WITH_CODES),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matvec_int8_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = _VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATVEC_INT8.space(capabilities, problem))))
    env = {"seq": data.draw(st.integers(1, 4)) if problem.last_row else 1, "past": past, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATVEC_INT8, problem, **device, seed=seed, env=env, schedule=schedule)
