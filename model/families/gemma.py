"""Gemma 1, 2 and 3 (text): scaled embeddings, gains of 1 + weight, and a GELU gate.

Gemma 2 adds norms after attention and MLP, soft caps and a window on every second layer; Gemma 3 has norms of
queries and keys in the caps' place, and for its layers with a window a rotary embedding of their own.

Source: Gemma reports, arXiv 2403.08295, 2408.00118, 2503.19786; transformers' modeling_gemma.py,
modeling_gemma2.py and modeling_gemma3.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import (
    AttentionBiasConfig,
    optional_number,
    optional_window,
    read_windows,
    refuse_fields,
)
from model.families.family import Family, WeightRoles
from model.families.parts.attention import Attention, HeadNormsOf, head_norms
from model.families.parts.layers import Decoder, NormNames, sequential_layer
from model.families.parts.weights import rms
from model.json_fields import Fields
from model.rope import Rope, RopeDefaults, layers_rope, rope_of

_OFFSET = 1.0  # a norm's gain is 1 + its weight
_NORM = partial(rms, offset=_OFFSET)
_NORMS = NormNames(  # of Gemma 2 and 3
    "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"
)
_BIDIRECTIONAL = "attention to later positions is not supported: such models embed texts and do not write"


@dataclass(frozen=True)
class GemmaConfig(AttentionBiasConfig):
    """A Gemma's config."""

    max_position_embeddings: int = 8192
    tie_word_embeddings: bool = True
    default_activation: ClassVar[str] = "gelu_pytorch_tanh"
    default_head_dim: ClassVar[int | None] = 256
    default_kv_heads: ClassVar[int | None] = 16

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Gemma's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        refuse_fields(fields, {"use_bidirectional_attention": (False,)}, _BIDIRECTIONAL)
        config = super().read(fields)
        # The first published files say "gelu" and mean its approximation by a tanh.
        return replace(config, activation="gelu_tanh") if config.activation == "gelu" else config


@dataclass(frozen=True)
class Gemma2Config(GemmaConfig):
    """A Gemma 2's config. `query_scalar`: scores are divided by its square root."""

    query_scalar: float = 256.0
    score_cap: float | None = 50.0
    logit_cap: float | None = 30.0
    activation_key: ClassVar[str] = "hidden_activation"
    default_kv_heads: ClassVar[int | None] = 4

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Gemma 2's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        if fields.data.get(cls.activation_key) == "gelu":  # here it means what it says
            config = replace(config, activation="gelu")
        return replace(
            config,
            query_scalar=fields.number("query_pre_attn_scalar", 1e-3, 1e6, cls.query_scalar),
            score_cap=optional_number(fields, "attn_logit_softcapping", cls.score_cap),
            logit_cap=optional_number(fields, "final_logit_softcapping", cls.logit_cap),
            windows=cls.read_windows(fields, config.layers),
        )

    @classmethod
    def read_windows(cls, fields: Fields, layers: int) -> tuple[int | None, ...]:
        """Read the windows: by default every second layer has one. Raises: ConfigError."""
        return read_windows(fields, layers, optional_window(fields, 4096), lambda layer: layer % 2 == 0)


@dataclass(frozen=True)
class Gemma3Config(Gemma2Config):
    """A Gemma 3's config. `rope` is that of the layers without a window, `local_rope` of those with one."""

    max_position_embeddings: int = 131072
    score_cap: float | None = None
    logit_cap: float | None = None
    local_rope: Rope = field(default_factory=Rope)
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(theta=1e6)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a Gemma 3's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        local = layers_rope(fields, "sliding_attention")
        defaults = RopeDefaults(theta=10000.0, theta_key="rope_local_base_freq")
        rope = rope_of(local, fields, config.head_dim, config.max_position_embeddings, defaults)
        return replace(config, local_rope=rope, score_cap=None)  # the published code reads no cap of scores

    @classmethod
    def read_windows(cls, fields: Fields, layers: int) -> tuple[int | None, ...]:
        """Read the windows: by default every sixth layer has none. Raises: ConfigError."""
        pattern = fields.integer("sliding_window_pattern", 1, 1024, 6)
        window = optional_window(fields, 4096)
        return read_windows(fields, layers, window, lambda layer: (layer + 1) % pattern != 0)

    @classmethod
    def read_rope(cls, fields: Fields, head_dim: int, positions: int) -> Rope:
        """Read the rotary embedding of the layers without a window. Raises: ConfigError."""
        own = layers_rope(fields, "full_attention", "rope_scaling")
        return rope_of(own, fields, head_dim, positions, cls.rope_defaults)

    @property
    def max_context(self) -> int:
        """The longest context: for this family the file's number includes the rope scaling."""
        return self.max_position_embeddings

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer."""
        return self.rope if self.window(layer) is None else self.local_rope


@dataclass(frozen=True)
class Gemma3ImageConfig(Gemma3Config):
    """The text part of a Gemma 3 that also sees images: its config.json keeps it in text_config."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read it. What the file leaves out is as in the first of these models. Raises: ConfigError."""
        text = fields.child("text_config")
        if text is None:
            raise fields.fail("text_config", "got nothing, wanted an object")
        outside = ("eos_token_id", "bos_token_id", "quantization_config", "compression_config")
        given = {key: fields.data[key] for key in outside if fields.data.get(key) is not None}
        defaults = {"num_attention_heads": 8, "vocab_size": 262208}
        tied = fields.data.get("tie_word_embeddings")
        given |= {} if tied is None else {"tie_word_embeddings": tied}
        return super().read(Fields({**defaults, **text.data, **given}, text.where, text.error))


def build(config: GemmaConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights of a Gemma; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, norm=_NORM),
        norm=_NORM,
        embedding_scale=math.sqrt(config.hidden_size),
    )


def build2(config: Gemma2Config, kv_dtype: DType, norms: HeadNormsOf | None = None) -> Decoder:
    """Declare the weights of a Gemma 2; return what records a step. `norms` are those of queries and keys."""
    scale = 1 / math.sqrt(config.query_scalar)
    attn = partial(Attention, scale=scale, cap=config.score_cap, norms=norms)
    return Decoder(
        config,
        lambda number: sequential_layer(config, number, kv_dtype, _NORMS, norm=_NORM, attn=attn),
        norm=_NORM,
        embedding_scale=math.sqrt(config.hidden_size),
        logit_cap=config.logit_cap,
    )


def build3(config: Gemma3Config, kv_dtype: DType) -> Decoder:
    """Declare the weights of a Gemma 3; return what records a step."""
    return build2(config, kv_dtype, partial(head_norms, offset=_OFFSET))


_ROLES = WeightRoles(final_norm_offset=_OFFSET)

FAMILY = Family(
    "gemma", ("GemmaForCausalLM",), GemmaConfig.read, build, _ROLES, summary="Gemma 1 and CodeGemma"
)
GEMMA2 = Family("gemma2", ("Gemma2ForCausalLM",), Gemma2Config.read, build2, _ROLES, summary="Gemma 2")
GEMMA3 = Family(
    "gemma3_text",
    ("Gemma3ForCausalLM",),
    Gemma3Config.read,
    build3,
    _ROLES,
    summary="Gemma 3, its models of text alone (270M and 1B)",
)
GEMMA3_IMAGES = Family(
    "gemma3",
    ("Gemma3ForConditionalGeneration", "Gemma3ForCausalLM"),
    Gemma3ImageConfig.read,
    build3,
    _ROLES,
    summary="Gemma 3 4B, 12B and 27B: the text part of models that also see images",
)
