"""Turns Meta's params.json into what a config.json of Hugging Face would say.

params.json leaves out what Meta's programs know: the context, the tokens that begin and end a text, the
factor of the rotary scaling. These follow from what tells the releases apart.

Source: ModelArgs and FeedForward in llama/model.py of Meta's repositories llama and llama3;
convert_llama_weights_to_hf.py of transformers for the contexts and scalings.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.errors import ConfigError
from model.json_fields import Fields

_UNKNOWN = {
    "moe": "a mixture of experts",
    "quantization_args": "quantised weights",
    "lora_args": "adapters",
    "vision_chunk_size": "images",
}
"""Fields that only models with more than a plain Llama have, and what they stand for."""
_LLAMA_3_VOCABULARY = 128256
_CODE_LLAMA_THETA = 1e6
_LARGEST_3_2 = 3072


@dataclass(frozen=True)
class MetaVocabulary:
    """What the tokenizer says about the model: its size, and the ids that begin and end a text."""

    size: int
    bos: int
    eos: tuple[int, ...]


def config_of(params: Fields, vocabulary: MetaVocabulary, tied: bool) -> dict[str, object]:
    """Return the config.json of a params.json; `tied` says whether there is no output layer.

    Raises: ConfigError for a field of a wrong type or out of range, or a model that is no plain Llama.
    """
    for key, what in _UNKNOWN.items():
        if params.data.get(key):
            help_ = "use the model in Hugging Face's layout, if its family is among those of `kernelc models`"
            raise params.fail(key, f"the model has {what}, wanted a plain Llama", help_)
    dim = params.integer("dim", 1, 1 << 16)
    heads = params.integer("n_heads", 1, 1024)
    stated = params.integer("vocab_size", -1, 1 << 20, -1)
    theta = params.number("rope_theta", 1.0, 1e12, 10000.0)
    scaled = params.flag("use_scaled_rope", False)
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": dim,
        "intermediate_size": _intermediate_size(params, dim),
        "num_hidden_layers": params.integer("n_layers", 1, 1024),
        "num_attention_heads": heads,
        "num_key_value_heads": params.integer("n_kv_heads", 1, 1024, heads),
        "vocab_size": vocabulary.size if stated < 1 else stated,
        "rms_norm_eps": params.number("norm_eps", 1e-12, 1.0, 1e-5),
        "rope_theta": theta,
        "rope_scaling": _scaling(params, dim) if scaled else None,
        "max_position_embeddings": _context(params, vocabulary.size, theta, scaled),
        "tie_word_embeddings": tied,
        "bos_token_id": vocabulary.bos,
        "eos_token_id": list(vocabulary.eos),
        "hidden_act": "silu",
    }


def _intermediate_size(params: Fields, dim: int) -> int:
    """Return two thirds of 4 * dim, times the multiplier, rounded up to a multiple of multiple_of."""
    multiple = params.integer("multiple_of", 1, 1 << 16, 256)
    wide = int(2 * (4 * dim) / 3)
    if params.data.get("ffn_dim_multiplier") is not None:
        wide = int(params.number("ffn_dim_multiplier", 1e-3, 1e3) * wide)
    return multiple * -(-wide // multiple)


def _scaling(params: Fields, dim: int) -> dict[str, object]:
    """Return the scaling of Llama 3.1, whose factor is 8, or of 3.2's small models, whose factor is 32."""
    factor = params.number("rope_scaling_factor", 1.0, 1e6, 32.0 if dim <= _LARGEST_3_2 else 8.0)
    return {
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": params.number("high_freq_factor", 1.5, 1e6, 4.0),
        "original_max_position_embeddings": 8192,
    }


def _context(params: Fields, vocabulary: int, theta: float, scaled: bool) -> int:
    """Return the longest context of the release that the parameters are of."""
    if params.data.get("max_seq_len") is not None:
        return params.integer("max_seq_len", 1, 1 << 24)
    if scaled:
        return 131072
    if vocabulary == _LLAMA_3_VOCABULARY:
        return 8192
    if theta == _CODE_LLAMA_THETA:
        return 16384
    # Llama 2's epsilon is 1e-5 and Llama 1's 1e-6, but for its 65B, which has no grouped heads.
    first = params.number("norm_eps", 1e-12, 1.0, 1e-5) < 9e-6
    ungrouped = params.integer("dim", 1, 1 << 16) >= 8192 and params.data.get("n_kv_heads") is None
    return 2048 if first or ungrouped else 4096


def read_params(data: dict[str, object], where: str) -> Fields:
    """Return params.json as fields whose errors name it."""
    return Fields(data, where, ConfigError)
