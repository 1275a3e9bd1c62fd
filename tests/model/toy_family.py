"""A family that no model has: everything in which families differ from Llama, at once.

Norms of queries and keys over a head's width, norms after attention and MLP too, all with gains of
1 + weight; scaled embeddings; soft caps on scores and on logits; a window on every second layer; a GELU gate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
    add,
    attention,
    cache_append,
    embedding,
    gelu_tanh,
    last_row,
    linear,
    merge_heads,
    mul,
    rms_norm,
    rope,
    scale,
    scope,
    soft_cap,
    split_heads,
    tracer,
)
from kernelc.ir.types import DType
from model.config import DecoderConfig
from model.families.family import Family, Step, WeightRoles
from model.families.parts.weights import declare
from model.json_fields import Fields


@dataclass(frozen=True)
class ToyConfig(DecoderConfig):
    window: int = 5
    score_cap: float = 3.0
    logit_cap: float = 4.0

    @classmethod
    def read(cls, fields: Fields) -> Self:
        window = fields.integer("sliding_window", 1, 1 << 20, cls.window)
        return replace(super().read(fields), window=window)


class Layer:
    """Attention and MLP, each between two norms."""

    def __init__(self, config: ToyConfig, number: int, kv_dtype: DType) -> None:
        self.config, self.number, self.kv_dtype = config, number, kv_dtype
        path, hidden, wide = f"model.layers.{number}", config.hidden_size, config.intermediate_size
        q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.q_proj = declare(config, f"{path}.self_attn.q_proj", q_width, hidden)
        self.k_proj = declare(config, f"{path}.self_attn.k_proj", kv_width, hidden)
        self.v_proj = declare(config, f"{path}.self_attn.v_proj", kv_width, hidden)
        self.o_proj = declare(config, f"{path}.self_attn.o_proj", hidden, q_width)
        self.gate_proj = declare(config, f"{path}.mlp.gate_proj", wide, hidden)
        self.up_proj = declare(config, f"{path}.mlp.up_proj", wide, hidden)
        self.down_proj = declare(config, f"{path}.mlp.down_proj", hidden, wide)
        self.q_norm = self.norm(f"{path}.self_attn.q_norm", config.head_dim)
        self.k_norm = self.norm(f"{path}.self_attn.k_norm", config.head_dim)
        self.input_layernorm = self.norm(f"{path}.input_layernorm", hidden)
        self.post_attention_layernorm = self.norm(f"{path}.post_attention_layernorm", hidden)
        self.pre_mlp_layernorm = self.norm(f"{path}.pre_mlp_layernorm", hidden)
        self.post_mlp_layernorm = self.norm(f"{path}.post_mlp_layernorm", hidden)

    def norm(self, path: str, width: int) -> Norm:
        return Norm.declare(path, width, self.config.norm_eps, weight_offset=1.0)

    def attend(self, x: Tensor, step: Step) -> Tensor:
        config, past, turn = self.config, step.past, self.config.rope.attrs
        projections = (self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (split_heads(linear(x, each), config.head_dim) for each in projections)
        q = rope(rms_norm(q, self.q_norm), past=past, attrs=turn)
        k = rope(rms_norm(k, self.k_norm), past=past, attrs=turn)
        shape = (step.context, config.kv_heads, config.head_dim)
        states = [tracer().state(f"layers.{self.number}.{c}_cache", shape, self.kv_dtype) for c in "kv"]
        caches = [cache_append(state, x, past=past) for state, x in zip(states, (k, v), strict=True)]
        window = config.window if self.number % 2 == 0 else None
        y = attention(q, *caches, scale=0.25, past=past, window=window, soft_cap=config.score_cap)
        return linear(merge_heads(y), self.o_proj)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        with scope("attn"):
            y = self.attend(rms_norm(x, self.input_layernorm), step)
            x = add(x, rms_norm(y, self.post_attention_layernorm))
        with scope("mlp"):
            y = rms_norm(x, self.pre_mlp_layernorm)
            y = linear(mul(gelu_tanh(linear(y, self.gate_proj)), linear(y, self.up_proj)), self.down_proj)
            return add(x, rms_norm(y, self.post_mlp_layernorm))


class Toy:
    def __init__(self, config: ToyConfig, kv_dtype: DType) -> None:
        self.config = config
        size = (config.vocab_size, config.hidden_size)
        self.embed_tokens = tracer().weight("model.embed_tokens.weight", size)
        self.layers = [Layer(config, number, kv_dtype) for number in range(config.layers)]
        self.norm = self.layers[0].norm("model.norm", config.hidden_size)

    def __call__(self, tokens: Tensor, step: Step, every_row: bool) -> Tensor:
        x = embedding(tokens, self.embed_tokens, seq=step.seq, past=step.past)
        x = scale(x, math.sqrt(self.config.hidden_size))
        for layer in self.layers:
            with scope(f"layers.{layer.number}"):
                x = layer(x, step)
        x = rms_norm(x if every_row else last_row(x), self.norm)
        return soft_cap(linear(x, Linear("logits", self.embed_tokens)), self.config.logit_cap)


FAMILY = Family("toy", ("ToyForCausalLM",), ToyConfig.read, Toy, WeightRoles(final_norm_offset=1.0))
