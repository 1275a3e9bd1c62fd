"""The graphs as the page has them: every operation of the text, and the graph before fusing only where it is
the artifact's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.explore.graphs import graph_page, graphs_by_role, traced_graphs
from kernelc.ir.text import graph_text
from kernelc.ir.types import DType
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.passes.last_row import last_row_early
from tests.explore.conftest import LAYERS, Compiled


def test_every_operation_is_there_with_its_layer_and_line(demo: Compiled):
    graph = demo.model.graph("decode", max_context=1024, chunk=512, kv_dtype=DType.F32, spare=512)
    page = graph_page(graph_text(graph))
    assert [op["op"] for op in page] == [op.name for op in graph.ops]
    assert [op["results"] for op in page] == [
        [[result.name, str(result.type)] for result in op.results] for op in graph.ops
    ]
    assert [op["origin"] for op in page] == [op.origin for op in graph.ops]
    assert [op["line"] for op in page] == [op.location for op in graph.ops]
    assert {op["layer"] for op in page} == {"", *(f"layers.{at}" for at in range(LAYERS))}


def test_the_graph_before_fusing_is_found_by_fusing_it(demo: Compiled):
    fused = graphs_by_role(demo.graph)
    assert set(fused) == {"decode", "prefill", "score"}
    traced = traced_graphs(demo.model, demo.manifest, fused)
    assert set(traced) == set(fused)
    assert len(graph_page(traced["decode"])) > 3 * len(graph_page(fused["decode"]))


@pytest.mark.parametrize("off", [frozenset(), frozenset({"heads"})])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("kv", [DType.F16, DType.F32])
def test_what_a_build_decided_is_found_by_trying_it(
    demo: Compiled, off: frozenset[str], early: bool, kv: DType
):
    graph = demo.model.graph("prefill", max_context=1024, chunk=512, kv_dtype=kv, spare=512)
    fused = graph_text(fuse(last_row_early(graph) if early else graph, FuseOptions(off=off)))
    assert traced_graphs(demo.model, demo.manifest, {"prefill": fused}) == {"prefill": graph_text(graph)}


def test_another_model_has_another_graph(demo: Compiled):
    fused = graphs_by_role(demo.graph)
    other = {"decode": fused["decode"].replace("eps=1e-05", "eps=1e-06")}
    assert other["decode"] != fused["decode"]
    assert traced_graphs(demo.model, demo.manifest, other) == {}


def test_a_role_is_a_plain_name():
    texts = [f"graph {head}\n  ops\n" for head in ("a.decode", "a.b\0c", "a/../b", "a." + "x" * 65, "hidden")]
    assert set(graphs_by_role("".join(texts))) == {"decode", "hidden"}
    many = "".join(f"graph a.r{at}\n" for at in range(100))
    assert len(graphs_by_role(many)) == 64


@pytest.mark.parametrize(
    "line", ["%" * 60_000, "%a: f32[1] = " + " = x(" * 12_000, "%a: f32[1] = x(" + "  # )" * 12_000 + "\0",
             "%a: f32" + "[" * 60_000]
)  # fmt: skip
def test_a_line_is_matched_in_no_time(line: str):
    """Patterns that try each way to cut such a line would take minutes."""
    text = f"graph {'a' * 60_000} b\ngraph a.decode\n  ops\n    {line}\n"
    assert "decode" in graphs_by_role(text)
    assert len(graph_page(text)) <= 1


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read(text: str):
    for part in graphs_by_role(text).values():
        graph_page(part)
    graph_page(f"graph a.b\n  ops\n    {text}")
