"""Scripts that reproduce a graph that is computed wrongly: written by tests of graphs, run anywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pprint import pformat
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.api.graph import compile
from kernelc.ir.graph import Graph
from kernelc.ir.listing import graph_data, graph_of
from kernelc.kernels.spec import Tolerance
from kernelc.workshop.difference import difference
from kernelc.workshop.repro import script_of, table_of

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Steps = Sequence[tuple[int, int]]
"""Rows and first position of each step."""


@dataclass(frozen=True)
class GraphRun:
    """What was run: weights, ids from position 0 on, steps of which the last was wrong, what must come out of
    that, by how much each output may be off, and the patterns of fusing that were left out."""

    weights: Arrays
    tokens: npt.NDArray[np.uint32]
    steps: Steps
    expected: Arrays
    tolerance: Mapping[str, float]
    device: str
    without: Collection[str] = ()


def graph_script(graph: Graph, run: GraphRun) -> str:
    """Return the script for a graph. It needs numpy and kernelc alone."""
    body = [
        f"GRAPH = {pformat(graph_data(graph), width=110, sort_dicts=False)}",
        *table_of("WEIGHTS", run.weights),
        *table_of("STATES", {"tokens": run.tokens}),
        f"STEPS = {list(run.steps)!r}",
        *table_of("EXPECTED", run.expected),
        f"TOLERANCE = {dict(run.tolerance)!r}",
        f"WITHOUT = {sorted(run.without)!r}",
        "",
        "sys.exit(",
        "    replay_graph(GRAPH, WEIGHTS, STATES, STEPS, EXPECTED, TOLERANCE, WITHOUT,"
        f' device="{run.device}")',
        ")",
    ]
    return script_of(
        f"{graph.name} on {run.device}", "from kernelc.api.graph_replay import replay_graph", body
    )


def replay_graph(
    data: Mapping[str, Any],
    weights: Arrays,
    states: Arrays,
    steps: Steps,
    expected: Arrays,
    tolerance: Mapping[str, float],
    without: Collection[str],
    *,
    device: str,
) -> int:
    """Run the steps and print how far each output of the last is off; return 1 where one is wrong."""
    graph, found = graph_of(data), dict[str, Array]()
    with compile(graph, weights, device=device, without=without) as compiled:
        for rows, past in steps:
            found = compiled(states, past=past, rows=rows)
        print(f"{graph.name} on {compiled.device}")
    wrong = False
    for name, wanted in expected.items():
        each = difference(name, found[name], wanted, Tolerance(0.0, tolerance[name]))
        print(f"{name}: {each.sentence}")
        wrong |= each.wrong > 0
    return int(wrong)
