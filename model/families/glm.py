"""GLM-4 9B and GLM-4-0414: gate and up in one tensor, a rotary embedding of neighbours in half of each head.

GLM-4-0414 (model_type glm4) has norms after attention and MLP too.

Source: GLM report, arXiv 2406.12793; transformers' modeling_glm.py and modeling_glm4.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig, DecoderConfig
from model.families.family import Family
from model.families.llama import build
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, GatedMLP, SequentialLayer
from model.families.parts.rows import gate_and_up, interleaved_rows
from model.families.parts.weights import rms
from model.rope import RopeDefaults
from model.row_source import RowsOf


@dataclass(frozen=True)
class GlmConfig(AttentionBiasConfig):
    """A GLM's config. `attention_bias` is for q, k and v."""

    norm_eps: float = 1.5625e-7
    max_position_embeddings: int = 131072
    attention_bias: bool = True
    default_kv_heads: ClassVar[int | None] = 2
    default_head_dim: ClassVar[int | None] = 128
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(partial=0.5)

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return projection != "o_proj" and super().has_bias(projection)


def rows(config: DecoderConfig) -> Mapping[str, RowsOf]:
    """Return the rows of q and k, whose rotary embedding pairs neighbours, and of gate and up."""
    found = dict(interleaved_rows(config))
    for number in range(config.layers):
        found |= gate_and_up(config, f"model.layers.{number}")
    return found


def glm4_layer(config: GlmConfig, number: int, kv_dtype: DType) -> SequentialLayer:
    """Attention and MLP, each between two norms."""
    path, hidden, eps = f"model.layers.{number}", config.hidden_size, config.norm_eps
    return SequentialLayer(
        before_attn=rms(f"{path}.input_layernorm", hidden, eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        after_attn=rms(f"{path}.post_self_attn_layernorm", hidden, eps),
        before_mlp=rms(f"{path}.post_attention_layernorm", hidden, eps),
        mlp=GatedMLP(config, f"{path}.mlp"),
        after_mlp=rms(f"{path}.post_mlp_layernorm", hidden, eps),
    )


def build4(config: GlmConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights of a GLM-4-0414; return what records a step."""
    return Decoder(
        config,
        lambda number: glm4_layer(config, number, kv_dtype),
        lambda: rms("model.norm", config.hidden_size, config.norm_eps),
    )


FAMILY = Family("glm", ("GlmForCausalLM",), GlmConfig.read, build, summary="GLM-4 9B and GLM-Edge", rows=rows)
GLM4 = Family(
    "glm4", ("Glm4ForCausalLM",), GlmConfig.read, build4, summary="GLM-4-0414 and GLM-Z1", rows=rows
)
