"""Printer, inliner and interpreter against each other; the other targets' tests are beside their printers."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends.wgsl.printer import WgslBackend
from kernelc.kir import trace as kir_trace
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes import dead, simplify
from kernelc.kir.text import kernel_text
from kernelc.target import Capabilities
from tests.kernels.executors import require, run_interpreter, run_wgpu
from tests.kir.random_kernels import RandomKernel, random_kernel
from tests.kir.tracing import lets

seeds = st.integers(0, 2**32 - 1)
EXAMPLES = settings().max_examples  # of the profile: more at night


def check(seed: int, statements: int) -> None:
    require("wgpu", Capabilities())
    case = random_kernel(random.Random(seed), statements)
    wanted = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    got = run_wgpu(case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])  # floats as numbers: the sign of a zero is the device's
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{WgslBackend().render(case.kernel).text}"


@pytest.mark.gpu
@settings(max_examples=3 * EXAMPLES)
@given(seed=seeds, statements=st.integers(1, 40))
def test_random_kernels_print_what_they_mean(seed: int, statements: int) -> None:
    check(seed, statements)


def unoptimised(seed: int, statements: int) -> RandomKernel:
    """The kernel of a seed with no value shared, nothing folded and nothing left out."""
    with pytest.MonkeyPatch.context() as patch:
        impure = {op: replace(row, pure=False) for op, row in OPERATIONS.items()}
        patch.setattr(kir_trace, "OPERATIONS", impure)
        patch.setattr(dead, "remove", lambda kernel: None)
        patch.setattr(simplify, "binary", lambda tracer, op, type, a, b: tracer.emit(op, type, (a, b)))
        return random_kernel(random.Random(seed), statements)


@settings(max_examples=5 * EXAMPLES)
@given(seed=seeds, statements=st.integers(1, 40))
def test_the_tracers_simplifications_change_nothing(seed: int, statements: int) -> None:
    case, plain = random_kernel(random.Random(seed), statements), unoptimised(seed, statements)
    assert len(lets(plain.kernel)) >= len(lets(case.kernel))
    wanted = run_interpreter(plain.kernel, plain.grid, plain.arrays, plain.params)
    got = run_interpreter(case.kernel, case.grid, case.arrays, case.params)
    for name, array in wanted.items():
        same = np.array_equal(array, got[name])
        assert same, f"{name} differs\n{kernel_text(case.kernel)}\n{kernel_text(plain.kernel)}"


@pytest.mark.gpu
@pytest.mark.nightly
@given(seed=seeds)
def test_large_random_kernels_print_what_they_mean(seed: int) -> None:
    check(seed, 120)
