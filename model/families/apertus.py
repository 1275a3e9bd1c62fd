"""Apertus: a Llama with norms of queries and keys, and an MLP whose activation has learnt constants.

Source: Apertus report, arXiv 2509.14233; transformers' modeling_apertus.py, and XIELUActivation in its
activations.py (Huang & Schlag 2024, arXiv 2411.13010).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from kernelc.ir.graph import Tensor
from kernelc.ir.trace import add, exp_tail, linear, mul, relu2, scale, shift, softplus, tracer
from kernelc.ir.types import DType
from model.config import AttentionBiasConfig, DecoderConfig
from model.families.family import Family
from model.families.parts.attention import Attention, head_norms
from model.families.parts.layers import Decoder, NormNames, sequential_layer
from model.families.parts.weights import declare
from model.json_fields import Fields, show
from model.rope import Rope
from model.row_source import RowsOf

_BETA = 0.5  # xIELU's slope at 0
_NORMS = NormNames("attention_layernorm", None, "feedforward_layernorm", None)


@dataclass(frozen=True)
class ApertusConfig(AttentionBiasConfig):
    """An Apertus's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 65536

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an Apertus's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        activation = fields.text("hidden_act", "xielu")
        if activation != "xielu":
            help_ = "a checkpoint of this family with another activation is not supported"
            raise fields.fail("hidden_act", f'got {show(activation)}, wanted "xielu"', help_)
        return super().read(Fields({**fields.data, "hidden_act": None}, fields.where, fields.error))

    @classmethod
    def read_rope(cls, fields: Fields, head_dim: int, positions: int) -> Rope:
        """Read the rotary embedding: with llama3 scaling where the file is silent. Raises: ConfigError."""
        if fields.data.get("rope_parameters") is None and not fields.data.get("rope_scaling"):
            fields = Fields({**fields.data, "rope_parameters": _ROPE}, fields.where, fields.error)
        return super().read_rope(fields, head_dim, positions)


_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 12000000.0,
    "factor": 8.0,
    "original_max_position_embeddings": 8192,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
}


class XieluMLP:
    """down(xielu(up(x))): alpha_p x^2 + beta x above 0, alpha_n (e^x - 1 - x) + beta x below.

    The checkpoint has the inverse softplus of alpha_p, and of alpha_n - beta.
    """

    def __init__(self, config: DecoderConfig, path: str) -> None:
        hidden, wide = config.hidden_size, config.intermediate_size
        self.up_proj = declare(config, f"{path}.up_proj", wide, hidden)
        self.down_proj = declare(config, f"{path}.down_proj", hidden, wide)
        self.alphas = [tracer().weight(f"{path}.act_fn.alpha_{part}.row", (wide,)) for part in "pn"]

    def __call__(self, x: Tensor) -> Tensor:
        """Shapes: [seq, hidden] -> [seq, hidden]."""
        up = linear(x, self.up_proj)
        positive, negative = (softplus(alpha) for alpha in self.alphas)
        curve = add(mul(relu2(up), positive), mul(exp_tail(up), shift(negative, _BETA)))
        return linear(add(curve, scale(up, _BETA)), self.down_proj)


def rows(config: DecoderConfig) -> Mapping[str, RowsOf]:
    """Return each layer's two constants, as rows that repeat them."""
    index = np.zeros(config.intermediate_size, np.int64)
    layers = [f"model.layers.{number}.mlp.act_fn" for number in range(config.layers)]
    paths = [f"{layer}.alpha_{part}" for layer in layers for part in "pn"]
    return {f"{path}.row": RowsOf(path, index, 1) for path in paths}


def build(config: ApertusConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, _NORMS, attn=partial(Attention, norms=head_norms), mlp=XieluMLP
        ),
    )


FAMILY = Family(
    "apertus", ("ApertusForCausalLM",), ApertusConfig.read, build, summary="Apertus 8B and 70B", rows=rows
)
