"""Tracing, verifying, printing and evaluating graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernelc.errors import InternalError, KernelcError, ShapeError
from kernelc.ir.dim import Var
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.text import graph_text
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    add,
    cache_append,
    last_row,
    linear,
    rms_norm,
    scope,
    silu,
    split_heads,
)
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify

SYMBOLS = {"seq": (1, 4), "past": (0, 7), "context": (1, 8)}


def small_graph() -> Graph:
    """A residual block, with its rows kept in a state."""
    with Tracer("small", SYMBOLS) as trace:
        seq, past, context = (trace.var(name) for name in SYMBOLS)
        x = trace.record("embedding", {
            "tokens": trace.state("tokens", (context + 1,), DType.U32),
            "table": trace.weight("table", (5, 4)),
        }, {"seq": seq, "past": past})[0]  # fmt: skip
        with scope("block"):
            normed = rms_norm(x, Norm.declare("m.norm", 4, 1e-5))
            x = add(x, silu(linear(normed, Linear.declare("m.proj", 4, 4, bias=True))))
            cache_append(trace.state("rows", (context, 2, 2), DType.F16), split_heads(x, 2), past=past)
        return trace.graph({"last": last_row(x)})


def test_tracing_names_operations_by_scope_and_line() -> None:
    graph = small_graph()
    assert [op.name for op in graph.ops] == [
        "embedding", "rms_norm", "linear", "silu", "add", "split_heads", "cache_append", "last_row",
    ]  # fmt: skip
    projection = graph.ops[2]
    assert projection.origin == "block.proj"
    assert projection.result.name == "block.proj"
    assert set(projection.inputs) == {"x", "weight", "bias"}
    assert projection.location is not None and projection.location.startswith("tests/ir/test_graph.py:")
    assert list(graph.weights) == ["table", "m.norm.weight", "m.proj.weight", "m.proj.bias"]
    assert {state: tensor.name for state, tensor in graph.updates.items()} == {"rows": "block.rows"}
    assert str(graph.ops[6].result.type) == "f16[context, 2, 2]"


def test_a_shape_error_shows_the_models_line() -> None:
    with Tracer("wrong", SYMBOLS) as trace, scope("layers.3.attn"):
        x = Tensor("x", TensorType((trace.var("seq"), 4096)))
        layer = Linear.declare("model.layers.3.self_attn.q_proj", 4096, 4097)
        with pytest.raises(ShapeError) as caught:
            q = linear(x, layer)
            assert q
    lines = str(caught.value).splitlines()
    assert lines[0] == "linear: inner dimensions differ: x has 4096, weight has 4097"
    assert lines[1].startswith("  at tests/ir/test_graph.py:") and lines[1].endswith("  q = linear(x, layer)")
    assert lines[2] == "  in layers.3.attn.q_proj"
    assert (
        lines[3] == "  help: compare the shapes that the config gives model.layers.3.self_attn.q_proj.weight"
    )
    assert isinstance(caught.value, KernelcError)
    assert "\n" not in caught.value.render()


def test_declarations_that_contradict_are_refused() -> None:
    with Tracer("wrong", SYMBOLS) as trace:
        trace.weight("w", (4, 4))
        assert trace.weight("w", (4, 4)).name == "w"
        with pytest.raises(ShapeError, match=r"weight w is declared as f32\[4, 4\] and as f32\[4, 5\]"):
            trace.weight("w", (4, 5))
        trace.state("s", (4,), DType.F32)
        with pytest.raises(ShapeError, match="state s is declared twice"):
            trace.state("s", (4,), DType.F32)
    with pytest.raises(InternalError, match="outside `with Tracer"):
        Linear.declare("m.proj", 4, 4)


def test_text_is_the_same_for_equal_graphs_and_tells_everything() -> None:
    text = graph_text(small_graph())
    # Line numbers are the model's, here this file's: they move with every edit of it.
    lines = [
        line.partition("  tests/ir/test")[0].partition("  # tests/ir/test")[0].rstrip()
        for line in text.splitlines()
    ]
    assert (
        lines
        == """\
