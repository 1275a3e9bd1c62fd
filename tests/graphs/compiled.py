"""Compiles the graphs of several roles together, as `kernelc.compiler` does, and packs their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc import compiler
from kernelc.artifact import Requires
from kernelc.ir.dim import Dim, dim_max
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph
from kernelc.ir.packed_matrix import RowOrder, row_index
from kernelc.ir.verify import verify
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.passes.lower import Lowered, Printed, ProgramSource, lower
from kernelc.passes.memory import worst_case
from kernelc.passes.select import Selection, SelectOptions, SplitOptions, select
from kernelc.pipeline import stored_vector
from kernelc.schedules import RULES
from kernelc.target import Capabilities, Target
from model.pack import RowSource, pack_matrices

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Render = Callable[[str, Kernel], Printed]


@dataclass(frozen=True)
class Options:
    """How graphs are compiled: `off` are fuse patterns left out, `split` is decode attention's."""

    off: frozenset[str] = frozenset()
    capabilities: Capabilities = field(default_factory=Capabilities)
    split: int = 0
    joined: bool = False
    max_binding_bytes: int = 128 << 20
    format: str = "f32"
    target: str = "none"


@dataclass(frozen=True)
class Compiled:
    """What lowering gives, the traced kernels by name, and for each cache of keys the order in its heads."""

    lowered: Lowered
    kernels: Mapping[str, Kernel]
    selected: Selection
    key_orders: Mapping[str, tuple[RowOrder, ...]]

    def natural_order(self, cache: str, values: Array) -> Array:
        """A cache [context, kv_heads, head_dim] with the elements of heads as the graph has them."""
        if cache not in self.key_orders:
            return values
        natural = np.empty_like(values)
        natural[..., row_index(self.key_orders[cache])] = values
        return natural


def compile_graphs(graphs: Mapping[str, Graph], options: Options, render: Render | None = None) -> Compiled:
    """Compile graphs that share weights and states; their names become roles and programs.

    `render` prints kernels; left out, they are only traced.
    """
    builder = _Builder(options)
    if not all(builder.add(role, graph) for role, graph in graphs.items()):
        builder = _Builder(options, frozenset({"heads"}))
        assert all(builder.add(role, graph) for role, graph in graphs.items())
    return builder.compiled(graphs, render or only_traced)


class _Builder:
    """Collects the programs of all roles, as the class of this name in `kernelc.compiler` does."""

    def __init__(self, options: Options, off: frozenset[str] = frozenset()) -> None:
        self.options, self.fusing = options, FuseOptions(off=options.off | off)
        self.sources: list[ProgramSource] = []
        self.selected = Selection()
        self.states: dict[str, Dim] = {"step": 4 * len(STEP)}
        self.key_orders: dict[str, tuple[RowOrder, ...]] = {}

    def add(self, role: str, graph: Graph) -> bool:
        """Select one graph's kernels; False where a cache's order is not that of the graphs before."""
        fused = verify(fuse(verify(graph), self.fusing))
        options = self.options
        formats = FormatTable(options.format)
        split = SplitOptions(options.split, 0, options.joined)
        found = select(fused, SelectOptions(formats, options.max_binding_bytes, split))
        for mine, theirs in (
            (self.selected.matrices, found.matrices),
            (self.selected.vectors, found.vectors),
        ):
            assert all(mine.get(name, stored) == stored for name, stored in theirs.items()), "names clash"
        self.selected.matrices |= found.matrices
        self.selected.vectors |= found.vectors
        self.sources.append(ProgramSource(role, role, dict(graph.symbols), found.calls))
        self.states |= {
            name + suffix: worst_case(size, graph.symbols)
            for name, kind in graph.states.items()
            for suffix, size in kind.stored_arrays.items()
        }
        self.selected.counters |= found.counters
        self.states |= found.counters
        for name, tensor in graph.outputs.items():
            size = worst_case(tensor.type.size_bytes, graph.symbols)
            self.states[name] = dim_max(self.states.get(name, 0), size)
        orders = self.selected.head_orders
        agree = all(orders.get(cache, order) == order for cache, order in found.head_orders.items())
        orders |= found.head_orders
        for op in fused.ops:
            if op.name == "linear_heads" and op.attrs["rotated"] != "none":
                head_dim, turned = int(str(op.attrs["head_dim"])), int(str(op.attrs["rotary_dim"]))
                self.key_orders[op.inputs["k_cache"].name] = (RowOrder("pairs", head_dim, head_dim, turned),)
        return agree

    def compiled(self, graphs: Mapping[str, Graph], render: Render) -> Compiled:
        """Lower all programs with one plan of memory."""
        kernels: dict[str, Kernel] = {}

        def printed(target: str, kernel: Kernel) -> Printed:
            kernels[kernel.name] = kernel
            return render(target, kernel)

        weights = {
            array.name: array.bytes
            for matrix in self.selected.matrices.values()
            for array in matrix.stored_arrays.values()
        }
        weights |= {vector.name: 4 * vector.length for vector in self.selected.vectors.values()}
        symbols = {name: bounds for graph in graphs.values() for name, bounds in graph.symbols.items()}
        symbols["seq"] = (1, max(graph.symbols["seq"][1] for graph in graphs.values()))
        targets = [Target(self.options.target, "kernel", (self.options.capabilities,))]
        lowered = lower(self.sources, self.states, weights, symbols, targets, printed, RULES.choose)
        return Compiled(lowered, kernels, self.selected, self.key_orders)


