"""The tensor IR: a straight list of operations in single-assignment form.

A graph describes one step of a model over `seq` new positions after `past` known ones. Its operations name
what they read by role (`x`, `weight`, `k_cache`), so that passes match on meaning and not on argument
positions. States live from step to step (the token ids, the KV cache); an operation that appends to a state
gives its next version, and `updates` names the version that the step leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kernelc.ir.dim import Dim, Var
from kernelc.ir.types import TensorType

AttrValue: TypeAlias = Dim | float | str | bool | tuple[float, ...]


@dataclass(frozen=True)
class Tensor:
    """A named value; the name is unique in its graph."""

    name: str
    type: TensorType


@dataclass(frozen=True)
class Op:
    """One operation: what it reads by role, its attributes and its results.

    `name` is a key of `kernelc.ir.ops.OPS`; `origin` is the layer path that made it ("layers.3.attn.q_proj"),
    which errors and profiles show; `location` is the model code's line ("model/families/llama.py:88").
    """

    name: str
    inputs: Mapping[str, Tensor]
    attrs: Mapping[str, AttrValue]
    results: tuple[Tensor, ...]
    origin: str
    location: str | None = None

    @property
    def result(self) -> Tensor:
        """The first (for most operations the only) result."""
        return self.results[0]


@dataclass(frozen=True)
class Graph:
    """One step of a model.

    `symbols` are the inclusive bounds of the dims' symbols, `weights` and `states` the logical types by name,
    `updates` the tensor that each changed state ends as, `outputs` what the step gives, by the name it is
    known by. A graph is in the order of execution.
    """

    name: str
    symbols: Mapping[str, tuple[int, int]]
    ops: tuple[Op, ...]
    outputs: Mapping[str, Tensor]
    inputs: tuple[Tensor, ...] = ()
    weights: Mapping[str, TensorType] = field(default_factory=dict[str, TensorType])
    states: Mapping[str, TensorType] = field(default_factory=dict[str, TensorType])
    updates: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])

    def var(self, name: str) -> Var:
        """Return the symbol of this name, with its bounds."""
        return Var(name, *self.symbols[name])

    def symbol(self, name: str) -> Dim:
        """Return the symbol of this name, or its value if its bounds leave only one."""
        low, high = self.symbols[name]
        return low if low == high else self.var(name)

    def given(self) -> dict[str, TensorType]:
        """Return what exists before the first operation: inputs, weights and states, by name."""
        return {tensor.name: tensor.type for tensor in self.inputs} | {**self.weights, **self.states}

    def producers(self) -> dict[str, Op]:
        """Return the operation that makes each tensor, by the tensor's name."""
        return {result.name: op for op in self.ops for result in op.results}

    def kept(self) -> frozenset[str]:
        """Return the names of the tensors that outlive the step: outputs and the last versions of states."""
        return frozenset(tensor.name for tensor in (*self.outputs.values(), *self.updates.values()))
