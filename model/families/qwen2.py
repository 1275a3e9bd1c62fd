"""Qwen2: a Llama whose q, k and v projections have biases.

Source: the layout and names of transformers' modeling_qwen2.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

from model.config import DecoderConfig, check_activation
from model.families.family import Family
from model.families.llama import Llama
from model.json_fields import Fields, show


@dataclass(frozen=True)
class Qwen2Config(DecoderConfig):
    """A Qwen2's config. The biases are part of the architecture: no field of the file switches them."""

    max_position_embeddings: int = 32768

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Qwen2's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        check_activation(fields)
        _check_full_attention(fields)
        return super().read(fields)

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return projection in ("q_proj", "k_proj", "v_proj")


def _check_full_attention(fields: Fields) -> None:
    """Refuse sliding windows, which older files switch on by a flag and newer ones name layer by layer.

    The field sliding_window says nothing by itself: it has a value even where no layer uses a window.
    """
    if fields.flag("use_sliding_window", False):
        raise fields.fail("use_sliding_window", "got true, wanted false", _WINDOW_HELP)
    listed = fields.data.get("layer_types")
    kinds = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    other = [kind for kind in kinds if kind not in (None, "full_attention")]
    if other:
        raise fields.fail("layer_types", f'got {show(other[0])}, wanted only "full_attention"', _WINDOW_HELP)


_WINDOW_HELP = "attention over a sliding window is not supported: use a checkpoint without it"

FAMILY = Family("qwen2", ("Qwen2ForCausalLM",), Qwen2Config.read, Llama)
