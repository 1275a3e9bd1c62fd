"""Runs a graph with numpy: the reference that every executor, quantisation and pass is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernelc.errors import ShapeError
from kernelc.ir.dim import Dim, DimExpr
from kernelc.ir.dim import evaluate as evaluate_dim
from kernelc.ir.graph import AttrValue, Graph
from kernelc.ir.ops import OPS
from kernelc.ir.types import TensorType

Array: TypeAlias = NDArray[Any]


def evaluate(
    graph: Graph,
    env: Mapping[str, int],
    *,
    weights: Callable[[str], Array],
    states: Mapping[str, Array],
    inputs: Mapping[str, Array] | None = None,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Run one step; return its outputs and the states after it, by name.

    `env` gives every symbol its value; `weights` returns a weight by name as float32 (asked for at each use,
    so it may read from a file); `states` are left as they are. Float32 throughout: see `OpDef`. Raises:
    ShapeError for symbols out of bounds, arrays of other shapes, or positions beyond the context.
    """
    _check_env(graph, env)
    values = dict(states) | dict(inputs or {})
    for name, kind in (*graph.states.items(), *((t.name, t.type) for t in graph.inputs)):
        _check_array(name, values.get(name), kind, env)
    for op in graph.ops:
        arrays: dict[str, Array] = {}
        for role, tensor in op.inputs.items():
            if tensor.name in graph.weights:
                arrays[role] = _check_array(tensor.name, weights(tensor.name), tensor.type, env)
            else:
                arrays[role] = values[tensor.name]
        attrs = {name: _number(value, env) for name, value in op.attrs.items()}
        results = OPS[op.name].reference(arrays, attrs)
        values |= {tensor.name: array for tensor, array in zip(op.results, results, strict=True)}
    outputs = {name: values[tensor.name] for name, tensor in graph.outputs.items()}
    return outputs, {
        name: values[graph.updates[name].name if name in graph.updates else name] for name in graph.states
    }


def empty_states(graph: Graph, env: Mapping[str, int]) -> dict[str, Array]:
    """Return all states filled with zeros, for a conversation that begins."""
    return {name: np.zeros(_shape(kind, env), dtype=kind.dtype.numpy) for name, kind in graph.states.items()}


def _check_env(graph: Graph, env: Mapping[str, int]) -> None:
    for name in graph.symbols:
        evaluate_dim(graph.var(name), env)
    if {"past", "seq", "context"} <= set(env) and env["past"] + env["seq"] > env["context"]:
        end = env["past"] + env["seq"]
        raise ShapeError(f"positions up to {end} do not fit a context of {env['context']}")


def _number(value: AttrValue, env: Mapping[str, int]) -> AttrValue:
    return evaluate_dim(value, env) if isinstance(value, DimExpr) else value


def _shape(kind: TensorType, env: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(_size(dim, env) for dim in kind.shape)


def _size(dim: Dim, env: Mapping[str, int]) -> int:
    return evaluate_dim(dim, env)


def _check_array(name: str, array: Array | None, kind: TensorType, env: Mapping[str, int]) -> Array:
    wanted = _shape(kind, env)
    if array is None or array.shape != wanted or array.dtype != kind.dtype.numpy:
        got = "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
        raise ShapeError(f"got {got}, wanted {kind} = {list(wanted)}", where=name)
    return array
