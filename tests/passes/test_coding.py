"""Coded rows: who makes them, and that the graph computes the same."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph, Tensor
from kernelc.ir.trace import add, attention, cache_append, linear, merge_heads, split_heads, tracer
from kernelc.ir.types import DType
from kernelc.passes import coding
from kernelc.passes.coding import code_activations
from kernelc.passes.fuse import fuse
from kernelc.passes.select import Selection, SelectOptions, SplitOptions, select
from kernelc.passes.select.operands import static
from tests.passes.blocks import CONTEXT, WIDTH, Block, layer, names, traced

FORMATS = FormatTable("q8")


def attended(x: Tensor, head_dim: int) -> Tensor:
    """Attention with two heads of queries, on one of keys and values."""
    past, context = tracer().var("past"), tracer().var("context")

    def heads(name: str, count: int) -> Tensor:
        return split_heads(linear(x, layer(name, count * head_dim)), head_dim)

    caches = [tracer().state(f"{name}_cache", (context, 1, head_dim), DType.F32) for name in "kv"]
    k, v = (cache_append(cache, heads(name, 1), past=past) for cache, name in zip(caches, "kv", strict=True))
    return merge_heads(attention(heads("q", 2), k, v, scale=0.5, past=past))


def block(x: Tensor, head_dim: int = 32) -> Tensor:
    """Attention, and the projection of what it makes."""
    return linear(attended(x, head_dim), layer("o", WIDTH, 2 * head_dim))


def kept(x: Tensor) -> dict[str, Tensor]:
    """The same, and attention's result."""
    y = attended(x, 32)
    return {"y": linear(y, layer("o", WIDTH, 64)), "attended": y}


def read_twice(x: Tensor) -> Tensor:
    """The same, with a residual around the projection."""
    y = attended(x, 32)
    return add(y, linear(y, layer("o", 64, 64)))


def coded(graph: Graph, terms: int = 2, *, fused: bool = True) -> Graph:
    return code_activations(fuse(graph), FORMATS, terms, fused=fused)


@pytest.mark.parametrize("terms", [1, 2])
def test_attention_codes_the_row_that_a_layer_reads(terms: int) -> None:
    graph = coded(traced(block), terms)
    assert names(graph)[-2:] == ["attention", "linear_row"]
    made, read = graph.ops[-2:]
    assert made.attrs["codes"] == read.attrs["coded"] == terms
    assert made.result == read.inputs["x"]
    assert made.result.type.shape == (1, CodedRows(64, terms).words) and made.result.type.dtype is DType.U32
    apart = coded(traced(block), terms, fused=False)
    assert names(apart)[-3:] == ["attention", "code_rows", "linear_row"]


def test_both_compute_the_same() -> None:
    graphs = [coded(traced(block), fused=fused) for fused in (True, False)]
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(size=static(type_.shape)).astype(np.float32)
        for name, type_ in graphs[0].weights.items()
    }
    env = {"seq": 1, "past": 0, "context": CONTEXT}
    found = [
        evaluate(graph, env, weights=weights.__getitem__, states=empty_states(graph, env))[0]["y"]
        for graph in graphs
    ]
    assert found[0].any() and found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize("made", [lambda x: block(x, 16), lambda x: block(x, 48), kept, read_twice])
def test_other_results_of_attention_are_coded_apart(made: Block) -> None:
    """Heads that are no whole groups, and results that others read as they are."""
    graph = coded(traced(made))
    (attention_,) = (op for op in graph.ops if op.name == "attention")
    assert "codes" not in attention_.attrs
    assert any(op.name == "code_rows" and op.inputs["x"] == attention_.result for op in graph.ops)


def test_a_prompts_rows_are_coded_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for all layers that read them, and by operations of their own, whatever made them."""
    plain = fuse(traced(block, rows=3))
    assert coded(traced(block, rows=3)) == plain == code_activations(plain, FORMATS, 2, prompts=True)
    monkeypatch.setattr(coding, "PROMPT_WEIGHTS", 1)
    graph = code_activations(plain, FORMATS, 2, prompts=True)
    made = [op for op in graph.ops if op.name == "code_rows"]
    reading = [op for op in graph.ops if "coded" in op.attrs]
    assert len(made) == 2 and {op.inputs["x"].name for op in reading} == {op.result.name for op in made}
    assert not any("codes" in op.attrs for op in graph.ops)
    calls = select(graph, SelectOptions(FORMATS, halves=True)).calls
    rows = [call.problem for call in calls if call.spec.name == "code_rows"]
    assert all(not problem.one_row and not problem.last_row for problem in rows) and len(rows) == 2
    products = [call.problem for call in calls if call.spec.name == "matmul"]
    assert products and all(problem.terms == 2 and not problem.halves for problem in products)


def selection(split: SplitOptions) -> Selection:
    return select(coded(traced(block)), SelectOptions(FORMATS, split=split))


@pytest.mark.parametrize(
    ("split", "written"),
    [
        (SplitOptions(), [("attention_decode", 2, ("coded",))]),
        (SplitOptions(2, joined=True), [("attention_decode", 2, ("coded", "partials"))]),
        (
            SplitOptions(2),
            [("attention_decode", 0, ("partials",)), ("attention_reduce", 2, ("coded",))],
        ),
    ],
)
def test_whoever_finishes_heads_codes_them(
    split: SplitOptions, written: list[tuple[str, int, tuple[str, ...]]]
) -> None:
    calls = selection(split).calls
    attending = [call for call in calls if call.spec.name.startswith("attention")]
    assert [(call.spec.name, call.problem.codes, call.results) for call in attending] == written
    assert calls[-1].operands["x"] == attending[-1].operands["coded"]
