"""ERNIE 4.5, dense: a Llama whose rotary embedding pairs neighbours.

Source: the layout and names of transformers' modeling_ernie4_5.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from model.config import DecoderConfig
from model.families.family import Family
from model.families.llama import build
from model.families.parts.rows import interleaved_rows
from model.json_fields import Fields


@dataclass(frozen=True)
class Ernie45Config(DecoderConfig):
    """An ERNIE 4.5's config. `use_bias` is for all linear layers but the last."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 131072
    tie_word_embeddings: bool = True
    use_bias: bool = False
    default_kv_heads: ClassVar[int | None] = 2
    default_head_dim: ClassVar[int | None] = 128

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an ERNIE's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        return replace(super().read(fields), use_bias=fields.flag("use_bias", False))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.use_bias


FAMILY = Family(
    "ernie4_5",
    ("Ernie4_5ForCausalLM", "Ernie4_5_ForCausalLM"),
    Ernie45Config.read,
    build,
    summary="ERNIE 4.5, the dense model",
    rows=interleaved_rows,
)
