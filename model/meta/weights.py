"""Reads Meta's consolidated.*.pth as one file of tensors with the names and the order of Hugging Face.

Each shard holds its part of every matrix, as the processes of model parallelism had it: some of the outputs
(rows) or some of the inputs (columns). Queries and keys are stored with the two numbers that rotary embedding
turns together side by side; Hugging Face has them half a head apart.

Source: convert_llama_weights_to_hf.py of transformers; ColumnParallelLinear, RowParallelLinear and
ParallelEmbedding of fairscale, which Meta's llama/model.py uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.formats import F32, Index, Packed
from model.checkpoints.array_file import ArrayFile
from model.checkpoints.rows import check_indices, places_in_pairs
from model.checkpoints.weight_files import OTHER_SHARDS

Split: TypeAlias = Literal["rows", "columns", "same"]
"""How the shards divide a tensor."""

_WHOLE: Mapping[str, tuple[str, Split]] = {
    "tok_embeddings.weight": ("model.embed_tokens.weight", "columns"),
    "norm.weight": ("model.norm.weight", "same"),
    "output.weight": ("lm_head.weight", "rows"),
}
_LAYER: Mapping[str, tuple[str, Split]] = {
    "attention.wq.weight": ("self_attn.q_proj.weight", "rows"),
    "attention.wk.weight": ("self_attn.k_proj.weight", "rows"),
    "attention.wv.weight": ("self_attn.v_proj.weight", "rows"),
    "attention.wo.weight": ("self_attn.o_proj.weight", "columns"),
    "feed_forward.w1.weight": ("mlp.gate_proj.weight", "rows"),
    "feed_forward.w2.weight": ("mlp.down_proj.weight", "columns"),
    "feed_forward.w3.weight": ("mlp.up_proj.weight", "rows"),
    "attention_norm.weight": ("input_layernorm.weight", "same"),
    "ffn_norm.weight": ("post_attention_layernorm.weight", "same"),
}
_IN_LAYER = re.compile(r"layers\.(\d{1,4})\.(.+)")
_ROTARY = (".q_proj.weight", ".k_proj.weight")


@dataclass(frozen=True)
class MetaTensor:
    """A tensor of all shards together. `stored` is its name in them, `starts` the first row of each."""

    dtype: str
    shape: tuple[int, ...]
    stored: str
    split: Split
    starts: tuple[int, ...]
    head_dim: int | None
    """Where not None, rows are ordered for rotary embedding inside heads of so many."""
    kept_as: None = None


class MetaWeights:
    """The shards of a model, open, as one file."""

    def __init__(self, path: Path, shards: Sequence[ArrayFile], dim: int, head_dim: int) -> None:
        """Put the shards together; `dim` is the model's width, which tells how embeddings are divided.

        Raises: CheckpointError if they do not fit each other.
        """
        self.path = path
        self._shards = tuple(shards)
        self._tensors: dict[str, MetaTensor] = {}
        for stored in shards[0].tensors:
            name, split = _named(stored)
            self._tensors[name] = self._joined(name, stored, split, dim, head_dim)

    @property
    def tensors(self) -> Mapping[str, MetaTensor]:
        """Every tensor, in the order of the first shard."""
        return self._tensors

    def rows(self, name: str, begin: int, end: int) -> F32:
        """See `TensorFile.rows`."""
        return self.take_rows(name, np.arange(begin, end, dtype=np.int64))

    def take_rows(self, name: str, indices: Index) -> F32:
        """See `TensorFile.take_rows`."""
        tensor = self._tensors[name]
        check_indices(name, indices, tensor.shape[0])
        if tensor.head_dim is not None:
            indices = places_in_pairs(indices, tensor.head_dim)
        if tensor.split == "same":
            return self._shards[0].take_rows(tensor.stored, indices)
        if tensor.split == "columns":
            return np.concatenate([shard.take_rows(tensor.stored, indices) for shard in self._shards], axis=1)
        found = np.empty((len(indices), *tensor.shape[1:]), np.float32)
        ends = (*tensor.starts[1:], tensor.shape[0])
        for shard, begin, end in zip(self._shards, tensor.starts, ends, strict=True):
            here = (indices >= begin) & (indices < end)
            if here.any():
                found[here] = shard.take_rows(tensor.stored, indices[here] - begin)
        return found

    def take_packed(self, name: str, indices: Index) -> Packed:
        """Never called: these files hold no codes. Raises: InternalError."""
        raise InternalError(f"{name}: a file of {self._tensors[name].dtype} holds no codes")

    def close(self) -> None:
        """Close every shard."""
        for shard in self._shards:
            shard.close()

    def _joined(self, name: str, stored: str, split: Split, dim: int, head_dim: int) -> MetaTensor:
        """Return a tensor of all shards. Raises: CheckpointError if one lacks it, or has another shape."""
        parts = [shard.tensors.get(stored) for shard in self._shards]
        first = parts[0]
        for shard, part in zip(self._shards, parts, strict=True):
            if part is None or first is None or (part.dtype, part.shape) != (first.dtype, first.shape):
                got = "nothing" if part is None else f"{part.dtype} {list(part.shape)}"
                wanted = (
                    "" if first is None else f", wanted {first.dtype} {list(first.shape)} as in the first"
                )
                where = f"{shard.path}: {stored}"
                raise CheckpointError(f"got {got}{wanted}", where=where, help=OTHER_SHARDS)
        assert first is not None  # the names are those of the first shard
        if len(first.shape) != 2 or len(parts) == 1:
            split = "same"
        elif stored == "tok_embeddings.weight" and first.shape[1] == dim:
            split = "rows"  # since Llama 3
        shape, starts = first.shape, tuple(range(0, first.shape[0] * len(parts), max(1, first.shape[0])))
        if split == "rows":
            shape = (shape[0] * len(parts), shape[1])
        elif split == "columns":
            shape = (shape[0], shape[1] * len(parts))
        rotary = name.endswith(_ROTARY) and shape[0] % head_dim == 0
        return MetaTensor(first.dtype, shape, stored, split, starts, head_dim if rotary else None)


def _named(stored: str) -> tuple[str, Split]:
    """Return a tensor's name in Hugging Face's layout and how it is divided; its own where it has none."""
    in_layer = _IN_LAYER.fullmatch(stored)
    if in_layer is None:
        return _WHOLE.get(stored, (stored, "same"))
    name, split = _LAYER.get(in_layer[2], (in_layer[2], "same"))
    return f"model.layers.{int(in_layer[1])}.{name}", split
