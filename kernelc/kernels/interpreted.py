"""The kernels of all families in the interpreter, in the place of their numpy references.

With KERNELC_INTERPRET=1 the numpy device runs these: what a kernel's own code computes, with the checks of
the interpreter, and with what `k.print` and `k.breakpoint` show of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.errors import WorkFailed
from kernelc.ir.dim import evaluate
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.interpreter.bound import ExecutionError
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.nodes import Kernel
from kernelc.target import Capabilities

_CAPABILITIES = Capabilities()
"""What any device has: the plainest of a family's schedules."""


def interpret_family(
    spec: KernelSpec[Any, Any],
    problem: Any,
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
) -> None:
    """Run a family's kernel for a problem on `arrays`, which it changes, as `KernelSpec.reference` does.

    Raises: WorkFailed for what the interpreter refuses, with the kernel's line.
    """
    schedule = spec.default(_CAPABILITIES, problem)
    kernel = _traced(spec, problem, schedule)
    env = {"seq": int(params["seq"]), "past": int(params["past"])}
    env["context"] = env["seq"] + env["past"]
    x, y, z = (evaluate(extent, env) for extent in spec.grid(problem, schedule))
    views = {
        each.name: each.type.view(np.ascontiguousarray(arrays[each.name]).reshape(-1).view(np.uint8))
        for each in kernel.buffers
    }
    try:
        interpret(kernel, (x, y, z), views, params)
    except ExecutionError as error:
        raise WorkFailed(str(error)) from error


@lru_cache(maxsize=64)
def _traced(spec: KernelSpec[Any, Any], problem: Any, schedule: Any) -> Kernel:
    return spec.kernel(problem, schedule, _CAPABILITIES)
