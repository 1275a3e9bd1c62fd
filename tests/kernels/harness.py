"""The one property every kernel family has: each schedule, on each executor, gives what the numpy reference
gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import evaluate
from kernelc.kernels.compare import decoded
from kernelc.kernels.spec import KernelSpec, Tolerance
from kernelc.kir.operation_table import MMA_I8
from kernelc.target import TARGETS, Capabilities
from kernelc.workshop.repro import Run
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.leaving import device_of, of_family, script_left


def variant_of(
    target: str, *, tiles: bool = False, copies: bool = False, large: bool = False
) -> Capabilities:
    """The most demanding variant of a target that has matrix units, bulk copies and large tiles as asked,
    each of them or not."""
    asked = (tiles, copies, large)
    return next(each for each in TARGETS[target].variants if _offers(each) == asked)


def _offers(variant: Capabilities) -> tuple[bool, bool, bool]:
    large = any(kind.b_shared for kind in variant.tiles)
    return bool(variant.tiles), variant.stage_bytes > 0, large


_OF_32 = [each for each in TARGETS["wgsl"].variants if each.subgroup_size == 32 and not each.tiles]

VARIANTS: dict[str, Capabilities] = {
    "baseline": Capabilities(),
    "subgroups": Capabilities(subgroups=True, dot4=True),
    "f16-subgroups": Capabilities(f16=True, subgroups=True, dot4=True),
    "f16-subgroups-of-32": _OF_32[0],
    "subgroups-of-32": _OF_32[1],
    "f16-tiles": variant_of("spirv", tiles=True),
    "browser-tiles": variant_of("wgsl", tiles=True),
    "large-tiles": variant_of("cuda", tiles=True, copies=True, large=True),
    "bulk-copies": variant_of("cuda", tiles=True, copies=True),
    "tiles": variant_of("cuda", tiles=True),
    "warps": variant_of("cuda"),
    "opencl": variant_of("opencl"),
    "processor": variant_of("c"),
}
DOT4 = Capabilities(dot4=True)  # differs from the baseline for the families that multiply bytes alone
_OF_TARGETS = {variant for target in TARGETS.values() for variant in target.variants}
assert {*VARIANTS.values(), DOT4} >= _OF_TARGETS


def check_kernel(
    spec: KernelSpec[Any, Any],
    problem: Any,
    *,
    executor: str,
    capabilities: Capabilities,
    seed: int,
    env: Mapping[str, int],
    schedule: Any | None = None,
    params: Mapping[str, int | float] | None = None,
) -> None:
    """Run one problem with one schedule (default: the spec's) and compare every output with the reference.

    Skips by name where the executor has no device for the variant.
    """
    require(executor, capabilities)
    rng = np.random.default_rng(seed)
    arrays = spec.inputs(problem, rng, env)
    step = {**spec.params(problem, rng, env), **(params or {})}
    schedule = schedule if schedule is not None else spec.default(capabilities, problem)
    kernel = spec.kernel(problem, schedule, capabilities)
    large = any(kind.b_shared for kind in kernel.tile_kinds()) or MMA_I8 in kernel.features()
    more = capabilities.stage_bytes if kernel.stages or large else 0
    room = more or capabilities.shared_bytes
    assert kernel.shared_bytes <= room, f"{schedule} takes too much shared memory"
    x, y, z = spec.grid(problem, schedule)
    grid = (evaluate(x, env), evaluate(y, env), evaluate(z, env))
    wanted = {name: array.copy() for name, array in arrays.items()}
    spec.reference(problem, wanted, step)
    tolerance = spec.tolerance_with(problem, kernel.features())
    run = Run(arrays, step, wanted, device_of(executor), env, seed)
    made = lambda: of_family(spec, problem, schedule, capabilities, kernel, grid, run)  # noqa: E731
    with script_left(f"{spec.name}-{executor}", made):
        got = EXECUTORS[executor](kernel, grid, arrays, step)
        near_tie = lambda: spec.near_tie(problem, arrays, step, got, wanted)  # noqa: E731
        compare(spec, problem, schedule, got, wanted, tolerance, near_tie)


def compare(
    spec: KernelSpec[Any, Any],
    problem: Any,
    schedule: Any,
    got: Mapping[str, npt.NDArray[Any]],
    wanted: Mapping[str, npt.NDArray[Any]],
    tolerance: Tolerance,
    near_tie: Callable[[], bool],
) -> None:
    """Outputs within the tolerance (f16 pairs and coded rows compared as numbers) or a near tie, inputs
    untouched."""
    for binding in spec.bindings(problem):
        a, b = got[binding.name], wanted[binding.name]
        if binding.access == "read":
            assert a.tobytes() == b.tobytes(), f"{spec.name}: input {binding.name} was changed"
            continue
        if binding.name in spec.packed_halves(problem):
            a, b = (side.reshape(-1).view(np.float16).astype(np.float32) for side in (a, b))
        layout, moved = spec.coded_rows(problem).get(binding.name), np.float32(0)
        if layout is not None:
            a, b, moved = decoded(layout, a, b)
        error = np.abs(a.astype(np.float64) - b.astype(np.float64))
        limit = moved + tolerance.absolute + tolerance.relative * np.abs(b.astype(np.float64))
        bad = ~(error <= limit)
        worst = np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, error))), error.shape)
        assert not bad.any() or near_tie(), (
            f"{spec.name}.{binding.name}: {int(bad.sum())} of {bad.size} differ, worst {error.max():.3g} "
            f"at {worst}\n  {problem}\n  {schedule}"
        )
