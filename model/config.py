"""The part of a config.json that decoder-only models share: sizes, heads, rotary embedding, token ids.

A family's own config adds its fields to `DecoderConfig` (see model/families/llama.py), and overrides the
defaults where its published code has others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self, cast

from model.checkpoints.quantization import read_quantization
from model.json_fields import Fields, show
from model.rope import MAX_POSITIONS, Rope, RopeDefaults, read_rope

ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "relu": "relu",
    "relu2": "relu2",
}
"""The activations of config.json, as transformers names them (activations.py), by functions of the IR."""

ATTENTION_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")
"""What most families call the linear layers of attention."""

MAX_MATRIX = 1 << 32
"""Weights of the largest matrix: more than any published model has. A matrix is bound in pieces, and each of
them has kernels of its own, so larger ones would take minutes to compile."""


@dataclass(frozen=True)
class DecoderConfig:
    """The dimensions and constants that decoder families share, checked: in range, and fitting each other.

    The defaults are what `read` takes for fields that a file leaves out; a family whose published code has
    other defaults overrides them in its subclass, and the class variables with them.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    norm_eps: float = 1e-6
    rope: Rope = field(default_factory=Rope)
    max_position_embeddings: int = 2048
    tie_word_embeddings: bool = False
    bos_token_id: int | None = None
    eos_token_ids: tuple[int, ...] = ()
    activation: str = "silu"
    """A function of `kernelc.ir.expression`."""
    windows: tuple[int | None, ...] = ()
    """For each layer how many positions a position sees, itself included; None: all before it. Empty where no
    layer has a window."""

    norm_eps_key: ClassVar[str] = "rms_norm_eps"
    activation_key: ClassVar[str] = "hidden_act"
    default_activation: ClassVar[str] = "silu"
    default_head_dim: ClassVar[int | None] = None
    default_kv_heads: ClassVar[int | None] = None
    """What head_dim and num_key_value_heads are where a file leaves them out. None, and null in a file, stand
    for hidden_size / heads and for heads."""
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults()

    def __post_init__(self) -> None:
        if self.rope.rotary_dim == 0:
            object.__setattr__(self, "rope", replace(self.rope, rotary_dim=self.head_dim))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the shared fields of a config.json; a subclass's own fields keep their defaults.

        Raises: ConfigError for a field of a wrong type or out of range, for fields that do not fit each
        other, and for a checkpoint that is quantised in a way that is not read.
        """
        read_quantization(fields)  # refuses what no reader of weights knows
        vocab_size, hidden_size, intermediate_size = _sizes(fields)
        heads, kv_heads, head_dim = _head_shape(
            fields, hidden_size, cls.default_kv_heads, cls.default_head_dim
        )
        bos = fields.ids("bos_token_id", vocab_size)
        positions = fields.integer("max_position_embeddings", 1, MAX_POSITIONS, cls.max_position_embeddings)
        return cls(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            intermediate_size=intermediate_size,
            layers=fields.integer("num_hidden_layers", 1, 1024),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            norm_eps=fields.number(cls.norm_eps_key, 1e-12, 1.0, cls.norm_eps),
            rope=cls.read_rope(fields, head_dim, positions),
            max_position_embeddings=positions,
            tie_word_embeddings=fields.flag("tie_word_embeddings", cls.tie_word_embeddings),
            bos_token_id=bos[0] if bos else None,
            eos_token_ids=fields.ids("eos_token_id", vocab_size),
            activation=read_activation(fields, cls.activation_key, cls.default_activation),
        )

    @classmethod
    def read_rope(cls, fields: Fields, head_dim: int, positions: int) -> Rope:
        """Read the rotary embedding; of a family whose layers differ in it, that of its longest layers.

        Raises: ConfigError.
        """
        return read_rope(fields, head_dim, positions, cls.rope_defaults)

    @property
    def max_context(self) -> int:
        """The longest context that the model was made for, its rope scaling included."""
        return self.rope.longest(self.max_position_embeddings)

    def within(self, context: int) -> Self:
        """Return the config of the model that is compiled for this context; see `Rope.within`."""
        return replace(self, rope=self.rope.within(context))

    def notes(self, context: int) -> tuple[str, ...]:
        """Return what a person should know of the model that is compiled for this context, in sentences."""
        return self.rope.notes(context)

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name ("q_proj") have a bias. No layer has one by default."""
        return False

    def window(self, layer: int) -> int | None:
        """How many positions a position of this layer sees, itself included; None: all before it."""
        return self.windows[layer] if self.windows else None

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer; None where it has none."""
        return self.rope


@dataclass(frozen=True)
class AttentionBiasConfig(DecoderConfig):
    """The config of a family whose `attention_bias` is for all four projections of attention."""

    attention_bias: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the shared fields of a config.json, then this one. Raises: ConfigError."""
        config = super().read(fields)
        return replace(config, attention_bias=fields.flag("attention_bias", cls.attention_bias))

    def has_bias(self, projection: str) -> bool:
        """Whether the linear layers of this name have a bias."""
        return self.attention_bias and projection in ATTENTION_PROJECTIONS


