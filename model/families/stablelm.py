"""StableLM: layer norms, and a rotary embedding of a part of each head.

Source: the layout and names of transformers' modeling_stablelm.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import DecoderConfig, refuse_fields, refuse_head_dim
from model.families.family import Family
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, GatedMLP, Layer, ParallelLayer, sequential_layer
from model.families.parts.weights import layer
from model.json_fields import Fields
from model.rope import RopeDefaults


@dataclass(frozen=True)
class StableLmConfig(DecoderConfig):
    """A StableLM's config. `qkv_bias` is for q, k and v; `parallel`: attention and MLP read the same norm."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    qkv_bias: bool = False
    parallel: bool = False
    norm_eps_key: ClassVar[str] = "layer_norm_eps"
    default_kv_heads: ClassVar[int | None] = 32
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(partial=0.25)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a StableLM's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        help_ = "norms with weights of their own for each head are not supported"
        refuse_fields(fields, {"qk_layernorm": (False,)}, help_)
        config = super().read(fields)
        refuse_head_dim(fields, config, "the family's published code does not read this field")
        return replace(
            config,
            qkv_bias=fields.flag("use_qkv_bias", False),
            parallel=fields.flag("use_parallel_residual", False),
        )

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.qkv_bias and projection in ("q_proj", "k_proj", "v_proj")


def stablelm_layer(config: StableLmConfig, number: int, kv_dtype: DType) -> Layer:
    """As Llama's with layer norms; or attention and MLP of the same normalised input."""
    if not config.parallel:
        return sequential_layer(config, number, kv_dtype, norm=layer)
    path = f"model.layers.{number}"
    return ParallelLayer(
        before_attn=layer(f"{path}.input_layernorm", config.hidden_size, config.norm_eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        before_mlp=None,
        mlp=GatedMLP(config, f"{path}.mlp"),
    )


def build(config: StableLmConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(config, lambda number: stablelm_layer(config, number, kv_dtype), norm=layer)


FAMILY = Family(
    "stablelm",
    ("StableLmForCausalLM",),
    StableLmConfig.read,
    build,
    summary="StableLM 2 1.6B and StableLM 3B (not 12B, which has norms of its own for each head)",
)
