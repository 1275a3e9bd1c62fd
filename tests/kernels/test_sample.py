from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.kernels.sample import SAMPLE, SampleProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

problems = st.builds(SampleProblem, st.sampled_from([1, 2, 4, 31, 64, 257, 512, 1000, 1028, 3000]))

# Compiling the kernel takes a driver longer than running it: each example runs on several inputs.
EXAMPLES = max(1, settings.default.max_examples // 5)
RUNS = 6


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@settings(max_examples=EXAMPLES)
@given(
    problem=problems,
    seq=st.integers(1, 3),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_sample_equals_its_reference(
    executor: str, variant: str, problem: SampleProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(SAMPLE.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": data.draw(st.integers(seq + past, 16))}
    for run in range(RUNS):
        check_kernel(
            SAMPLE,
            problem,
            executor=executor,
            capabilities=capabilities,
            seed=seed + run,
            env=env,
            schedule=schedule,
        )
