"""Random kernels give on Vulkan what the interpreter says they mean."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.kir.text import kernel_text
from kernelc.target import Capabilities
from tests.kernels.executors import require, run_interpreter
from tests.kernels.vulkan_runner import run_vulkan
from tests.kir.random_kernels import random_kernel


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), statements=st.integers(1, 40))
def test_random_kernels_print_what_they_mean(seed: int, statements: int) -> None:
    require("vulkan", Capabilities())
    case = random_kernel(random.Random(seed), statements)
    wanted = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    got = run_vulkan(case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])  # floats as numbers: the sign of a zero is the device's
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{SpirvBackend().render(case.kernel).text}"
