"""Quantising weights: choosing each group's scale so that the error of what comes back is least.

q4 codes are -8..7, one more on the negative side, and scales may be negative, so a group is stored either
way up. For each group of 32 the scale is searched: candidates put the largest magnitude m at code -8 + a or
7 + a for small a, each is rounded and then judged by the least-squares scale of its codes, d = <w, q> / <q,
q>, whose squared error is |w|^2 - <w, q>^2 / <q, q>. The best codes' d is rounded to f16 and the codes are
taken again under it. On Gaussian weights this leaves 0.00655 of their power as error, against 0.0071 for the
plain choice that puts m at -8.

q8 codes are -127..127; rounding is so fine that only d is refined.

`importance` weighs each column's squared error. The one use that pays without looking at any text is the
matrix behind the last norm (the output head, and the embedding tied to it): its input has been multiplied by
the norm's gain, so an error there is felt as its square. On stories260K that halves what the 4-bit embedding
costs. For matrices inside the layers the gains mostly undo uneven activations, and weighing by them gained
nothing measurable.

Source: the candidate search follows make_qx_quants of llama.cpp (ggml-quants.c), MIT licence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.errors import QuantizeError
from kernelc.ir.formats import (
    F16,
    F32,
    FORMATS,
    GROUP,
    I8,
    Index,
    WeightFormat,
    pack,
    pack_codes,
    pad_groups,
)

# Where a candidate puts the largest magnitude of a group: around either end of the codes.
_SPREAD = np.linspace(-1.5, 1.5, 13)
Q4_CANDIDATES: tuple[float, ...] = (*(-8 + _SPREAD).tolist(), *(7 + _SPREAD).tolist())

_CHUNK_GROUPS = 4096  # 512 KiB a working array: a few of them stay in a core's cache
_MAX_F16 = float(np.finfo(np.float16).max)
# A scale may come out this much smaller than the largest magnitude, and must itself fit f16.
_SMALLEST_PEAK_CODE = {"q4": 4, "q8": 100, "f16": 1}
_TINY = np.float32(1e-30)  # far below the least f16; its inverse is still finite


def quantize(
    fmt: str, block: F32, *, name: str, importance: F32 | None = None
) -> tuple[npt.NDArray[Any], F16 | None]:
    """Quantise rows of a matrix; `name` is what an error calls it.

    Shapes: f32 [rows, cols] -> (quants, scales) as `kernelc.ir.formats.pack` gives them; `importance` f32
    [cols], not negative, weighs the squared error of each column.
    Raises QuantizeError for a NaN or an infinity, and for what overflows f16 (a scale's or a value's range).
    """
    form = FORMATS[fmt]
    check_weights(fmt, block, name)
    if not form.has_scales:
        return pack(fmt, block)
    grouped = pad_groups(block)
    codes, scales = np.empty(grouped.shape, np.int8), np.empty(grouped.shape[:2], np.float16)
    weights = None if importance is None else _column_weights(importance)
    for chunk, values in _chunks(grouped):
        weighed = None if weights is None else weights[:, _index(chunk) % grouped.shape[1]]
        found, scale = _quantize_groups(form, values, weighed)
        codes.reshape(-1, GROUP)[chunk] = found.T
        scales.reshape(-1)[chunk] = scale
    return pack_codes(fmt, codes), scales


def check_weights(fmt: str, block: F32, name: str) -> None:
    """Raise QuantizeError, calling the tensor `name`, for values not finite or too large for `fmt`."""
    largest = float(max(block.max(), -block.min()))  # a NaN anywhere makes this NaN
    if not np.isfinite(largest):
        message = f"got a weight that is not finite ({largest}), wanted finite weights"
        raise QuantizeError(message, where=name, help="the checkpoint is damaged: download it again")
    limit = _MAX_F16 * _SMALLEST_PEAK_CODE.get(fmt, np.inf)
    if largest > limit:
        message = f"got a weight of magnitude {largest:.6g}, wanted at most {limit:.6g} for {fmt}"
        raise QuantizeError(message, where=name, help="choose `quant` f32")


def _column_weights(importance: F32) -> F32:
    """[cols] -> [32, groups], with a floor: a column of importance 0 still prefers the smaller error."""
    floor = np.float32(max(float(importance.max()) * 1e-6, 1e-30))
    return np.ascontiguousarray(pad_groups(np.maximum(importance, floor)[None])[0].T)


def _index(chunk: slice) -> Index:
    return np.arange(chunk.start, chunk.stop, dtype=np.int64)


def _chunks(grouped: F32) -> Iterator[tuple[slice, F32]]:
    """Groups of a matrix in cache-sized chunks, transposed to [32, groups] so that a group is a vector
    lane."""
    flat = grouped.reshape(-1, GROUP)
    for begin in range(0, len(flat), _CHUNK_GROUPS):
        chunk = slice(begin, min(begin + _CHUNK_GROUPS, len(flat)))
        yield chunk, np.ascontiguousarray(flat[chunk].T)


def _quantize_groups(form: WeightFormat, values: F32, weights: F32 | None) -> tuple[I8, F16]:
    """Codes and scales of `values` [32, groups], with optional error `weights` of the same shape."""
    inverse = _search(form, values, weights) if form.name == "q4" else _absmax(form, values)
    codes = _round(form, values, inverse)
    products, squares = _least_squares(codes, values, weights)
    scales = np.divide(products, squares, out=np.zeros_like(products), where=squares > 0).astype(np.float16)
    return _round(form, values, _inverted(scales.astype(np.float32))).astype(np.int8), scales


def _absmax(form: WeightFormat, values: F32) -> F32:
    return _inverted(np.abs(values).max(axis=0) / np.float32(form.code_high))


def _search(form: WeightFormat, values: F32, weights: F32 | None) -> F32:
    """The inverse scale of each group whose codes explain most of it. Shape: [groups]."""
    peak = values[np.abs(values).argmax(axis=0), np.arange(values.shape[1])]
    inverse_peak = _inverted(peak)
    best = np.zeros_like(peak)
    best_score = np.full_like(peak, -1)
    codes = np.empty_like(values)
    for position in Q4_CANDIDATES:
        inverse = inverse_peak * np.float32(position)
        products, squares = _least_squares(_round(form, values, inverse, codes), values, weights)
        score = products * products / np.maximum(squares, _TINY)
        better = score > best_score
        np.copyto(best_score, score, where=better)
        np.copyto(best, inverse, where=better)
    return best


def _round(form: WeightFormat, values: F32, inverse: F32, out: F32 | None = None) -> F32:
    """The codes, as floats, of `values` [32, groups] under inverse scales [groups]."""
    codes = np.multiply(values, inverse, out=out)
    np.rint(codes, out=codes)
    return np.clip(codes, form.code_low, form.code_high, out=codes)


def _least_squares(codes: F32, values: F32, weights: F32 | None) -> tuple[F32, F32]:
    """<w, q> and <q, q> of each group; their quotient is the scale that fits the codes best."""
    weighed = codes if weights is None else codes * weights
    return (weighed * values).sum(axis=0), (weighed * codes).sum(axis=0)


def _inverted(scales: F32) -> F32:
    """1 / scale, and 0 for a scale of (nearly) 0: a group of zeros has codes 0."""
    return np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=np.abs(scales) > _TINY)
