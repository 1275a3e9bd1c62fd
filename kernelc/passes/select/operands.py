"""What the operations' tensors are called once memory is planned: buffers, slots, and views of either."""

from __future__ import annotations

from kernelc.errors import ShapeError
from kernelc.ir.dim import Dim, evaluate
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.rings import ring_rows
from kernelc.ir.types import DType
from kernelc.passes.select.packing import Packing


class Operands:
    """Names for the tensors of one graph.

    Every version of a state is the state's buffer; a graph's output has a buffer of its own; a view (heads
    split or merged, the last row read in place) is what it is a view of. Any other tensor is called "%name",
    which no state, weight or output of any program is called.
    """

    def __init__(self, graph: Graph, packing: Packing) -> None:
        self.graph, self.packing = graph, packing
        self.names: dict[str, str] = {}
        for name, tensor in graph.outputs.items():
            self.names.setdefault(tensor.name, name)
        for op in graph.ops:
            for role, at in OPS[op.name].appends.items():
                state = op.inputs[role].name
                self.names[op.results[at].name] = self.names.get(state, state)
        self.last_row_of: dict[str, Tensor] = {}

    def name(self, tensor: Tensor) -> str:
        """What a tensor is called; a weight that is no matrix of a linear layer becomes a stored vector."""
        if tensor.name in self.graph.weights:
            length = evaluate(tensor.type.elements, {})
            return self.packing.vector(tensor.name, length)
        return self.names.get(
            tensor.name, tensor.name if tensor.name in self.graph.states else f"%{tensor.name}"
        )

    def view(self, result: Tensor, of: Tensor) -> bool:
        """Let a result be the memory of another tensor; False where it must have its own."""
        if result.name in self.names:
            return False
        self.names[result.name] = self.name(of)
        return True


def one_row(tensor: Tensor) -> bool:
    """Whether a tensor holds a single row in every step."""
    return tensor.type.rank == 1 or tensor.type.shape[0] == 1


def check_rows(op: Op, graph: Graph, *tensors: Tensor) -> None:
    """Raise ShapeError unless these are f32 rows of the step: [seq, ...], [1, ...], or a vector."""
    low, high = graph.symbols.get("seq", (1, 1))
    seq: Dim = low if low == high else graph.var("seq")
    for tensor in tensors:
        rows = tensor.type.rank == 1 or tensor.type.shape[0] in (1, seq)
        static = all(isinstance(dim, int) for dim in tensor.type.shape[1:])
        if not rows or not static or tensor.type.dtype != DType.F32:
            raise ShapeError(
                f"{op.name}: {tensor.name} is {tensor.type}; wanted rows of the step, f32[seq, ...]",
                where=op.origin,
                help="attention alone reads whole caches; compute with the step's own rows",
            )


def ring_of(graph: Graph, cache: Tensor) -> int:
    """The rows of a cache that is a ring; 0 where every position of the context has a row."""
    return ring_rows(cache.type.shape[0], graph.symbol("context")) or 0


def static(shape: tuple[Dim, ...]) -> tuple[int, ...]:
    """A shape without symbols as integers."""
    return tuple(evaluate(dim, {}) for dim in shape)


def width_of(tensor: Tensor) -> int:
    """Elements of a row of the step."""
    shape = tensor.type.shape if tensor.type.rank == 1 else tensor.type.shape[1:]
    width = 1
    for dim in static(shape):
        width *= dim
    return width


def number(op: Op, name: str, default: float = 0.0) -> float:
    """An attribute that the shape rule has found to be a number."""
    value = op.attrs.get(name, default)
    assert isinstance(value, int | float)
    return float(value)
