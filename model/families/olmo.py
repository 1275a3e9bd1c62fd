"""OLMo 1, 2 and 3: layer norms without weights; then norms of what attention and MLP give, and of q and k.

Source: Groeneveld et al. 2024, arXiv 2402.00838; OLMo 2, arXiv 2501.00656; transformers' modeling_olmo.py,
modeling_olmo2.py and modeling_olmo3.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Self

from kernelc.ir.types import DType
from model.config import AttentionBiasConfig, DecoderConfig, optional_number, optional_window, read_windows
from model.families.family import Family, WeightRoles
from model.families.parts.attention import Attention, HeadNorms
from model.families.parts.layers import NORMS_AFTER, Decoder, sequential_layer
from model.families.parts.weights import Normalise, layer, rms
from model.json_fields import Fields
from model.rope import Rope, RopeDefaults, layers_rope, rope_of

_EPS = 1e-5  # of OLMo 1, whose files do not give it


@dataclass(frozen=True)
class OlmoConfig(AttentionBiasConfig):
    """An OLMo's config. `clip` is where queries, keys and values are cut off."""

    clip: float | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an OLMo's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        return replace(super().read(fields), clip=optional_number(fields, "clip_qkv", None))


@dataclass(frozen=True)
class Olmo2Config(OlmoConfig):
    """An OLMo 2's config."""

    norm_eps: float = 1e-5


@dataclass(frozen=True)
class Olmo3Config(Olmo2Config):
    """An OLMo 3's config. `rope` is that of the layers without a window, `local_rope` of those with one."""

    local_rope: Rope = field(default_factory=Rope)
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(theta=500000.0)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an OLMo 3's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        window = optional_window(fields, 4096)
        windows = read_windows(fields, config.layers, window, lambda layer: (layer + 1) % 4 != 0)
        own = layers_rope(fields, "sliding_attention")
        # transformers gives rope_theta to the other layers alone
        no_top = Fields({}, fields.where, fields.error)
        rope = rope_of(own, no_top, config.head_dim, config.max_position_embeddings, cls.rope_defaults)
        return replace(config, windows=windows, local_rope=rope)

    @classmethod
    def read_rope(cls, fields: Fields, head_dim: int, positions: int) -> Rope:
        """Read the rotary embedding of the layers without a window. Raises: ConfigError."""
        own = layers_rope(fields, "full_attention", "rope_scaling")
        return rope_of(own, fields, head_dim, positions, cls.rope_defaults)

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer."""
        return self.rope if self.window(layer) is None else self.local_rope


def _plain(path: str, width: int, _eps: float) -> Normalise:
    return layer(path, width, _EPS, weight=False, bias=False)


def _row_norms(config: DecoderConfig, path: str) -> HeadNorms:
    """Norms of all heads' queries together, and of all keys."""
    widths = {"q": config.heads * config.head_dim, "k": config.kv_heads * config.head_dim}
    q, k = (rms(f"{path}.{part}_norm", width, config.norm_eps) for part, width in widths.items())
    return HeadNorms("row", q, k)


def build(config: OlmoConfig, kv_dtype: DType) -> Decoder:
    """Declare the weights of an OLMo; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, norm=_plain, attn=partial(Attention, clip=config.clip)
        ),
        norm=_plain,
    )


def build2(config: Olmo2Config, kv_dtype: DType) -> Decoder:
    """Declare the weights of an OLMo 2 or 3; return what records a step."""
    return Decoder(
        config,
        lambda number: sequential_layer(
            config, number, kv_dtype, NORMS_AFTER, attn=partial(Attention, norms=_row_norms)
        ),
    )


_WITHOUT_GAIN = WeightRoles(final_norm=None)

FAMILY = Family("olmo", ("OlmoForCausalLM",), OlmoConfig.read, build, _WITHOUT_GAIN, summary="OLMo 1")
OLMO2 = Family("olmo2", ("Olmo2ForCausalLM",), Olmo2Config.read, build2, summary="OLMo 2")
OLMO3 = Family("olmo3", ("Olmo3ForCausalLM",), Olmo3Config.read, build2, summary="OLMo 3")
