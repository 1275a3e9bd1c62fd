"""Mistral: a Llama whose layers see a window of positions. Ministral: the same, layer by layer.

Source: Jiang et al. 2023, arXiv 2310.06825; transformers' modeling_mistral.py and modeling_ministral.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from model.config import DecoderConfig, optional_window, read_windows
from model.families import llama
from model.families.family import Family
from model.json_fields import Fields


@dataclass(frozen=True)
class MistralConfig(DecoderConfig):
    """A Mistral's config: one window for all layers, or none."""

    max_position_embeddings: int = 131072
    default_kv_heads: ClassVar[int | None] = 8

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Mistral's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        return replace(config, windows=(optional_window(fields, 4096),) * config.layers)


@dataclass(frozen=True)
class MinistralConfig(MistralConfig):
    """A Ministral's config, which may name the layers that have the window."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Ministral's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        window = config.window(0)
        windows = read_windows(fields, config.layers, window, lambda layer: window is not None)
        return replace(config, windows=windows)


FAMILY = Family(
    "mistral",
    ("MistralForCausalLM",),
    MistralConfig.read,
    llama.build,
    summary="Mistral 7B and its descendants, with and without a sliding window",
)
MINISTRAL = Family(
    "ministral",
    ("MinistralForCausalLM",),
    MinistralConfig.read,
    llama.build,
    summary="Ministral 8B: layers with and without a sliding window",
)
