"""StarCoder2: layer norms, biases everywhere, an MLP without a gate, and a window.

Source: Lozhkov et al. 2024, arXiv 2402.19173; transformers' modeling_starcoder2.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import DecoderConfig, optional_window
from model.families.family import Family, WeightRoles
from model.families.parts.layers import Decoder, PlainMLP, sequential_layer
from model.families.parts.weights import layer
from model.json_fields import Fields

_MLP = partial(PlainMLP, names=("c_fc", "c_proj"))


@dataclass(frozen=True)
class Starcoder2Config(DecoderConfig):
    """A StarCoder2's config. `use_bias` is for all linear layers but the last."""

    norm_eps: float = 1e-5
    max_position_embeddings: int = 4096
    tie_word_embeddings: bool = True
    use_bias: bool = True
    norm_eps_key: ClassVar[str] = "norm_epsilon"
    default_activation: ClassVar[str] = "gelu_pytorch_tanh"
    default_kv_heads: ClassVar[int | None] = 2

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a StarCoder2's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        windows = (optional_window(fields, None),) * config.layers
        return replace(config, windows=windows, use_bias=fields.flag("use_bias", True))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.use_bias


def build(config: Starcoder2Config, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, norm=layer, mlp=_MLP),
        norm=layer,
    )


FAMILY = Family(
    "starcoder2",
    ("Starcoder2ForCausalLM",),
    Starcoder2Config.read,
    build,
    WeightRoles(sensitive=("*.v_proj.weight", "*.c_proj.weight")),
    summary="StarCoder2",
)
