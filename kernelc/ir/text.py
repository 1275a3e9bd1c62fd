"""The text form of the tensor IR: what `inspect` prints, KERNELC_DUMP writes and internal errors carry."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from kernelc.ir.graph import AttrValue, Graph, Op
from kernelc.ir.types import TensorType

_WIDTH = 110


def graph_text(graph: Graph) -> str:
    """Return the whole graph as text, the same for equal graphs."""
    symbols = ", ".join(f"{name} {low}..{high}" for name, (low, high) in graph.symbols.items())
    lines = [f"graph {graph.name}", f"  symbols  {symbols or 'none'}"]
    lines += _section("inputs", {tensor.name: tensor.type for tensor in graph.inputs})
    lines += _section("weights", graph.weights)
    lines += _section("states", graph.states)
    given = frozenset(graph.given())
    lines += ["  ops", *(line for op in graph.ops for line in _op_lines(op, given))]
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


def _op_lines(op: Op, given: frozenset[str]) -> list[str]:
    """One operation and its source, on one line or, where that is too long, on several under a comment."""
    text, source = op_text(op, given), _source(op)
    if len(text) <= _WIDTH:
        return [f"    {text}  # {source}" if source else f"    {text}"]
    lines = textwrap.wrap(
        text, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return [f"    {line}" for line in ([f"# {source}"] if source else []) + lines]


def _attr_text(value: AttrValue) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value) if isinstance(value, bool | float) else str(value)


def _source(op: Op) -> str:
    """Where an operation is from: its origin, unless the result's name says it, and the model's line."""
    parts = [op.origin] if op.origin != op.result.name else []
    return "  ".join([*parts, op.location] if op.location else parts)


def _section(title: str, types: Mapping[str, TensorType]) -> list[str]:
    if not types:
        return []
    return [f"  {title}", *_aligned((f"    {name}", str(kind)) for name, kind in types.items())]


def _aligned(pairs: Iterable[tuple[str, str]]) -> list[str]:
    rows = list(pairs)
    width = max(len(left) for left, _ in rows)
    return [f"{left:<{width}}  {right}" for left, right in rows]