@dataclass(frozen=True)
class _Untouched:
    """Stands for a kernel's text where nothing is printed."""

    entry: str
    text: str = ""
    file: bytes = b""


def only_traced(target: str, kernel: Kernel) -> Printed:
    """Print nothing."""
    requires = Requires(
        kernel.features(),
        kernel.asked_subgroup_size(),
        kernel.workgroup,
        kernel.shared_bytes,
        len(kernel.buffers),
    )
    return Printed(_Untouched(kernel.name), requires, bool(kernel.params), lambda: kernel_text(kernel))


def printed_for_a_device(target: str, kernel: Kernel) -> Printed:
    """What `kernelc.compiler` hands to lowering."""
    return compiler.render(target, kernel)


@dataclass(frozen=True)
class Checkpoint(RowSource):
    """Weights by name, as `model.checkpoints.checkpoint.Checkpoint` gives them."""

    weights: Arrays

    def shape(self, name: str) -> tuple[int, ...]:
        return self.weights[name].shape

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> Array:
        return self.weights[name][indices]

    def read(self, name: str) -> Array:
        return self.weights[name]


@dataclass
class Packed:
    """Collects packed tensors as bytes; takes the place of a `WeightsWriter`."""

    arrays: dict[str, npt.NDArray[np.uint8]] = field(default_factory=dict)

    def add(self, name: str, encoding: str, shape: tuple[int, ...], chunks: Iterable[Any]) -> None:
        data = b"".join(chunk if isinstance(chunk, bytes) else chunk.tobytes() for chunk in chunks)
        self.arrays[name] = np.frombuffer(data, np.uint8)

    def has(self, name: str) -> bool:
        return name in self.arrays

    def checkpoint(self) -> None:
        """Nothing is kept for a build that is killed."""


def packed_weights(compiled: Compiled, weights: Arrays) -> dict[str, npt.NDArray[np.uint8]]:
    """The bytes of every stored tensor, packed as a build packs them."""
    packed, checkpoint = Packed(), Checkpoint(weights)
    pack_matrices(packed, compiled.selected.matrices.values(), checkpoint)  # type: ignore[arg-type]
    for vector in compiled.selected.vectors.values():
        packed.add(vector.name, "f32", (vector.length,), [stored_vector(vector, checkpoint)])  # type: ignore[arg-type]
    return packed.arrays
