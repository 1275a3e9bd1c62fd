"""EXAONE 4: norms of what attention and MLP give, and of each head's queries and keys; windows.

Where a model has windows, only layers with one rotate queries and keys.

Source: EXAONE 4.0 report, arXiv 2507.11407; transformers' modeling_exaone4.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import DecoderConfig, optional_window, read_windows
from model.families.family import Family
from model.families.parts.attention import Attention, head_norms
from model.families.parts.layers import NORMS_AFTER, Decoder, sequential_layer
from model.json_fields import Fields
from model.rope import Rope


@dataclass(frozen=True)
class Exaone4Config(DecoderConfig):
    """An EXAONE 4's config. `every_layer_rotates`: whether those without a window do, too."""

    norm_eps: float = 1e-5
    every_layer_rotates: bool = False
    default_kv_heads: ClassVar[int | None] = 32

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an EXAONE 4's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        window = optional_window(fields, 4096)
        listed = window is None or fields.data.get("layer_types") is not None
        every = 1 if listed else fields.integer("sliding_window_pattern", 1, 1024, 4)
        windows = read_windows(fields, config.layers, window, lambda layer: (layer + 1) % every != 0)
        return replace(config, windows=windows, every_layer_rotates=window is None)

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer; None where it has none."""
        return self.rope if self.every_layer_rotates or self.window(layer) is not None else None


def build(config: Exaone4Config, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, NORMS_AFTER, attn=partial(Attention, norms=head_norms)
        ),
    )


FAMILY = Family("exaone4", ("Exaone4ForCausalLM",), Exaone4Config.read, build, summary="EXAONE 4.0")
