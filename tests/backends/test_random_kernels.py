"""Random kernels give on every target what the interpreter says that they mean."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.backends import backend_named
from kernelc.kir.text import kernel_text
from kernelc.target import Capabilities
from kernelc.workshop.reduce import reduced
from kernelc.workshop.repro import kept_sentence
from tests.kernels.executors import EXECUTORS, require, run_interpreter
from tests.kernels.leaving import listed, script_left
from tests.kir.random_kernels import RandomKernel, random_kernel

TARGETS = {"wgpu": "wgsl", "vulkan": "spirv", "opencl": "opencl", "cuda": "cuda", "c": "c"}
assert {"interpreter", *TARGETS} == EXECUTORS.keys()

every_executor = pytest.mark.parametrize(
    "executor",
    [pytest.param(name, marks=pytest.mark.gpu if name == "wgpu" else ()) for name in TARGETS],
)
seeds = st.integers(0, 2**32 - 1)


_LEFT: dict[str, str] = {}
"""By executor, how the first failure in this process is reproduced: that one is made smaller, which takes a
while, and hypothesis fails many times until it is content."""
_REDUCING_SECONDS = 20.0


def check(executor: str, seed: int, statements: int) -> None:
    case = random_kernel(random.Random(seed), statements)
    with script_left(
        f"refused-{executor}", lambda: script_of(executor, case)
    ):  # what a compiler has against it
        name = different(executor, case)
    if name is None:
        return
    printed = backend_named(TARGETS[executor]).render(case.kernel).text
    failure = AssertionError(f"{name} differs\n{kernel_text(case.kernel)}\n{printed}")
    if executor not in _LEFT:
        _LEFT[executor] = left(executor, case)
    failure.add_note(f"a smaller kernel: {_LEFT[executor]}")
    raise failure


def left(executor: str, case: RandomKernel) -> str:
    """Make a failure smaller, write the script that reproduces it, and say which that is."""
    fails = lambda kernel: fails_as(executor, replace(case, kernel=kernel))  # noqa: E731
    small = replace(case, kernel=reduced(case.kernel, fails, seconds=_REDUCING_SECONDS))
    return kept_sentence(script_of(executor, small), f"random-{executor}")


def script_of(executor: str, case: RandomKernel) -> str:
    expected = run_interpreter(case.kernel, case.grid, bound(case), case.params)
    return listed(case.kernel, case.grid, executor, bound(case), case.params, expected)


def bound(case: RandomKernel) -> dict[str, npt.NDArray[Any]]:
    return {each.name: case.arrays[each.name] for each in case.kernel.buffers}


def different(executor: str, case: RandomKernel) -> str | None:
    """The first output that is not what the interpreter gives, if any."""
    wanted = run_interpreter(case.kernel, case.grid, bound(case), case.params)
    got = EXECUTORS[executor](case.kernel, case.grid, bound(case), case.params)
    # floats as numbers: the sign of a zero is the device's
    return next((name for name, array in wanted.items() if not np.array_equal(array, got[name])), None)


def fails_as(executor: str, case: RandomKernel) -> bool:
    """Whether a smaller kernel still differs; what the interpreter refuses is no failure of a printer."""
    try:
        return different(executor, case) is not None
    except Exception:  # whatever a driver says of nonsense
        return False


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
