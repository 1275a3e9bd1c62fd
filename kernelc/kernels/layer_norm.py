"""Layer normalisation of each row: less its mean, over its standard deviation, times a weight, plus a bias.

Source: Ba, Kiros and Hinton, Layer Normalization (2016), arXiv 1607.06450.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim, evaluate
from kernelc.kernels.parts.reduce import Workgroup
from kernelc.kernels.spec import SEQ, Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import dot, rsqrt, splat
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities


@dataclass(frozen=True)
class LayerNormProblem:
    """`width`: elements of a row; `eps` is added to the variance.

    `weight`, `bias`: whether there are such; `offset` is added to the weight. `rows`: rows of a position,
    each normalised for itself. `one_position`: the step's length does not matter, there is one position.
    """

    width: int
    eps: float
    weight: bool = True
    bias: bool = True
    offset: float = 0.0
    rows: int = 1
    one_position: bool = False

    def __post_init__(self) -> None:
        """Raise ShapeError for a row or a position without elements."""
        require(self.width >= 1 and self.rows >= 1, self, "at least one row of one element")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The bindings of [width]."""
        return tuple(name for name in ("weight", "bias") if getattr(self, name))

    @property
    def positions(self) -> Dim:
        return 1 if self.one_position else SEQ

    @property
    def type(self) -> Type:
        """The element type of all bindings."""
        return f32x4 if self.width % 4 == 0 else f32


@dataclass(frozen=True)
class LayerNormSchedule:
    """`threads`: invocations that share a row."""

    threads: int
    subgroups: bool


class LayerNorm(KernelSpec[LayerNormProblem, LayerNormSchedule]):
    """x [seq, rows, width], weight [width], bias [width] -> normed [seq, rows, width]."""

    name = "layer_norm"
    problem_type = LayerNormProblem

    def bindings(self, problem: LayerNormProblem) -> tuple[Binding, ...]:
        width = problem.width // problem.type.lanes
        rows = problem.positions * (problem.rows * width)
        return (
            Binding("x", problem.type, "read", rows),
            *(Binding(name, problem.type, "read", width) for name in problem.vectors),
            Binding("normed", problem.type, "read_write", rows),
        )

    def reference(self, problem: LayerNormProblem, arrays: Arrays, params: Params) -> None:
        size = evaluate(problem.positions, {"seq": int(params["seq"])}) * problem.rows * problem.width
        x = arrays["x"].reshape(-1)[:size].reshape(-1, problem.width).astype(np.float64)
        centred = x - x.mean(axis=1, keepdims=True)
        variance = np.square(centred).mean(axis=1, keepdims=True)
        normed = centred / np.sqrt(variance + problem.eps)
        if problem.weight:
            normed *= arrays["weight"].reshape(-1) + np.float32(problem.offset)
        if problem.bias:
            normed += arrays["bias"].reshape(-1)
        arrays["normed"].reshape(-1)[:size] = normed.reshape(-1)

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: LayerNormProblem, schedule: LayerNormSchedule
    ) -> None:
        x, normed = arrays["x"], arrays["normed"]
        workgroup = Workgroup(k, schedule.subgroups, sums=1, maxima=False)
        width = problem.width // x.type.lanes
        number = k.workgroup_id(0)
        if problem.rows > 1:
            number = number * problem.rows + k.workgroup_id(1)
        row = number * width
        total = k.var(0.0, f32)
        with k.loop(k.local_id, width, schedule.threads) as i:
            total += _lanes_sum(k, x[row + i])
        mean = workgroup.sums([total])[0] * (1.0 / problem.width)
        squares = k.var(0.0, f32)  # after the mean is gone: sum(x^2) - sum(x)^2 would cancel
        with k.loop(k.local_id, width, schedule.threads) as i:
            centred = x[row + i] - mean
            squares += centred * centred if x.type.lanes == 1 else dot(centred, centred)
        variance = workgroup.sums([squares])[0] * (1.0 / problem.width)
        scale = rsqrt(variance + problem.eps)
        with k.loop(k.local_id, width, schedule.threads) as i:
            v = (x[row + i] - mean) * scale
            if problem.weight:
                weight = arrays["weight"][i]
                v = v * (weight + problem.offset if problem.offset else weight)
            normed[row + i] = v + arrays["bias"][i] if problem.bias else v

    def workgroup(self, problem: LayerNormProblem, schedule: LayerNormSchedule) -> int:
        return schedule.threads

    def grid(self, problem: LayerNormProblem, schedule: LayerNormSchedule) -> Grid:
        return (problem.positions, problem.rows, 1)

    def space(self, capabilities: Capabilities, problem: LayerNormProblem) -> Iterable[LayerNormSchedule]:
        for threads in (32, 64, 128, 256):
            if threads <= capabilities.max_threads:
                yield LayerNormSchedule(threads, capabilities.subgroups)

    def default(self, capabilities: Capabilities, problem: LayerNormProblem) -> LayerNormSchedule:
        threads = 256 if problem.width >= 2048 else 32 if problem.width <= 128 else 64
        return LayerNormSchedule(min(threads, capabilities.max_threads), capabilities.subgroups)

    def inputs(
        self, problem: LayerNormProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Rows whose mean is not nearly 0."""
        arrays = {binding.name: empty(binding, env) for binding in self.bindings(problem)}
        for name in ("x", *problem.vectors):
            arrays[name][...] = rng.normal(size=arrays[name].shape)
        arrays["x"] += 3.0
        return arrays

    def tolerance(self, problem: LayerNormProblem) -> Tolerance:
        return Tolerance(relative=2e-5, absolute=1e-5)

    def describe(self, problem: LayerNormProblem) -> str:
        rows = f"{problem.rows}x" if problem.rows > 1 else ""
        marks = (
            ("plain_", not problem.weight),
            ("bias_", problem.bias),
            ("offset_", problem.offset),
            ("one_", problem.one_position),
        )
        return "".join(mark for mark, holds in marks if holds) + f"{rows}{problem.width}"


def _lanes_sum(k: Tracer, element: Value) -> Value:
    """The sum of an element's lanes."""
    lanes = element.type.lanes
    return element if lanes == 1 else dot(element, splat(k.constant(1.0, f32), lanes))


LAYER_NORM = LayerNorm()
