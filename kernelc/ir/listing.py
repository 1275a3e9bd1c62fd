"""A graph as plain data, and back: what a script that reproduces a failure has of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from kernelc.ir.dim import DimExpr, from_json, to_json
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify

_DIM = "dim"
"""The key of an attribute that is an expression of symbols."""


def graph_data(graph: Graph) -> dict[str, Any]:
    """Return a graph as dicts, lists, texts and numbers."""
    return {
        "name": graph.name,
        "symbols": {name: list(bounds) for name, bounds in graph.symbols.items()},
        "inputs": {tensor.name: _type_data(tensor.type) for tensor in graph.inputs},
        "weights": {name: _type_data(kind) for name, kind in graph.weights.items()},
        "states": {name: _type_data(kind) for name, kind in graph.states.items()},
        "ops": [_op_data(op) for op in graph.ops],
        "outputs": {name: tensor.name for name, tensor in graph.outputs.items()},
        "updates": {name: tensor.name for name, tensor in graph.updates.items()},
    }


def graph_of(data: Mapping[str, Any]) -> Graph:
    """Return the graph of `graph_data`, verified. Raises: ShapeError, KeyError for data that is none."""
    symbols = {name: (low, high) for name, (low, high) in data["symbols"].items()}
    groups = {
        group: {name: _type_of(kind, symbols) for name, kind in data[group].items()}
        for group in ("inputs", "weights", "states")
    }
    inputs = tuple(Tensor(name, kind) for name, kind in groups["inputs"].items())
    known = {name: Tensor(name, kind) for group in groups.values() for name, kind in group.items()}
    ops: list[Op] = []
    for each in data["ops"]:
        results = tuple(Tensor(name, _type_of(kind, symbols)) for name, kind in each["results"].items())
        read = {role: known[name] for role, name in each["inputs"].items()}
        attrs = {name: _attr_of(value, symbols) for name, value in each["attrs"].items()}
        ops.append(Op(each["name"], read, attrs, results, each["origin"]))
        known |= {tensor.name: tensor for tensor in results}
    return verify(
        Graph(
            data["name"],
            symbols,
            tuple(ops),
            {name: known[tensor] for name, tensor in data["outputs"].items()},
            inputs,
            groups["weights"],
            groups["states"],
            {name: known[tensor] for name, tensor in data["updates"].items()},
        )
    )


def _op_data(op: Op) -> dict[str, Any]:
    return {
        "name": op.name,
        "inputs": {role: tensor.name for role, tensor in op.inputs.items()},
        "attrs": {name: _attr_data(value) for name, value in op.attrs.items()},
        "results": {tensor.name: _type_data(tensor.type) for tensor in op.results},
        "origin": op.origin,
    }


def _type_data(kind: TensorType) -> list[Any]:
    return [str(kind.dtype), *(to_json(dim) for dim in kind.shape)]


def _type_of(data: list[Any], symbols: Mapping[str, tuple[int, int]]) -> TensorType:
    dtype, *shape = data
    return TensorType(tuple(from_json(dim, symbols) for dim in shape), DType(dtype))


def _attr_data(value: AttrValue) -> Any:
    if isinstance(value, DimExpr):
        return {_DIM: to_json(value)}
    return list(value) if isinstance(value, tuple) else value


def _attr_of(value: Any, symbols: Mapping[str, tuple[int, int]]) -> AttrValue:
    if isinstance(value, dict):
        return from_json(cast("dict[str, object]", value)[_DIM], symbols)
    return tuple(cast("list[float]", value)) if isinstance(value, list) else value
