"""Rotary embedding that pairs neighbours, by the order of rows.

The operation `rope` turns elements j and j + rotary_dim / 2 of a head together; some families turn 2j and
2j + 1. Scores do not change when the elements of queries and keys are rearranged alike, so such families read
the rows of q and k with all even elements of a head first, then all odd ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.config import DecoderConfig
from model.row_source import Index, RowsOf


def interleaved_rows(config: DecoderConfig) -> Mapping[str, RowsOf]:
    """Return the rows of q_proj and k_proj, and of their biases, of every layer."""
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
