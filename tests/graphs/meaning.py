"""What a graph means: `kernelc.ir.evaluate`, and by how much f32 arithmetic may differ from it.

The error of an executor depends on the graph: a norm of a small row enlarges it, a soft cap makes it smaller.
So it is measured, as discrete stochastic arithmetic does (Vignes 1993, "A stochastic arithmetic for reliable
scientific computation"): the graph is evaluated again with every operand and every result of every operation
moved at random by a few units of its last place. What that changes is the scale of the tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import DimExpr
from kernelc.ir.dim import evaluate as evaluate_dim
from kernelc.ir.evaluate import evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

_F32_NOISE = 2.0**-20  # eight units of the last place: what an exponential on a device may be off
_F16_NOISE = 2.0**-11  # half a unit: a cached value may be rounded to the other neighbour
_Q8_NOISE = 2.0**-8  # half a step, of a head's largest magnitude: it may be rounded to the other code
_RUNS, _SAFETY, _FLOOR = 2, 8.0, 2e-6
_F16_SAFETY = 2.0  # every value is moved in the evaluation; on a device few are rounded otherwise


_CACHING = {DType.F16: _F16_NOISE, DType.Q8: _Q8_NOISE}


@dataclass(frozen=True)
class Meaning:
    """The results of one step, and how far each may be off: one number for each array."""

    outputs: Arrays
    states: Arrays
    tolerance: Mapping[str, float]


def meaning(graph: Graph, env: Mapping[str, int], weights: Arrays, states: Arrays, seed: int = 0) -> Meaning:
    """Evaluate one step. `states`: before it, as the steps before it left them on the reference."""
    outputs, after = evaluate(graph, env, weights=weights.__getitem__, states=states)
    exact = {**outputs, **after}
    tolerance = dict.fromkeys(exact, _FLOOR)
    caching = max(_CACHING.get(kind.dtype, 0.0) for kind in graph.states.values())
    for run in range(_RUNS):
        rng = np.random.default_rng((seed, run))
        noisy = [(_SAFETY, _noisy(graph, env, weights, states, rng, _F32_NOISE, 0.0))]
        if caching:
            noisy.append((_F16_SAFETY, _noisy(graph, env, weights, states, rng, 0.0, caching)))
        for name, array in exact.items():
            found = sum(safety * _distance(values[name], array) for safety, values in noisy)
            tolerance[name] = max(tolerance[name], found + _FLOOR)
    return Meaning(outputs, after, tolerance)


def _distance(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)), initial=0.0))


def _noisy(
    graph: Graph,
    env: Mapping[str, int],
    weights: Arrays,
    states: Arrays,
    rng: np.random.Generator,
    arithmetic: float,
    caching: float,
) -> dict[str, Array]:
    """Outputs and states after a step whose values are moved by up to `arithmetic` times themselves, and by
    `caching` before they are rounded to f16, or to codes: then of their head's largest magnitude."""

    def moved(array: Array, by: float) -> Array:
        if array.dtype == np.uint32 or by == 0:
            return array
        factors = 1 + by * rng.uniform(-1, 1, array.shape)
        return (array * factors).astype(array.dtype)

    values: dict[str, Array] = dict(weights) | dict(states)
    for op in graph.ops:
        inputs = {role: values[tensor.name] for role, tensor in op.inputs.items()}
        appends = OPS[op.name].appends
        inputs = {role: x if role in appends else moved(x, arithmetic) for role, x in inputs.items()}
        if appends and inputs["cache"].dtype == np.float16:
            inputs["x"] = moved(inputs["x"], caching)
        elif appends and "stored" in op.attrs:
            largest = np.abs(inputs["x"]).max(axis=-1, keepdims=True)
            inputs["x"] = inputs["x"] + caching * largest * rng.uniform(-1, 1, inputs["x"].shape)
        attrs = {name: evaluate_dim(a, env) if isinstance(a, DimExpr) else a for name, a in op.attrs.items()}
        results = OPS[op.name].reference(inputs, attrs)
        for tensor, result in zip(op.results, results, strict=True):
            values[tensor.name] = result if appends else moved(result, arithmetic)
    found = {name: values[tensor.name] for name, tensor in graph.outputs.items()}
    ends = {name: graph.updates[name].name if name in graph.updates else name for name in graph.states}
    return found | {name: values[end] for name, end in ends.items()}
