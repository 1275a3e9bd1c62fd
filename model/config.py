"""The shape of a Llama model, from the config.json of a Hugging Face folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from kernelc.errors import ConfigError
from model.json_fields import Fields, read_json_object, show

_MAX_CONFIG_BYTES = 1 << 20
_SUPPORTED = ("LlamaForCausalLM",)


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
class LlamaConfig:
    """A Llama's dimensions and constants, checked: every value is in range and they fit each other."""

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
    attention_bias: bool = False
    mlp_bias: bool = False
    bos_token_id: int | None = None
    eos_token_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.rotary_dim == 0:
            object.__setattr__(self, "rotary_dim", self.head_dim)

    @classmethod
    def load(cls, path: str | Path) -> LlamaConfig:
        """Read a model folder's config.json (and generation_config.json, for its stop tokens), or one file.

        Raises: ConfigError where it is missing, malformed or not a Llama that kernelc knows.
        """
        path = Path(path)
        if path.is_file():
            return cls.from_json(read_json_object(path, _MAX_CONFIG_BYTES, ConfigError), str(path))
        file = path / "config.json"
        if not file.is_file():
            raise ConfigError(
                "no such file",
                where=str(file),
                help="give a Hugging Face model folder: config.json, *.safetensors and the tokenizer's files",
            )
        config = cls.from_json(read_json_object(file, _MAX_CONFIG_BYTES, ConfigError), str(file))
        return _with_generation_config(config, path / "generation_config.json")

    @classmethod
    def from_json(cls, data: Mapping[str, object], where: str) -> LlamaConfig:
        """Check the fields of a config.json and return the model's shape; `where` names the file in errors.

        Raises: ConfigError.
        """
        fields = Fields(data, where, ConfigError)
        _check_family(fields)
        vocab_size = fields.integer("vocab_size", 1, 1 << 20)
        heads, kv_heads, head_dim = _head_shape(fields)
        rope = _rope_fields(fields)
        bos = fields.ids("bos_token_id", vocab_size)
        return cls(
            vocab_size=vocab_size,
            hidden_size=fields.integer("hidden_size", 1, 1 << 16),
            intermediate_size=fields.integer("intermediate_size", 1, 1 << 20),
            layers=fields.integer("num_hidden_layers", 1, 1024),
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            rms_norm_eps=fields.number("rms_norm_eps", 1e-12, 1.0, 1e-6),
            rope_theta=_rope_theta(fields, rope),
            rope_scaling=_rope_scaling(fields, rope),
            rotary_dim=_rotary_dim(fields, rope, head_dim),
            max_position_embeddings=fields.integer("max_position_embeddings", 1, 1 << 24, 2048),
            tie_word_embeddings=fields.flag("tie_word_embeddings", False),
            attention_bias=fields.flag("attention_bias", False),
            mlp_bias=fields.flag("mlp_bias", False),
            bos_token_id=bos[0] if bos else None,
            eos_token_ids=fields.ids("eos_token_id", vocab_size),
        )


def find_config(name_or_path: str) -> LlamaConfig:
    """Return the named config (a key of NAMED_CONFIGS), or the one in a config.json or model folder.

    Raises: ConfigError where it is neither.
    """
    if name_or_path in NAMED_CONFIGS:
        return NAMED_CONFIGS[name_or_path]
    if not Path(name_or_path).exists():
        known = ", ".join(NAMED_CONFIGS)
        raise ConfigError(
            "neither a known model's name nor a path",
            where=name_or_path,
            help=f"give a config.json, a model folder or one of {known}",
        )
    return LlamaConfig.load(name_or_path)


def _check_family(fields: Fields) -> None:
    """Refuse what model/families/llama.py would compute wrongly."""
    architectures = fields.data.get("architectures")
    named = cast("list[object]", architectures) if isinstance(architectures, list) else [architectures]
    if named != [None] and not (named and named[0] in _SUPPORTED):
        got = show(named[0] if named else named)
        raise fields.fail("architectures", f"got {got}, wanted {_SUPPORTED[0]}", _supported_help())
    model_type = fields.text("model_type", None if named == [None] else "llama")
    if model_type != "llama":
        raise fields.fail("model_type", f'got {show(model_type)}, wanted "llama"', _supported_help())
    activation = fields.text("hidden_act", "silu")
    if activation != "silu":
        raise fields.fail("hidden_act", f'got {show(activation)}, wanted "silu"', _supported_help())
    if fields.data.get("quantization_config") is not None:
        raise fields.fail(
            "quantization_config",
            "the checkpoint's weights are already quantised, wanted f32, f16 or bf16 weights",
            "use the original checkpoint; build quantises it (`quant` q4 or q8)",
        )


def _supported_help() -> str:
    return f"supported architectures: {', '.join(_SUPPORTED)}; docs/add_a_model.md says how to add one"


def _head_shape(fields: Fields) -> tuple[int, int, int]:
    """Return (heads, kv_heads, head_dim), derived where not given."""
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
    """Return the object that says how frequencies are scaled; newer files call it rope_parameters."""
    key = fields.first(("rope_parameters", "rope_scaling"))
    return fields.child(key) if key else None


def _rope_theta(fields: Fields, rope: Fields | None) -> float:
    holder = rope if rope and rope.data.get("rope_theta") is not None else fields
    return holder.number("rope_theta", 1.0, 1e12, 10000.0)


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
    # transformers reads the length from beside rope_scaling where an older file keeps it there.
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


def _with_generation_config(config: LlamaConfig, file: Path) -> LlamaConfig:
    """Add the stop tokens of generation_config.json: chat models list more there, such as <|eot_id|>."""
    if not file.is_file():
        return config
    fields = Fields(read_json_object(file, _MAX_CONFIG_BYTES, ConfigError), str(file), ConfigError)
    stops = dict.fromkeys(config.eos_token_ids + fields.ids("eos_token_id", config.vocab_size))
    return replace(config, eos_token_ids=tuple(stops))


_LLAMA_3_2_SCALING = RopeScaling("llama3", 32.0, 1.0, 4.0, 8192)

NAMED_CONFIGS: dict[str, LlamaConfig] = {
    "llama-2-7b": LlamaConfig(
        vocab_size=32000, hidden_size=4096, intermediate_size=11008, layers=32, heads=32, kv_heads=32,
        head_dim=128, rms_norm_eps=1e-5, max_position_embeddings=4096, bos_token_id=1, eos_token_ids=(2,),
    ),
    "llama-3-8b": LlamaConfig(
        vocab_size=128256, hidden_size=4096, intermediate_size=14336, layers=32, heads=32, kv_heads=8,
        head_dim=128, rms_norm_eps=1e-5, rope_theta=500000.0, max_position_embeddings=8192,
        bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "llama-3.2-1b": LlamaConfig(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, layers=16, heads=32, kv_heads=8,
        head_dim=64, rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=_LLAMA_3_2_SCALING,
        max_position_embeddings=131072, tie_word_embeddings=True,
        bos_token_id=128000, eos_token_ids=(128001,),
    ),
    "tinyllama-1.1b": LlamaConfig(
        vocab_size=32000, hidden_size=2048, intermediate_size=5632, layers=22, heads=32, kv_heads=4,
        head_dim=64, rms_norm_eps=1e-5, max_position_embeddings=2048, bos_token_id=1, eos_token_ids=(2,),
    ),
}  # fmt: skip
"""Shapes of well known models, for planning memory and measuring speed with no checkpoint at hand."""
