"""Control flow, registers, memory, positions and subgroups, on every executor."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import u32
from kernelc.target import Capabilities
from tests.conformance.statements import ALL, CASES, GRID, PARAMS, STEP, THREADS, StatementCase
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.leaving import listed, script_left


def kernel_of(case: StatementCase) -> Kernel:
    def body(k: Tracer) -> None:
        x, out = k.input("x", u32), k.output("out", u32)
        group = k.workgroup_id(0) + k.workgroup_id(1) * GRID[0] + k.workgroup_id(2) * (GRID[0] * GRID[1])
        case.body(k, x, out, group * THREADS + k.local_id)

    return verify(trace(case.name, body, workgroup=THREADS, step=STEP))


NO_SHARING = {"wgpu": "WGSL", "opencl": "core OpenCL C"}  # between workgroups


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_statement(executor: str, case: StatementCase) -> None:
    kernel = kernel_of(case)
    needs = Capabilities(f16="f16" in kernel.features(), subgroups="subgroups" in kernel.features())
    assert needs.subgroups == ("subgroups" in case.features)
    require(executor, needs)
    if executor in NO_SHARING and (kernel.fences or "atomic_add" in kernel.operations):
        pytest.skip(f"{NO_SHARING[executor]} is printed without fences and atomic operations")
    arrays = {"x": ALL, "out": np.full(len(ALL), 0xFFFFFFFF, np.uint32)}
    got = EXECUTORS[executor](kernel, GRID, arrays, PARAMS)["out"]
    made = partial(listed, kernel, GRID, executor, arrays, PARAMS, {"out": case.wanted(got)})
    with script_left(f"{kernel.name}-{executor}", made):
        np.testing.assert_array_equal(got, case.wanted(got))
