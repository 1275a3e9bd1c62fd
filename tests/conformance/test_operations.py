"""Every operation on every type, on every executor."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

from kernelc.kir.nodes import Kernel
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.target import Capabilities
from tests.conformance import halves, mma, statements, tiles
from tests.conformance.arithmetic import ARITHMETIC
from tests.conformance.cases import EXACT, Case
from tests.conformance.vectors import VECTORS
from tests.kernels import opencl_runner
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.leaving import listed, script_left

THREADS = 8
CASES = tuple(case for family in (*ARITHMETIC, *VECTORS) for case in family())


def kernel_of(case: Case) -> Kernel:
    """One element an invocation."""

    def body(k: Tracer) -> None:
        inputs = [k.input(f"in{at}", type) for at, (type, _) in enumerate(case.inputs)]
        out = k.output("out", case.result)
        i = k.workgroup_id(0) * THREADS + k.local_id
        out[i] = case.body(*(array[i] for array in inputs))

    return verify(trace(re.sub(r"\W", "_", case.id), body, workgroup=THREADS))


opencl_runner.announce(lambda: map(kernel_of, CASES))


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_operation(executor: str, case: Case) -> None:
    kernel = kernel_of(case)
    needs = kernel.features()
    asked = Capabilities(f16="f16" in needs, subgroups="subgroups" in needs, dot4="dot4" in needs)
    require(executor, asked)
    count = len(case.wanted)
    arrays = {f"in{at}": array for at, (_, array) in enumerate(case.inputs)}
    shape = (count,) if case.result.lanes == 1 else (count, case.result.lanes)
    arrays["out"] = np.zeros(shape, case.result.dtype)
    got = EXECUTORS[executor](kernel, (count // THREADS, 1, 1), arrays, {})["out"]
    expected = {"out": np.asarray(case.wanted).astype(case.result.dtype).reshape(shape)}
    made = partial(listed, kernel, (count // THREADS, 1, 1), executor, arrays, {}, expected, case.near)
    with script_left(f"{kernel.name}-{executor}", made):
        if case.near == EXACT:
            np.testing.assert_array_equal(got, case.wanted)
        else:
            np.testing.assert_allclose(
                got.astype(np.float64), case.wanted, rtol=case.near[0], atol=case.near[1]
            )


def test_the_checklist_is_complete() -> None:
    covered = {case.operation for case in CASES} | statements.COVERED | tiles.COVERED | tiles.COVERED_LARGE
    covered |= mma.COVERED | halves.COVERED
    assert covered >= OPERATIONS.keys(), "operations that no conformance case covers"
    assert len({kernel_of(case).name for case in CASES}) == len(CASES)
