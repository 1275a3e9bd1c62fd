"""Cohere's Command R and R7B: attention and MLP side by side, layer norms without biases, scaled logits.

Command R7B (model_type cohere2) has windows in three of four layers, and rotates in these alone.

Source: transformers' modeling_cohere.py and modeling_cohere2.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig, optional_window, read_windows, refuse_fields, refuse_head_dim
from model.families.family import Family
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, GatedMLP, ParallelLayer
from model.families.parts.rows import interleaved_rows
from model.families.parts.weights import layer
from model.json_fields import Fields
from model.rope import Rope

_NORM = partial(layer, bias=False)


@dataclass(frozen=True)
class CohereConfig(AttentionBiasConfig):
    """A Cohere's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 8192
    tie_word_embeddings: bool = True
    logit_scale: float = 0.0625
    norm_eps_key: ClassVar[str] = "layer_norm_eps"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Cohere's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        help_ = "norms with weights of their own for each head are not supported"
        refuse_fields(fields, {"use_qk_norm": (False,)}, help_)
        config = super().read(fields)
        return replace(config, logit_scale=fields.number("logit_scale", 1e-6, 1e6, cls.logit_scale))


@dataclass(frozen=True)
class Cohere2Config(CohereConfig):
    """A Cohere 2's config."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Cohere 2's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        refuse_head_dim(fields, config, "the family's published code does not read this field")
        pattern = fields.integer("sliding_window_pattern", 1, 1024, 4)
        window = optional_window(fields, 4096)
        windows = read_windows(fields, config.layers, window, lambda number: (number + 1) % pattern != 0)
        return replace(config, windows=windows)

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer: only those with a window have one."""
        return None if self.window(layer) is None else self.rope


def cohere_layer(config: CohereConfig, number: int, kv_dtype: DType) -> ParallelLayer:
    """Attention and MLP of the same normalised input."""
    path = f"model.layers.{number}"
    return ParallelLayer(
        before_attn=_NORM(f"{path}.input_layernorm", config.hidden_size, config.norm_eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        before_mlp=None,
        mlp=GatedMLP(config, f"{path}.mlp"),
    )


def build(config: CohereConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: cohere_layer(config, number, kv_dtype),
        norm=_NORM,
        logit_scale=config.logit_scale,
    )


FAMILY = Family(
    "cohere",
    ("CohereForCausalLM",),
    CohereConfig.read,
    build,
    summary="Command R and Aya (not Command R+, which has norms of its own for each head)",
    rows=interleaved_rows,
)
COHERE2 = Family(
    "cohere2",
    ("Cohere2ForCausalLM",),
    Cohere2Config.read,
    build,
    summary="Command R7B and Command A",
    rows=interleaved_rows,
)
