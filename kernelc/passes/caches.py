"""What the KV caches of a step take, and which of them are rings."""

from __future__ import annotations

from kernelc.artifact import Ring
from kernelc.ir.dim import evaluate
from kernelc.ir.graph import Graph
from kernelc.passes.select.operands import ring_of


def cache_bytes(graph: Graph, context: int) -> int:
    """Return the bytes of all caches, which are the states that a step appends to, at this context."""
    return sum(evaluate(graph.states[name].size_bytes, {"context": context}) for name in graph.updates)


def rings_of(graph: Graph) -> tuple[Ring, ...]:
    """Return the caches that are rings, by their rows and the window that is seen of them, each pair once."""
    caches = ((op.attrs.get("window"), op.inputs["k_cache"]) for op in graph.ops if op.name == "attention")
    found = {(window, ring_of(graph, cache)) for window, cache in caches if isinstance(window, int)}
    return tuple(Ring(window, rows) for window, rows in sorted(found) if rows)
