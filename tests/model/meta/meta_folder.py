"""Writes a model as Meta publishes it: shards of model parallelism, each with its part of every matrix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.model.checkpoints.torch_files import write_zip

Tensors = dict[str, np.ndarray]
NAMES = {
    "self_attn.q_proj": ("attention.wq", 0), "self_attn.k_proj": ("attention.wk", 0),
    "self_attn.v_proj": ("attention.wv", 0), "self_attn.o_proj": ("attention.wo", 1),
    "mlp.gate_proj": ("feed_forward.w1", 0), "mlp.down_proj": ("feed_forward.w2", 1),
    "mlp.up_proj": ("feed_forward.w3", 0), "input_layernorm": ("attention_norm", None),
    "post_attention_layernorm": ("ffn_norm", None),
}  # fmt: skip
_STORIES = {
    "dim": 64, "n_layers": 5, "n_heads": 8, "n_kv_heads": 4, "multiple_of": 4, "norm_eps": 1e-5,
    "vocab_size": -1, "max_seq_len": 512,
}  # fmt: skip


def unpermuted(matrix: np.ndarray, head_dim: int) -> np.ndarray:
    """Undoes `permute` of convert_llama_weights_to_hf.py: pairs of rotary embedding side by side again."""
    rows, cols = matrix.shape
    return matrix.reshape(rows // head_dim, 2, head_dim // 2, cols).swapaxes(1, 2).reshape(rows, cols)


def meta_shards(tensors: Mapping[str, np.ndarray], head_dim: int, count: int, llama_3: bool) -> list[Tensors]:
    shards: list[Tensors] = [{} for _ in range(count)]
    for name, values in tensors.items():
        stored, axis = _stored(name, llama_3)
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            values = unpermuted(values, head_dim)
        parts = [values] * count if axis is None else np.split(values, count, axis)
        for shard, part in zip(shards, parts, strict=True):
            shard[stored] = np.ascontiguousarray(part)
    for shard in shards:
        shard["rope.freqs"] = np.ones(head_dim // 2, np.float32)
    return shards


def _stored(name: str, llama_3: bool) -> tuple[str, int | None]:
    if name == "model.embed_tokens.weight":
        return "tok_embeddings.weight", 0 if llama_3 else 1
    if name == "lm_head.weight":
        return "output.weight", 0
    if name == "model.norm.weight":
        return "norm.weight", None
    _, _, layer, rest = name.split(".", 3)
    stored, axis = NAMES[rest.removesuffix(".weight")]
    return f"layers.{layer}.{stored}.weight", axis


def write_meta_folder(
    folder: Path,
    tensors: Mapping[str, np.ndarray],
    params: Mapping[str, object],
    *,
    head_dim: int,
    count: int = 1,
    llama_3: bool = False,
) -> Path:
    (folder / "params.json").write_text(json.dumps(params))
    for number, shard in enumerate(meta_shards(tensors, head_dim, count, llama_3)):
        write_zip(folder / f"consolidated.{number:02}.pth", shard)
    return folder


def write_stories(folder: Path, tensors: Mapping[str, np.ndarray], count: int = 1) -> Path:
    """Write stories260K, given as Hugging Face names it, in the place of the folder's config.json."""
    (folder / "config.json").unlink()
    tied = {name: tensor for name, tensor in tensors.items() if name != "lm_head.weight"}
    return write_meta_folder(folder, tied, _STORIES, head_dim=8, count=count)
