"""A kernel written down as Python is the same kernel, to the node and in every target's text."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.backends import backend_named
from kernelc.kernels.registry import SPECS
from kernelc.kir.builder import KernelBuilder
from kernelc.kir.listing import NotListed, kernel_listing
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from tests.conformance.tiles import CASES
from tests.kernels.harness import VARIANTS
from tests.kir.random_kernels import random_kernel


def rebuilt(kernel: Kernel) -> Kernel:
    names: dict[str, Any] = {"KernelBuilder": KernelBuilder}
    exec("def make():\n" + textwrap.indent(kernel_listing(kernel), "    "), names)
    make: Callable[[], Kernel] = names["make"]
    return make()


def without_lines(text: str) -> list[str]:
    """A text without the Python lines in its comments."""
    return [re.sub(r"\s*(//|#|;)[^\n]*$", "", line) for line in text.splitlines()]


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_listed_kernel_is_the_same_in_every_text(seed: int, statements: int) -> None:
    kernel = random_kernel(random.Random(seed), statements).kernel
    again = rebuilt(kernel)
    assert without_lines(kernel_text(again)) == without_lines(kernel_text(kernel))
    for target in ("wgsl", "spirv", "c"):
        mine, theirs = (backend_named(target).render(each).text for each in (again, kernel))
        assert without_lines(mine) == without_lines(theirs)


def test_kernels_of_families_are_listed() -> None:
    spec = SPECS["rms_norm"]
    problem = spec.problem_from_json({"width": 96, "eps": 1e-5, "residual": True})
    capabilities = VARIANTS["subgroups-of-32"]
    kernel = spec.kernel(problem, spec.default(capabilities, problem), capabilities)
    assert without_lines(kernel_text(rebuilt(kernel))) == without_lines(kernel_text(kernel))


def test_tiles_are_not_listed() -> None:
    with pytest.raises(NotListed, match="has tiles or stages"):
        kernel_listing(CASES[0].kernel())
