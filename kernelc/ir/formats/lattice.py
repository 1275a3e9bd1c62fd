"""Telling which groups of weights may lie on a lattice already, from a few numbers of each.

Quantisation-aware training and other quantisers leave weights that are whole multiples of a step, at most
rounded to bf16 afterwards. Ordinary weights pass this test for one step in some ten thousand groups, so that
trying a step costs an eighth of what trying it on all numbers would.
"""

from __future__ import annotations

import numpy as np

from kernelc.ir.formats.arrays import F32, Index

_EVERY = 8  # four numbers of a group of 32 are looked at
_NEAR = np.float32(0.05)
"""How far from a whole number a code may be: bf16 rounds a weight of code 8 by 8 / 512, and so its peak."""
_LEAST_INVERSE = np.float32(1 / 65504)


def likely_groups(values: F32, inverse: F32, low: F32 | None = None) -> Index:
    """The groups whose numbers, less `low`, are nearly whole multiples of 1 / `inverse`.

    Groups whose step 1 / `inverse` is too large for f16 are never among them. A single one is listed twice,
    since numpy takes the sums of one column in another order, and a group's codes must not depend on what
    other groups there are.
    Shapes: f32 [32, groups], [groups], [groups] -> int64 [at most groups, or 2].
    """
    sample = values[3::_EVERY]
    codes = (sample if low is None else sample - low) * inverse
    off = np.abs(codes - np.rint(codes)).max(axis=0)
    found = np.flatnonzero((off < _NEAR) & (np.abs(inverse) > _LEAST_INVERSE))
    return np.repeat(found, 2) if found.size == 1 else found
