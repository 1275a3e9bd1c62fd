"""Weights that are rows of a tensor: matrices that lie in one, and rows of q and k in another order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.config import DecoderConfig
from model.row_source import Index, RowsOf


def gate_and_up(config: DecoderConfig, path: str) -> Mapping[str, RowsOf]:
    """Return which rows of a layer's gate_up_proj are gate and up."""
    wide = config.intermediate_size
    return stacked(f"{path}.mlp", "gate_up_proj", {"gate": wide, "up": wide})


def stacked(path: str, tensor: str, parts: Mapping[str, int]) -> Mapping[str, RowsOf]:
    """Return the matrices that lie one after another in `tensor`; `parts` has the number of rows of each."""
    found: dict[str, RowsOf] = {}
    begin, total = 0, sum(parts.values())
    for part, count in parts.items():
        span = RowsOf.span(f"{path}.{tensor}.weight", begin, begin + count, total)
        found[f"{path}.{part}_proj.weight"] = span
        begin += count
    return found


def interleaved_rows(config: DecoderConfig) -> Mapping[str, RowsOf]:
    """Return the rows of q_proj and k_proj, and of their biases, of every layer, where neighbours turn.

    The operation `rope` turns elements j and j + rotary_dim / 2 of a head together; some families turn 2j and
    2j + 1. Scores do not change when the elements of queries and keys are rearranged alike, so such families
    read the rows of q and k with all even elements of a head first, then all odd ones.
    """
    found: dict[str, RowsOf] = {}
    for number in range(config.layers):
        path = f"model.layers.{number}.self_attn"
        for part, heads in (("q_proj", config.heads), ("k_proj", config.kv_heads)):
            index = _evens_first(heads, config.head_dim, config.rope.rotary_dim)
            kinds = ("weight", "bias") if config.has_bias(part) else ("weight",)
            for kind in kinds:
                tensor = f"{path}.{part}.{kind}"
                found[tensor] = RowsOf(tensor, index, len(index))
    return found


def _evens_first(heads: int, head_dim: int, rotary_dim: int) -> Index:
    """Rows of all heads. Shapes: [heads * head_dim]."""
    rows = np.arange(head_dim, dtype=np.int64)
    turned = rows[:rotary_dim].reshape(-1, 2).T.reshape(-1)
    head = np.concatenate([turned, rows[rotary_dim:]])
    return (np.arange(heads, dtype=np.int64)[:, None] * head_dim + head).reshape(-1)
