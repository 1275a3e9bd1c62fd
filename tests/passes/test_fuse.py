"""A Llama's graphs keep every value when they are fused, and become as few operations as they should."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.graph import AttrValue, Graph
from kernelc.ir.types import DType
from kernelc.ir.verify import verify
from kernelc.passes.fuse import PATTERNS, FuseOptions, fuse
from kernelc.source import ROLES, Role
from model.families.llama import FAMILY, LlamaConfig
from model.rope import Rope
from tests.passes.blocks import assert_same

CONTEXT, CHUNK = 12, 5


def llama(
    config: LlamaConfig, *, role: Role, max_context: int, chunk: int = 512, kv_dtype: DType = DType.F16
) -> Graph:
    return FAMILY.model(config).graph(role, max_context=max_context, chunk=chunk, kv_dtype=kv_dtype)


@st.composite
def configs(draw: st.DrawFn) -> LlamaConfig:
    head_dim = draw(st.sampled_from([2, 4, 6, 8]))
    kv_heads = draw(st.integers(1, 3))
    llama3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scalings: list[tuple[str, dict[str, AttrValue]]] = [
        ("none", {}),
        ("linear", {"factor": 4.0}),
        ("llama3", {**llama3, "original_max_position_embeddings": 8}),
    ]
    return LlamaConfig(
        vocab_size=draw(st.integers(2, 20)),
        hidden_size=draw(st.integers(1, 12)),
        intermediate_size=draw(st.integers(1, 20)),
        layers=draw(st.integers(1, 3)),
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=head_dim,
        rope=Rope(
            draw(st.sampled_from([100.0, 10000.0])),
            draw(st.integers(1, head_dim // 2)) * 2,
            *draw(st.sampled_from(scalings)),
        ),
        norm_eps=draw(st.sampled_from([1e-6, 1e-2])),
        tie_word_embeddings=draw(st.booleans()),
        attention_bias=draw(st.booleans()),
        mlp_bias=draw(st.booleans()),
    )


@st.composite
def steps(draw: st.DrawFn) -> tuple[Role, dict[str, int]]:
    role: Role = draw(st.sampled_from(ROLES))
    seq = 1 if role == "decode" else draw(st.integers(1, CHUNK))
    return role, {"seq": seq, "past": draw(st.integers(0, CONTEXT - seq)), "context": CONTEXT}


def wanted_counts(role: Role, layers: int) -> dict[str, int]:
    counts = {"embedding": 1, "attention": layers, "linear_heads": layers, "linear_pair": layers}
    if role == "decode":
        return counts | {"linear_row": 2 * layers + 1}
    counts |= {"rms_norm": 1}
    if role == "score":  # the first norm has no residual add before it; the last add goes with the final norm
        return counts | {"linear": 2 * layers + 1, "add_rms_norm": 2 * layers}
    # The last row is taken before the final norm: the last down projection adds its residual itself.
    only_last_row = {"linear_row": 2, "linear": 2 * layers - 1, "add_rms_norm": 2 * layers - 1}
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
    inner = [op.result for op in graph.ops if op.name != "cache_append"]
    wanted = data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=4, unique_by=lambda t: t.name))
    graph = replace(graph, outputs={**graph.outputs, **{f"out.{t.name}": t for t in wanted}})
    options = FuseOptions(vector_rows=data.draw(st.integers(0, CHUNK)))
    assert_same(graph, verify(fuse(graph, options)), env)


@given(configs(), steps(), st.sets(st.sampled_from(sorted(PATTERNS))))
def test_any_patterns_may_be_switched_off(
    config: LlamaConfig, step: tuple[Role, dict[str, int]], off: set[str]
) -> None:
    role, env = step
    graph = llama(config, role=role, max_context=CONTEXT, chunk=CHUNK)
    assert_same(graph, verify(fuse(graph, FuseOptions(off=frozenset(off)))), env)


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
    assert qkv.name == "linear_heads" and qkv.attrs["rotated"] == "qk"
    assert qkv.inputs["q_bias"].name == "model.layers.0.self_attn.q_proj.bias"
    assert qkv.inputs["norm_weight"].name == "model.layers.0.input_layernorm.weight"
    assert qkv.inputs["k_cache"].name == "layers.0.k_cache"
    assert [str(result.type) for result in qkv.results] == ["f32[1, 2, 4]", *["f16[context, 1, 4]"] * 2]
    assert qkv.location is not None and qkv.location.startswith("model/families/parts/attention.py:")
    assert [op.attrs["expression"] for op in (*ops[3:6], ops[6])] == [
        "y residual add",
        "first silu second mul",
        "y residual add",
        "y",
    ]
