"""Choosing the scale of each group so that the squared error of what comes back is least.

Candidates put the group's largest magnitude m at a code, not always a whole one, in or beyond the range. Each
candidate is rounded and then judged by the least-squares scale of its codes, d = <w, q> / <q, q>, whose
squared error is |w|^2 - <w, q>^2 / <q, q>. The best codes' d is rounded to f16 and the codes are taken again
under it.

Source: the candidate search follows make_qx_quants of llama.cpp (ggml-quants.c), MIT licence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernelc.ir.formats.arrays import F16, F32, I8

_TINY = np.float32(1e-30)  # far below the least f16; its inverse is still finite


def search_scales(
    values: F32, weights: F32 | None, bounds: tuple[int, int], peak_codes: Sequence[float]
) -> tuple[I8, F16]:
    """Codes within `bounds` and scales of `values`, whose squared errors `weights` weighs.

    Without `peak_codes` the largest magnitude is put at the largest code and only d is refined: with many
    codes nothing else pays.

    Shapes: f32 [32, groups] (and `weights`) -> int8 [32, groups], f16 [groups].
    """
    inverse = _search(values, weights, bounds, peak_codes) if peak_codes else _absmax(values, bounds)
    products, squares = _least_squares(_round(values, inverse, bounds), values, weights)
    scales = np.divide(products, squares, out=np.zeros_like(products), where=squares > 0).astype(np.float16)
    return _round(values, _inverted(scales.astype(np.float32)), bounds).astype(np.int8), scales


def _absmax(values: F32, bounds: tuple[int, int]) -> F32:
    return _inverted(np.abs(values).max(axis=0) / np.float32(bounds[1]))


def _search(values: F32, weights: F32 | None, bounds: tuple[int, int], peak_codes: Sequence[float]) -> F32:
    """The inverse scale of each group whose codes explain most of it. Shape: [groups]."""
    peak = values[np.abs(values).argmax(axis=0), np.arange(values.shape[1])]
    inverse_peak = _inverted(peak)
    best = np.zeros_like(peak)
    best_score = np.full_like(peak, -1)
    codes = np.empty_like(values)
    for position in peak_codes:
        inverse = inverse_peak * np.float32(position)
        products, squares = _least_squares(_round(values, inverse, bounds, codes), values, weights)
        score = products * products / np.maximum(squares, _TINY)
        better = score > best_score
        np.copyto(best_score, score, where=better)
        np.copyto(best, inverse, where=better)
    return best


def _round(values: F32, inverse: F32, bounds: tuple[int, int], out: F32 | None = None) -> F32:
    """The codes, as floats, of `values` [32, groups] under inverse scales [groups]."""
    codes = np.multiply(values, inverse, out=out)
    np.rint(codes, out=codes)
    return np.clip(codes, *bounds, out=codes)


def _least_squares(codes: F32, values: F32, weights: F32 | None) -> tuple[F32, F32]:
    """<w, q> and <q, q> of each group; their quotient is the scale that fits the codes best."""
    weighed = codes if weights is None else codes * weights
    return (weighed * values).sum(axis=0), (weighed * codes).sum(axis=0)


def _inverted(scales: F32) -> F32:
    """1 / scale, and 0 for a scale of (nearly) 0: a group of zeros has codes 0."""
    return np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=np.abs(scales) > _TINY)
