"""Arcee's AFM: a Llama whose MLP has no gate and squares a ReLU.

Source: the layout and names of transformers' modeling_arcee.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernelc.ir.types import DType
from model.families.family import Family
from model.families.llama import LlamaConfig
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, PlainMLP, SequentialLayer
from model.families.parts.weights import nothing, rms


@dataclass(frozen=True)
class ArceeConfig(LlamaConfig):
    """An Arcee's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    default_activation: ClassVar[str] = "relu2"


def arcee_layer(config: ArceeConfig, number: int, kv_dtype: DType) -> SequentialLayer:
    """As Llama's, with an MLP of two matrices."""
    path, hidden, eps = f"model.layers.{number}", config.hidden_size, config.norm_eps
    return SequentialLayer(
        before_attn=rms(f"{path}.input_layernorm", hidden, eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        after_attn=nothing,
        before_mlp=rms(f"{path}.post_attention_layernorm", hidden, eps),
        mlp=PlainMLP(config, f"{path}.mlp", ("up_proj", "down_proj")),
        after_mlp=nothing,
    )


def build(config: ArceeConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: arcee_layer(config, number, kv_dtype),
        lambda: rms("model.norm", config.hidden_size, config.norm_eps),
    )


FAMILY = Family("arcee", ("ArceeForCausalLM",), ArceeConfig.read, build, summary="Arcee AFM 4.5B")
