"""Running a model over a text for calibration: one operation at a time, over all segments of the text.

A segment is a step of the model of its own. Each operation is done for every segment before the next
begins, so that a matrix is read once, its inputs are all seen before it is quantised, and what follows
reads the outputs of the quantised matrix, as it will in the end. Memory holds the activations of one place
in the model, for all segments, and one matrix at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import DimExpr
from kernelc.ir.dim import evaluate as evaluate_dim
from kernelc.ir.evaluate import empty_states
from kernelc.ir.formats import F32
from kernelc.ir.graph import AttrValue, Graph, Op
from kernelc.ir.ops import OPS

Array: TypeAlias = npt.NDArray[Any]

Quantise: TypeAlias = Callable[[str, F32, "Moments"], F32]
"""Called with a matrix's name, its numbers [rows, cols] and its inputs; returns what to go on with."""


class Moments:
    """The second moments of the inputs of the linear layers that read one tensor.

    `inputs` are [positions, cols] of each segment. The first position of each counts as half of them.
    """

    def __init__(self, inputs: Sequence[F32]) -> None:
        self._inputs = inputs
        self._matrix: F32 | None = None
        self.factor: F32 | None = None
        """Room for what is made of the matrix, so that layers that read the same tensor share it."""

    @property
    def matrix(self) -> F32:
        """The sum of x x^T. Shape: f32 [cols, cols]."""
        if self._matrix is None:
            cols = self._inputs[0].shape[1]
            self._matrix = np.zeros((cols, cols), np.float32)
            for part in self._inputs:
                weighed = part.copy()
                weighed[0] *= max(1, len(part) // 2)
                self._matrix += weighed.T @ part
        return self._matrix


def run_calibration(
    graph: Graph,
    segments: Sequence[npt.NDArray[np.uint32]],
    weights: Callable[[str], F32],
    quantise: Quantise,
    wanted: frozenset[str],
    done: Callable[[int, int], None] | None = None,
) -> None:
    """Run `graph` over the segments of ids and hand each matrix in `wanted` to `quantise` with its inputs.

    `graph` is a step without fused operations whose state "tokens" takes the ids. The last operation that is
    run is the last that reads one of the `wanted`. `done` is called with (operations done, of how many).
    Raises: whatever `weights` and `quantise` raise.
    """
    ops = list(_needed(graph, wanted))
    last_use = {tensor.name: at for at, op in enumerate(ops) for tensor in op.inputs.values()}
    steps = [_Step(graph, ids) for ids in segments]
    moments: dict[str, Moments] = {}
    for at, op in enumerate(ops):
        given = {role: weights(t.name) for role, t in op.inputs.items() if t.name in graph.weights}
        name = op.inputs["weight"].name if op.name == "linear" else ""
        if name in wanted:
            x = op.inputs["x"].name
            if x not in moments:
                moments[x] = Moments([step.values[x].astype(np.float32, copy=False) for step in steps])
            given["weight"] = quantise(name, given["weight"], moments[x])
        if at + 1 < len(ops):
            for step in steps:
                step.run(op, given)
        for tensor in op.inputs.values():
            if last_use[tensor.name] == at:
                moments.pop(tensor.name, None)
                for step in steps:
                    step.values.pop(tensor.name, None)
        if done:
            done(at + 1, len(ops))


def _needed(graph: Graph, wanted: frozenset[str]) -> Iterator[Op]:
    """The operations up to the last that reads a wanted matrix."""
    linears = [(at, op) for at, op in enumerate(graph.ops) if op.name == "linear"]
    reads = [at for at, op in linears if op.inputs["weight"].name in wanted]
    yield from graph.ops[: reads[-1] + 1 if reads else 0]


class _Step:
    """One segment on its way through the graph: the values that later operations still read."""

    def __init__(self, graph: Graph, ids: npt.NDArray[np.uint32]) -> None:
        self.graph = graph
        self.env = {"seq": len(ids), "past": 0, "context": len(ids)}
        self.values: dict[str, Array] = dict(empty_states(graph, self.env))
        self.values["tokens"] = np.append(ids, np.uint32(0))

    def run(self, op: Op, given: Mapping[str, F32]) -> None:
        """Do one operation, with its weights given by role."""
        arrays = {
            role: given[role] if role in given else self.values[tensor.name]
            for role, tensor in op.inputs.items()
        }
        attrs = {name: self._number(value) for name, value in op.attrs.items()}
        results = OPS[op.name].reference(arrays, attrs)
        for tensor, array in zip(op.results, results, strict=True):
            self.values[tensor.name] = array

    def _number(self, value: AttrValue) -> AttrValue:
        return evaluate_dim(value, self.env) if isinstance(value, DimExpr) else value
