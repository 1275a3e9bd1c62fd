"""Nemotron 3 and 4, Minitron: layer norms with gains of 1 + weight, squared ReLU, half of a head rotated.

Source: Nemotron-4 report, arXiv 2402.16819; transformers' modeling_nemotron.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from kernelc.ir.types import DType
from model.families.family import Family, WeightRoles
from model.families.llama import LlamaConfig
from model.families.parts.layers import Decoder, PlainMLP, sequential_layer
from model.families.parts.weights import layer
from model.rope import RopeDefaults

_OFFSET = 1.0  # a norm's gain is 1 + its weight
_NORM = partial(layer, offset=_OFFSET)
_MLP = partial(PlainMLP, names=("up_proj", "down_proj"))


@dataclass(frozen=True)
class NemotronConfig(LlamaConfig):
    """A Nemotron's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    norm_eps_key: ClassVar[str] = "norm_eps"
    default_activation: ClassVar[str] = "relu2"
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(partial=0.5)


def build(config: NemotronConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, norm=_NORM, mlp=_MLP),
        norm=_NORM,
    )


FAMILY = Family(
    "nemotron",
    ("NemotronForCausalLM",),
    NemotronConfig.read,
    build,
    WeightRoles(final_norm_offset=_OFFSET),
    summary="Nemotron-3, Nemotron-4 and Minitron",
)
