"""The config.json that a GGUF file would have: its metadata under Hugging Face's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError, ConfigError
from model.families.registry import FAMILIES
from model.gguf.architectures import ARCHITECTURES, Architecture
from model.gguf.container import TensorInfo
from model.gguf.metadata import Metadata
from model.gguf.rope import rope_scaling
from model.gguf.settings import Settings
from model.json_fields import show

ReadVector = Callable[[str], npt.NDArray[np.float32]]

_EMBEDDING, _HEAD = "token_embd.weight", "output.weight"


def architecture_of(metadata: Metadata) -> Architecture:
    """Return the architecture of a file.

    Raises: ConfigError where kernelc does not know it, or has no family that computes it.
    """
    name = metadata.fields.text("general.architecture", "")
    found = ARCHITECTURES.get(name)
    if found is not None and found.model_type in FAMILIES:
        return found
    known = [key for key, each in ARCHITECTURES.items() if each.model_type in FAMILIES]
    raise ConfigError(
        f"got {show(name)}, wanted {' or '.join(known)}",
        where=f"{metadata.where}: general.architecture",
        help="no family of kernelc computes this model; docs/add_a_model.md says how to add one",
    )


def config_of(
    metadata: Metadata, tensors: Mapping[str, TensorInfo], read: ReadVector, stops: list[int]
) -> dict[str, object]:
    """Return the fields of a config.json, for `model.families.registry.model_of` to check.

    `tensors` are those of all parts, by GGUF's names; `read` gives a small one; `stops` are the tokens that
    end an answer.
    Raises: CheckpointError where a setting is missing or no number, ConfigError as `architecture_of`.
    """
    architecture = architecture_of(metadata)
    settings = Settings(metadata, tensors, metadata.fields.text("general.architecture"))
    if settings.integer("expert_count", None):
        raise settings.fail("expert_count", "this is a mixture of experts, which no family computes")
    return {
        "model_type": architecture.model_type,
        "architectures": [architecture.model_class],
        **_sizes(settings),
        **_rotary(settings, read),
        **architecture.settings(settings),
        "bos_token_id": _optional(metadata, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": stops,
    }


def _sizes(s: Settings) -> dict[str, object]:
    if not s.has_tensor(_EMBEDDING):
        raise CheckpointError(
            "got no tensor token_embd.weight, which every model has", where=s.metadata.where
        )
    kv_heads = s.integer("attention.head_count_kv", None)
    return {
        "vocab_size": s.tensors[_EMBEDDING].shape[0],
        "hidden_size": s.hidden,
        "intermediate_size": s.integer("feed_forward_length", None),
        "num_hidden_layers": s.layers,
        "num_attention_heads": s.heads,
        "num_key_value_heads": s.heads if kv_heads is None else kv_heads,
        "head_dim": s.head_dim,
        "rms_norm_eps": s.number("attention.layer_norm_rms_epsilon", 1e-6),
        "max_position_embeddings": s.longest,
        "tie_word_embeddings": not s.has_tensor(_HEAD),
    }


def _rotary(s: Settings, read: ReadVector) -> dict[str, object]:
    found: dict[str, object] = {"rope_theta": s.number("rope.freq_base", 10000.0)}
    turned = s.integer("rope.dimension_count", None)
    if turned is not None and 0 < turned < s.head_dim:
        found["partial_rotary_factor"] = turned / s.head_dim
    scaling = rope_scaling(s, read)
    return found if scaling is None else found | {"rope_scaling": scaling}


def _optional(metadata: Metadata, key: str) -> int | None:
    return metadata.fields.integer(key, 0, 1 << 31) if metadata.has(key) else None
