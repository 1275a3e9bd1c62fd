"""The verifier of the tensor IR: run after tracing and, with KERNELC_VERIFY=1, between passes."""

from __future__ import annotations

from collections.abc import Iterable

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.dim import Dim, DimExpr, free_vars
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.step_rules import check_step
from kernelc.ir.text import graph_text, op_text
from kernelc.ir.types import TensorType


def verify(graph: Graph, after: str = "") -> Graph:
    """Return the graph if it is valid; `after` names the pass that made it.

    Checked: every name is defined once and before it is used, with one type; operations are known and their
    types are what their shape rules say; symbols are declared; a state is appended to in one line of
    versions, of which only the newest is read; outputs and updates exist; and the graph asks for nothing
    that no program can do (see `kernelc.ir.step_rules`). Raises: InternalError with the graph's text for a
    malformed graph, ShapeError for what its author has to change.
    """
    try:
        _Verifier(graph).run()
    except ShapeError as error:
        stage = f" after {after}" if after else ""
        raise InternalError(f"invalid graph{stage}: {error.message}", ir=graph_text(graph)) from error
    check_step(graph)
    return graph


class _Verifier:
    """Walks a graph in order, knowing what is defined and which version of each state is the newest."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.defined: dict[str, TensorType] = {}
        self.newest = {name: name for name in graph.states}
        self.state_of = {name: name for name in graph.states}  # for every version of a state

    def run(self) -> None:
        for group in ({t.name: t.type for t in self.graph.inputs}, self.graph.weights, self.graph.states):
            for name, kind in group.items():
                self._define(name, kind)
        for op in self.graph.ops:
            try:
                self._check(op)
            except ShapeError as error:
                raise ShapeError(f"{error.message}\n  in {op.origin}: {op_text(op)}") from error
        self._check_ends()

    def _check(self, op: Op) -> None:
        if op.name not in OPS:
            raise ShapeError(f"unknown operation {op.name}")
        for role, tensor in op.inputs.items():
            self._use(role, tensor)
        self._check_symbols(value for value in op.attrs.values() if isinstance(value, int | DimExpr))
        inferred = OPS[op.name].check({role: tensor.type for role, tensor in op.inputs.items()}, op.attrs)
        got = tuple(result.type for result in op.results)
        if got != inferred:
            wanted = ", ".join(str(kind) for kind in inferred)
            raise ShapeError(
                f"{op.name}: results are {', '.join(map(str, got))}; its shape rule gives {wanted}"
            )
        for result in op.results:
            self._define(result.name, result.type)
        self._append(op)

    def _define(self, name: str, kind: TensorType) -> None:
        if name in self.defined:
            raise ShapeError(f"{name} is defined twice")
        self._check_symbols(kind.shape)
        self.defined[name] = kind

    def _use(self, role: str, tensor: Tensor) -> None:
        if tensor.name not in self.defined:
            raise ShapeError(f"{role} {tensor.name} is used before it is defined")
        if tensor.type != self.defined[tensor.name]:
            raise ShapeError(f"{role} {tensor.name} is {self.defined[tensor.name]}; used as {tensor.type}")
        state = self.state_of.get(tensor.name)
        if state is not None and self.newest[state] != tensor.name:
            raise ShapeError(f"{role} {tensor.name} was overwritten: {state} is {self.newest[state]} by now")

    def _append(self, op: Op) -> None:
        for role, index in OPS[op.name].appends.items():
            if role not in op.inputs:
                continue
            state = self.state_of.get(op.inputs[role].name)
            if state is None:
                raise ShapeError(f"{role} {op.inputs[role].name} is appended to but is no state")
            if self.newest[state] != op.inputs[role].name:
                raise ShapeError(f"{state} is appended to twice in one operation")
            self.newest[state] = op.results[index].name
            self.state_of[op.results[index].name] = state

    def _check_symbols(self, dims: Iterable[Dim]) -> None:
        for var in (var for dim in dims for var in free_vars(dim)):
            declared = self.graph.symbols.get(var.name)
            if declared != (var.low, var.high):
                raise ShapeError(f"symbol {var.name} {var.low}..{var.high} is declared as {declared}")

    def _check_ends(self) -> None:
        for role, tensor in (*self.graph.outputs.items(), *self.graph.updates.items()):
            if self.defined.get(tensor.name) != tensor.type:
                raise ShapeError(f"{role} is {tensor.name}: {tensor.type}, which no operation makes")
        changed = {state: name for state, name in self.newest.items() if state != name}
        updates = {state: tensor.name for state, tensor in self.graph.updates.items()}
        if updates != changed:
            raise ShapeError(f"the updates of states are {updates}; the operations leave {changed}")
