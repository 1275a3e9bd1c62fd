"""Short ways to trace a kernel and to run it on the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.nodes import Kernel, Let, Param, walk
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, i32, u32
from kernelc.kir.values import Value

STEP = (Param("seq", u32), Param("past", i32), Param("scale", f32))
PARAMS: dict[str, int | float] = {"seq": 3, "past": -2, "scale": 0.5}


def traced(body: Callable[[Tracer], object], workgroup: int = 8, name: str = "test") -> Kernel:
    """The kernel that `body` traces, not verified; what `body` returns does not matter."""

    def run_body(k: Tracer) -> None:
        body(k)

    return trace(name, run_body, workgroup=workgroup, step=STEP)


def run(
    kernel: Kernel, groups: int = 1, *, subgroup_size: int = 4, **arrays: npt.NDArray[Any]
) -> dict[str, npt.NDArray[Any]]:
    """Interpret a kernel on `groups` workgroups, changing the arrays in place."""
    interpret(kernel, (groups, 1, 1), arrays, PARAMS, subgroup_size=subgroup_size)
    return arrays


def zeros(count: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
    return np.zeros(count, dtype)


def lets(kernel: Kernel) -> list[Value]:
    """All values of a kernel, in order."""
    return [statement.value for statement in walk(kernel.body) if isinstance(statement, Let)]


def operations(kernel: Kernel) -> list[str]:
    return [value.op for value in lets(kernel)]
