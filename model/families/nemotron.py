"""Nemotron 3 and 4, Minitron: layer norms with gains of 1 + weight, squared ReLU, half of a head rotated.

Source: Nemotron-4 report, arXiv 2402.16819; transformers' modeling_nemotron.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernelc.ir.types import DType
from model.families.family import Family, WeightRoles
from model.families.llama import LlamaConfig
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, PlainMLP, SequentialLayer
from model.families.parts.weights import Normalise, layer, nothing
from model.rope import RopeDefaults

_OFFSET = 1.0  # a norm's gain is 1 + its weight


@dataclass(frozen=True)
class NemotronConfig(LlamaConfig):
    """A Nemotron's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    norm_eps_key: ClassVar[str] = "norm_eps"
    default_activation: ClassVar[str] = "relu2"
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(partial=0.5)


def _norm(path: str, config: NemotronConfig) -> Normalise:
    return layer(path, config.hidden_size, config.norm_eps, offset=_OFFSET)


def nemotron_layer(config: NemotronConfig, number: int, kv_dtype: DType) -> SequentialLayer:
    """Attention and MLP, each on a normalised input."""
    path = f"model.layers.{number}"
    return SequentialLayer(
        before_attn=_norm(f"{path}.input_layernorm", config),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        after_attn=nothing,
        before_mlp=_norm(f"{path}.post_attention_layernorm", config),
        mlp=PlainMLP(config, f"{path}.mlp", ("up_proj", "down_proj")),
        after_mlp=nothing,
    )


def build(config: NemotronConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: nemotron_layer(config, number, kv_dtype),
        lambda: _norm("model.norm", config),
    )


FAMILY = Family(
    "nemotron",
    ("NemotronForCausalLM",),
    NemotronConfig.read,
    build,
    WeightRoles(final_norm_offset=_OFFSET),
    summary="Nemotron-3, Nemotron-4 and Minitron",
)
