"""What readers of stored weights share about rows, and about the numbers in them."""

from __future__ import annotations

import numpy as np

from kernelc.errors import InternalError
from kernelc.ir.formats import F32, Array, Index


def check_range(name: str, begin: int, end: int, rows: int) -> None:
    """Check a caller's rows begin..end of a tensor. Raises: InternalError if one is missing."""
    if not 0 <= begin <= end <= rows:
        raise InternalError(f"{name}: rows {begin}..{end} of {rows} rows")


def check_indices(name: str, indices: Index, rows: int) -> None:
    """Check a caller's rows of a tensor, in any order. Raises: InternalError if one is missing."""
    if indices.size and not 0 <= indices.min() <= indices.max() < rows:
        raise InternalError(f"{name}: rows {indices.min()}..{indices.max()} of {rows} rows")


def places_in_pairs(rows: Index, head_dim: int) -> Index:
    """Return where a file has rows of queries or keys whose rotating pairs it stores side by side.

    Hugging Face has the two rows of a pair half a head apart: its row `i` of half `j` of a head of `head_dim`
    rows is number `2 i + j` of the head there.
    """
    head, within = np.divmod(rows, head_dim)
    half, place = np.divmod(within, head_dim // 2)
    return head * head_dim + 2 * place + half


def widened(bf16: Array) -> F32:
    """Return the numbers of bf16, as an array of their 16 bits (u16): they are the upper half of an f32."""
    wide = bf16.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)
