"""What a failing test leaves behind: a script that reproduces the failure, and a note that names it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt

from kernelc.kir.listing import NotListed
from kernelc.kir.nodes import Kernel
from kernelc.workshop.repro import Run, family_script, kept_sentence, nodes_script

Arrays = Mapping[str, npt.NDArray[Any]]
DEVICES = {"interpreter": "numpy", "c": "cpu"}
"""Executors of the tests that `kernelc.workshop` calls otherwise."""


@contextmanager
def script_left(name: str, make: Callable[[], str]) -> Generator[None]:
    """Add to what fails inside, an assertion or a device that refuses, which script reproduces it. `make` is
    called then alone."""
    try:
        yield
    except Exception as error:
        try:
            error.add_note(kept_sentence(make(), name))
        except NotListed as reason:
            error.add_note(f"no script reproduces it: {reason}")
        raise


def device_of(executor: str) -> str:
    return DEVICES.get(executor, executor)


def listed(
    kernel: Kernel,
    grid: tuple[int, int, int],
    executor: str,
    arrays: Arrays,
    params: Mapping[str, int | float],
    expected: Arrays,
    near: tuple[float, float] = (0.0, 0.0),
) -> str:
    """The script for a kernel of no family."""
    run = Run(arrays, params, expected, device_of(executor), {})
    return nodes_script(kernel, grid, run, near)


def of_family(
    spec: Any, problem: Any, schedule: Any, capabilities: Any, kernel: Kernel, grid: Any, run: Run
) -> str:
    """The script for a family's kernel: with its nodes, where the family does not list the schedule."""
    if schedule in list(spec.space(capabilities, problem)):
        return family_script(spec, problem, schedule, capabilities, run)
    tolerance = spec.tolerance_with(problem, kernel.features())
    return nodes_script(kernel, grid, run, (tolerance.relative, tolerance.absolute))
