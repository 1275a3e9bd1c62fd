"""Rounding weights to q4 and back in PyTorch, so that training can get used to it.

The same idea as model/quantize.py (which measures what is shipped): groups of 32 along the input dimension,
codes -8..7, and of a few candidate scales the one whose codes explain most of the group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)

Tensor = Any
GROUP = 32
# Where a candidate puts the largest magnitude of a group among the codes.
CANDIDATES = (-8.5, -8.0, -7.5, -7.0, -6.5, 6.5, 7.0, 7.5)


class Rounded:
    """Lets the matrices of a model be what q4 can hold while in a `with`, and what they were after it.

    Gradients taken in between are applied to the exact values: the rounding counts as having slope one.
    """

    def __init__(self, matrices: list[Tensor], rounder: Callable[[Tensor], Tensor]) -> None:
        """Hold the matrices; `rounder` is `round_groups`, or a compiled form of it."""
        self._matrices, self._rounder = matrices, rounder
        self._exact: list[Tensor] = []

    @torch.no_grad()
    def __enter__(self) -> None:
        """Round the matrices in place."""
        flat = torch.cat([matrix.reshape(-1, GROUP) for matrix in self._matrices])
        counts = [matrix.numel() // GROUP for matrix in self._matrices]
        self._exact = [
            part.reshape(m.shape) for part, m in zip(flat.split(counts), self._matrices, strict=True)
        ]
        rounded = self._rounder(flat).split(counts)
        for matrix, values in zip(self._matrices, rounded, strict=True):
            matrix.copy_(values.reshape(matrix.shape))

    @torch.no_grad()
    def __exit__(self, *_: object) -> None:
        """Put the exact values back."""
        torch._foreach_copy_(self._matrices, self._exact)


def round_groups(groups: Tensor) -> Tensor:
    """Return groups of weights rounded to what q4 can hold. Shapes: f32 [groups, 32]."""
    peak = groups.gather(1, groups.abs().argmax(1, keepdim=True))
    inverse_peak = torch.where(peak == 0, 0.0, 1.0 / peak)
    best_scale = torch.zeros_like(peak)
    best_score = torch.full_like(peak, -1.0)
    for position in CANDIDATES:
        codes = (groups * (inverse_peak * position)).round().clamp(-8, 7)
        products = (codes * groups).sum(1, keepdim=True)
        squares = (codes * codes).sum(1, keepdim=True).clamp(min=1e-12)
        better = products * products / squares > best_score
        best_score = torch.where(better, products * products / squares, best_score)
        best_scale = torch.where(better, products / squares, best_scale)
    scale = best_scale.to(torch.float16).float()
    inverse = torch.where(scale == 0, 0.0, 1.0 / scale)
    return (groups * inverse).round().clamp(-8, 7) * scale
