"""Helium: a Llama whose rotary embedding pairs neighbours.

Source: the layout and names of transformers' modeling_helium.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from model.config import refuse_head_dim
from model.families.family import Family
from model.families.llama import LlamaConfig, build
from model.families.parts.rows import interleaved_rows
from model.json_fields import Fields


@dataclass(frozen=True)
class HeliumConfig(LlamaConfig):
    """A Helium's config. `attention_bias` is for q, k and v alone."""

    norm_eps: float = 1e-8
    max_position_embeddings: int = 4096
    default_kv_heads: ClassVar[int | None] = 20
    default_head_dim: ClassVar[int | None] = 128

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Helium's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        refuse_head_dim(fields, config, "the family's output projection is square")
        return config

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return projection != "o_proj" and super().has_bias(projection)


FAMILY = Family(
    "helium",
    ("HeliumForCausalLM",),
    HeliumConfig.read,
    build,
    summary="Helium 1",
    rows=interleaved_rows,
)
