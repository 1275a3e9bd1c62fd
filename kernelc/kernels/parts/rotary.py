"""Rotary position embedding computed from the position, with no table in memory.

Sources: Su et al., RoFormer (2021); Llama 3.1's frequency scaling as in its published `apply_scaling`.
Rows are packed in pairs (`RowOrder` "pairs"): packed elements 2i and 2i+1 of a head are its elements i and
i + rotary_dim/2, so that a rotation stays between neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.parts.precise_math import power_of_two, sincos
from kernelc.kir.functions import maximum, minimum, to_f32
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators


@dataclass(frozen=True)
class Rotary:
    """Frequencies: theta^(-2i/dim), divided by `factor`; with `high` > `low` > 0, Llama 3's smooth scaling
    between.

    `low`, `high`: low_freq_factor and high_freq_factor; `original`: original_max_position_embeddings.
    """

    dim: int
    theta: float
    factor: float = 1.0
    low: float = 0.0
    high: float = 0.0
    original: int = 0

    @property
    def smooth(self) -> bool:
        return self.high > self.low > 0


def frequencies(rotary: Rotary) -> npt.NDArray[np.float64]:
    """Radians per position of each of the dim/2 pairs."""
    plain = rotary.theta ** (-np.arange(0, rotary.dim, 2, dtype=np.float64) / rotary.dim)
    if not rotary.smooth:
        return plain / rotary.factor
    turns = rotary.original * plain / (2 * math.pi)
    keep = np.clip((turns - rotary.low) / (rotary.high - rotary.low), 0, 1)
    return plain * (keep + (1 - keep) / rotary.factor)


def rotate_reference(
    pairs: npt.NDArray[Any], positions: npt.NDArray[Any], rotary: Rotary
) -> npt.NDArray[Any]:
    """[seq, heads, head_dim] in packed pair order -> rotated, in float64 angles."""
    angles = positions[:, None].astype(np.float64) * frequencies(rotary)
    cos, sin = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]
    out = pairs.astype(np.float64)
    even, odd = pairs[..., 0 : rotary.dim : 2], pairs[..., 1 : rotary.dim : 2]
    out[..., 0 : rotary.dim : 2] = even * cos - odd * sin
    out[..., 1 : rotary.dim : 2] = odd * cos + even * sin
    return out


def rotate(
    position: Operators, pair: Operators, even: Operators, odd: Operators, rotary: Rotary
) -> tuple[Value, Value]:
    """Rotate one pair in a kernel; `position` and `pair` are u32, pair < dim/2.

    Numbers: the angle is an f32, off by at most 2.5e-7 of itself, as in the published implementations; its
    sine and cosine by 2e-7 more.
    """
    frequency = power_of_two(to_f32(pair), -2 * math.log2(rotary.theta) / rotary.dim)
    if rotary.smooth:
        turns = frequency * (rotary.original / (2 * math.pi))
        keep = minimum(maximum((turns - rotary.low) * (1 / (rotary.high - rotary.low)), 0.0), 1.0)
        frequency = frequency * (keep + (1.0 - keep) * (1 / rotary.factor))
    elif rotary.factor != 1.0:
        frequency = frequency * (1 / rotary.factor)
    sin, cos = sincos(to_f32(position) * frequency)
    return even.value() * cos - odd.value() * sin, odd.value() * cos + even.value() * sin
