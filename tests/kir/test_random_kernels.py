"""Printer, inliner and interpreter against each other: random kernels give the same everywhere."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends.wgsl.printer import WgslBackend
from kernelc.kir.text import kernel_text
from tests.kernels.executors import run_interpreter, run_wgpu
from tests.kir.random_kernels import random_kernel

seeds = st.integers(0, 2**32 - 1)


def check(seed: int, statements: int) -> None:
    case = random_kernel(random.Random(seed), statements)
    wanted = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    got = run_wgpu(case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])  # floats as numbers: the sign of a zero is the device's
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{WgslBackend().render(case.kernel).text}"


@pytest.mark.gpu
@settings(max_examples=60)
@given(seed=seeds, statements=st.integers(1, 40))
def test_random_kernels_print_what_they_mean(seed: int, statements: int) -> None:
    check(seed, statements)


@pytest.mark.gpu
@pytest.mark.nightly
@given(seed=seeds)
def test_large_random_kernels_print_what_they_mean(seed: int) -> None:
    check(seed, 120)
