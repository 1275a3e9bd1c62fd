"""What the compiler compiles: a model as its facts and the graph of each role, from whatever family."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from kernelc.artifact import ModelInfo
from kernelc.errors import ShapeError
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType

Role: TypeAlias = Literal["decode", "prefill", "score"]
ROLES: tuple[Role, ...] = ("decode", "prefill", "score")
PREFILL_ROWS = 512  # a longer prompt runs in chunks, so that activations do not grow with it


class ModelSource(Protocol):
    """A model that can be compiled, such as `model.families.family.Model`."""

    @property
    def info(self) -> ModelInfo:
        """The model's facts as the manifest shows them; `max_context` is the longest that it allows."""
        ...

    def graph(self, role: Role, *, max_context: int, chunk: int, kv_dtype: DType, spare: int) -> Graph:
        """Return the graph of one step.

        "decode" takes one position, "prefill" 1..chunk; both give the output "logits" [1, vocab] of the last
        one. "score" takes 1..chunk and gives "all_logits" [seq, vocab]. Symbols: seq, past (0..max_context-1)
        and context (1..max_context). Ids are read from the state "tokens" (u32, by position); keys and values
        are kept in states of `kv_dtype` that the step appends to. Weights and states must be declared alike
        for every role, since all roles' programs run on the same buffers. Weights have the names that the
        checkpoint gives them.

        Layers with a window may keep rings of `kernelc.ir.rings.cache_rows`, after which a sequence may be
        shortened by `spare` positions, at least the rows of the longest step of any role.
        """
        ...


def check_agreement(graph: Graph, first: Graph, vocab_size: int) -> None:
    """Check that a role's graph declares the weights and states of the `first`, and gives vocab_size logits.

    Raises: ShapeError naming what differs, or an input; the code of a model family is to blame.
    """
    if graph.inputs:
        raise ShapeError(
            f"the graph takes {graph.inputs[0].name} as an input",
            where=graph.name,
            help="a step of a model starts from the ids in the state tokens: look them up with embedding",
        )
    for mine, others in ((graph.weights, first.weights), (graph.states, first.states)):
        for name in {**others, **mine}:
            if mine.get(name) != others.get(name):
                raise ShapeError(
                    f"{graph.name} declares {name} as {mine.get(name)}, {first.name} as {others.get(name)}:"
                    " every role must declare the same weights and states"
                )
    for name, tensor in graph.outputs.items():
        if tensor.type.shape[-1] != vocab_size:
            wanted = f"the vocabulary of {vocab_size}"
            raise ShapeError(f"{graph.name}: {name} is {tensor.type}, which does not match {wanted}")
