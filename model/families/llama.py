"""Llama, written once: what one step computes, for any size, target and weight format.

Source: Touvron et al. 2023, arXiv 2302.13971; the layout and names of transformers' modeling_llama.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kernelc.ir.dim import Dim
from kernelc.ir.graph import AttrValue, Graph, Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    Tracer,
    add,
    attention,
    cache_append,
    embedding,
    last_row,
    linear,
    merge_heads,
    mul,
    rms_norm,
    rope,
    scope,
    silu,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType
from model.config import LlamaConfig

Role: TypeAlias = Literal["decode", "prefill", "score"]
ROLES: tuple[Role, ...] = ("decode", "prefill", "score")


@dataclass(frozen=True)
class Step:
    """The sizes of one step: `seq` new positions after `past` known ones, in a context of `context`."""

    seq: Dim
    past: Dim
    context: Dim


class Attention:
    """Grouped-query attention with rotary positions and a KV cache."""

    def __init__(self, config: LlamaConfig, layer: int, kv_dtype: DType) -> None:
        path = f"model.layers.{layer}.self_attn"
        q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
        hidden, bias = config.hidden_size, config.attention_bias
        self.config, self.layer, self.kv_dtype = config, layer, kv_dtype
        self.q_proj = Linear.declare(f"{path}.q_proj", q_width, hidden, bias)
        self.k_proj = Linear.declare(f"{path}.k_proj", kv_width, hidden, bias)
        self.v_proj = Linear.declare(f"{path}.v_proj", kv_width, hidden, bias)
        self.o_proj = Linear.declare(f"{path}.o_proj", hidden, q_width, bias)

    def cache(self, name: str, step: Step) -> Tensor:
        shape = (step.context, self.config.kv_heads, self.config.head_dim)
        return tracer().state(f"layers.{self.layer}.{name}", shape, self.kv_dtype)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        head_dim, past = self.config.head_dim, step.past
        turn = rope_attrs(self.config)
        q = split_heads(linear(x, self.q_proj), head_dim)
        k = split_heads(linear(x, self.k_proj), head_dim)
        v = split_heads(linear(x, self.v_proj), head_dim)
        q = rope(q, past=past, attrs=turn)
        k = rope(k, past=past, attrs=turn)
        k_cache = cache_append(self.cache("k_cache", step), k, past=past)
        v_cache = cache_append(self.cache("v_cache", step), v, past=past)
        y = attention(q, k_cache, v_cache, scale=1 / math.sqrt(head_dim), past=past)
        return linear(merge_heads(y), self.o_proj)


class MLP:
    """The SiLU-gated feed-forward part. Source: Shazeer 2020, arXiv 2002.05202."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        path = f"model.layers.{layer}.mlp"
        hidden, wide, bias = config.hidden_size, config.intermediate_size, config.mlp_bias
        self.gate_proj = Linear.declare(f"{path}.gate_proj", wide, hidden, bias)
        self.up_proj = Linear.declare(f"{path}.up_proj", wide, hidden, bias)
        self.down_proj = Linear.declare(f"{path}.down_proj", hidden, wide, bias)

    def __call__(self, x: Tensor) -> Tensor:
        gated = mul(silu(linear(x, self.gate_proj)), linear(x, self.up_proj))
        return linear(gated, self.down_proj)


class Layer:
    """Attention and feed-forward, each on a normalised input and added to the residual stream."""

    def __init__(self, config: LlamaConfig, layer: int, kv_dtype: DType) -> None:
        path = f"model.layers.{layer}"
        self.input_layernorm = Norm.declare(
            f"{path}.input_layernorm", config.hidden_size, config.rms_norm_eps
        )
        self.attn = Attention(config, layer, kv_dtype)
        self.post_attention_layernorm = Norm.declare(
            f"{path}.post_attention_layernorm", config.hidden_size, config.rms_norm_eps
        )
        self.mlp = MLP(config, layer)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        with scope("attn"):
            x = add(x, self.attn(rms_norm(x, self.input_layernorm), step))
        with scope("mlp"):
            return add(x, self.mlp(rms_norm(x, self.post_attention_layernorm)))


class Llama:
    """The whole model, from token ids to the logits of every row or of the last."""

    def __init__(self, config: LlamaConfig, kv_dtype: DType) -> None:
        self.embed_tokens = tracer().weight(
            "model.embed_tokens.weight", (config.vocab_size, config.hidden_size)
        )
        self.layers = [Layer(config, layer, kv_dtype) for layer in range(config.layers)]
        self.norm = Norm.declare("model.norm", config.hidden_size, config.rms_norm_eps)
        if config.tie_word_embeddings:
            self.lm_head = Linear("lm_head", self.embed_tokens)
        else:
            self.lm_head = Linear.declare("lm_head", config.vocab_size, config.hidden_size)

    def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
        x = embedding(tokens, self.embed_tokens, seq=step.seq, past=step.past)
        for index, layer in enumerate(self.layers):
            with scope(f"layers.{index}"):
                x = layer(x, step)
        if not every_row:
            x = last_row(x)
        return linear(rms_norm(x, self.norm), self.lm_head)


def rope_attrs(config: LlamaConfig) -> dict[str, AttrValue]:
    """Return the rotary embedding's attributes as the `rope` operation takes them."""
    attrs: dict[str, AttrValue] = {"theta": config.rope_theta, "rotary_dim": config.rotary_dim}
    scaling = config.rope_scaling
    if scaling is None:
        return attrs | {"scaling": "none"}
    attrs |= {"scaling": scaling.kind, "factor": scaling.factor}
    if scaling.kind == "llama3":
        attrs |= {
            "low_freq_factor": scaling.low_freq_factor,
            "high_freq_factor": scaling.high_freq_factor,
            "original_max_position_embeddings": scaling.original_max_position_embeddings,
        }
    return attrs


def llama(
    config: LlamaConfig, *, role: Role, max_context: int, chunk: int = 512, kv_dtype: DType = DType.F16
) -> Graph:
    """Return the graph of one step.

    "decode" takes one position, "prefill" 1..chunk; both give "logits" [1, vocab] of the last one. "score"
    takes 1..chunk and gives "all_logits" [seq, vocab]. Symbols: seq, past (0..max_context-1), context
    (1..max_context). The states "tokens" (u32, ids by position) and "layers.N.k_cache", "layers.N.v_cache"
    (of `kv_dtype`) are the same for every role. Weights go by their names in Hugging Face checkpoints.
    """
    longest = 1 if role == "decode" else min(chunk, max_context)
    symbols = {"seq": (1, longest), "past": (0, max_context - 1), "context": (1, max_context)}
    with Tracer(f"llama.{role}", symbols) as trace:
        step = Step(trace.var("seq"), trace.var("past"), trace.var("context"))
        tokens = trace.state("tokens", (step.context + 1,), DType.U32)
        logits = Llama(config, kv_dtype)(tokens, step, every_row=role == "score")
        return trace.graph({"all_logits" if role == "score" else "logits": logits})


def chat_graphs(
    config: LlamaConfig, *, max_context: int, chunk: int = 512, kv_dtype: DType = DType.F16
) -> dict[Role, Graph]:
    """Return the graphs that a chat model is built from: one a role, over the same weights and states."""
    return {
        role: llama(config, role=role, max_context=max_context, chunk=chunk, kv_dtype=kv_dtype)
        for role in ROLES
    }
