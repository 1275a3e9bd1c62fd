"""Qwen3: as Qwen2, with norms of each head's queries and keys in the place of biases.

Source: the layout and names of transformers' modeling_qwen3.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig
from model.families.family import Family
from model.families.parts.attention import Attention, head_norms
from model.families.parts.layers import Decoder, GatedMLP, SequentialLayer
from model.families.parts.weights import nothing, rms
from model.families.qwen2 import qwen_windows
from model.json_fields import Fields


@dataclass(frozen=True)
class Qwen3Config(AttentionBiasConfig):
    """A Qwen3's config."""

    max_position_embeddings: int = 32768
    default_kv_heads: ClassVar[int | None] = 32
    default_head_dim: ClassVar[int | None] = 128

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Qwen3's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        return replace(config, windows=qwen_windows(fields, config.layers))


def qwen3_layer(config: Qwen3Config, number: int, kv_dtype: DType) -> SequentialLayer:
    """As Llama's, with norms of queries and keys."""
    path, hidden, eps = f"model.layers.{number}", config.hidden_size, config.norm_eps
    attn = f"{path}.self_attn"
    return SequentialLayer(
        before_attn=rms(f"{path}.input_layernorm", hidden, eps),
        attn=Attention(config, number, kv_dtype, attn, norms=lambda: head_norms(config, attn)),
        after_attn=nothing,
        before_mlp=rms(f"{path}.post_attention_layernorm", hidden, eps),
        mlp=GatedMLP(config, f"{path}.mlp"),
        after_mlp=nothing,
    )


def build(config: Qwen3Config, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: qwen3_layer(config, number, kv_dtype),
        lambda: rms("model.norm", config.hidden_size, config.norm_eps),
    )


FAMILY = Family("qwen3", ("Qwen3ForCausalLM",), Qwen3Config.read, build, summary="Qwen3, the dense models")
