"""Phi-3, Phi-3.5 and Phi-4-mini: a Llama that keeps q, k and v in one tensor, and gate and up in another.

Source: Phi-3 report, arXiv 2404.14219; the layout and names of transformers' modeling_phi3.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from model.config import DecoderConfig, optional_window
from model.families import llama
from model.families.family import Family
from model.families.parts.rows import gate_and_up, stacked
from model.json_fields import Fields
from model.rope import RopeDefaults
from model.row_source import RowsOf


@dataclass(frozen=True)
class Phi3Config(DecoderConfig):
    """A Phi-3's config. Older files call longrope "su" or "yarn"."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(
        partial=1.0, original=4096, aliases={"su": "longrope", "yarn": "longrope"}
    )

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Phi-3's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        if config.rope.scaling not in ("none", "longrope"):
            message = f"got scaling {config.rope.scaling}, wanted longrope or none"
            raise fields.fail("rope_scaling", message, "the family's published code knows no other")
        return replace(config, windows=(optional_window(fields, None),) * config.layers)


def rows(config: DecoderConfig) -> Mapping[str, RowsOf]:
    """Return which rows of the fused tensors are q, k, v, gate and up."""
    found: dict[str, RowsOf] = {}
    q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
    for number in range(config.layers):
        path = f"model.layers.{number}"
        parts = {"q": q_width, "k": kv_width, "v": kv_width}
        found |= stacked(f"{path}.self_attn", "qkv_proj", parts)
        found |= gate_and_up(config, path)
    return found


FAMILY = Family(
    "phi3",
    ("Phi3ForCausalLM",),
    Phi3Config.read,
    llama.build,
    summary="Phi-3, Phi-3.5, Phi-4 and Phi-4-mini (text)",
    rows=rows,
)
