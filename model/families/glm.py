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
from model.families.parts.layers import Decoder, NormNames, sequential_layer
from model.families.parts.rows import gate_and_up, interleaved_rows
from model.rope import RopeDefaults
from model.row_source import RowsOf

_NORMS = NormNames(  # of GLM-4-0414
    "input_layernorm", "post_self_attn_layernorm", "post_attention_layernorm", "post_mlp_layernorm"
)


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


def build4(config: GlmConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights of a GLM-4-0414; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, _NORMS),
    )


FAMILY = Family("glm", ("GlmForCausalLM",), GlmConfig.read, build, summary="GLM-4 9B and GLM-Edge", rows=rows)
GLM4 = Family(
    "glm4", ("Glm4ForCausalLM",), GlmConfig.read, build4, summary="GLM-4-0414 and GLM-Z1", rows=rows
)