graph small
  symbols  seq 1..4, past 0..7, context 1..8
  weights
    table          f32[5, 4]
    m.norm.weight  f32[4]
    m.proj.weight  f32[4, 4]
    m.proj.bias    f32[4]
  states
    tokens  u32[context + 1]
    rows    f16[context, 2, 2]
  ops
    %embedding: f32[seq, 4] = embedding(tokens=tokens, table=table, seq=seq, past=past)
    %block.norm: f32[seq, 4] = rms_norm(x=%embedding, weight=m.norm.weight, eps=1e-05)
    %block.proj: f32[seq, 4] = linear(x=%block.norm, weight=m.proj.weight, bias=m.proj.bias)
    %block.silu: f32[seq, 4] = silu(x=%block.proj)
    %block.add: f32[seq, 4] = add(x=%embedding, y=%block.silu)
    %block.split_heads: f32[seq, 2, 2] = split_heads(x=%block.add, head_dim=2)
    %block.rows: f16[context, 2, 2] = cache_append(cache=rows, x=%block.split_heads, past=past)
    %last_row: f32[1, 4] = last_row(x=%block.add)
  output   last = %last_row: f32[1, 4]
  update   rows = %block.rows""".splitlines()
    )
    assert graph_text(small_graph()) == text


def with_op(graph: Graph, index: int, **changes: object) -> Graph:
    ops = list(graph.ops)
    ops[index] = replace(ops[index], **changes)  # type: ignore[arg-type]
    return replace(graph, ops=tuple(ops))


def swapped(graph: Graph) -> Graph:
    ops = list(graph.ops)
    ops[2], ops[3] = ops[3], ops[2]
    return replace(graph, ops=tuple(ops))


def overwritten_state_read(graph: Graph) -> Graph:
    stale = Op(
        "cache_append",
        {**graph.ops[6].inputs},
        {"past": 0},
        (Tensor("again", graph.ops[6].result.type),),
        "x",
    )
    return replace(graph, ops=(*graph.ops, stale))


def cache_that_is_no_state(graph: Graph) -> Graph:
    states = {name: kind for name, kind in graph.states.items() if name != "rows"}
    return replace(graph, states=states, weights={**graph.weights, "rows": graph.states["rows"]})


BROKEN = {
    "defined twice": lambda g: replace(g, ops=(*g.ops, g.ops[0])),
    "used before it is defined": swapped,
    "unknown operation blur": lambda g: with_op(g, 3, name="blur"),
    "results are": lambda g: with_op(g, 3, results=(Tensor("block.silu", TensorType((1, 4))),)),
    "used as": lambda g: with_op(g, 3, inputs={"x": Tensor("block.proj", TensorType((1, 4)))}),
    "inner dimensions differ": lambda g: replace(
        with_op(g, 2, inputs={**g.ops[2].inputs, "weight": Tensor("m.proj.weight", TensorType((4, 3)))}),
        weights={**g.weights, "m.proj.weight": TensorType((4, 3))},
    ),
    "symbol seq 1..4 is declared as": lambda g: replace(g, symbols={**g.symbols, "seq": (1, 5)}),
    "was overwritten: rows is block.rows": overwritten_state_read,
    "is appended to but is no state": cache_that_is_no_state,
    "which no operation makes": lambda g: replace(g, outputs={"last": Tensor("gone", TensorType((1, 4)))}),
    "the updates of states are {}": lambda g: replace(g, updates={}),
    "attribute eps is": lambda g: with_op(g, 1, attrs={"eps": "small"}),
    "symbol far 0..3 is declared as None": lambda g: with_op(g, 6, attrs={"past": Var("far", 0, 3)}),
}  # fmt: skip


@pytest.mark.parametrize("words", BROKEN)
def test_the_verifier_finds_what_is_broken(words: str) -> None:
    graph = small_graph()
    verify(graph)
    with pytest.raises(InternalError) as caught:
        verify(BROKEN[words](graph), "a test")
    assert words in caught.value.message
    assert caught.value.message.startswith("invalid graph after a test: ")
    assert caught.value.ir is not None and caught.value.ir.startswith("graph small\n")


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        name: rng.standard_normal([d for d in kind.shape if isinstance(d, int)]).astype(np.float32)
        for name, kind in small_graph().weights.items()
    }


def test_evaluate_runs_a_step_and_leaves_the_given_states_alone() -> None:
    graph, weights, env = small_graph(), arrays(), {"seq": 2, "past": 3, "context": 8}
    states = empty_states(graph, env)
    states["tokens"][3:5] = [4, 1]
    outputs, after = evaluate(graph, env, weights=weights.__getitem__, states=states)
    x = weights["table"][[4, 1]]
    normed = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5) * weights["m.norm.weight"]
    y = normed @ weights["m.proj.weight"].T + weights["m.proj.bias"]
    x = x + y / (1 + np.exp(-y))
    assert np.allclose(outputs["last"], x[1:], atol=1e-5)
    assert np.allclose(after["rows"][3:5].reshape(2, 4), x, atol=2e-3)
    assert not after["rows"][[0, 1, 2, 5, 6, 7]].any() and not states["rows"].any()
    assert np.array_equal(after["tokens"], states["tokens"])


def test_evaluate_refuses_what_does_not_fit() -> None:
    graph, weights, env = small_graph(), arrays(), {"seq": 2, "past": 3, "context": 8}
    states = empty_states(graph, env)
    with pytest.raises(ShapeError, match=r"symbol seq is 5; its bounds are 1\.\.4"):
        evaluate(graph, {**env, "seq": 5}, weights=weights.__getitem__, states=states)
    with pytest.raises(ShapeError, match="no value for symbol 'context'"):
        evaluate(graph, {"seq": 1, "past": 0}, weights=weights.__getitem__, states=states)
    with pytest.raises(
        ShapeError, match=r"got float32\[8, 2, 2\], wanted f16\[context, 2, 2\] = \[8, 2, 2\]"
    ):
        evaluate(
            graph,
            env,
            weights=weights.__getitem__,
            states={**states, "rows": np.zeros((8, 2, 2), np.float32)},
        )
    with pytest.raises(ShapeError, match="got nothing, wanted u32") as caught:
        evaluate(graph, env, weights=weights.__getitem__, states={"rows": states["rows"]})
    assert caught.value.where == "tokens"
    weights["m.proj.weight"] = weights["m.proj.weight"][:3]
    with pytest.raises(ShapeError, match=r"got float32\[3, 4\], wanted f32\[4, 4\]"):
        evaluate(graph, env, weights=weights.__getitem__, states=states)
