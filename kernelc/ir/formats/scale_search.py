"""Choosing the scale of each group so that the squared error of what comes back is least.

Candidates put the group's largest magnitude m at a code, not always a whole one, in or beyond the range. Each
candidate is rounded and then judged by the least-squares scale of its codes, d = <w, q> / <q, q>, whose
squared error is |w|^2 - <w, q>^2 / <q, q>. The best codes' d is rounded to f16 and the codes are taken again
under it.

Weights that are on a lattice already, since training or another quantiser put them there, come back exactly
only if m is put at the whole code that it has on that lattice. Those codes are tried for the few groups whose
numbers look like it (see `kernelc.ir.formats.lattice`).

Source: the candidate search follows make_qx_quants of llama.cpp (ggml-quants.c), MIT licence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernelc.ir.formats.arrays import F16, F32, I8
from kernelc.ir.formats.lattice import likely_groups
from kernelc.ir.formats.search import faster_search

_TINY = np.float32(1e-30)  # far below the least f16; its inverse is still finite


def search_scales(
    values: F32,
    weights: F32 | None,
    bounds: tuple[int, int],
    peak_codes: Sequence[float],
    lattice_codes: Sequence[int] = (),
) -> tuple[I8, F16]:
    """Codes within `bounds` and scales of `values`, whose squared errors `weights` weighs.

    `peak_codes` are where candidates put the largest magnitude. Without them it is put at the largest code
    and only d is refined: with many codes nothing else pays. `lattice_codes` are tried where they may be
    exact.

    Shapes: f32 [32, groups] (and `weights`) -> int8 [32, groups], f16 [groups].
    """
    signed = _peaks(values)
    peak = signed if peak_codes else np.abs(signed)
    positions = peak_codes or (bounds[1],)
    if faster := faster_search(values):
        inverse = faster.scales(values, weights, bounds, peak, positions, lattice_codes)
    else:
        inverse, score = _search(values, weights, bounds, peak, positions)
        _try_lattices((inverse, score), values, weights, bounds, peak, lattice_codes)
    codes = _round(values, inverse, bounds)
    products, squares = _least_squares(codes, values, weights)
    scales = np.divide(products, squares, out=np.zeros_like(products), where=squares > 0).astype(np.float16)
    return _round(values, _inverted(scales.astype(np.float32)), bounds, codes).astype(np.int8), scales


def _peaks(values: F32) -> F32:
    """The number of largest magnitude of each group, the negative one of two. Shape: [groups]."""
    low, peaks = values.min(axis=0), values.max(axis=0)
    np.copyto(peaks, low, where=-low >= peaks)
    return peaks


def _search(
    values: F32, weights: F32 | None, bounds: tuple[int, int], peak: F32, peak_codes: Sequence[float]
) -> tuple[F32, F32]:
    """The inverse scale of each group whose codes explain most of it, and how much. Shapes: [groups]."""
    inverse_peak = _inverted(peak)
    best, best_score = np.zeros_like(peak), np.full_like(peak, -1)
    codes = np.empty_like(values)
    for position in peak_codes:
        inverse = inverse_peak * np.float32(position)
        score = _score(_round(values, inverse, bounds, codes), values, weights)
        better = score > best_score
        np.copyto(best_score, score, where=better)
        np.copyto(best, inverse, where=better)
    return best, best_score


def _try_lattices(
    best: tuple[F32, F32],
    values: F32,
    weights: F32 | None,
    bounds: tuple[int, int],
    peak: F32,
    lattice_codes: Sequence[int],
) -> None:
    """Replace what `_search` found, in place, where the numbers of a group fit a lattice better."""
    inverse_peak = _inverted(peak)
    for code in lattice_codes:
        inverse = inverse_peak * np.float32(code)
        some = likely_groups(values, inverse)
        if not some.size:
            continue
        part = np.ascontiguousarray(values[:, some])  # for the order of sums, as in `likely_groups`
        weighed = None if weights is None else np.ascontiguousarray(weights[:, some])
        found = _search(part, weighed, bounds, peak[some], (code,))
        better = found[1] > best[1][some]
        for array, new in zip(best, found, strict=True):
            array[some[better]] = new[better]


def _score(codes: F32, values: F32, weights: F32 | None) -> F32:
    products, squares = _least_squares(codes, values, weights)
    score = products * products
    score /= np.maximum(squares, _TINY)
    return score


def _round(values: F32, inverse: F32, bounds: tuple[int, int], out: F32 | None = None) -> F32:
    """The codes, as floats, of `values` [32, groups] under inverse scales [groups]."""
    codes = np.multiply(values, inverse, out=out)
    np.rint(codes, out=codes)
    return np.clip(codes, *bounds, out=codes)


def _least_squares(codes: F32, values: F32, weights: F32 | None) -> tuple[F32, F32]:
    """<w, q> and <q, q> of each group; their quotient is the scale that fits the codes best."""
    weighed = codes if weights is None else codes * weights
    return np.einsum("ij,ij->j", weighed, values), np.einsum("ij,ij->j", weighed, codes)


def _inverted(scales: F32) -> F32:
    """1 / scale, and 0 for a scale of (nearly) 0: a group of zeros has codes 0."""
    return np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=np.abs(scales) > _TINY)
