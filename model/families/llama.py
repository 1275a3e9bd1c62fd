"""Llama, written once: what one step computes, for any size, target and weight format.

Other families that are built alike use these classes with a config of their own (see qwen2.py).

Source: Touvron et al. 2023, arXiv 2302.13971; the layout and names of transformers' modeling_llama.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from kernelc.ir.graph import AttrValue, Tensor
from kernelc.ir.trace import (
    Linear,
    Norm,
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
from model.config import DecoderConfig, RopeScaling, check_activation
from model.families.family import Family, Step
from model.json_fields import Fields


@dataclass(frozen=True)
class LlamaConfig(DecoderConfig):
    """A Llama's config. `attention_bias` is for all four projections of attention, `mlp_bias` for the MLP."""

    attention_bias: bool = False
    mlp_bias: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Llama's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        check_activation(fields)
        return replace(
            super().read(fields),
            attention_bias=fields.flag("attention_bias", False),
            mlp_bias=fields.flag("mlp_bias", False),
        )

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        in_attention = projection in ("q_proj", "k_proj", "v_proj", "o_proj")
        return self.attention_bias if in_attention else self.mlp_bias


class Attention:
    """Grouped-query attention with rotary positions and a KV cache."""

    def __init__(self, config: DecoderConfig, layer: int, kv_dtype: DType) -> None:
        path = f"model.layers.{layer}.self_attn"
        q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.config, self.layer, self.kv_dtype = config, layer, kv_dtype
        self.q_proj = declare(config, f"{path}.q_proj", q_width, config.hidden_size)
        self.k_proj = declare(config, f"{path}.k_proj", kv_width, config.hidden_size)
        self.v_proj = declare(config, f"{path}.v_proj", kv_width, config.hidden_size)
        self.o_proj = declare(config, f"{path}.o_proj", config.hidden_size, q_width)

    def cache(self, name: str, step: Step) -> Tensor:
        """Declare "k_cache" or "v_cache" of this layer. Shape: [context, kv_heads, head_dim]."""
        shape = (step.context, self.config.kv_heads, self.config.head_dim)
        return tracer().state(f"layers.{self.layer}.{name}", shape, self.kv_dtype)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
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

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        path = f"model.layers.{layer}.mlp"
        hidden, wide = config.hidden_size, config.intermediate_size
        self.gate_proj = declare(config, f"{path}.gate_proj", wide, hidden)
        self.up_proj = declare(config, f"{path}.up_proj", wide, hidden)
        self.down_proj = declare(config, f"{path}.down_proj", hidden, wide)

    def __call__(self, x: Tensor) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        gated = mul(silu(linear(x, self.gate_proj)), linear(x, self.up_proj))
        return linear(gated, self.down_proj)


class Layer:
    """Attention and feed-forward, each on a normalised input and added to the residual stream."""

    def __init__(self, config: DecoderConfig, layer: int, kv_dtype: DType) -> None:
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
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        with scope("attn"):
            x = add(x, self.attn(rms_norm(x, self.input_layernorm), step))
        with scope("mlp"):
            return add(x, self.mlp(rms_norm(x, self.post_attention_layernorm)))


class Llama:
    """The whole model, from token ids to logits; a `model.families.family.Body`."""

    def __init__(self, config: DecoderConfig, kv_dtype: DType) -> None:
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
        """Shapes: tokens [context + 1] -> [seq, vocab] with `every_row`, else [1, vocab]."""
        x = embedding(tokens, self.embed_tokens, seq=step.seq, past=step.past)
        for index, layer in enumerate(self.layers):
            with scope(f"layers.{index}"):
                x = layer(x, step)
        if not every_row:
            x = last_row(x)
        return linear(rms_norm(x, self.norm), self.lm_head)


def declare(config: DecoderConfig, path: str, wide_out: int, wide_in: int) -> Linear:
    """Declare a linear layer, with a bias where the config gives layers of its name one."""
    return Linear.declare(path, wide_out, wide_in, config.has_bias(path.rpartition(".")[2]))


def rope_attrs(config: DecoderConfig) -> dict[str, AttrValue]:
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


_LLAMA_3_2_SCALING = RopeScaling("llama3", 32.0, 1.0, 4.0, 8192)

NAMED_CONFIGS: dict[str, LlamaConfig] = {
    "llama-2-7b": LlamaConfig(
        vocab_size=32000, hidden_size=4096, intermediate_size=11008, layers=32, heads=32, kv_heads=32,
        head_dim=128, rms_norm_eps=1e-5, max_position_embeddings=4096, bos_token_id=1, eos_token_ids=(2,),
    ),
    "llama-3-8b": LlamaConfig(
        vocab_size=128256, hidden_size=4096, intermediate_size=14336, layers=32, heads=32, kv_heads=8,
        head_dim=128, rms_norm_eps=1e-5, rope_theta=500000.0, max_position_embeddings=8192,
        bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "llama-3.2-1b": LlamaConfig(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, layers=16, heads=32, kv_heads=8,
        head_dim=64, rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=_LLAMA_3_2_SCALING,
        max_position_embeddings=131072, tie_word_embeddings=True,
        bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "tinyllama-1.1b": LlamaConfig(
        vocab_size=32000, hidden_size=2048, intermediate_size=5632, layers=22, heads=32, kv_heads=4,
        head_dim=64, rms_norm_eps=1e-5, max_position_embeddings=2048, bos_token_id=1, eos_token_ids=(2,),
    ),
}  # fmt: skip
"""Shapes of well known models, for planning memory and measuring speed with no checkpoint at hand."""

FAMILY = Family("llama", ("LlamaForCausalLM",), LlamaConfig.read, Llama, named=NAMED_CONFIGS)
