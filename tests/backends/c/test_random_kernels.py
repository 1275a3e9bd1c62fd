"""Random kernels give on the processor what the interpreter gives."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends.c.printer import CBackend
from kernelc.kir.text import kernel_text
from kernelc.target import Capabilities
from tests.kernels.c_runner import run_c
from tests.kernels.executors import require, run_interpreter
from tests.kir.random_kernels import random_kernel

seeds = st.integers(0, 2**32 - 1)


def check(seed: int, statements: int) -> None:
    require("c", Capabilities())
    case = random_kernel(random.Random(seed), statements)
    wanted = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    got = run_c(case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{CBackend().render(case.kernel).text}"


@settings(max_examples=20)
@given(seed=seeds, statements=st.integers(1, 40))
def test_random_kernels_print_what_they_mean(seed: int, statements: int) -> None:
    check(seed, statements)


@pytest.mark.nightly
@given(seed=seeds)
def test_large_random_kernels_print_what_they_mean(seed: int) -> None:
    check(seed, 120)
