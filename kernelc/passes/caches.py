"""What the KV caches of a step take, and how decode attention is split over their positions."""

from __future__ import annotations

from kernelc.artifact import Ring
from kernelc.ir.dim import evaluate
from kernelc.ir.graph import Graph
from kernelc.passes.select.operands import ring_of

# Decode attention by the number of cached positions: (from this many, positions per split). 0 means that
# one workgroup reads all positions. Splitting adds a small dispatch, which pays off sooner the more bytes of
# cache a layer reads per position: from LARGE_POSITION_BYTES on, the second table is used.
SPLITS_SMALL = ((0, 0), (512, 256))
SPLITS_LARGE = ((0, 0), (128, 32), (1024, 128))
LARGE_POSITION_BYTES = 4096


def cache_bytes(graph: Graph, context: int) -> int:
    """Return the bytes of all caches, which are the states that a step appends to, at this context."""
    return sum(evaluate(graph.states[name].size_bytes, {"context": context}) for name in graph.updates)


def rings_of(graph: Graph) -> tuple[Ring, ...]:
    """Return the caches that are rings, by their rows and the window that is seen of them, each pair once."""
    caches = ((op.attrs.get("window"), op.inputs["k_cache"]) for op in graph.ops if op.name == "attention")
    found = {(window, ring_of(graph, cache)) for window, cache in caches if isinstance(window, int)}
    return tuple(Ring(window, rows) for window, rows in sorted(found) if rows)


def decode_splits(graph: Graph, context: int, split: bool = True) -> list[tuple[int, int, int]]:
    """Return the decode programs as (lowest past, highest past, positions per split): one where none `split`.

    Every position of the context is in exactly one of them. Layers may differ in their caches; since a
    program splits all of them alike, the average decides.
    """
    layers = sum(op.name == "attention" for op in graph.ops)
    position_bytes = cache_bytes(graph, 1) // max(layers, 1)
    table = SPLITS_LARGE if position_bytes >= LARGE_POSITION_BYTES else SPLITS_SMALL
    starts = [row for row in table if row[0] < context] if split else [(0, 0)]
    ends = [row[0] for row in starts[1:]] + [context]
    return [(low, end - 1, split) for (low, split), end in zip(starts, ends, strict=True)]
