"""Root-mean-square normalisation of each row, optionally after adding a residual.

Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, evaluate
from kernelc.kernels.parts.reduce import broadcast, team_sum
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import dot, rsqrt
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class RmsNormProblem:
    """`width`: elements of a row. `residual`: add it first, and give that sum as a result too.

    `weight`: whether the normalised row is multiplied by one, to which `offset` is added (Gemma's 1 + w).
    `rows`: rows of a position, each normalised for itself (its heads, say). `one_position`: the step's
    length does not matter, there is one position.
    """

    width: int
    eps: float
    residual: bool
    weight: bool = True
    offset: float = 0.0
    rows: int = 1
    one_position: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError for a row or a position without elements."""
        require(self.width >= 1 and self.rows >= 1, self, "at least one row of one element")

    @property
    def positions(self) -> Dim:
        return 1 if self.one_position else SEQ


@dataclass(frozen=True)
class RmsNormSchedule:
    """`threads`: invocations that share a row."""

    threads: int
    subgroups: bool


def rms_norm_reference(
    x: npt.NDArray[Any], weight: npt.NDArray[Any] | None, eps: float, offset: float = 0.0
) -> npt.NDArray[Any]:
    """x / sqrt(mean(x^2) + eps) * (weight + offset) over the last axis, the mean in float64."""
    mean = np.mean(np.square(x.astype(np.float64)), axis=-1, keepdims=True)
    normed = x / np.sqrt(mean + eps)
    return (normed if weight is None else normed * (weight + np.float32(offset))).astype(np.float32)


class RmsNorm(KernelSpec[RmsNormProblem, RmsNormSchedule]):
    """x [seq, rows, width] (+ residual) -> normed [seq, rows, width] (and sum); weight [width]."""

    name = "rms_norm"
    problem_type = RmsNormProblem

    def bindings(self, problem: RmsNormProblem) -> tuple[Binding, ...]:
        type_, width = (f32x4, problem.width // 4) if problem.width % 4 == 0 else (f32, problem.width)
        rows = problem.positions * (problem.rows * width)
        found = [Binding("x", type_, "read", rows)]
        if problem.residual:
            found.append(Binding("residual", type_, "read", rows))
        if problem.weight:
            found.append(Binding("weight", type_, "read", width))
        if problem.residual:
            found.append(Binding("sum", type_, "read_write", rows))
        return (*found, Binding("normed", type_, "read_write", rows))

    def reference(self, problem: RmsNormProblem, arrays: Arrays, params: Params) -> None:
        rows = evaluate(problem.positions, {"seq": int(params["seq"])}) * problem.rows
        x = arrays["x"].reshape(-1)[: rows * problem.width].reshape(rows, problem.width)
        if problem.residual:
            x = x + arrays["residual"].reshape(-1)[: x.size].reshape(x.shape)
            arrays["sum"].reshape(-1)[: x.size] = x.reshape(-1)
        weight = arrays["weight"].reshape(-1) if problem.weight else None
        normed = rms_norm_reference(x, weight, problem.eps, problem.offset)
        arrays["normed"].reshape(-1)[: x.size] = normed.reshape(-1)

    def space(self, capabilities: Capabilities, problem: RmsNormProblem) -> Iterable[RmsNormSchedule]:
        for threads in (32, 64, 128, 256):
            if threads <= capabilities.max_threads:
                yield RmsNormSchedule(threads, subgroups=capabilities.subgroups)

    def default(self, capabilities: Capabilities, problem: RmsNormProblem) -> RmsNormSchedule:
        threads = 256 if problem.width >= 2048 else 32 if problem.rows > 1 and problem.width <= 128 else 64
        return RmsNormSchedule(min(threads, capabilities.max_threads), subgroups=capabilities.subgroups)

    def workgroup(self, problem: RmsNormProblem, schedule: RmsNormSchedule) -> int:
        return schedule.threads

    def grid(self, problem: RmsNormProblem, schedule: RmsNormSchedule) -> Grid:
        return (problem.positions, problem.rows, 1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: RmsNormProblem, schedule: RmsNormSchedule
    ) -> None:
        x, normed = arrays["x"], arrays["normed"]
        width = problem.width // x.type.lanes
        number = k.workgroup_id(0)
        if problem.rows > 1:
            number = number * problem.rows + k.workgroup_id(1)
        row = number * width
        lane = k.local_id
        squares = k.var(0.0, f32)
        with k.loop(lane, width, schedule.threads) as i:
            v = x[row + i]
            if problem.residual:
                v = v + arrays["residual"][row + i]
                arrays["sum"][row + i] = v
            squares += dot(v, v) if x.type.lanes > 1 else v * v
        total = team_sum(k, [squares], schedule.threads, schedule.subgroups)[0]
        scale = broadcast(k, [rsqrt(total * (1.0 / problem.width) + problem.eps)], schedule.threads)[0]
        with k.loop(lane, width, schedule.threads) as i:
            v = (
                arrays["sum"][row + i] if problem.residual else x[row + i]
            )  # each invocation reads back what it wrote
            normed[row + i] = _weighted(v * scale, i, problem, arrays)

    def inputs(
        self, problem: RmsNormProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        for name in ("x", "residual", "weight"):
            if name in arrays:
                arrays[name][...] = rng.normal(size=arrays[name].shape)
        return arrays

    def describe(self, problem: RmsNormProblem) -> str:
        rows = f"{problem.rows}x" if problem.rows > 1 else ""
        marks = (
            ("residual_", problem.residual),
            ("plain_", not problem.weight),
            ("offset_", problem.offset),
            ("one_", problem.one_position),
        )
        return "".join(mark for mark, holds in marks if holds) + f"{rows}{problem.width}"

    def tolerance(self, problem: RmsNormProblem) -> Tolerance:
        return Tolerance(relative=2e-5, absolute=1e-6)


def _weighted(v: Value, i: Value, problem: RmsNormProblem, arrays: Mapping[str, Array]) -> Value:
    """Element `i` of a row, normalised, times its weight."""
    if not problem.weight:
        return v
    weight = arrays["weight"]
    return v * (weight[i] + problem.offset) if problem.offset else v * weight[i]


RMS_NORM = RmsNorm()
