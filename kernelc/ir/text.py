"""The text form of the tensor IR: what `inspect` prints, KERNELC_DUMP writes and internal errors carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kernelc.ir.graph import AttrValue, Graph, Op
from kernelc.ir.types import TensorType


def graph_text(graph: Graph) -> str:
    """Return the whole graph as text, the same for equal graphs."""
    symbols = ", ".join(f"{name} {low}..{high}" for name, (low, high) in graph.symbols.items())
    lines = [f"graph {graph.name}", f"  symbols  {symbols or 'none'}"]
    lines += _section("inputs", {tensor.name: tensor.type for tensor in graph.inputs})
    lines += _section("weights", graph.weights)
    lines += _section("states", graph.states)
    given = frozenset(graph.given())
    lines += ["  ops", *_aligned((f"    {op_text(op, given)}", f"# {_source(op)}") for op in graph.ops)]
    lines += [f"  output   {name} = %{tensor.name}: {tensor.type}" for name, tensor in graph.outputs.items()]
    lines += [f"  update   {name} = %{tensor.name}" for name, tensor in graph.updates.items()]
    return "\n".join(lines) + "\n"


def op_text(op: Op, given: frozenset[str] = frozenset()) -> str:
    """Return one operation: results with their types, inputs by role, attributes.

    Names in `given` (weights, states, inputs) are written bare, what operations made with a %.
    """
    results = ", ".join(f"%{result.name}: {result.type}" for result in op.results)
    inputs = [f"{role}={'' if t.name in given else '%'}{t.name}" for role, t in op.inputs.items()]
    attrs = [f"{name}={_attr_text(value)}" for name, value in op.attrs.items()]
    return f"{results} = {op.name}({', '.join(inputs + attrs)})"


def _attr_text(value: AttrValue) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value) if isinstance(value, bool | float) else str(value)


def _source(op: Op) -> str:
    return f"{op.origin}  {op.location}" if op.location else op.origin


def _section(title: str, types: Mapping[str, TensorType]) -> list[str]:
    if not types:
        return []
    return [f"  {title}", *_aligned((f"    {name}", str(kind)) for name, kind in types.items())]


def _aligned(pairs: Iterable[tuple[str, str]], widest: int = 100) -> list[str]:
    """Put second columns under each other, except after a first one that is very wide."""
    rows = list(pairs)
    width = max((len(left) for left, _ in rows if len(left) <= widest), default=0)
    return [f"{left:<{width}}  {right}" for left, right in rows]
