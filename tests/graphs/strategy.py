"""Random graphs: everything that the functions of `kernelc.ir.trace` can say about a step, in small sizes.

A program is a list of choices. It is drawn once, for the graph over many rows, and replayed for the graph
over one row, so that the two declare the same weights and states and mean the same model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernelc.ir.graph import Graph
from kernelc.ir.text import graph_text
from kernelc.ir.trace import Tracer
from tests.graphs.builder import Builder, Choose

CONTEXT, CHUNK = 9, 3
VOCAB = 11
SYMBOLS = {
    "prefill": {"seq": (1, CHUNK), "past": (0, CONTEXT - 1), "context": (1, CONTEXT)},
    "decode": {"seq": (1, 1), "past": (0, CONTEXT - 1), "context": (1, CONTEXT)},
}


@dataclass
class Recording:
    """Draws, and keeps what was drawn."""

    draw: st.DrawFn
    made: list[Any] = field(default_factory=list)

    def __call__(self, strategy: st.SearchStrategy[Any]) -> Any:
        self.made.append(self.draw(strategy))
        return self.made[-1]


@dataclass
class Replay:
    """Gives again what a recording has drawn."""

    made: Sequence[Any]
    at: int = 0

    def __call__(self, strategy: st.SearchStrategy[Any]) -> Any:
        self.at += 1
        return self.made[self.at - 1]


@dataclass(frozen=True, repr=False)
class Program:
    """The same random model as a graph "prefill" over 1 to CHUNK rows, and a graph "decode" over one row."""

    graphs: Mapping[str, Graph]

    def __repr__(self) -> str:
        return graph_text(self.graphs["prefill"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How hypothesis shows a failing example: it would print every field of every operation."""
        printer.text(repr(self))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    recording = Recording(draw)
    prefill = _traced("prefill", recording)
    return Program({"prefill": prefill, "decode": _traced("decode", Replay(recording.made))})


def _traced(role: str, choose: Choose) -> Graph:
    with Tracer(role, SYMBOLS[role]) as recorder:
        builder = Builder(choose, VOCAB, CHUNK)
        for _ in range(choose(st.integers(1, 6))):
            builder.extend()
        return recorder.graph(builder.outputs())


def random_weights(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Weights under which values keep their size from layer to layer."""
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}
    for name, kind in graph.weights.items():
        shape = [int(str(dim)) for dim in kind.shape]
        wide = shape[-1] if "layer_" in name and len(shape) == 2 else 1
        found[name] = (rng.standard_normal(shape) / np.sqrt(wide)).astype(np.float32)
    return found
