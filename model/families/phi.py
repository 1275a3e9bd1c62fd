"""Phi-1, Phi-1.5 and Phi-2: attention and MLP side by side, biases everywhere, a part of each head rotated.

Source: Li et al. 2023, arXiv 2309.05463; transformers' modeling_phi.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import DecoderConfig, refuse_fields
from model.families.family import Family, WeightRoles
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, Names, ParallelLayer, PlainMLP
from model.families.parts.weights import layer
from model.json_fields import Fields
from model.rope import RopeDefaults


@dataclass(frozen=True)
class PhiConfig(DecoderConfig):
    """A Phi's config. All linear layers have biases, the last one too."""

    norm_eps: float = 1e-5
    norm_eps_key: ClassVar[str] = "layer_norm_eps"
    default_activation: ClassVar[str] = "gelu_new"
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(partial=0.5)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Phi's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        refuse_fields(fields, {"qk_layernorm": (False,)}, "norms of queries and keys are not supported here")
        return super().read(fields)

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return True


def phi_layer(config: PhiConfig, number: int, kv_dtype: DType) -> ParallelLayer:
    """Attention and MLP of the same normalised input."""
    path = f"model.layers.{number}"
    return ParallelLayer(
        before_attn=layer(f"{path}.input_layernorm", config.hidden_size, config.norm_eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn", out="dense"),
        before_mlp=None,
        mlp=PlainMLP(config, f"{path}.mlp", ("fc1", "fc2")),
    )


def build(config: PhiConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: phi_layer(config, number, kv_dtype),
        norm=layer,
        names=Names(norm="model.final_layernorm"),
        head_bias=True,
    )


FAMILY = Family(
    "phi",
    ("PhiForCausalLM",),
    PhiConfig.read,
    build,
    WeightRoles(final_norm="model.final_layernorm.weight", sensitive=("*.v_proj.weight", "*.fc2.weight")),
    summary="Phi-1, Phi-1.5 and Phi-2",
)
