"""The state of a selection under way, and what the handlers of operations do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.kernels.attention.decode.schedule import TILE
from kernelc.kernels.spec import KernelSpec
from kernelc.passes.select.calls import KernelCall, Selection
from kernelc.passes.select.operands import Operands, number, width_of
from kernelc.passes.select.packing import Packing


@dataclass(frozen=True)
class SplitOptions:
    """How decode attention is split over positions: `length` of them a workgroup, 0 for one workgroup over
    all. A window of positions is cut into `window_splits` or more, as far as splits stay of a tile's size.
    With `joined` the kernel that makes splits joins them too, which takes a target that can."""

    length: int = 0
    window_splits: int = 0
    joined: bool = False

    def within(self, window: int) -> int:
        """The length of a split in a layer that sees a window (0: everything)."""
        if not (window and self.window_splits):
            return self.length
        return min(self.length, max(TILE, window // self.window_splits // TILE * TILE))


@dataclass(frozen=True)
class SelectOptions:
    """`formats`: which format each matrix gets; `max_binding_bytes`: larger matrices are cut by rows;
    `halves`: whether many rows are made blocks of halves before matrices that are rounded multiply them."""

    formats: FormatTable
    max_binding_bytes: int = 128 << 20
    split: SplitOptions = SplitOptions()
    halves: bool = False


class Selector:
    """One graph's selection: `found` so far, the names of tensors, and the packed weights."""

    def __init__(self, graph: Graph, options: SelectOptions) -> None:
        self.graph, self.options = graph, options
        self.found = Selection()
        self.packing = Packing(self.found, graph, options.formats, options.max_binding_bytes)
        self.operands = Operands(graph, self.packing)
        self.halves: set[str] = set()  # tensors that there are as blocks of halves, too
        self.users: dict[str, list[Op]] = {}
        for op in graph.ops:
            for tensor in op.inputs.values():
                self.users.setdefault(tensor.name, []).append(op)

    def call(
        self,
        spec: KernelSpec[Any, Any],
        problem: Any,
        operands: Mapping[str, str],
        results: tuple[str, ...],
        op: Op,
    ) -> None:
        """Add a kernel call for an operation."""
        self.found.calls.append(KernelCall(spec, problem, operands, results, op.origin))

    def is_output(self, tensor: Tensor) -> bool:
        """Whether the graph hands a tensor out."""
        return tensor in self.graph.outputs.values()

    def norm_weight(self, op: Op, role: str, shift: str = "weight_offset") -> tuple[str, float]:
        """A norm's weight and the constant, attribute `shift`, that the kernel is to add to it.

        To a weight of the checkpoint the constant (Gemma's 1 + w) is added when it is packed.
        """
        tensor, offset = op.inputs[role], number(op, shift)
        if tensor.name not in self.graph.weights:
            return self.operands.name(tensor), offset
        return self.packing.vector(tensor.name, width_of(tensor), offset), 0.0


Handler: TypeAlias = Callable[[Selector, Op], None]
