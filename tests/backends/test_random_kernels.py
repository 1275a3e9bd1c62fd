"""Random kernels give on every target what the interpreter says that they mean."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends import backend_named
from kernelc.kir.text import kernel_text
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require, run_interpreter
from tests.kir.random_kernels import random_kernel

TARGETS = {"wgpu": "wgsl", "vulkan": "spirv", "opencl": "opencl", "cuda": "cuda", "c": "c"}
assert {"interpreter", *TARGETS} == EXECUTORS.keys()

every_executor = pytest.mark.parametrize(
    "executor",
    [pytest.param(name, marks=pytest.mark.gpu if name == "wgpu" else ()) for name in TARGETS],
)
seeds = st.integers(0, 2**32 - 1)


def check(executor: str, seed: int, statements: int) -> None:
    case = random_kernel(random.Random(seed), statements)
    wanted = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    got = EXECUTORS[executor](case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])  # floats as numbers: the sign of a zero is the device's
        printed = backend_named(TARGETS[executor]).render(case.kernel).text
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{printed}"


@every_executor
@settings(max_examples=2 * settings().max_examples)
@given(seed=seeds, statements=st.integers(1, 40))
def test_random_kernels_print_what_they_mean(executor: str, seed: int, statements: int) -> None:
    require(executor, Capabilities())
    check(executor, seed, statements)


@pytest.mark.nightly
@every_executor
@given(seed=seeds)
def test_large_random_kernels_print_what_they_mean(executor: str, seed: int) -> None:
    require(executor, Capabilities())
    check(executor, seed, 120)
