"""Tiny models of many families with random weights, as transformers makes them, and what it gives for them.

Needs torch and transformers (the extra `compare`); nothing is downloaded.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tests.model.families.recorded import POSITIONS, START

ORIGINAL = 32
SIZES: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
}
_LEFT_OUT = object()
_HALF = {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}
_NEOX = {"num_key_value_heads": _LEFT_OUT, "rope_parameters": _HALF}
_YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": ORIGINAL}
_LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 1e4,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": ORIGINAL,
}
_LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 1e4,
    "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
    "long_factor": [2.0, 2.5, 3.0, 3.5, 4.0, 4.5],
    "original_max_position_embeddings": ORIGINAL,
}


@dataclass(frozen=True)
class Case:
    """A model: transformers' config class without "Config", what differs from SIZES, and what is changed in
    config.json once it is written (None takes a field out)."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict)


def older(**fields: Any) -> dict[str, Any]:
    """Changes that make a config.json one of transformers 4."""
    return {"rope_parameters": None, "rope_theta": 5000.0, **fields}


SAMPLE: dict[str, Case] = {
    "llama-llama3": Case("Llama", {"rope_parameters": _LLAMA3}),
    "llama-older": Case(
        "Llama", {"attention_bias": True}, older(rope_scaling={"type": "linear", "factor": 2.5})
    ),
    "mistral": Case("Mistral", {"sliding_window": 9}),
    "qwen2-windows": Case("Qwen2", {"use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}),
    "qwen3": Case("Qwen3", {"head_dim": 16}),
    "gemma2": Case("Gemma2", {"head_dim": 16, "sliding_window": 9, "query_pre_attn_scalar": 20}),
    "gemma3": Case("Gemma3Text", {"head_dim": 16, "sliding_window": 9, "num_hidden_layers": 6}),
    "phi3-longrope": Case(
        "Phi3", {"rope_parameters": _LONGROPE, "original_max_position_embeddings": ORIGINAL}
    ),
    "smollm3": Case("SmolLM3", {"num_hidden_layers": 4}),
    "olmo2": Case("Olmo2"),
    "cohere2": Case("Cohere2", {"sliding_window": 9, "num_hidden_layers": 4}),
    "gpt-neox": Case("GPTNeoX", _NEOX),
}
"""What is compared in every run: each part of the shared blocks at least once."""

OTHERS: dict[str, Case] = {
    "llama-yarn": Case("Llama", {"rope_parameters": _YARN, "mlp_bias": True}),
    "llama-longrope": Case("Llama", {"rope_parameters": _LONGROPE}),
    "llama-swish": Case("Llama", {"hidden_act": "gelu_new", "tie_word_embeddings": True}),
    "llama-partial": Case("Llama", {}, {"partial_rotary_factor": 0.5}),
    "ministral": Case("Ministral", {"sliding_window": 9, "head_dim": 12}),
    "qwen2-yarn": Case("Qwen2", {}, older(rope_scaling={**_YARN, "truncate": False})),
    "qwen3-bias": Case("Qwen3", {"head_dim": 16, "attention_bias": True}),
    "gemma": Case("Gemma", {"head_dim": 16}, {"hidden_act": "gelu"}),
    "gemma3-older": Case(
        "Gemma3Text",
        {"head_dim": 16, "sliding_window": 9, "num_hidden_layers": 4, "query_pre_attn_scalar": 20},
        {**older(rope_scaling={"rope_type": "linear", "factor": 8.0}), "rope_local_base_freq": 300.0}
        | {"layer_types": None, "sliding_window_pattern": 3},
    ),
    "gemma3-images": Case(
        "Gemma3", {"head_dim": 16, "sliding_window": 9, "num_hidden_layers": 4, "pad_token_id": 0}
    ),
    "phi3-window": Case("Phi3", {"sliding_window": 9}),
    "phi": Case("Phi"),
    "olmo": Case("Olmo", {"clip_qkv": 0.7}),
    "apertus": Case("Apertus", {"rope_parameters": _LLAMA3}),
    "olmo3": Case("Olmo3", {"sliding_window": 9, "num_hidden_layers": 4}),
    "granite": Case(
        "Granite",
        {"attention_multiplier": 0.3, "logits_scaling": 8.0, "residual_multiplier": 0.2}
        | {"embedding_multiplier": 12.0},
    ),
    "helium": Case("Helium", {"head_dim": 12}),
    "stablelm": Case("StableLm", {"use_qkv_bias": True, "partial_rotary_factor": 0.5}),
    "stablelm-parallel": Case("StableLm", {"use_parallel_residual": True, "partial_rotary_factor": 0.5}),
    "starcoder2": Case("Starcoder2", {"sliding_window": 9}),
    "glm": Case("Glm", {"head_dim": 12, "partial_rotary_factor": 0.5}),
    "glm4": Case("Glm4", {"head_dim": 12, "partial_rotary_factor": 0.5}),
    "cohere": Case("Cohere", {"tie_word_embeddings": True}),
    "exaone4": Case("Exaone4", {"sliding_window": 9, "num_hidden_layers": 4}),
    "hunyuan": Case("HunYuanDenseV1", {"head_dim": 12}),
    "hunyuan-alpha": Case(
        "HunYuanDenseV1",
        {"head_dim": 12},
        older(rope_scaling={"type": "dynamic", "alpha": 50.0, "factor": 1.0}),
    ),
    "seed-oss": Case("SeedOss", {"head_dim": 12}),
    "arcee": Case("Arcee"),
    "nemotron": Case("Nemotron"),
    "ernie4_5": Case("Ernie4_5", {"head_dim": 12, "use_bias": True}),
    "gpt-neox-sequential": Case("GPTNeoX", {**_NEOX, "use_parallel_residual": False}),
}
"""The rest, which the nightly run compares as well."""


def write(folder: Path, name: str, seed: int = 1) -> Path:
    """Write a case's model folder in `folder`, and beside it NAME.npz as `comparison` reads it."""
    torch = import_module("torch")

    rng = torch.Generator().manual_seed(zlib.crc32(f"{name} {seed}".encode()))
    path = folder / name
    new_folder(path, {**SAMPLE, **OTHERS}[name], rng)
    ids = torch.randint(3, SIZES["vocab_size"], (POSITIONS,), generator=rng)
    logits, greedy = continued(loaded(path), ids, START)
    np.savez(folder / f"{name}.npz", start=np.int32(START), ids=ids.numpy(), logits=logits, greedy=greedy)
    return path


def new_folder(path: Path, case: Case, rng: Any = None) -> None:
    """Write a case's model folder as transformers does; without `rng` with values that are no matter."""
    transformers = import_module("transformers")

    config = _config(case)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    if rng is not None:
        _randomise(model, rng)
    model.tie_weights()
    model.save_pretrained(path)
    _edit(path / "config.json", case.edits)


def loaded(path: Path) -> Any:
    """Load a folder as anybody would. Raises AssertionError where weights are missing or left over."""
    torch, transformers = import_module("torch"), import_module("transformers")

    load = transformers.AutoModelForCausalLM.from_pretrained
    model, report = load(path, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    return model.eval()


def continued(model: Any, ids: Any, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits f32 [n, vocab] of `ids`, and the ids that greedily continue the first `start` up to n.

    Nothing is cached, so that windows and caches cannot hide an error of each other.
    """
    torch = import_module("torch")

    with torch.no_grad():
        logits = model(ids[None], use_cache=False).logits[0]
        run = ids[:start]
        while len(run) < len(ids):
            following = model(run[None], use_cache=False).logits[0, -1].argmax()
            run = torch.cat([run, following[None]])
    return logits.numpy(), run[start:].numpy()


def _config(case: Case) -> Any:
    transformers = import_module("transformers")

    fields = {key: value for key, value in {**SIZES, **case.fields}.items() if value is not _LEFT_OUT}
    if case.kind != "Gemma3":
        return getattr(transformers, f"{case.kind}Config")(**fields)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    images = transformers.SiglipVisionConfig(**sizes, image_size=8, patch_size=4)
    text = transformers.Gemma3TextConfig(**{**fields, "tie_word_embeddings": True})
    return transformers.Gemma3Config(text_config=text, vision_config=images, mm_tokens_per_image=4)


def _randomise(model: Any, rng: Any) -> None:
    """Weights with which logits are of order one, and gains and biases that are noticed."""
    torch = import_module("torch")

    with torch.no_grad():
        for name, weight in model.named_parameters():
            values = torch.randn(weight.shape, generator=rng)
            if weight.ndim == 1:
                gain = "norm" in name and name.endswith("weight")
                weight.copy_(0.3 * values + (1.0 if gain else 0.0))
            else:
                weight.copy_(values * (1.0 if "embed" in name else weight.shape[-1] ** -0.5))


def _edit(file: Path, edits: Mapping[str, Any]) -> None:
    data = json.loads(file.read_text()) | dict(edits)
    file.write_text(
        json.dumps({key: value for key, value in data.items() if value is not None or key not in edits})
    )
