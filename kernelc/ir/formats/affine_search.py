"""Choosing the scale and the offset of each group so that the squared error of what comes back is least.

A candidate maps the group's least number to a code near 0 and its greatest to one near the highest, and
rounds. The line that fits its codes q best in the least-squares sense leaves the error Var(w) - Cov(q, w)^2 /
Var(q), so the candidate with the largest Cov(q, w)^2 / Var(q) wins. The scale is rounded to f16, then the
offset is fitted under the rounded scale and rounded, and the codes are taken again under both.

Weights that lie on a lattice of codes 0 to n come back exactly if their least number is put at 0 and their
greatest at n. Every n is tried for the few groups whose numbers look like it.

Source: the search over end points follows make_qkx2_quants of llama.cpp (ggml-quants.c), MIT licence.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernelc.ir.formats.arrays import F16, F32, I8
from kernelc.ir.formats.lattice import likely_groups
from kernelc.ir.formats.search import faster_search

_ENDS = (
    (0.0, 0.0), (0.35, 0.35), (-0.35, 0.0), (0.0, 0.35), (-0.35, -0.35), (0.7, 0.0),
    (-0.35, 0.35), (0.0, -0.7), (-0.7, 0.0), (0.0, 0.7), (0.0, -0.35), (0.35, 0.0),
    (0.7, -0.7), (-0.35, -0.7), (0.35, -0.35), (-0.35, 0.7),
)  # fmt: skip
"""How far above code 0 and the highest code candidates put a group's least and greatest number.

Of the 25 pairs of -0.7, -0.35, 0, 0.35 and 0.7 the sixteen that together leave least error on Gaussian
weights, chosen one after the other: 0.00475 of their power, against 0.00474 for all.
"""
_SAME = np.float32(1e-6)  # a variance below this part of the mean square is rounding: all codes are the same
_TINY = np.float32(1e-30)  # far below the least f16; its inverse is still finite
_MAX_F16 = np.float32(np.finfo(np.float16).max)


class _Moments(NamedTuple):
    """Of the codes and the numbers of each group, weighed: [groups] each."""

    mean_code: F32
    mean_number: F32
    variance: F32  # of the codes
    covariance: F32


class _Best(NamedTuple):
    """The best map from number to code so far, and how much it explains: [groups] each."""

    inverse: F32
    shift: F32
    score: F32


def search_affine(values: F32, weights: F32 | None, code_high: int) -> tuple[I8, F16]:
    """Codes from 0 to `code_high`, and scale and offset, of `values`, whose squared errors `weights` weighs.

    A weight of 0 leaves a number out. Numbers with that weight must still lie between the others.

    Shapes: f32 [32, groups] (and `weights`) -> int8 [32, groups], f16 [groups, 2].
    """
    low = values.min(axis=0)
    above = values - low  # sums of these cancel less than sums of the numbers themselves
    share = _shares(weights, values)
    found = _moments(_round(above, *_search(above, share, code_high), code_high), above, share)
    scale = _quotient(found.covariance, found.variance).astype(np.float16)
    wide = scale.astype(np.float32)
    offset = low + found.mean_number - wide * found.mean_code
    offset = np.clip(offset, -_MAX_F16, _MAX_F16).astype(np.float16)
    inverse = _quotient(np.ones_like(wide), wide)
    codes = _round(values - offset.astype(np.float32), inverse, np.float32(0), code_high)
    return codes.astype(np.int8), np.stack([scale, offset], axis=1)


def _shares(weights: F32 | None, values: F32) -> F32:
    """The weights of each group so that they add up to one. Shape: [32, groups]."""
    if weights is None:
        return np.full_like(values, 1 / len(values))
    return weights / np.maximum(weights.sum(axis=0), _TINY)


def _search(above: F32, share: F32, code_high: int) -> tuple[F32, F32]:
    """For each group the best map from number to code: code = number * inverse + shift. Shapes: [groups]."""
    if faster := faster_search(above):
        return faster.lines(above, share, code_high, _ENDS)
    span = _quotient(np.ones_like(above[0]), above.max(axis=0))
    best = _Best(np.zeros_like(span), np.zeros_like(span), np.full_like(span, -1))
    codes = np.empty_like(above)
    for first, last in _ENDS:
        inverse = span * np.float32(code_high + last - first)
        score = _score(_round(above, inverse, np.float32(first), code_high, codes), above, share)
        better = score > best.score
        np.copyto(best.score, score, where=better)
        np.copyto(best.inverse, inverse, where=better)
        best.shift[better] = first
    _try_lattices(best, above, share, span, code_high)
    return best.inverse, best.shift


def _try_lattices(best: _Best, above: F32, share: F32, span: F32, code_high: int) -> None:
    """Replace what was found, in place, where the numbers of a group fit codes 0 to n exactly."""
    for most in range(1, code_high):
        inverse = span * np.float32(most)
        some = likely_groups(above, inverse)
        if not some.size:
            continue
        part = np.ascontiguousarray(above[:, some])
        shares = np.ascontiguousarray(share[:, some])
        score = _score(_round(part, inverse[some], np.float32(0), code_high), part, shares)
        some, score = some[found := score > best.score[some]], score[found]
        best.score[some], best.inverse[some], best.shift[some] = score, inverse[some], 0


def _score(codes: F32, values: F32, share: F32) -> F32:
    """How much of each group's variance the codes explain. Shape: [groups]."""
    found = _moments(codes, values, share)
    return found.covariance * _quotient(found.covariance, found.variance)


def _round(values: F32, inverse: F32, shift: F32 | np.float32, code_high: int, out: F32 | None = None) -> F32:
    """The codes, as floats, of `values` [32, groups]."""
    codes = np.multiply(values, inverse, out=out)
    np.add(codes, shift, out=codes)
    np.rint(codes, out=codes)
    return np.clip(codes, 0, code_high, out=codes)


def _moments(codes: F32, values: F32, share: F32) -> _Moments:
    weighed = codes * share
    mean_code, mean_number = weighed.sum(axis=0), np.einsum("ij,ij->j", values, share)
    squares = np.einsum("ij,ij->j", weighed, codes)
    variance = squares - mean_code * mean_code
    variance[variance < _SAME * squares] = 0
    covariance = np.einsum("ij,ij->j", weighed, values) - mean_code * mean_number
    return _Moments(mean_code, mean_number, variance, covariance)


def _quotient(a: F32, b: F32) -> F32:
    """a / b, and 0 for a divisor of (nearly) 0, where all numbers of the group are the same."""
    return np.divide(a, b, out=np.zeros_like(a), where=np.abs(b) > _TINY)
