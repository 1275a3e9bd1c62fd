"""What a graph may ask of a step, beyond what the operations' shape rules can see.

An operation's shape rule knows types alone. Whether a linear layer's weight is a weight, a cache a state, and
`past` the step's own position are questions about the graph. Every graph that follows these rules compiles.
"""

from __future__ import annotations

from typing import NoReturn

from kernelc.errors import ShapeError
from kernelc.ir.dim import Dim
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.ops.fused import LINEAR
from kernelc.ir.rings import ring_rows

_STATES = frozenset({"tokens", "cache", "k_cache", "v_cache"})
_BY_POSITION = frozenset({"rope", "cache_append", "attention", "linear_heads"})
_STEP_ATTRS = ("seq", "past")
_RESERVED = ("step", "slot.", "%")  # the step block's buffer, and how those of activations begin


def check_step(graph: Graph) -> None:
    """Check a graph that is well formed.

    Raises: ShapeError that names the operation and its line, for what no program can do.
    """
    rules = _Rules(graph)
    for op in graph.ops:
        rules.check(op)
    rules.check_declarations()
    rules.check_outputs()


class _Rules:
    """The rules for one graph; `state_of` gives for every version of a state the state's name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made = graph.producers()
        self.state_of = {name: name for name in graph.states}
        for op in graph.ops:
            for role, result in _appends(op):
                self.state_of[result.name] = self.state_of[op.inputs[role].name]

    def symbol(self, name: str) -> Dim | None:
        """A symbol of the graph, as attributes and shapes have it; None where it is not declared."""
        if name not in self.graph.symbols:
            return None
        low, high = self.graph.symbols[name]
        return low if low == high else self.graph.var(name)

    def check(self, op: Op) -> None:
        for name in _STEP_ATTRS:
            if name in op.attrs and op.attrs[name] != self.symbol(name):
                _refuse(
                    op,
                    f"{name} is {op.attrs[name]}; wanted the symbol {name} of the step",
                    "positions are the step's own: every row comes after those of the steps before",
                )
        for role, tensor in op.inputs.items():
            if role in _STATES:
                self._check_state(op, role, tensor)
            elif role == "table" or (op.name in LINEAR and role.endswith(("weight", "bias"))):
                self._check_weight(op, role, tensor)
            else:
                self._check_rows(op, role, tensor)

    def _check_state(self, op: Op, role: str, tensor: Tensor) -> None:
        if tensor.name not in self.state_of:
            _refuse(op, f"{role} is {tensor.name}, which is no state", "declare it with tracer().state(...)")
        context, shape = self.symbol("context"), tensor.type.shape
        positions = context if context is None or role != "tokens" else context + 1
        ring = 0 if context is None or role == "tokens" else ring_rows(shape[0], context)
        if ring:
            self._check_ring(op, role, tensor, ring)
        elif shape[0] != positions:
            _refuse(
                op,
                f"{role} is {tensor.name}, {tensor.type}; wanted {positions} positions",
                "declare states with the symbol context as their first dimension (tokens: context + 1)",
            )

    def _check_ring(self, op: Op, role: str, tensor: Tensor, ring: int) -> None:
        """A ring holds what the rows of a step see, or before them, whatever they overwrite."""
        window, seq = op.attrs.get("window"), self.graph.symbols.get("seq", (1, 1))[1]
        if op.name == "attention" and not isinstance(window, int):
            _refuse(
                op,
                f"{role} is {tensor.name}, {tensor.type}, a ring; without a window all positions are read",
                "give the attention a window, or the cache the symbol context as its first dimension",
            )
        needed = seq + (window - 1 if isinstance(window, int) else 0)
        if ring < needed:
            _refuse(
                op,
                f"{role} is {tensor.name}, {tensor.type}; wanted a ring of {needed} positions or more",
                "a ring holds the rows of a step and the window before them: see kernelc.ir.rings",
            )

    def _check_weight(self, op: Op, role: str, tensor: Tensor) -> None:
        if tensor.name not in self.graph.weights:
            _refuse(
                op,
                f"{role} is {tensor.name}, which is no weight",
                "matrices are packed when the model is built: compute with the product, not with the matrix",
            )

    def _check_rows(self, op: Op, role: str, tensor: Tensor) -> None:
        if tensor.name in self.state_of:
            _refuse(
                op,
                f"{role} is the state {self.state_of[tensor.name]}",
                "only attention reads caches, and only an embedding ids; compute with the step's own rows",
            )
        if tensor.type.rank < 2:
            return
        seq = self.symbol("seq")
        all_rows = tensor.type.shape[0] == seq
        if not all_rows and (op.name in _BY_POSITION or tensor.type.shape[0] != 1):
            _refuse(
                op,
                f"{role} is {tensor.name}, {tensor.type}; wanted all {seq} rows of the step",
                "take the last row after what works by position: rotation, caches and attention",
            )

    def check_declarations(self) -> None:
        for name, kind in self.graph.weights.items():
            if not all(isinstance(dim, int) for dim in kind.shape):
                raise ShapeError(
                    f"weight {name} is {kind}; wanted a shape of integers",
                    where=self.graph.name,
                    help="a checkpoint's tensors have one shape, whatever the step",
                )
        seq = self.symbol("seq")
        for tensor in self.graph.inputs:
            static = all(isinstance(dim, int) for dim in tensor.type.shape[1:])
            if tensor.type.rank < 2 or tensor.type.shape[0] not in (1, seq) or not static:
                raise ShapeError(
                    f"the input {tensor.name} is {tensor.type}; wanted rows of the step, f32[seq, ...]",
                    where=self.graph.name,
                    help="declare inputs with the symbol seq, or 1, as their first dimension",
                )

    def check_outputs(self) -> None:
        for name, tensor in self.graph.outputs.items():
            if tensor.name not in self.made or tensor.name in self.state_of:
                raise ShapeError(
                    f"output {name} is {tensor.name}, which no operation of the step computes",
                    where=self.graph.name,
                    help="hand out what an operation makes of it",
                )
        for name in (*self.graph.outputs, *self.graph.states):
            taken = name in self.graph.outputs and name in self.graph.given()
            if taken or name == _RESERVED[0] or name.startswith(_RESERVED[1:]):
                raise ShapeError(
                    f"{name} is the name of another buffer of the program",
                    where=self.graph.name,
                    help="call the output or state something else",
                )


def _appends(op: Op) -> list[tuple[str, Tensor]]:
    return [(role, op.results[at]) for role, at in OPS[op.name].appends.items() if role in op.inputs]


def _refuse(op: Op, message: str, help: str) -> NoReturn:
    where = f"{op.location}: {op.origin}" if op.location else op.origin
    raise ShapeError(f"{op.name}: {message}", where=where, help=help)
