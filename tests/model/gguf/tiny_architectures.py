"""A tiny model of random weights for every architecture of GGUF, as a converter would write it.

    python -m tests.model.gguf.tiny_architectures FOLDER

writes NAME.gguf for each, and beside it what kernelc makes of it: NAME.config.json and NAME.npz, its tensors.
`reference_logits.py` computes from these what transformers gives.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model.gguf.architectures import ARCHITECTURES
from model.gguf.config import config_of
from model.gguf.container import Container
from model.gguf.metadata import Metadata
from model.opening import open_model
from tests.model.gguf.tiny_models import llama_metadata
from tests.model.gguf.writer import Gguf, Stored, stored

HIDDEN, WIDE, HEADS, KV_HEADS, VOCAB = 64, 96, 4, 2, 40
IDS = [0, 5, 9, 30, 7, 12, 3, 3, 21, 39, 2, 14]
_QKV = ("attn_q", "attn_k", "attn_v")
_MATRICES = (*_QKV, "attn_output", "ffn_up", "ffn_down")
_NO_GATE = ("ffn_gate",)


@dataclass(frozen=True)
class Shape:
    """What differs between the architectures: `values` are metadata, `without` tensors that layers lack."""

    layers: int = 2
    head_dim: int = 16
    biases: tuple[str, ...] = ()
    norm_biases: bool = False
    untied: bool = False
    without: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


_LAYER_NORM = {"attention.layer_norm_epsilon": 1e-5}
SHAPES: dict[str, Shape] = {
    "llama": Shape(untied=True),
    "qwen2": Shape(biases=_QKV),
    "qwen3": Shape(head_dim=128, untied=True),
    "gemma": Shape(head_dim=32),
    "gemma2": Shape(4, 256, values={"attention.sliding_window": 4}),
    "gemma3": Shape(7, 256, values={"attention.sliding_window": 4, "rope.freq_base": 1e6}),
    "phi3": Shape(untied=True, without=(*_QKV, "ffn_gate")),
    "smollm3": Shape(5),
    "olmo2": Shape(untied=True, without=("attn_norm", "ffn_norm")),
    "granite": Shape(
        values={"attention.scale": 0.2, "embedding_scale": 3.0, "residual_scale": 0.5, "logit_scale": 2.0}
    ),
    "stablelm": Shape(norm_biases=True, untied=True, values=_LAYER_NORM | {"rope.dimension_count": 4}),
    "starcoder2": Shape(biases=_MATRICES, norm_biases=True, without=_NO_GATE, values=_LAYER_NORM),
    "command-r": Shape(
        without=("ffn_norm", "attn_q_norm", "attn_k_norm"), values=_LAYER_NORM | {"logit_scale": 0.25}
    ),
    "glm4": Shape(biases=_QKV, untied=True, without=_NO_GATE, values={"rope.dimension_count": 8}),
    "seed_oss": Shape(biases=_QKV, untied=True),
    "arcee": Shape(without=_NO_GATE),
    "nemotron": Shape(
        norm_biases=True, untied=True, without=_NO_GATE, values=_LAYER_NORM | {"rope.dimension_count": 8}
    ),
    "ernie4_5": Shape(),
}


def tiny(name: str) -> Gguf:
    """The tiny model of an architecture."""
    shape = SHAPES[name]
    rng = np.random.default_rng(len(name))
    tensors = {"token_embd.weight": _random(rng, (VOCAB, HIDDEN)), "output_norm.weight": _gain(rng, HIDDEN)}
    if shape.norm_biases:
        tensors["output_norm.bias"] = _random(rng, (HIDDEN,))
    if shape.untied:
        tensors["output.weight"] = _random(rng, (VOCAB, HIDDEN))
    for layer in range(shape.layers):
        tensors |= _layer(name, shape, f"blk.{layer}", rng)
    return Gguf(_metadata(name, shape), tensors)


def _layer(name: str, shape: Shape, path: str, rng: np.random.Generator) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    sizes = _sizes(name, shape)
    for middle in ARCHITECTURES[name].layer:
        if middle in shape.without:
            continue
        size = sizes.get(middle, (HIDDEN,))
        matrix = len(size) == 2
        found[f"{path}.{middle}.weight"] = _random(rng, size) if matrix else _gain(rng, *size)
        if middle in shape.biases or (shape.norm_biases and not matrix):
            found[f"{path}.{middle}.bias"] = _random(rng, size[:1])
    return found


def _sizes(name: str, shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every tensor of a layer that is no gain of the hidden state. OLMo's norms of q and k span all heads."""
    q, k = HEADS * shape.head_dim, KV_HEADS * shape.head_dim
    up = 2 * WIDE if name in ("phi3", "glm4") else WIDE
    norms = (q, k) if name == "olmo2" else (shape.head_dim, shape.head_dim)
    return {
        "attn_q": (q, HIDDEN), "attn_k": (k, HIDDEN), "attn_v": (k, HIDDEN), "attn_qkv": (q + 2 * k, HIDDEN),
        "attn_output": (HIDDEN, q), "ffn_gate": (WIDE, HIDDEN), "ffn_up": (up, HIDDEN),
        "ffn_down": (HIDDEN, WIDE), "attn_q_norm": norms[:1], "attn_k_norm": norms[1:],
    }  # fmt: skip


def _metadata(name: str, shape: Shape) -> dict[str, object]:
    values: dict[str, object] = {
        "block_count": shape.layers,
        "embedding_length": HIDDEN,
        "feed_forward_length": WIDE,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KV_HEADS,
        "attention.key_length": shape.head_dim,
        "rope.dimension_count": shape.head_dim,
        **shape.values,
    }
    plain = {key.replace("llama.", f"{name}."): value for key, value in llama_metadata().items()}
    own = {f"{name}.{key}": value for key, value in values.items()}
    return plain | own | {"general.architecture": name, "tokenizer.ggml.padding_token_id": 1}


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> Stored:
    return stored((0.25 * rng.standard_normal(shape)).astype(np.float32))


def _gain(rng: np.random.Generator, size: int) -> Stored:
    return stored((1 + 0.2 * rng.standard_normal(size)).astype(np.float32))


def main(folder: Path) -> None:
    """Write every model, its config and its tensors."""
    for name in SHAPES:
        path = tiny(name).write(folder / f"{name}.gguf")
        with open_model(path) as files:
            tensors = {each: files.checkpoint.read(each) for each in files.checkpoint.names()}
        np.savez(folder / f"{name}.npz", **tensors)  # pyright: ignore[reportArgumentType]
        container = Container.open(path)
        metadata = Metadata(container.metadata, name)
        config = config_of(metadata, container.tensors, lambda _: np.zeros(0, np.float32), [1])
        (folder / f"{name}.config.json").write_text(json.dumps(config))
        container.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
