"""Which kernels compute a graph, and on which packed weights.

Every operation becomes one or a few `KernelCall`s, or a view of memory that is there already. What a call
binds is named: results of earlier calls, states, packed matrices and vectors.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.graph import Graph
from kernelc.passes.select import attention, linear, rows
from kernelc.passes.select.calls import KernelCall, PackedVector, Selection
from kernelc.passes.select.selector import Handler, SelectOptions, Selector, SplitOptions

__all__ = ["KernelCall", "PackedVector", "SelectOptions", "Selection", "SplitOptions", "select"]

HANDLERS: Mapping[str, Handler] = {**rows.HANDLERS, **linear.HANDLERS, **attention.HANDLERS}


def select(graph: Graph, options: SelectOptions) -> Selection:
    """Kernels for every operation of a graph, fused or not.

    Raises: ShapeError for an operation on something else than the step's rows.
    """
    selector = Selector(graph, options)
    for op in graph.ops:
        if op.name not in HANDLERS:
            raise InternalError(f"no kernel computes {op.name} ({op.origin})")
        HANDLERS[op.name](selector, op)
    _outputs(selector)
    return selector.found


def _outputs(selector: Selector) -> None:
    """Copy what a graph hands out under a second name, or without having computed it."""
    graph, made = selector.graph, selector.graph.producers()
    for name, tensor in graph.outputs.items():
        op = made.get(tensor.name)
        if op is None or tensor in graph.updates.values():
            raise ShapeError(
                f"output {name} is {tensor.name}, which no operation of the step computes",
                where=graph.name,
                help="hand out what an operation makes of it",
            )
        if selector.operands.name(tensor) != name:
            rows.copy(selector, op, tensor, tensor, out=name)
