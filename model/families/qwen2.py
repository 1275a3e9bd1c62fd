"""Qwen2 and Qwen2.5: a Llama whose q, k and v projections have biases; its last layers may have windows.

Source: the layout and names of transformers' modeling_qwen2.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from model.config import DecoderConfig, optional_window, read_windows
from model.families import llama
from model.families.family import Family
from model.json_fields import Fields


@dataclass(frozen=True)
class Qwen2Config(DecoderConfig):
    """A Qwen2's config. The biases are part of the architecture: no field of the file switches them."""

    max_position_embeddings: int = 32768
    default_kv_heads: ClassVar[int | None] = 32

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Qwen2's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        return replace(config, windows=qwen_windows(fields, config.layers))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return projection in ("q_proj", "k_proj", "v_proj")


def qwen_windows(fields: Fields, layers: int) -> tuple[int | None, ...]:
    """Read the windows: where use_sliding_window is set, layers from max_window_layers on have one.

    The field sliding_window says nothing by itself: it has a value even where no layer uses a window.
    Raises: ConfigError.
    """
    used = fields.flag("use_sliding_window", False)
    window = optional_window(fields, 4096) if used else None
    first = fields.integer("max_window_layers", 0, 1024, 28)
    return read_windows(fields, layers, window, lambda layer: window is not None and layer >= first)


FAMILY = Family(
    "qwen2",
    ("Qwen2ForCausalLM",),
    Qwen2Config.read,
    llama.build,
    summary="Qwen2 and Qwen2.5",
)
