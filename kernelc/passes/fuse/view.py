"""A graph with the look-ups that patterns need: who makes a tensor, who uses it, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from kernelc.ir.dim import bounds
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor

# What to put in place of operations, by their first results' names; None removes one.
Match: TypeAlias = Mapping[str, Op | None]


@dataclass(frozen=True)
class View:
    """`users` and `uses` of each tensor, by its name: the operations that read it, and how many times it is
    read or kept after the step."""

    graph: Graph
    producers: Mapping[str, Op]
    users: Mapping[str, tuple[Op, ...]]
    uses: Mapping[str, int]
    vector_rows: int

    @classmethod
    def of(cls, graph: Graph, vector_rows: int) -> View:
        """Look a graph over once."""
        users: dict[str, list[Op]] = {}
        uses = Counter(tensor.name for tensor in (*graph.outputs.values(), *graph.updates.values()))
        for op in graph.ops:
            for tensor in op.inputs.values():
                users.setdefault(tensor.name, []).append(op)
                uses[tensor.name] += 1
        return cls(graph, graph.producers(), {n: tuple(o) for n, o in users.items()}, uses, vector_rows)

    def made_by(self, tensor: Tensor, *names: str) -> Op | None:
        """The operation of one of these names that makes a tensor."""
        op = self.producers.get(tensor.name)
        return op if op is not None and op.name in names else None

    def only_for(self, tensor: Tensor, *names: str) -> Op | None:
        """The same, where the tensor is used once and may vanish."""
        return self.made_by(tensor, *names) if self.uses[tensor.name] == 1 else None

    def given(self, *tensors: Tensor | None) -> bool:
        """Whether these exist before the first operation, so that a reader may move to any place."""
        return all(tensor is None or tensor.name not in self.producers for tensor in tensors)

    def is_weight(self, tensor: Tensor) -> bool:
        """Whether a tensor is a weight of the checkpoint."""
        return tensor.name in self.graph.weights

    def is_vector(self, tensor: Tensor) -> bool:
        """Whether there are so few rows that a linear layer works on them as vectors."""
        return bounds(tensor.type.shape[0])[1] <= self.vector_rows


Pattern: TypeAlias = Callable[[View, Op], Match | None]


def fused(
    op: Op,
    name: str,
    inputs: Mapping[str, Tensor],
    attrs: Mapping[str, AttrValue],
    results: tuple[Tensor, ...],
    origin: str,
) -> Op:
    """A fused operation; the model's line is that of `op`."""
    return replace(op, name=name, inputs=inputs, attrs=attrs, results=results, origin=origin)


def layer_roles(prefix: str, layer: Op) -> dict[str, Tensor]:
    """A linear layer's weights by the roles that they get in a fused operation: "q_weight", "q_bias"."""
    return {f"{prefix}_{role}": tensor for role, tensor in layer.inputs.items() if role != "x"}


def same_biases(*layers: Op) -> bool:
    """Whether all of the linear layers have a bias, or none has: a joint matrix has one per row, or none."""
    return len({"bias" in layer.inputs for layer in layers}) == 1


def results_of(*ops: Op) -> frozenset[str]:
    """The names of the operations' first results."""
    return frozenset(op.result.name for op in ops)


def joint_origin(*layers: Op) -> str:
    """What layers of one parent are called together: layers.0.attn.{q,k,v}_proj -> layers.0.attn.qkv."""
    parent = layers[0].origin.rpartition(".")[0]
    leaves = [layer.origin.rpartition(".")[2].removesuffix("_proj") for layer in layers]
    leaf = ("" if all(len(each) == 1 for each in leaves) else "_").join(leaves)
    return f"{parent}.{leaf}" if parent else leaf
