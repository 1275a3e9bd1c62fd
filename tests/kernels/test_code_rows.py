from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.linear.int8.code_rows import CODE_ROWS, CodeRowsProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import DOT4, VARIANTS, check_kernel

_VARIANTS = {**VARIANTS, "dot4": DOT4}


@st.composite
def problems(draw: st.DrawFn) -> CodeRowsProblem:
    cols, terms = draw(st.sampled_from([1, 31, 32, 36, 64, 352, 2080])), draw(st.integers(1, 2))
    last, one = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    return CodeRowsProblem(cols, terms, draw(st.booleans()), last, one)


@pytest.mark.parametrize("variant", _VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems(), seq=st.integers(1, 4), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_code_rows_equals_its_reference(
    executor: str, variant: str, problem: CodeRowsProblem, seq: int, seed: int, data: st.DataObject
) -> None:
    capabilities = _VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(CODE_ROWS.space(capabilities, problem))))
    env = {"seq": 1 if problem.one_row else seq, "past": 0, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(CODE_ROWS, problem, **device, seed=seed, env=env, schedule=schedule)
