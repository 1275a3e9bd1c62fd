"""Llama, and what is built like it: Llama 1 to 3, Vicuna, TinyLlama, SmolLM 1 and 2, Yi and many others.

Source: Touvron et al. 2023, arXiv 2302.13971; the layout and names of transformers' modeling_llama.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from kernelc.ir.types import DType
from model.config import ATTENTION_PROJECTIONS, AttentionBiasConfig, DecoderConfig
from model.families.family import Family
from model.families.parts.layers import Decoder, sequential_layer
from model.json_fields import Fields
from model.rope import Rope


@dataclass(frozen=True)
class LlamaConfig(AttentionBiasConfig):
    """A Llama's config. `mlp_bias` is for the MLP's linear layers."""

    mlp_bias: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Llama's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        return replace(super().read(fields), mlp_bias=fields.flag("mlp_bias", cls.mlp_bias))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return super().has_bias(projection) if projection in ATTENTION_PROJECTIONS else self.mlp_bias


def build(config: DecoderConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights; return what records a step."""
    return Decoder(config, lambda number: sequential_layer(config, number, kv_dtype))


_LLAMA_3_2_ROPE = Rope(
    500000.0,
    scaling="llama3",
    parameters={
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
)

NAMED_CONFIGS: dict[str, LlamaConfig] = {
    "llama-2-7b": LlamaConfig(
        vocab_size=32000, hidden_size=4096, intermediate_size=11008, layers=32, heads=32, kv_heads=32,
        head_dim=128, norm_eps=1e-5, max_position_embeddings=4096, bos_token_id=1, eos_token_ids=(2,),
    ),
    "llama-3-8b": LlamaConfig(
        vocab_size=128256, hidden_size=4096, intermediate_size=14336, layers=32, heads=32, kv_heads=8,
        head_dim=128, norm_eps=1e-5, rope=Rope(500000.0), max_position_embeddings=8192,
        bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "llama-3.2-1b": LlamaConfig(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, layers=16, heads=32, kv_heads=8,
        head_dim=64, norm_eps=1e-5, rope=_LLAMA_3_2_ROPE, max_position_embeddings=131072,
        tie_word_embeddings=True, bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "tinyllama-1.1b": LlamaConfig(
        vocab_size=32000, hidden_size=2048, intermediate_size=5632, layers=22, heads=32, kv_heads=4,
        head_dim=64, norm_eps=1e-5, max_position_embeddings=2048, bos_token_id=1, eos_token_ids=(2,),
    ),
    "smollm2": LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, layers=30, heads=9, kv_heads=3,
        head_dim=64, norm_eps=1e-5, rope=Rope(100000.0), max_position_embeddings=8192,
        tie_word_embeddings=True, bos_token_id=1, eos_token_ids=(2,),
    ),
}  # fmt: skip
"""Shapes of well known models, for planning memory and measuring speed with no checkpoint at hand."""

FAMILY = Family(
    "llama",
    ("LlamaForCausalLM",),
    LlamaConfig.read,
    build,
    named=NAMED_CONFIGS,
    summary="Llama 1, 2 and 3, Vicuna, TinyLlama, SmolLM, SmolLM2, Yi and others of the same design",
)
