"""Hunyuan, dense: a Llama with norms of each head's queries and keys after they are rotated.

Source: the layout and names of transformers' modeling_hunyuan_v1_dense.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig, DecoderConfig
from model.families.family import Family
from model.families.parts.attention import Attention, HeadNorms
from model.families.parts.layers import Decoder, sequential_layer
from model.families.parts.weights import rms
from model.json_fields import Fields
from model.rope import Rope, read_rope


@dataclass(frozen=True)
class HunyuanConfig(AttentionBiasConfig):
    """A Hunyuan's config."""

    norm_eps: float = 1e-5

    @classmethod
    def read_rope(cls, fields: Fields, head_dim: int, positions: int) -> Rope:
        """Read the rotary embedding. Raises: ConfigError.

        What the files call dynamic scaling with an `alpha` depends on no length: theta is
        alpha^(head_dim / (head_dim - 2)) times as large.
        """
        key = "rope_scaling" if fields.data.get("rope_scaling") else "rope_parameters"
        settings = fields.child(key)
        if settings is None or not settings.data.get("alpha"):
            return read_rope(fields, head_dim, positions, cls.rope_defaults)
        kind = settings.first(("rope_type", "type"))
        if kind is None or settings.data[kind] != "dynamic" or head_dim <= 2:
            return read_rope(fields, head_dim, positions, cls.rope_defaults)
        alpha = settings.number("alpha", 1e-3, 1e9)
        plain = {**settings.data, kind: "default"}
        without = Fields({**fields.data, key: plain}, fields.where, fields.error)
        rope = read_rope(without, head_dim, positions, cls.rope_defaults)
        return replace(rope, theta=rope.theta * alpha ** (head_dim / (head_dim - 2)))


def _rotated_norms(config: DecoderConfig, path: str) -> HeadNorms:
    q, k = (rms(f"{path}.{part}_layernorm", config.head_dim, config.norm_eps) for part in ("query", "key"))
    return HeadNorms("after", q, k)


def build(config: HunyuanConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, attn=partial(Attention, norms=_rotated_norms)
        ),
    )


FAMILY = Family(
    "hunyuan_v1_dense",
    ("HunYuanDenseV1ForCausalLM",),
    HunyuanConfig.read,
    build,
    summary="Hunyuan, the dense models (0.5B to 7B)",
)
