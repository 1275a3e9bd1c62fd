"""Random numbers without state: a hash of what they are used for (seed, position, token).

The hash is `pcg3d` of M. Jarzynski and M. Olano, Hash Functions for GPU Rendering (Journal of Computer
Graphics Techniques, 2020): a linear congruential step on each of three words, then two rounds of mixing them.
It uses u32 arithmetic alone, so all targets agree in every bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.parts.precise_math import log, log_of_complement
from kernelc.kir.functions import minimum, to_f32
from kernelc.kir.values import Operators, Value

_MULTIPLIER, _INCREMENT = 1664525, 1013904223
_MOST = 1 - 2.0**-24
"""The greatest f32 below 1."""


def hash_words(x: Operators, y: Operators, z: Operators) -> Value:
    """32 random bits that depend on every bit of three u32 words."""
    a, b, c = (word * _MULTIPLIER + _INCREMENT for word in (x, y, z))
    a = a + b * c
    b = b + c * a
    c = c + a * b
    a, b, c = (word ^ (word >> 16) for word in (a, b, c))
    a = a + b * c
    return a


def hash_words_reference(x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """What `hash_words` means, in numpy; the arguments broadcast."""
    words = (np.atleast_1d(np.asarray(word, np.uint32)) for word in (x, y, z))
    a, b, c = (word * np.uint32(_MULTIPLIER) + np.uint32(_INCREMENT) for word in words)
    a = a + b * c
    b = b + c * a
    c = c + a * b
    a, b, c = (word ^ (word >> np.uint32(16)) for word in (a, b, c))
    return a + b * c


def gumbel(bits: Operators) -> Value:
    """A standard Gumbel variable from 32 random bits.

    The index of the greatest `logit + noise` is a draw from the softmax of the logits.

    With u = (bits + 1/2) / 2^32 rounded to f32 (kept below 1), it is -log(-log(1 - u)). Small u give
    the large values, and floats are densest near 0, so the upper tail reaches 22.9. Error below 2e-6.
    """
    fine = to_f32(bits & 0xFF) * 2.0**-32 + 2.0**-33
    u = minimum(to_f32(bits >> 8) * 2.0**-24 + fine, _MOST)
    noise = -log(-log_of_complement(u))
    return noise


def gumbel_reference(bits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """What `gumbel` means, in float64 after the rounding of u."""
    u = ((bits.astype(np.float64) + 0.5) * 2.0**-32).astype(np.float32)
    return -np.log(-np.log1p(-np.minimum(u, np.float32(_MOST)).astype(np.float64)))
