"""Granite: a Llama with constant factors on embeddings, scores, residuals and logits.

Source: the layout and names of transformers' modeling_granite.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from kernelc.ir.types import DType
from model.families.family import Family
from model.families.llama import LlamaConfig
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, GatedMLP, SequentialLayer
from model.families.parts.weights import nothing, rms
from model.json_fields import Fields


@dataclass(frozen=True)
class GraniteConfig(LlamaConfig):
    """A Granite's config. Logits are divided by `logits_scaling`, all else is multiplied."""

    embedding_multiplier: float = 1.0
    attention_multiplier: float = 1.0
    residual_multiplier: float = 1.0
    logits_scaling: float = 1.0

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Granite's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        names = ("embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling")
        factors = {name: fields.number(name, 1e-6, 1e6, 1.0) for name in names}
        return replace(super().read(fields), **factors)


def granite_layer(config: GraniteConfig, number: int, kv_dtype: DType) -> SequentialLayer:
    """As Llama's, with the factors of scores and residuals."""
    path, hidden, eps = f"model.layers.{number}", config.hidden_size, config.norm_eps
    return SequentialLayer(
        before_attn=rms(f"{path}.input_layernorm", hidden, eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn", scale=config.attention_multiplier),
        after_attn=nothing,
        before_mlp=rms(f"{path}.post_attention_layernorm", hidden, eps),
        mlp=GatedMLP(config, f"{path}.mlp"),
        after_mlp=nothing,
        residual_scale=config.residual_multiplier,
    )


def build(config: GraniteConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: granite_layer(config, number, kv_dtype),
        lambda: rms("model.norm", config.hidden_size, config.norm_eps),
        embedding_scale=config.embedding_multiplier,
        logit_scale=1 / config.logits_scaling,
    )


FAMILY = Family(
    "granite",
    ("GraniteForCausalLM",),
    GraniteConfig.read,
    build,
    summary="Granite 3 and 4, the dense models without state space layers",
)
