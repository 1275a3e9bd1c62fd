"""Fuse operations of the tensor IR: fewer dispatches, and intermediate values that never reach memory.

Fusing is an optimisation only: every operation has a kernel of its own, so a graph that no pattern matches
compiles too, and each pattern may be switched off. Each looks at one operation (its anchor), walks to its
producers or users, and says what to put in place of what it found. Where a value is also needed elsewhere, or
anything else does not fit, it says nothing. Result names survive, so whatever reads them needs no change.

A layer over one row becomes five operations: q/k/v (norm, rotary and cache append inside), attention, the
output projection with the residual added, gate and up (norm inside), the down projection with the residual
added. Over many rows a norm would be computed again by every tile of a matrix product, so there it stays an
operation of its own, together with the residual add before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernelc.debug import verify_enabled
from kernelc.errors import InternalError
from kernelc.ir.graph import Graph, Op
from kernelc.ir.verify import verify
from kernelc.passes.fuse.elementwise import formula
from kernelc.passes.fuse.heads import heads, merged_attention
from kernelc.passes.fuse.linear import add_rms_norm, norm_into_linear, pair, row, row_of_vectors
from kernelc.passes.fuse.view import Pattern, View

PATTERNS: Mapping[str, Pattern] = {
    "merged_attention": merged_attention,
    "pair": pair,
    "heads": heads,
    "norm_into_linear": norm_into_linear,
    "row_of_vectors": row_of_vectors,
    "add_rms_norm": add_rms_norm,
    "row": row,
    "formula": formula,
}
"""All patterns by name, in the order in which they are applied: a norm goes into gate/up and q/k/v once these
are one operation each, and what no linear layer took in is left to the last three."""


@dataclass(frozen=True)
class FuseOptions:
    """`vector_rows`: up to this many rows, a linear layer takes in the norm before it and the residual after
    it. `off`: names of patterns that are not applied."""

    vector_rows: int = 1
    off: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raise InternalError for a name in `off` that no pattern has."""
        if unknown := self.off - PATTERNS.keys():
            raise InternalError(f"no fuse pattern is called {sorted(unknown)}; there are {list(PATTERNS)}")


def fuse(graph: Graph, options: FuseOptions | None = None) -> Graph:
    """Return the graph with every pattern applied wherever it matches; it computes the same values.

    Raises: InternalError where KERNELC_VERIFY=1 and a rewrite broke the graph.
    """
    options = options or FuseOptions()
    for name, pattern in PATTERNS.items():
        if name not in options.off:
            graph = _rewrite(graph, pattern, options)
    return verify(graph, "fuse") if verify_enabled() else graph


def _rewrite(graph: Graph, pattern: Pattern, options: FuseOptions) -> Graph:
    """Apply one pattern, from the last operation to the first: the largest match comes first there."""
    view = View.of(graph, options.vector_rows)
    changes: dict[str, Op | None] = {}
    for op in reversed(graph.ops):
        match = None if op.result.name in changes else pattern(view, op)
        if match is not None and not changes.keys() & match.keys():
            changes |= match
    ops = (changes.get(op.result.name, op) for op in graph.ops)
    return replace(graph, ops=tuple(op for op in ops if op is not None))
