"""Qwen3: as Qwen2, with norms of each head's queries and keys in the place of biases.

Source: the layout and names of transformers' modeling_qwen3.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig
from model.families.family import Family
from model.families.parts.attention import Attention, head_norms
from model.families.parts.layers import Decoder, sequential_layer
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


def build(config: Qwen3Config, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, attn=partial(Attention, norms=head_norms)),
    )


FAMILY = Family("qwen3", ("Qwen3ForCausalLM",), Qwen3Config.read, build, summary="Qwen3, the dense models")
