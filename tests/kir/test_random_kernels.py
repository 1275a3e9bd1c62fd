"""Random kernels mean the same however the tracer simplifies them; what targets print is tests/backends'."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.kir import trace as kir_trace
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes import dead, simplify
from kernelc.kir.text import kernel_text
from tests.kernels.executors import run_interpreter
from tests.kir.random_kernels import RandomKernel, random_kernel
from tests.kir.tracing import lets

seeds = st.integers(0, 2**32 - 1)
EXAMPLES = settings().max_examples  # of the profile: more at night


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
