"""How far what a kernel computed is from what its reference says, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.compare import decoded
from kernelc.kernels.spec import KernelSpec, Tolerance

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """Of one output: `wrong` of `count` numbers are beyond the tolerance, the first at `first`, where the
    kernel left `got` and `wanted` was wanted.

    `absolute` and `relative` are the largest errors, the latter as a share of the wanted number where that is
    not zero; both are infinite where a number is wanted and there is none. `worst` is the largest error as a
    share of the tolerance.
    """

    output: str
    count: int
    wrong: int
    absolute: float
    relative: float
    worst: float
    first: int | None
    got: float
    wanted: float

    @property
    def sentence(self) -> str:
        """The numbers, in words."""
        errors = f"largest error {self.absolute:.3g}, relative {self.relative:.3g}"
        if not self.wrong:
            return f"{self.count} numbers are right: {errors}, {self.worst:.2g} of the tolerance"
        found = f"at {self.first} it has {self.got:.6g} where {self.wanted:.6g} is wanted"
        return f"{self.wrong} of {self.count} numbers are wrong, {found}; {errors}"


def differences(
    spec: KernelSpec[Any, Any],
    problem: Any,
    got: Mapping[str, Array],
    wanted: Mapping[str, Array],
    *,
    features: Iterable[str] = (),
    spoken: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> tuple[Difference, ...]:
    """Return the difference of each output of a family's kernel.

    `features` are those that the kernel requires of a device, which decide how exact it is. `spoken` says of
    which words of the outputs `wanted` speaks (see `kernelc.kernels.golden`); None means all.
    """
    tolerance = spec.tolerance_with(problem, features)
    found: list[Difference] = []
    for binding in spec.bindings(problem):
        if binding.access == "read":
            continue
        name = binding.name
        have, want = (np.ascontiguousarray(side[name]).reshape(-1) for side in (got, wanted))
        asked = None if spoken is None else spoken[name]
        moved: Array | float = 0.0
        layout = spec.coded_rows(problem).get(name)
        if layout is not None:
            groups = asked  # of words, and codes are compared by groups: see `decoded`
            if groups is not None:
                want = _silenced(want, groups, layout.planes, layout.groups)
            have, want, moved = decoded(layout, have.view(np.uint32), want.view(np.uint32))
            have, asked = np.where(np.isnan(want), want, have), None
        elif name in spec.packed_halves(problem):
            have, want = have.view(np.float16), want.view(np.float16)
        if asked is not None:
            per_word = have.itemsize / 4
            asked = np.repeat(asked, int(1 / per_word))[: len(have)]
        found.append(_difference(name, have, want, asked, tolerance.absolute + moved, tolerance.relative))
    return tuple(found)


def difference(name: str, have: Array, want: Array, tolerance: Tolerance) -> Difference:
    """Return the difference of one output whose elements are numbers as they lie there."""
    have, want = (np.ascontiguousarray(side).reshape(-1) for side in (have, want))
    return _difference(name, have, want, None, tolerance.absolute, tolerance.relative)


def _silenced(want: Array, spoken: npt.NDArray[np.bool_], planes: int, groups: int) -> Array:
    """Coded rows with a scale that is no number in the groups of which the reference does not speak."""
    rows = want.view(np.uint32).reshape(-1, planes, groups, 4).copy()
    silent = ~spoken.reshape(rows.shape).all(axis=(1, 3))
    rows[:, -1, :, 0][silent] = 0x7FC00000
    return rows.reshape(-1)


def _difference(
    name: str,
    have: Array,
    want: Array,
    asked: npt.NDArray[np.bool_] | None,
    absolute: Array | float,
    relative: float,
) -> Difference:
    a, b = have.astype(np.float64), want.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if asked is not None:
            same |= ~asked
        error = np.where(same, 0.0, np.abs(a - b))
        error = np.where(np.isfinite(error), error, np.inf)
        share = error / (absolute + relative * np.abs(b))
        share = np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf))
        of_wanted = np.where((error > 0) & (b != 0), error / np.abs(b), 0.0)
    wrong = np.flatnonzero(share > 1)
    first = int(wrong[0]) if len(wrong) else None
    return Difference(
        name,
        len(a) if asked is None else int(asked.sum()),
        len(wrong),
        float(error.max(initial=0.0)),
        float(np.nan_to_num(of_wanted, nan=np.inf, posinf=np.inf).max(initial=0.0)),
        float(share.max(initial=0.0)),
        first,
        float("nan") if first is None else float(a[first]),
        float("nan") if first is None else float(b[first]),
    )
