"""Order-preserving keys: u32 integers that compare as the f32 numbers they stand for.

The bits of a non-negative float ascend with its value, those of a negative one descend: the latter are
inverted, and the sign bit of the former is set (as in radix sorts of floats: M. Herf, Radix Tricks, 2001).
The keys are then rotated so that no NaN of either sign lies above infinity, and clamped from below to the key
of -inf, so that NaN counts as -inf. All of it is integer arithmetic, which no target rearranges and to which
NaN means nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.functions import bitcast, maximum
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value

_SIGN = 0x80000000
_MAGNITUDE = 0x7FFFFFFF
_TURN = 0x007FFFFF  # how many NaNs of one sign there are; the keys start after them

LOWEST = 0x00FFFFFE
"""The key of -inf and of NaN. No key is 0, so 0 stands for "nothing yet" in searches for a maximum."""


def order_keys(x: Operators) -> Value:
    """f32 scalar or vector -> u32: `a < b` on the numbers is `<` on the keys; NaN is -inf; -0 is below 0."""
    bits = bitcast(x, u32)
    ascending = bits ^ ((bits >> 31) * _MAGNITUDE | _SIGN)
    key = maximum(ascending + _TURN, LOWEST)
    return key


def number_of_key(key: Operators) -> Value:
    """The inverse of `order_keys`."""
    ascending = key - _TURN
    number = bitcast(ascending ^ ((1 - (ascending >> 31)) * _MAGNITUDE | _SIGN), f32)
    return number


def greatest_lane(keys: Value) -> Value:
    """The greatest of a vector's keys, or the one key."""
    if keys.type.lanes == 1:
        return keys
    greatest = maximum(maximum(keys.x, keys.y), maximum(keys.z, keys.w))
    return greatest


def order_keys_reference(x: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """What `order_keys` means, in numpy."""
    clean = np.where(np.isnan(x), -np.inf, x).astype(np.float32)
    bits = clean.view(np.uint32)
    ascending = np.where(bits >> 31 == 1, ~bits, bits | np.uint32(_SIGN))
    return (ascending + np.uint32(_TURN)).astype(np.uint32)


def key_of(number: float) -> int:
    """The key of one number."""
    return int(order_keys_reference(np.array([number], np.float32))[0])