def read_activation(fields: Fields, key: str = "hidden_act", default: str = "silu") -> str:
    """Read an activation; return the function of `kernelc.ir.expression` that it is. Raises: ConfigError."""
    name = fields.text(key, default)
    if name not in ACTIVATIONS:
        help_ = "a checkpoint with another activation is not supported"
        raise fields.fail(key, f"got {show(name)}, wanted one of {', '.join(ACTIVATIONS)}", help_)
    return ACTIVATIONS[name]


def read_windows(
    fields: Fields, layers: int, window: int | None, slides: Callable[[int], bool]
) -> tuple[int | None, ...]:
    """Read which layers see a window only: those that layer_types names, or where it is missing `slides`.

    Raises: ConfigError where layer_types is no list of the two kinds, or a layer slides and has no window.
    """
    kinds = layer_types(fields, layers)
    if kinds is None:
        kinds = ["sliding_attention" if slides(layer) else "full_attention" for layer in range(layers)]
    if window is None and "sliding_attention" in kinds:
        raise fields.fail("layer_types", "got sliding_attention, but sliding_window has no value")
    return tuple(window if kind == "sliding_attention" else None for kind in kinds)


def layer_types(fields: Fields, layers: int) -> list[str] | None:
    """Read the field layer_types; None where it is missing. Raises: ConfigError."""
    listed = fields.data.get("layer_types")
    if listed is None:
        return None
    if not isinstance(listed, list) or len(cast("list[object]", listed)) != layers:
        raise fields.fail(
            "layer_types", f"got {show(cast('object', listed))}, wanted {layers} kinds of layers"
        )
    for kind in cast("list[object]", listed):
        if kind not in ("full_attention", "sliding_attention"):
            message = f"got {show(kind)}, wanted full_attention or sliding_attention"
            raise fields.fail("layer_types", message, "other kinds of layers are not supported")
    return cast("list[str]", listed)


def optional_window(fields: Fields, default: int | None) -> int | None:
    """Read sliding_window, where null stands for none and a missing field for the default.

    Raises: ConfigError.
    """
    if "sliding_window" not in fields.data:
        return default
    given = fields.data["sliding_window"] is not None
    return fields.integer("sliding_window", 1, MAX_POSITIONS) if given else None


def optional_number(fields: Fields, key: str, default: float | None) -> float | None:
    """Read a positive number, where null stands for none and a missing field for the default.

    Raises: ConfigError.
    """
    if key not in fields.data:
        return default
    return fields.number(key, 1e-6, 1e6) if fields.data[key] is not None else None


def refuse_fields(fields: Fields, wanted: dict[str, Sequence[object]], help: str) -> None:
    """Refuse values other than the `wanted` ones, of fields whose other values the graph does not compute.

    Raises: ConfigError.
    """
    for key, values in wanted.items():
        value = fields.data.get(key)
        if value is not None and value not in values:
            allowed = " or ".join(show(each) for each in values)
            raise fields.fail(key, f"got {show(value)}, wanted {allowed}", help)


def refuse_head_dim(fields: Fields, config: DecoderConfig, help: str) -> None:
    """Refuse heads that together are not as wide as a position's vector. Raises: ConfigError."""
    if config.heads * config.head_dim != config.hidden_size:
        message = f"got {config.head_dim}, wanted hidden_size / num_attention_heads"
        raise fields.fail("head_dim", message, help)


def _sizes(fields: Fields) -> tuple[int, int, int]:
    """Return (vocab_size, hidden_size, intermediate_size), whose products are within bounds."""
    hidden_size = fields.integer("hidden_size", 1, 1 << 16)
    wide = {key: fields.integer(key, 1, 1 << 20) for key in ("vocab_size", "intermediate_size")}
    for key, size in wide.items():
        if size * hidden_size > MAX_MATRIX:
            made = f"a matrix of {size} x {hidden_size} weights"
            message = f"got {size}, which with hidden_size makes {made}, wanted at most 2^32"
            raise fields.fail(key, message, "no model has such a matrix: download config.json again")
    return wide["vocab_size"], hidden_size, wide["intermediate_size"]


def _head_shape(
    fields: Fields, hidden_size: int, default_kv_heads: int | None, default_head_dim: int | None
) -> tuple[int, int, int]:
    """Return (heads, kv_heads, head_dim), each derived from the others where the file leaves it out."""
    heads = fields.integer("num_attention_heads", 1, 1024)
    missing = "num_key_value_heads" not in fields.data
    kv_heads = fields.integer("num_key_value_heads", 1, 1024, (missing and default_kv_heads) or heads)
    if heads % kv_heads:
        raise fields.fail(
            "num_key_value_heads",
            f"got {kv_heads}, wanted a divisor of num_attention_heads = {heads}",
            "the config and the checkpoint's author disagree: download config.json again",
        )
    default = default_head_dim if "head_dim" not in fields.data else None
    if fields.data.get("head_dim") is None and default is None and hidden_size % heads:
        raise fields.fail(
            "num_attention_heads",
            f"got {heads}, wanted a divisor of hidden_size = {hidden_size}",
            "correct the head count, or give head_dim where heads are not hidden_size / heads wide",
        )
    head_dim = fields.integer("head_dim", 2, 1024, default or max(hidden_size // heads, 1))
    if head_dim % 2:
        raise fields.fail("head_dim", f"got {head_dim}, wanted an even number: rotary pairs elements")
    return heads, kv_heads, head_dim
