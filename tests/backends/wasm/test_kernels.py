"""The checklist of operations and statements, and every kernel family, as WebAssembly in Node.

With each set of features that modules are linked for. What differs from the C backend is the compiler, its
instructions for vectors, and exp and log, which WebAssembly has none for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from kernelc.ir.dim import evaluate
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.functions import exp, exp2, log
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32
from kernelc.target import TARGETS
from tests.backends.wasm.runner import Run, lacking, run_all
from tests.conformance import statements, test_operations, test_statements
from tests.conformance.cases import EXACT, Case
from tests.golden.cases import CASES as GOLDEN
from tests.kernels.harness import compare

TARGET = TARGETS["wasm"]
CAPABILITIES = TARGET.variants[0]
ENV = {"seq": 5, "past": 11, "context": 16}
PROBLEMS = {
    f"{case.spec.name}_{case.label}".replace("-", "_"): case
    for case in GOLDEN
    if not getattr(case.problem, "joined", False)  # an artifact with such a kernel is for other targets
}


@dataclass(frozen=True)
class Checked:
    """A run, and what finds fault with its results."""

    run: Run
    check: Callable[[dict[str, Any]], None]


def usable(kernel: Kernel) -> bool:
    if kernel.fences or "atomic_add" in kernel.operations:
        return False
    return not {"f16", "subgroups"} & set(kernel.features()) and not kernel.tile_kinds()


def operation(case: Case) -> Checked | None:
    kernel = test_operations.kernel_of(case)
    if not usable(kernel):
        return None
    count = len(case.wanted)
    arrays = {f"in{at}": array for at, (_, array) in enumerate(case.inputs)}
    shape = (count,) if case.result.lanes == 1 else (count, case.result.lanes)
    arrays["out"] = np.zeros(shape, case.result.dtype)

    def check(got: dict[str, Any]) -> None:
        if case.near == EXACT:
            np.testing.assert_array_equal(got["out"], case.wanted, err_msg=case.id)
        else:
            relative, absolute = case.near
            result = got["out"].astype(np.float64)
            np.testing.assert_allclose(result, case.wanted, rtol=relative, atol=absolute, err_msg=case.id)

    return Checked(Run(kernel, (count // test_operations.THREADS, 1, 1), arrays, {}), check)


def statement(case: statements.StatementCase) -> Checked | None:
    kernel = test_statements.kernel_of(case)
    if not usable(kernel):
        return None
    arrays = {"x": statements.ALL, "out": np.full(len(statements.ALL), 0xFFFFFFFF, np.uint32)}

    def check(got: dict[str, Any]) -> None:
        np.testing.assert_array_equal(got["out"], case.wanted(got["out"]), err_msg=case.name)

    return Checked(Run(kernel, statements.GRID, arrays, statements.PARAMS), check)


def family(name: str, spec: KernelSpec[Any, Any], problem: Any, serial: bool) -> Checked | None:
    """A family's problem with the schedule that it has here, or, if not `serial`, as for any GPU."""
    capabilities = CAPABILITIES if serial else replace(CAPABILITIES, serial_workgroups=False, vector_lanes=4)
    schedule = spec.default(capabilities, problem)
    kernel = spec.kernel(problem, schedule, capabilities, name)
    if not usable(kernel):
        return None
    rng = np.random.default_rng(3)
    arrays = spec.inputs(problem, rng, ENV)
    step = spec.params(problem, rng, ENV)
    x, y, z = (evaluate(extent, ENV) for extent in spec.grid(problem, schedule))

    def check(got: dict[str, Any]) -> None:
        wanted = {name: array.copy() for name, array in arrays.items()}
        spec.reference(problem, wanted, step)
        tie = lambda: spec.near_tie(problem, arrays, step, got, wanted)  # noqa: E731
        compare(spec, problem, schedule, got, wanted, spec.tolerance(problem), tie)

    return Checked(Run(kernel, (x, y, z), arrays, step), check)


POINTS = np.concatenate(
    [np.linspace(-120, 120, 20001), np.geomspace(1e-45, 3e38, 20001), [0, -0.0, np.inf, -np.inf, np.nan]]
).astype(np.float32)
FUNCTIONS = {"exp": (exp, np.exp), "exp2": (exp2, np.exp2), "log": (log, np.log)}


def function(name: str) -> Checked:
    ours, theirs = FUNCTIONS[name]

    def body(k: Tracer) -> None:
        x, out = k.input("x", f32), k.output("out", f32)
        out[k.workgroup_id(0)] = ours(x[k.workgroup_id(0)])

    kernel = verify(trace(f"function_{name}", body, workgroup=1))

    def check(got: dict[str, Any]) -> None:
        with np.errstate(all="ignore"):
            exact = theirs(POINTS.astype(np.float64))
            wanted = exact.astype(np.float32)
            unit = np.spacing(np.abs(wanted)).astype(np.float64)
        found = got["out"]
        whole = np.isfinite(wanted)
        np.testing.assert_array_equal(found[~whole], wanted[~whole], err_msg=name)
        error = np.abs(found[whole].astype(np.float64) - exact[whole]) / unit[whole]
        assert error.max() <= 2.5, f"{name} is off by {error.max()} units at {POINTS[whole][error.argmax()]}"

    arrays = {"x": POINTS, "out": np.zeros_like(POINTS)}
    return Checked(Run(kernel, (len(POINTS), 1, 1), arrays, {}), check)


def every() -> list[Checked]:
    found = [*map(operation, test_operations.CASES), *map(statement, statements.CASES)]
    families = [
        family(f"{name}_{'serial' if serial else 'threads'}", case.spec, case.problem, serial)
        for name, case in PROBLEMS.items()
        for serial in (True, False)
    ]
    return [*(each for each in (*found, *families) if each is not None), *map(function, FUNCTIONS)]


@pytest.mark.skipif(lacking() is not None, reason=lacking() or "")
@pytest.mark.parametrize(
    "features",
    [pytest.param(each, id="_".join(each)) for each in TARGET.modules if each]
    + [pytest.param((), id="plain", marks=pytest.mark.nightly)],
)
def test_kernels_give_what_their_references_give(features: tuple[str, ...], tmp_path: Any) -> None:
    checked = every()
    assert len(checked) > 200
    got = run_all([each.run for each in checked], features, tmp_path)
    if got is None:
        pytest.skip(f"this node lacks {', '.join(features)}")
    for each, result in zip(checked, got, strict=True):
        each.check(result)
