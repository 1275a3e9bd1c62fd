"""Graphs as data, and the script that is left where one is computed wrongly."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from kernelc.api.graph_replay import GraphRun, graph_script
from kernelc.errors import UsageError
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.listing import graph_data, graph_of
from tests.api.test_graph import attending, weights_of
from tests.graphs.strategy import Program, programs


@given(programs())
def test_a_graph_is_the_same_after_it_was_data(program: Program) -> None:
    for graph in program.graphs.values():
        plain = replace(graph, ops=tuple(replace(op, location=None) for op in graph.ops))
        assert graph_of(eval(repr(graph_data(graph)))) == plain


def run_of(graph: Graph, *, wrong: bool, without: tuple[str, ...] = ()) -> GraphRun:
    weights, ids = weights_of(graph), np.arange(17, dtype=np.uint32) % 7
    states = {**empty_states(graph, {"context": 16}), "tokens": ids}
    steps, expected = ((3, 0), (1, 3), (2, 4)), dict[str, np.ndarray]()
    for seq, past in steps:
        env = {"seq": seq, "past": past, "context": 16}
        expected, states = evaluate(graph, env, weights=weights.__getitem__, states=states)
    if wrong:
        expected["y"][1, 2] += 1
    return GraphRun(weights, ids, steps, expected, {"y": 1e-4}, "numpy", without)


@pytest.mark.parametrize("wrong", [False, True])
def test_a_graphs_script_says_whether_it_is_right(
    wrong: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = attending()
    script = graph_script(graph, run_of(graph, wrong=wrong, without=("heads",)))
    monkeypatch.setattr(sys, "argv", ["script.py"])
    with pytest.raises(SystemExit) as ended:
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    out = capsys.readouterr().out
    assert ended.value.code == wrong
    assert ("y: 1 of 16 numbers are wrong, at 10 it has" if wrong else "y: 16 numbers are right") in out


def test_patterns_have_names() -> None:
    import kernelc

    graph = attending()
    with pytest.raises(UsageError, match="there is no pattern nothing"):
        kernelc.compile(graph, weights_of(graph), device="numpy", without=("nothing",))
