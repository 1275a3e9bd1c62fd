"""GPT-NeoX, Pythia, RedPajama-INCITE: q, k and v of each head in one tensor, attention and MLP side by side.

Source: Black et al. 2022, arXiv 2204.06745; transformers' modeling_gpt_neox.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from kernelc.ir.types import DType
from model.config import DecoderConfig
from model.families.family import Family, WeightRoles
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, Layer, Names, ParallelLayer, PlainMLP, SequentialLayer
from model.families.parts.weights import layer, nothing
from model.json_fields import Fields
from model.rope import RopeDefaults
from model.row_source import RowsOf


@dataclass(frozen=True)
class GPTNeoXConfig(DecoderConfig):
    """A GPT-NeoX's config. `attention_bias` is for attention's layers; the MLP's always have biases."""

    norm_eps: float = 1e-5
    attention_bias: bool = True
    parallel: bool = True
    norm_eps_key: ClassVar[str] = "layer_norm_eps"
    default_activation: ClassVar[str] = "gelu"
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(
        partial=0.25, theta_key="rotary_emb_base", partial_key="rotary_pct"
    )

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a GPT-NeoX's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        if config.kv_heads != config.heads or config.heads * config.head_dim != config.hidden_size:
            key = "num_key_value_heads" if config.kv_heads != config.heads else "head_dim"
            message = "the family's published code does not read this field"
            raise fields.fail(key, message, "leave it out of config.json")
        return replace(
            config,
            attention_bias=fields.flag("attention_bias", True),
            parallel=fields.flag("use_parallel_residual", True),
        )

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.attention_bias or projection.startswith("dense_")


def rows(config: GPTNeoXConfig) -> Mapping[str, RowsOf]:
    """Return the rows of query_key_value: for each head those of q, then of k, then of v."""
    found: dict[str, RowsOf] = {}
    size = config.hidden_size
    index = np.arange(3 * size, dtype=np.int64).reshape(config.heads, 3, config.head_dim)
    for number in range(config.layers):
        path = f"gpt_neox.layers.{number}.attention"
        for at, part in enumerate("qkv"):
            for kind in ("weight", "bias") if config.attention_bias else ("weight",):
                tensor = f"{path}.query_key_value.{kind}"
                found[f"{path}.{part}_proj.{kind}"] = RowsOf(tensor, index[:, at].reshape(-1), 3 * size)
    return found


def neox_layer(config: GPTNeoXConfig, number: int, kv_dtype: DType) -> Layer:
    """Attention and MLP, side by side or one after the other, each on a norm of its own."""
    path, hidden, eps = f"gpt_neox.layers.{number}", config.hidden_size, config.norm_eps
    before_attn = layer(f"{path}.input_layernorm", hidden, eps)
    before_mlp = layer(f"{path}.post_attention_layernorm", hidden, eps)
    attn = Attention(config, number, kv_dtype, f"{path}.attention", out="dense")
    mlp = PlainMLP(config, f"{path}.mlp", ("dense_h_to_4h", "dense_4h_to_h"))
    if config.parallel:
        return ParallelLayer(before_attn, attn, before_mlp, mlp)
    return SequentialLayer(before_attn, attn, nothing, before_mlp, mlp, nothing)


def build(config: GPTNeoXConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: neox_layer(config, number, kv_dtype),
        norm=layer,
        names=Names("gpt_neox.embed_in", "gpt_neox.final_layer_norm", "embed_out"),
    )


FAMILY = Family(
    "gpt_neox",
    ("GPTNeoXForCausalLM",),
    GPTNeoXConfig.read,
    build,
    WeightRoles(
        embedding="gpt_neox.embed_in.weight",
        head="embed_out.weight",
        final_norm="gpt_neox.final_layer_norm.weight",
        sensitive=("*.v_proj.weight", "*.dense_4h_to_h.weight"),
    ),
    summary="GPT-NeoX 20B, Pythia, RedPajama-INCITE and Dolly",
    rows=rows,
)
