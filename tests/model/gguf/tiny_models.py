"""Tiny models as GGUF files: a Llama of random weights in any type, and published folders written anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from model.families.registry import AnyModel, model_of
from model.gguf.types import TYPES
from tests.model.gguf.writer import Gguf, Stored, stored

F32 = npt.NDArray[np.float32]
HIDDEN, WIDE, VOCAB, LAYERS, HEADS, KV_HEADS = 256, 256, 40, 1, 4, 2
LETTERS = [*(chr(33 + number) for number in range(VOCAB - 4)), '!"', "#$"]

_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def llama_metadata(**changes: object) -> dict[str, object]:
    """The metadata of the tiny Llama; keyword arguments with __ for dots change or (None) remove values."""
    values: dict[str, object] = {
        "general.architecture": "llama",
        "llama.block_count": LAYERS,
        "llama.context_length": 64,
        "llama.embedding_length": HIDDEN,
        "llama.feed_forward_length": WIDE,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV_HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 10000.0,
        "llama.rope.dimension_count": HIDDEN // HEADS,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": ["<s>", "</s>", *LETTERS],
        "tokenizer.ggml.token_type": [3, 3, *[1] * len(LETTERS)],
        "tokenizer.ggml.merges": ['! "', "# $"],
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
    }
    for name, value in changes.items():
        values[name.replace("__", ".")] = value
    return {key: value for key, value in values.items() if value is not None}


def llama_config() -> dict[str, object]:
    """The config.json of the tiny Llama."""
    return {
        "model_type": "llama", "vocab_size": VOCAB, "hidden_size": HIDDEN, "intermediate_size": WIDE,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "tie_word_embeddings": True,
    }  # fmt: skip


def shapes_of(model: AnyModel) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(str(dim)) for dim in kind.shape) for name, kind in model.weights().items()}


def random_blocks(kind: str, shape: tuple[int, ...], seed: int) -> Stored:
    """Random codes of a quantised type with scales of about 0.01: every bit pattern of the codes occurs."""
    block = next(each for each in TYPES.values() if each.name == kind)
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape)) // block.elements
    raw = rng.integers(0, 256, (count, block.bytes), dtype=np.uint8)
    for at in _HALVES[kind]:
        halves = (0.01 * rng.uniform(0.5, 1.0, (count, 1)) / _FACTORS.get(kind, 8)).astype("<f2")
        raw[:, at : at + 2] = halves.view(np.uint8)
    return Stored(kind, shape, raw.tobytes())


_HALVES = {
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "Q2_K": (80, 82),
    "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "IQ4_NL": (0,), "IQ4_XS": (0,),
}  # fmt: skip
"""Where the halves lie in a block of each type."""
_FACTORS = {"Q3_K": 64, "Q4_K": 256, "Q5_K": 512, "Q6_K": 1024, "IQ4_NL": 64, "IQ4_XS": 1024, "Q8_0": 64}


def tiny_llama(
    kind: str, *, seed: int = 3, mixed: Mapping[str, str] | None = None, **changes: object
) -> Gguf:
    """A tied Llama whose matrices are of type `kind`; `mixed` gives other types by the ends of GGUF names."""
    tensors: dict[str, Stored] = {}
    for at, (name, shape) in enumerate(shapes_of(model_of(llama_config(), "tiny")).items()):
        stored_name = gguf_name(name)
        chosen = next((other for end, other in (mixed or {}).items() if stored_name.endswith(end)), kind)
        tensors[stored_name] = random_tensor(chosen, shape, seed + at)
    return Gguf(llama_metadata(**changes), tensors)


def random_tensor(kind: str, shape: tuple[int, ...], seed: int) -> Stored:
    if len(shape) == 1:
        return stored(1 + 0.1 * np.random.default_rng(seed).standard_normal(shape, np.float32))
    if kind in _HALVES:
        return random_blocks(kind, shape, seed)
    return stored(0.05 * np.random.default_rng(seed).standard_normal(shape, np.float32), kind)


def gguf_name(name: str) -> str:
    """GGUF's name of a Llama's tensor."""
    outside = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    stem, _, kind = name.rpartition(".")
    if stem in outside:
        return f"{outside[stem]}.{kind}"
    _, _, number, middle = stem.split(".", 3)
    return f"blk.{number}.{_NAMES[middle]}.{kind}"


def permuted(values: F32, heads: int) -> F32:
    """The rows of q or k as llama.cpp's converter orders them: the two numbers that rotate side by side."""
    halves = values.reshape(heads, 2, len(values) // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def from_folder(folder: Path, kind: str, tokenizer: Mapping[str, object]) -> Gguf:
    """A Hugging Face folder of a Llama as GGUF; matrices whose rows do not fit the type stay f16."""
    config = json.loads((folder / "config.json").read_text())
    metadata = llama_metadata() | {
        "llama.block_count": config["num_hidden_layers"],
        "llama.context_length": config["max_position_embeddings"],
        "llama.embedding_length": config["hidden_size"],
        "llama.feed_forward_length": config["intermediate_size"],
        "llama.attention.head_count": config["num_attention_heads"],
        "llama.attention.head_count_kv": config["num_key_value_heads"],
        "llama.rope.dimension_count": config["hidden_size"] // config["num_attention_heads"],
    }
    for key in [key for key in metadata if key.startswith("tokenizer.")]:
        del metadata[key]
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors: dict[str, Stored] = {}
    for name, values in load_file(folder / "model.safetensors").items():
        stored_name = gguf_name(name)
        middle = stored_name.split(".")[-2]
        ordered = permuted(values, heads[middle]) if middle in heads else values
        fits = values.ndim == 2 and (kind not in ("Q8_0", "Q4_0") or values.shape[1] % 32 == 0)
        tensors[stored_name] = stored(ordered, kind if fits else "F16" if values.ndim == 2 else "F32")
    return Gguf({**metadata, **tokenizer}, tensors)
