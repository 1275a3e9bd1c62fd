"""Arcee's AFM: a Llama whose MLP has no gate and squares a ReLU.

Source: the layout and names of transformers' modeling_arcee.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from kernelc.ir.types import DType
from model.families.family import Family
from model.families.llama import LlamaConfig
from model.families.parts.layers import Decoder, PlainMLP, sequential_layer


@dataclass(frozen=True)
class ArceeConfig(LlamaConfig):
    """An Arcee's config."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    default_activation: ClassVar[str] = "relu2"


def build(config: ArceeConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, mlp=partial(PlainMLP, names=("up_proj", "down_proj"))
        ),
    )


FAMILY = Family("arcee", ("ArceeForCausalLM",), ArceeConfig.read, build, summary="Arcee AFM 4.5B")
