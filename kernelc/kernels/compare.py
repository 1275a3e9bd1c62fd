"""Compares what a kernel left in its arrays with what its family's reference leaves there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import CodedRows
from kernelc.kernels.spec import KernelSpec

Array = npt.NDArray[Any]


def compare(
    spec: KernelSpec[Any, Any],
    problem: Any,
    got: Mapping[str, Array],
    wanted: Mapping[str, Array],
    features: Iterable[str] = (),
) -> tuple[float, str]:
    """Return the largest error as a share of the tolerance, and a description of what is wrong ("" for
    nothing).

    Outputs are compared as numbers, pairs of f16 included; inputs must be unchanged. `features` are those
    that the kernel requires of a device, which decide how exact it is.
    """
    tolerance = spec.tolerance_with(problem, features)
    worst, details = 0.0, list[str]()
    for binding in spec.bindings(problem):
        have, want = np.asarray(got[binding.name]), wanted[binding.name]
        if binding.access == "read":
            if have.tobytes() != want.tobytes():
                details.append(f"{binding.name} was written to")
            continue
        if binding.name in spec.packed_halves(problem):
            have, want = (side.reshape(-1).view(np.float16) for side in (have, want))
        layout = spec.coded_rows(problem).get(binding.name)
        if layout is not None:
            have, want, extra = decoded(layout, have, want)
            share = _shares(have, want, tolerance.absolute + extra, tolerance.relative)
        else:
            share = _shares(have, want, tolerance.absolute, tolerance.relative)
        worst = max(worst, float(share.max(initial=0.0)))
        if (share > 1).any():
            at = int(share.argmax())
            values = f"got {have.reshape(-1)[at]}, wanted {want.reshape(-1)[at]}"
            details.append(
                f"{binding.name}: {int((share > 1).sum())} of {share.size} differ; at {at} {values}"
            )
    return worst, "; ".join(details)


def decoded(layout: CodedRows, have: Array, want: Array) -> tuple[Array, Array, Array]:
    """What coded rows stand for, in an order of its own, and by how much rounding may move it.

    Values may be off by a step of their group: the sum of an epilogue that is a little larger may be rounded
    to the next code. For squares it is what their values' own tolerance does. Where a stored sum is not that
    of its codes, the group is no number; where a wanted scale is none, nothing is wanted of the group.
    """
    numbers, scales, sums, squares = layout.numbers(have.reshape(-1, layout.words))
    broken = np.where(sums == numbers.sum(axis=-1), np.float32(1), np.float32(np.nan))
    wanted, steps, _, wanted_squares = layout.numbers(want.reshape(-1, layout.words))
    squares = np.where(np.isnan(steps), steps, squares * broken)
    got = np.concatenate([(numbers * scales[..., None]).ravel(), squares.ravel()])
    wanted_squares = np.where(np.isnan(steps), steps, wanted_squares)
    values = np.concatenate([(wanted * steps[..., None]).ravel(), wanted_squares.ravel()])
    moved = np.repeat(1.01 * steps.ravel(), wanted.shape[-1])
    return got, values, np.concatenate([moved, 1e-4 * wanted_squares.ravel() + 1e-4])


def _shares(have: Array, want: Array, absolute: float | Array, relative: float) -> Array:
    """Return each error divided by its tolerance; infinite where a number is wanted and there is none."""
    a, b = (side.reshape(-1).astype(np.float64) for side in (have, want))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.abs(a - b) / (absolute + relative * np.abs(b))
    return np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf))
