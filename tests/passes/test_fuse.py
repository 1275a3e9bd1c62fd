"""Fusing keeps every value bit for bit, finds a Llama's patterns, and stays away where one does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.evaluate import empty_states, evaluate
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    add,
    attention,
    cache_append,
    linear,
    merge_heads,
    mul,
    rms_norm,
    rope,
    silu,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.source import ROLES, Role
from model.config import RopeScaling
from model.families.llama import FAMILY, LlamaConfig

CONTEXT, CHUNK = 12, 5


def llama(
    config: LlamaConfig, *, role: Role, max_context: int, chunk: int = 512, kv_dtype: DType = DType.F16
) -> Graph:
    return FAMILY.model(config).graph(role, max_context=max_context, chunk=chunk, kv_dtype=kv_dtype)


@st.composite
def configs(draw: st.DrawFn) -> LlamaConfig:
    head_dim = draw(st.sampled_from([2, 4, 6, 8]))
    kv_heads = draw(st.integers(1, 3))
    scalings = [None, RopeScaling("linear", 4.0), RopeScaling("llama3", 8.0, 1.0, 4.0, 8)]
    return LlamaConfig(
        vocab_size=draw(st.integers(2, 20)),
        hidden_size=draw(st.integers(1, 12)),
        intermediate_size=draw(st.integers(1, 20)),
        layers=draw(st.integers(1, 3)),
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=head_dim,
        rotary_dim=draw(st.integers(1, head_dim // 2)) * 2,
        rms_norm_eps=draw(st.sampled_from([1e-6, 1e-2])),
        rope_theta=draw(st.sampled_from([100.0, 10000.0])),
        rope_scaling=draw(st.sampled_from(scalings)),
        tie_word_embeddings=draw(st.booleans()),
        attention_bias=draw(st.booleans()),
        mlp_bias=draw(st.booleans()),
    )


@st.composite
def steps(draw: st.DrawFn) -> tuple[Role, dict[str, int]]:
    role: Role = draw(st.sampled_from(ROLES))
    seq = 1 if role == "decode" else draw(st.integers(1, CHUNK))
    return role, {"seq": seq, "past": draw(st.integers(0, CONTEXT - seq)), "context": CONTEXT}


def outcome(graph: Graph, env: dict[str, int]) -> dict[str, np.ndarray]:
    """Every output and state after a step over random weights and states, the same for equal declarations."""
    rng = np.random.default_rng(len(graph.weights))
    weights = {
        name: rng.standard_normal([int(str(dim)) for dim in kind.shape]).astype(np.float32)
        for name, kind in graph.weights.items()
    }
    states = empty_states(graph, env)
    for name, array in states.items():
        if name == "tokens":
            array[:] = rng.integers(0, len(weights["model.embed_tokens.weight"]), array.shape)
        else:
            array[:] = rng.standard_normal(array.shape)
    inputs = {t.name: rng.standard_normal((env["seq"], 8)).astype(np.float32) for t in graph.inputs}
    outputs, after = evaluate(graph, env, weights=weights.__getitem__, states=states, inputs=inputs)
    return {**outputs, **after}


def assert_same(before: Graph, after: Graph, env: dict[str, int]) -> None:
    wanted, got = outcome(before, env), outcome(after, env)
    assert wanted.keys() == got.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def wanted_counts(role: Role, layers: int) -> dict[str, int]:
    if role == "decode":
        return {"embedding": 1, "fused_linear": 4 * layers + 1, "attention": layers}
    counts = {"embedding": 1, "rms_norm": 1, "attention": layers}
    if role == "score":  # the first norm has no residual add before it; the last add goes with the final norm
        return counts | {"fused_linear": 2 * layers, "linear": 2 * layers + 1, "add_rms_norm": 2 * layers}
    # The last row is taken before the final norm: the last down projection adds its residual itself.
    only_last_row = {"fused_linear": 2 * layers + 2, "linear": 2 * layers - 1, "add_rms_norm": 2 * layers - 1}
    return counts | only_last_row | {"last_row": 1}


@given(configs(), steps(), st.sampled_from([DType.F16, DType.F32]))
def test_a_llama_computes_the_same_in_as_few_operations_as_expected(
    config: LlamaConfig, step: tuple[Role, dict[str, int]], kv_dtype: DType
) -> None:
    role, env = step
    graph = llama(config, role=role, max_context=CONTEXT, chunk=CHUNK, kv_dtype=kv_dtype)
    fused = verify(fuse(graph))
    assert_same(graph, fused, env)
    assert Counter(op.name for op in fused.ops) == wanted_counts(role, config.layers)
    assert (fused.weights, fused.states, fused.outputs) == (graph.weights, graph.states, graph.outputs)
    read = {tensor.name for op in fused.ops for tensor in op.inputs.values()}
    assert set(graph.weights) <= read
    assert fuse(fused) == fused


@given(configs(), steps(), st.data())
def test_values_that_are_needed_elsewhere_stay(
    config: LlamaConfig, step: tuple[Role, dict[str, int]], data: st.DataObject
) -> None:
    """Any set of inner values may be outputs too: patterns that would swallow one must not match."""
    role, env = step
    graph = llama(config, role=role, max_context=CONTEXT, chunk=CHUNK)
    inner = [op.result for op in graph.ops]
    wanted = data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=4, unique_by=lambda t: t.name))
    graph = replace(graph, outputs={**graph.outputs, **{f"out.{t.name}": t for t in wanted}})
    options = FuseOptions(vector_rows=data.draw(st.integers(0, CHUNK)))
    assert_same(graph, verify(fuse(graph, options)), env)


def test_few_rows_fuse_like_one_where_the_options_say_so() -> None:
    config = LlamaConfig(8, 8, 12, layers=2, heads=2, kv_heads=1, head_dim=4)
    graph = llama(config, role="score", max_context=CONTEXT, chunk=4)
    names = Counter(op.name for op in fuse(graph, FuseOptions(vector_rows=4)).ops)
    assert names == wanted_counts("decode", 2)
    assert Counter(op.name for op in fuse(graph, FuseOptions(vector_rows=3)).ops) == wanted_counts("score", 2)


def test_fused_operations_keep_their_layers_path() -> None:
    config = LlamaConfig(8, 8, 12, layers=1, heads=2, kv_heads=1, head_dim=4, attention_bias=True)
    ops = fuse(llama(config, role="decode", max_context=CONTEXT)).ops
    assert [op.origin for op in ops] == [
        "embed_tokens",
        "layers.0.attn.qkv",
        "layers.0.attn.attention",
        "layers.0.attn.o_proj",
        "layers.0.mlp.gate_up",
        "layers.0.mlp.down_proj",
        "lm_head",
    ]
    qkv = ops[1]
    assert qkv.attrs["epilogue"] == "qkv"
    assert qkv.inputs["q_bias"].name == "model.layers.0.self_attn.q_proj.bias"
    assert qkv.inputs["norm_weight"].name == "model.layers.0.input_layernorm.weight"
    assert qkv.inputs["k_cache"].name == "layers.0.k_cache"
    assert [str(result.type) for result in qkv.results] == ["f32[1, 2, 4]", *["f16[context, 1, 4]"] * 2]
    assert qkv.location is not None and qkv.location.startswith("model/families/llama.py:")


Block = Callable[[Tensor], Tensor]


def traced(block: Block, rows: int = 1) -> Graph:
    with Tracer("block", {"seq": (1, rows), "past": (0, 3), "context": (1, 4)}) as trace:
        x = Tensor("x", TensorType((trace.var("seq"), 8)))
        outputs = {"y": block(x)}
        given = (x,)
        graph = trace
    return verify(
        Graph(
            "block",
            graph.symbols,
            tuple(graph.ops),
            outputs,
            given,
            graph.weights,
            graph.states,
            graph._newest,
        )
    )


def layer(name: str, wide_out: int = 8, wide_in: int = 8) -> Linear:
    return Linear.declare(name, wide_out, wide_in)


def norm(name: str = "norm") -> Norm:
    return Norm.declare(name, 8, 1e-5)


def heads(
    x: Tensor, k_theta: float = 100.0, v_past: int = 0, v_input: Tensor | None = None, sink: bool = False
) -> Tensor:
    """An attention block with one thing or other out of line."""
    attrs = {"rotary_dim": 4, "scaling": "none"}
    q = rope(split_heads(linear(x, layer("q")), 4), past=0, attrs={"theta": 100.0, **attrs})
    k = rope(split_heads(linear(x, layer("k")), 4), past=0, attrs={"theta": k_theta, **attrs})
    v = split_heads(linear(v_input or x, layer("v")), 4)
    k_state, v_state = (tracer().state(name, (4, 2, 4), DType.F32) for name in ("k_cache", "v_cache"))
    before = attention(q, k_state, v_state, scale=1.0, past=0) if sink else None
    y = attention(
        q, cache_append(k_state, k, past=0), cache_append(v_state, v, past=v_past), scale=1.0, past=0
    )
    return merge_heads(add(y, before) if before else y)


def names(graph: Graph) -> list[str]:
    return [op.name for op in graph.ops]


OUT_OF_LINE: dict[str, tuple[Block, list[str]]] = {
    "silu on the other side": (
        lambda x: mul(linear(x, layer("up")), silu(linear(x, layer("gate")))),
        ["fused_linear"],
    ),
    "gate and up read different values": (
        lambda x: mul(silu(linear(x, layer("gate"))), linear(silu(x), layer("up"))),
        ["linear", "silu", "silu", "linear", "mul"],
    ),
    "gate used twice": (
        lambda x: (lambda gate: add(mul(silu(gate), linear(x, layer("up"))), gate))(linear(x, layer("gate"))),
        ["linear", "silu", "linear", "mul", "add"],
    ),
    "norm read by more than linear layers": (
        lambda x: (lambda y: mul(linear(y, layer("w")), y))(rms_norm(x, norm())),
        ["rms_norm", "linear", "mul"],
    ),
    "norm read by two linear layers": (
        lambda x: (lambda y: mul(linear(y, layer("a")), linear(y, layer("b"))))(rms_norm(x, norm())),
        ["fused_linear", "fused_linear", "mul"],
    ),
    "norm after norm": (
        lambda x: linear(rms_norm(rms_norm(x, norm("a")), norm("b")), layer("w")),
        ["rms_norm", "fused_linear"],
    ),
    "residual of two linear layers": (
        lambda x: add(linear(x, layer("a")), linear(x, layer("b"))),
        ["linear", "fused_linear"],
    ),
    "linear layer added to itself": (
        lambda x: (lambda y: add(y, y))(linear(x, layer("a"))),
        ["linear", "add"],
    ),
    "linear layer on the left of the add": (lambda x: add(linear(x, layer("a")), x), ["fused_linear"]),
    "residual after gate and up": (
        lambda x: add(mul(silu(linear(x, layer("g"))), linear(x, layer("u"))), x),
        ["fused_linear", "add"],
    ),
    "add, then two norms": (
        lambda x: (lambda s: mul(rms_norm(s, norm("a")), rms_norm(s, norm("b"))))(add(x, silu(x))),
        ["silu", "add_rms_norm", "rms_norm", "mul"],
    ),
    "attention in line": (heads, ["fused_linear", "attention"]),
    "keys turned otherwise": (
        lambda x: heads(x, k_theta=50.0),
        ["linear", "split_heads", "rope"] * 2
        + ["linear", "split_heads", "cache_append", "cache_append", "attention"],
    ),
    "values appended elsewhere": (
        lambda x: heads(x, v_past=1),
        ["linear", "split_heads", "rope"] * 2
        + ["linear", "split_heads", "cache_append", "cache_append", "attention"],
    ),
    "values of another input": (
        lambda x: heads(x, v_input=silu(x)),
        ["silu"]
        + ["linear", "split_heads", "rope"] * 2
        + ["linear", "split_heads", "cache_append", "cache_append", "attention"],
    ),
    "cache read before it is appended to": (
        lambda x: heads(x, sink=True),
        ["linear", "split_heads", "rope"] * 2
        + [
            "linear",
            "split_heads",
            "attention",
            "cache_append",
            "cache_append",
            "attention",
            "add",
            "merge_heads",
        ],
    ),
}


@pytest.mark.parametrize("case", OUT_OF_LINE)
def test_patterns_match_when_they_should_and_only_then(case: str) -> None:
    block, wanted = OUT_OF_LINE[case]
    graph = traced(block)
    fused = verify(fuse(graph))
    assert names(fused) == wanted
    assert_same(graph, fused, {"seq": 1, "past": 0, "context": 4})


def test_many_rows_keep_the_norm_and_the_residual_apart() -> None:
    graph = traced(lambda x: linear(rms_norm(add(linear(x, layer("a")), x), norm()), layer("b")), rows=3)
    fused = fuse(graph)
    assert names(fused) == ["linear", "add_rms_norm", "linear"]
    assert fused.ops[1].inputs["residual"].name == "x"
    assert_same(graph, fused, {"seq": 3, "past": 0, "context": 4})


def test_an_operation_without_a_scope_gets_a_plain_origin() -> None:
    fused: Op = fuse(traced(lambda x: mul(silu(linear(x, layer("g"))), linear(x, layer("u"))))).ops[0]
    assert fused.origin == "gate_up"
