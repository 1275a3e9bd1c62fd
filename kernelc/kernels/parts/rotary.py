"""Rotary position embedding in kernels, computed from the position, with no table in memory.

The frequencies are those of `kernelc.ir.rotary`. Rows of packed matrices are in pairs (`RowOrder` "pairs"):
packed elements 2i and 2i+1 of a head are its elements i and i + rotary_dim/2, so that a rotation stays
between neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.rotary import Rotary
from kernelc.kernels import step_block
from kernelc.kernels.parts.precise_math import exponential, log, power_of_two, sincos
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import maximum, minimum, select, to_f32
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32
from kernelc.kir.values import Operators, Value, current

__all__ = ["Rotary", "lookup", "require_rotary", "rotate", "rotate_reference"]


def require_rotary(rotary: Rotary | None, head_dim: int) -> None:
    """Raise ShapeError unless a rotation turns whole pairs of a head."""
    if rotary is not None:
        pairs = 2 <= rotary.dim <= head_dim and rotary.dim % 2 == 0
        require(pairs, rotary, f"an even dim of 2..{head_dim}")


def rotate_reference(
    pairs: npt.NDArray[Any], positions: npt.NDArray[Any], rotary: Rotary
) -> npt.NDArray[Any]:
    """[seq, heads, head_dim] in packed pair order -> rotated, in float64 angles.

    `positions` are those of the step's rows, the last of them the sequence's last.
    """
    length = int(positions.max(initial=0)) + 1
    angles = positions[:, None].astype(np.float64) * rotary.frequencies(length)
    cos, sin = (part(angles)[:, None, :] * rotary.attention for part in (np.cos, np.sin))
    out = pairs.astype(np.float64)
    even, odd = pairs[..., 0 : rotary.dim : 2], pairs[..., 1 : rotary.dim : 2]
    out[..., 0 : rotary.dim : 2] = even * cos - odd * sin
    out[..., 1 : rotary.dim : 2] = odd * cos + even * sin
    return out


def rotate(
    position: Operators,
    pair: Operators,
    even: Operators,
    odd: Operators,
    rotary: Rotary,
    length: Operators | None = None,
) -> tuple[Value, Value]:
    """Rotate one pair in a kernel; `position` and `pair` are u32, pair < dim/2.

    `length` (u32) is the sequence's after the step, where that is not past + seq.

    Numbers: the angle is an f32, off by at most 2.5e-7 of itself (dynamic scaling: 1.5e-6), as in the
    published implementations; its sine and cosine by 2e-7 more.
    """
    frequency = _frequency(pair, rotary, length)
    sin, cos = sincos(to_f32(position) * frequency)
    if rotary.attention != 1.0:
        sin, cos = sin * rotary.attention, cos * rotary.attention
    return even.value() * cos - odd.value() * sin, odd.value() * cos + even.value() * sin


def _frequency(pair: Operators, rotary: Rotary, length: Operators | None) -> Value:
    """Radians per position of a pair, as f32."""
    if rotary.scaling == "longrope":
        return _longrope(pair, rotary, _length(length))
    frequency = power_of_two(to_f32(pair), -2 * math.log2(rotary.theta) / rotary.dim)
    if rotary.scaling == "llama3":
        turns = frequency * (rotary.original / (2 * math.pi))
        keep = minimum(maximum((turns - rotary.low) * (1 / (rotary.high - rotary.low)), 0.0), 1.0)
        frequency = frequency * (keep + (1.0 - keep) * (1 / rotary.factor))
    elif rotary.scaling == "yarn":
        ramp = (to_f32(pair) - rotary.low) * (1 / (rotary.high - rotary.low))
        ramp = minimum(maximum(ramp, 0.0), 1.0)
        frequency = frequency * ((1.0 - ramp) + ramp * (1 / rotary.factor))
    elif rotary.scaling == "dynamic":
        frequency = frequency * _dynamic(pair, rotary, _length(length))
    elif rotary.factor != 1.0:
        frequency = frequency * (1 / rotary.factor)
    return frequency


def _length(given: Operators | None) -> Operators:
    if given is not None:
        return given
    k = current()
    assert isinstance(k, Tracer)
    return step_block.rows(k).next_position


def _dynamic(pair: Operators, rotary: Rotary, length: Operators) -> Value:
    """What a pair's frequency is multiplied by: growth^(-2 pair / (dim - 2)), growth 1 up to the original
    length. That is theta * growth^(dim / (dim - 2)) in theta's place."""
    beyond = maximum(length, rotary.original) - rotary.original
    growth = to_f32(beyond) * (rotary.factor / rotary.original) + 1.0
    return exponential(to_f32(pair) * (-2 / (rotary.dim - 2)) * log(growth))


def _longrope(pair: Operators, rotary: Rotary, length: Operators) -> Value:
    short, long = (rotary.frequencies(rotary.original + more).tolist() for more in (0, 1))
    if short == long:
        return lookup(long, pair)
    return select(length > rotary.original, lookup(long, pair), lookup(short, pair))


def lookup(values: Sequence[float], index: Operators) -> Value:
    """values[index] as f32, for a u32 index below their number: a balanced tree of selects."""

    def between(first: int, last: int) -> Value:
        if len(set(values[first:last])) == 1:
            return current().constant(values[first], f32)
        middle = (first + last) // 2
        below = index < middle
        return select(below, between(first, middle), between(middle, last))

    return between(0, len(values))
