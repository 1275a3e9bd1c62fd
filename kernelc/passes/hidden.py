"""The graph that leaves what the output layer reads, in place of the logits."""

from __future__ import annotations

from dataclasses import replace

from kernelc.errors import ShapeError
from kernelc.ir.graph import Graph, Op

HIDDEN = "hidden"


def hidden_states(graph: Graph) -> Graph:
    """Return a graph of every row's logits with the final hidden states, f32 [seq, hidden], as its output.

    These are the input of the output layer, after the last norm: what embeddings of texts are made of.
    Raises: ShapeError where the logits are no linear layer's, but for functions of single numbers after it.
    """
    (logits,) = graph.outputs.values()
    made = {result.name: at for at, op in enumerate(graph.ops) for result in op.results}
    at = made[logits.name]
    while graph.ops[at].name != "linear":
        at = made.get(_only_input(graph, graph.ops[at]), -1)
        if at < 0:
            raise ShapeError(f"{graph.name}: no linear layer makes the logits")
    hidden = graph.ops[at].inputs["x"]
    return replace(graph, ops=graph.ops[:at], outputs={HIDDEN: hidden})


def _only_input(graph: Graph, op: Op) -> str:
    """Return the name of what a function of single numbers reads."""
    if len(op.inputs) != 1:
        raise ShapeError(f"{graph.name}: the logits come out of {op.name}, wanted the output layer")
    (tensor,) = op.inputs.values()
    return tensor.name
