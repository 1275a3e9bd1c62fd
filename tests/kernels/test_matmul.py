from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.kernels.linear import LinearProblem
from kernelc.kernels.matmul import MATMUL
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import problems

# 1, tile-1, tile, tile+1 of the smaller tiles
row_counts = st.sampled_from([1, 7, 8, 9, 17, 33])


@pytest.mark.parametrize("variant", ["baseline", "f16-subgroups", "tiles"])
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=problems(decode=False),
    seq=row_counts,
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matmul_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATMUL.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": past + seq}
    check_kernel(
        MATMUL, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )
