"""Granite: a Llama with constant factors on embeddings, scores, residuals and logits.

Source: the layout and names of transformers' modeling_granite.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from kernelc.ir.types import DType
from model.families.family import Family
from model.families.llama import LlamaConfig
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, sequential_layer
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


def build(config: GraniteConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    attn, factor = partial(Attention, scale=config.attention_multiplier), config.residual_multiplier
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, attn=attn, residual_scale=factor),
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
