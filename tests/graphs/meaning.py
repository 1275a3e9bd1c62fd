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

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

_F32_NOISE = 2.0**-20  # eight units of the last place: what an exponential on a device may be off
_F16_NOISE = 2.0**-11  # half a unit: a cached value may be rounded to the other neighbour
_RUNS, _SAFETY, _FLOOR = 2, 8.0, 2e-6


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
    worst = dict.fromkeys(exact, 0.0)
    for run in range(_RUNS):
        noisy = _noisy(graph, env, weights, states, np.random.default_rng((seed, run)))
        for name, array in exact.items():
            if array.dtype != np.uint32:
                worst[name] = max(worst[name], _distance(noisy[name], array))
    tolerance = {name: _SAFETY * error + _FLOOR for name, error in worst.items()}
    return Meaning(outputs, after, tolerance)


def _distance(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)), initial=0.0))


def _noisy(
    graph: Graph, env: Mapping[str, int], weights: Arrays, states: Arrays, rng: np.random.Generator
) -> dict[str, Array]:
    """All tensors of one step, by name: outputs and states under theirs."""

    def moved(array: Array, by: float) -> Array:
        if array.dtype == np.uint32:
            return array
        factors = 1 + by * rng.uniform(-1, 1, array.shape)
        return (array * factors).astype(array.dtype)

    values: dict[str, Array] = dict(weights) | dict(states)
    for op in graph.ops:
        halves = op.name == "cache_append" and values[op.inputs["cache"].name].dtype == np.float16
        inputs = {role: moved(values[tensor.name], _F32_NOISE) for role, tensor in op.inputs.items()}
        if op.name == "cache_append":
            inputs["cache"] = values[op.inputs["cache"].name]
            inputs["x"] = moved(inputs["x"], _F16_NOISE if halves else _F32_NOISE)
        attrs = {name: evaluate_dim(a, env) if isinstance(a, DimExpr) else a for name, a in op.attrs.items()}
        results = OPS[op.name].reference(inputs, attrs)
        for tensor, result in zip(op.results, results, strict=True):
            values[tensor.name] = result if op.name == "cache_append" else moved(result, _F32_NOISE)
    found = {name: values[tensor.name] for name, tensor in graph.outputs.items()}
    ends = {name: graph.updates[name].name if name in graph.updates else name for name in graph.states}
    return found | {name: values[end] for name, end in ends.items()}
