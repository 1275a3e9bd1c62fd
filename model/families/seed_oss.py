"""Seed-OSS: a Llama with biases on q, k and v.

Source: the layout and names of transformers' modeling_seed_oss.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from model.families.family import Family
from model.families.llama import LlamaConfig, build
from model.json_fields import Fields


@dataclass(frozen=True)
class SeedOssConfig(LlamaConfig):
    """A Seed-OSS's config. `attention_bias` is for q, k and v, `out_bias` for attention's last projection."""

    max_position_embeddings: int = 524288
    attention_bias: bool = True
    out_bias: bool = False
    default_kv_heads: ClassVar[int | None] = 8
    default_head_dim: ClassVar[int | None] = 128

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Seed-OSS's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        return replace(super().read(fields), out_bias=fields.flag("attention_out_bias", False))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.out_bias if projection == "o_proj" else super().has_bias(projection)


FAMILY = Family("seed_oss", ("SeedOssForCausalLM",), SeedOssConfig.read, build, summary="Seed-OSS 36B")
