"""StarCoder2: layer norms, biases everywhere, an MLP without a gate, and a window.

Source: Lozhkov et al. 2024, arXiv 2402.19173; transformers' modeling_starcoder2.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import DecoderConfig, optional_window
from model.families.family import Family, WeightRoles
from model.families.parts.attention import Attention
from model.families.parts.layers import Decoder, PlainMLP, SequentialLayer
from model.families.parts.weights import layer, nothing
from model.json_fields import Fields


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


def starcoder2_layer(config: Starcoder2Config, number: int, kv_dtype: DType) -> SequentialLayer:
    """Attention and MLP, each on a normalised input."""
    path, hidden, eps = f"model.layers.{number}", config.hidden_size, config.norm_eps
    return SequentialLayer(
        before_attn=layer(f"{path}.input_layernorm", hidden, eps),
        attn=Attention(config, number, kv_dtype, f"{path}.self_attn"),
        after_attn=nothing,
        before_mlp=layer(f"{path}.post_attention_layernorm", hidden, eps),
        mlp=PlainMLP(config, f"{path}.mlp", ("c_fc", "c_proj")),
        after_mlp=nothing,
    )


def build(config: Starcoder2Config, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(
        config,
        lambda number: starcoder2_layer(config, number, kv_dtype),
        lambda: layer("model.norm", config.hidden_size, config.norm_eps),
    )


FAMILY = Family(
    "starcoder2",
    ("Starcoder2ForCausalLM",),
    Starcoder2Config.read,
    build,
    WeightRoles(sensitive=("*.v_proj.weight", "*.c_proj.weight")),
    summary="StarCoder2",
)
