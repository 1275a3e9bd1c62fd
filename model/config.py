"""The part of a config.json that decoder-only models share: sizes, heads, rotary embedding, token ids.

A family's own config adds its fields to `DecoderConfig` (see model/families/llama.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from model.json_fields import Fields, show


@dataclass(frozen=True)
class RopeScaling:
    """How rotary frequencies are stretched beyond the length that the model was first trained on.

    "linear" divides every frequency by `factor`. "llama3" divides the slow ones by it, keeps the fast ones
    and blends between, by how often a frequency turns within `original_max_position_embeddings` positions.

    Source: `_compute_linear_scaling_rope_parameters`, `_compute_llama3_parameters` in transformers'
    modeling_rope_utils.py.
    """

    kind: Literal["linear", "llama3"]
    factor: float
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position_embeddings: int = 8192


@dataclass(frozen=True)
class DecoderConfig:
    """The dimensions and constants that decoder families share, checked: in range, and fitting each other.

    The defaults are what `read` takes for fields that a file leaves out; a family whose published code has
    other defaults overrides them in its subclass.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    rope_scaling: RopeScaling | None = None
    rotary_dim: int = 0
    """How many leading elements of a head are rotated; 0 stands for all of head_dim."""
    max_position_embeddings: int = 2048
    tie_word_embeddings: bool = False
    bos_token_id: int | None = None
    eos_token_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.rotary_dim == 0:
            object.__setattr__(self, "rotary_dim", self.head_dim)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the shared fields of a config.json; a subclass's own fields keep their defaults.

        Raises: ConfigError for a field of a wrong type or out of range, for fields that do not fit each
        other, and for a checkpoint that is quantised already.
        """
        _check_unquantised(fields)
        vocab_size = fields.integer("vocab_size", 1, 1 << 20)
        heads, kv_heads, head_dim = _head_shape(fields)
        rope = _rope_fields(fields)
        bos = fields.ids("bos_token_id", vocab_size)
        longest = fields.integer("max_position_embeddings", 1, 1 << 24, cls.max_position_embeddings)
        return cls(
            vocab_size=vocab_size,
            hidden_size=fields.integer("hidden_size", 1, 1 << 16),
            intermediate_size=fields.integer("intermediate_size", 1, 1 << 20),
            layers=fields.integer("num_hidden_layers", 1, 1024),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            rms_norm_eps=fields.number("rms_norm_eps", 1e-12, 1.0, cls.rms_norm_eps),
            rope_theta=_rope_theta(fields, rope, cls.rope_theta),
            rope_scaling=_rope_scaling(fields, rope),
            rotary_dim=_rotary_dim(fields, rope, head_dim),
            max_position_embeddings=longest,
            tie_word_embeddings=fields.flag("tie_word_embeddings", cls.tie_word_embeddings),
            bos_token_id=bos[0] if bos else None,
            eos_token_ids=fields.ids("eos_token_id", vocab_size),
        )

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name ("q_proj") have a bias. No layer has one by default."""
        return False


def check_activation(fields: Fields, wanted: str = "silu") -> None:
    """Check that hidden_act is the activation that the family's graph computes.

    Raises: ConfigError.
    """
    activation = fields.text("hidden_act", wanted)
    if activation != wanted:
        help_ = "a checkpoint of this family with another activation is not supported"
        raise fields.fail("hidden_act", f"got {show(activation)}, wanted {show(wanted)}", help_)


def _check_unquantised(fields: Fields) -> None:
    if fields.data.get("quantization_config") is not None:
        raise fields.fail(
            "quantization_config",
            "the checkpoint's weights are already quantised, wanted f32, f16 or bf16 weights",
            "use the original checkpoint; build quantises it (`quant` q4 or q8)",
        )


def _head_shape(fields: Fields) -> tuple[int, int, int]:
    """Return (heads, kv_heads, head_dim), each derived from the others where the file leaves it out."""
    hidden_size = fields.integer("hidden_size", 1, 1 << 16)
    heads = fields.integer("num_attention_heads", 1, 1024)
    kv_heads = fields.integer("num_key_value_heads", 1, 1024, heads)
    if heads % kv_heads:
        raise fields.fail(
            "num_key_value_heads",
            f"got {kv_heads}, wanted a divisor of num_attention_heads = {heads}",
            "the config and the checkpoint's author disagree: download config.json again",
        )
    if fields.data.get("head_dim") is None and hidden_size % heads:
        raise fields.fail(
            "num_attention_heads",
            f"got {heads}, wanted a divisor of hidden_size = {hidden_size}",
            "correct the head count, or give head_dim where heads are not hidden_size / heads wide",
        )
    head_dim = fields.integer("head_dim", 2, 1024, max(hidden_size // heads, 1))
    if head_dim % 2:
        raise fields.fail("head_dim", f"got {head_dim}, wanted an even number: rotary pairs elements")
    return heads, kv_heads, head_dim


def _rope_fields(fields: Fields) -> Fields | None:
    """Return the object with the rotary settings: rope_parameters in newer files, else rope_scaling."""
    key = fields.first(("rope_parameters", "rope_scaling"))
    return fields.child(key) if key else None


def _rope_theta(fields: Fields, rope: Fields | None, default: float) -> float:
    holder = rope if rope and rope.data.get("rope_theta") is not None else fields
    return holder.number("rope_theta", 1.0, 1e12, default)


def _rope_scaling(fields: Fields, rope: Fields | None) -> RopeScaling | None:
    if rope is None:
        return None
    key = rope.first(("rope_type", "type")) or "rope_type"
    kind = rope.text(key, "default")
    if kind == "default":
        return None
    if kind not in ("linear", "llama3"):
        raise rope.fail(key, f"got {show(kind)}, wanted default, linear or llama3")
    factor = rope.number("factor", 1.0, 1e6)
    if kind == "linear":
        return RopeScaling("linear", factor)
    return _llama3_scaling(fields, rope, factor)


def _llama3_scaling(fields: Fields, rope: Fields, factor: float) -> RopeScaling:
    low = rope.number("low_freq_factor", 1e-6, 1e6)
    high = rope.number("high_freq_factor", 1e-6, 1e6)
    if low >= high:
        raise rope.fail("low_freq_factor", f"got {low:g}, wanted less than high_freq_factor = {high:g}")
    key = "original_max_position_embeddings"
    # As transformers does: older files keep the length beside rope_scaling instead of inside it.
    holder = rope if rope.data.get(key) is not None else fields
    return RopeScaling("llama3", factor, low, high, holder.integer(key, 1, 1 << 24))


def _rotary_dim(fields: Fields, rope: Fields | None, head_dim: int) -> int:
    holder = rope if rope and rope.data.get("partial_rotary_factor") is not None else fields
    factor = holder.number("partial_rotary_factor", 0.0, 1.0, 1.0)
    rotary_dim = int(head_dim * factor)
    if rotary_dim < 2 or rotary_dim % 2:
        raise holder.fail(
            "partial_rotary_factor",
            f"got {factor:g}, rotating {rotary_dim} of {head_dim} elements, wanted an even count above 0",
        )
    return rotary_dim
