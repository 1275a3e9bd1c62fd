"""Graphs as functions of arrays: what `ir.evaluate` gives, and mistakes that are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kernelc
from kernelc.errors import ShapeError, UsageError
from kernelc.ir.dim import evaluate as evaluate_dim
from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    add,
    attention,
    cache_append,
    embedding,
    linear,
    merge_heads,
    mul,
    rms_norm,
    silu,
    split_heads,
)
from kernelc.ir.types import DType
from tests.api.test_kernel import DEVICES, require_device


def mlp() -> Graph:
    with Tracer("mlp", {"seq": (1, 8)}) as model:
        x = model.input("x", (model.var("seq"), 32))
        normed = rms_norm(x, Norm.declare("norm", 32, 1e-5))
        gate, up = (linear(normed, Linear.declare(name, 96, 32)) for name in ("gate", "up"))
        down = linear(mul(silu(gate), up), Linear.declare("down", 32, 96))
        return model.graph({"y": add(x, down)})


def attending() -> Graph:
    """Ids, a cache, and attention over it."""
    with Tracer("attending", {"seq": (1, 4), "past": (0, 15), "context": (1, 16)}) as model:
        seq, past, context = (model.var(name) for name in ("seq", "past", "context"))
        tokens = model.state("tokens", (context + 1,), DType.U32)
        x = embedding(tokens, model.weight("table", (7, 8)), seq=seq, past=past)
        heads = split_heads(linear(x, Linear.declare("qkv", 8, 8)), 4)
        cache = cache_append(model.state("k", (context, 2, 4), DType.F32), heads, past=past)
        found = attention(heads, cache, cache, scale=0.5, past=past)
        return model.graph({"y": merge_heads(found)})


def weights_of(graph: Graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    shapes = {name: [evaluate_dim(dim, {}) for dim in kind.shape] for name, kind in graph.weights.items()}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("device", DEVICES[:3])
def test_a_graph_computes_what_it_means(device: str) -> None:
    require_device(device)
    graph, rng = mlp(), np.random.default_rng(3)
    weights = weights_of(graph)
    with kernelc.compile(graph, weights, device=device) as compiled:
        for rows in (1, 5, 8, 2):
            x = rng.standard_normal((rows, 32)).astype(np.float32)
            wanted, _ = evaluate(
                graph, {"seq": rows}, weights=weights.__getitem__, states={}, inputs={"x": x}
            )
            np.testing.assert_allclose(compiled(x=x)["y"], wanted["y"], rtol=1e-4, atol=1e-3)
        assert device in compiled.device


def test_states_live_from_call_to_call() -> None:
    graph = attending()
    weights = weights_of(graph)
    ids = np.array([1, 5, 2, 6, 0, 3, 3, 1, 4, 2, 1, 0, 0, 0, 0, 0, 0], np.uint32)
    states = {**empty_states(graph, {"context": 16}), "tokens": ids}
    with kernelc.compile(graph, weights, device="cpu") as compiled:
        seq, past = graph.symbols["seq"][0], 0
        for seq in (1, 1):  # the graph's least step, one position after the other
            env = {"seq": seq, "past": past, "context": 16}
            wanted, states = evaluate(graph, env, weights=weights.__getitem__, states=states)
            got = compiled(tokens=ids, past=past)["y"]
            np.testing.assert_allclose(got, wanted["y"], rtol=1e-4, atol=1e-4)
            past += seq
        compiled.reset()
        again = compiled(tokens=ids)["y"]
        first = evaluate(
            graph,
            {"seq": 1, "past": 0, "context": 16},
            weights=weights.__getitem__,
            states={**empty_states(graph, {"context": 16}), "tokens": ids},
        )[0]["y"]
        np.testing.assert_allclose(again, first, rtol=1e-4, atol=1e-4)


def test_weights_may_be_packed() -> None:
    graph = mlp()
    weights, x = weights_of(graph), np.ones((3, 32), np.float32)
    with kernelc.compile(graph, weights, device="numpy") as exact:
        wanted = exact({"x": x})["y"]
    with kernelc.compile(graph, weights, device="numpy", quant="q8") as packed:
        got = packed({"x": x})["y"]
    assert 0 < np.abs(got - wanted).max() < 0.05 * np.abs(wanted).max()


def test_what_does_not_fit_is_told() -> None:
    graph = mlp()
    weights = weights_of(graph)
    x = np.zeros((3, 32), np.float32)
    with pytest.raises(UsageError, match=r"got no weight gate.weight"):
        kernelc.compile(graph, {"norm.weight": weights["norm.weight"]}, device="numpy")
    with pytest.raises(UsageError, match="the graph has no weight other"):
        kernelc.compile(graph, {**weights, "other": x}, device="numpy")
    listed: Any = [[0.0] * 32] * 96
    with pytest.raises(ShapeError, match="got list, wanted a numpy array"):
        kernelc.compile(graph, {**weights, "up.weight": listed}, device="numpy")
    with pytest.raises(ShapeError, match=r"got float32\[3, 32\], wanted f32\[96, 32\]"):
        kernelc.compile(graph, {**weights, "up.weight": x}, device="numpy")
    with kernelc.compile(graph, weights, device="numpy") as compiled:
        for given, message in (
            ({}, "got no x"),
            ({"x": x, "z": x}, "got z, wanted x"),
            ({"x": np.zeros((9, 32), np.float32)}, "got 9 rows, wanted 1 to 8"),
            ({"x": np.zeros((3, 31), np.float32)}, r"got float32\[3, 31\], wanted"),
            ({"x": x.astype(np.float64)}, "got float64"),
            ({"x": listed}, "got list, wanted a numpy array"),
        ):
            with pytest.raises((UsageError, ShapeError), match=message):
                compiled(given)
        with pytest.raises(ShapeError, match="past is 1 with 3 rows"):
            compiled(x=x, past=1)
