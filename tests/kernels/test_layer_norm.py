from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.layer_norm import LAYER_NORM, LayerNormProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

problems = st.builds(
    LayerNormProblem,
    width=st.sampled_from([1, 3, 31, 32, 33, 172, 260]),
    eps=st.sampled_from([1e-5, 1e-6]),
    weight=st.booleans(),
    bias=st.booleans(),
    offset=st.sampled_from([0.0, 1.0]),
    rows=st.sampled_from([1, 1, 3]),
    one_position=st.booleans(),
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems, seq=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_layer_norm_equals_its_reference(
    executor: str, variant: str, problem: LayerNormProblem, seq: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(LAYER_NORM.space(capabilities, problem))))
    env = {"seq": seq, "past": 0, "context": 16}
    check_kernel(
        LAYER_NORM,
        problem,
        executor=executor,
        capabilities=capabilities,
        seed=seed,
        env=env,
        schedule=schedule,
    )
