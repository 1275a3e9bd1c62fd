from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

problems = st.builds(
    RmsNormProblem,
    width=st.sampled_from([1, 3, 4, 31, 64, 172, 256, 260]),
    eps=st.sampled_from([1e-5, 1e-6]),
    residual=st.booleans(),
    weight=st.booleans(),
    offset=st.sampled_from([0.0, 1.0]),
    rows=st.sampled_from([1, 1, 3]),
    one_position=st.booleans(),
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems, seq=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_rms_norm_equals_its_reference(
    executor: str, variant: str, problem: RmsNormProblem, seq: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(RMS_NORM.space(capabilities, problem))))
    env = {"seq": seq, "past": 0, "context": 16}
    check_kernel(
        RMS_NORM, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )
