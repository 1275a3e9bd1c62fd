"""Quantising weights: choosing what stands beside each group so that the squared error is small.

How a format searches is its own matter: see `kernelc.ir.formats.scale_search` (q4, q8) and
`kernelc.ir.formats.affine_search` (q4a). On Gaussian weights q4 leaves 0.00655 of their power as error,
against 0.0071 for the plain choice that puts the largest magnitude at code -8, and q4a leaves 0.00476. On
weights that are all positive (the magnitudes of Gaussian ones) q4 leaves 0.0063 and q4a 0.0015.

`importance` weighs each column's squared error. The one use that pays without looking at any text is the
matrix that reads the last norm's output (the output head, and the embedding tied to it): its input has been
multiplied by the norm's gain, so an error there is felt as its square. On stories260K that halves what the
4-bit embedding costs. For matrices inside the layers the gains mostly undo uneven activations, and weighing
by them gained nothing measurable.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kernelc.errors import QuantizeError
from kernelc.ir.formats import (
    F32,
    FORMATS,
    GROUP,
    Index,
    Packed,
    WeightFormat,
    groups_of,
    pad_groups,
    weight_format,
)

_CHUNK_GROUPS = 2048  # 256 KiB a working array: a few of them stay in a core's cache


def quantize(fmt: str, block: F32, *, name: str, importance: F32 | None = None) -> Packed:
    """Quantise rows of a matrix; `name` is what an error calls it.

    Shapes: f32 [rows, cols] -> see `Packed`; `importance` f32 [cols], not negative, weighs the squared error
    of each column.
    Raises QuantizeError for a NaN or an infinity, and for what overflows f16 (a scale's or a value's range).
    """
    form = weight_format(fmt)
    check_weights(fmt, block, name)
    if not form.sides:
        return form.pack(block)
    rows, groups = len(block), groups_of(block.shape[1])
    quants = np.empty((rows, groups, form.words_per_group), np.uint32)
    sides = tuple(np.empty(side.shape(rows, groups), side.dtype) for side in form.sides)
    weights = _column_weights(form, block.shape[1], importance)
    for chunk, values in _chunks(pad_groups(block, form.padding)):
        weighed = None if weights is None else np.ascontiguousarray(weights[:, _index(chunk) % groups])
        found = form.quantize_groups(values, weighed)
        quants.reshape(-1, form.words_per_group)[chunk] = found.quants
        for whole, part in zip(sides, found.sides, strict=True):
            whole.reshape(-1, *part.shape[1:])[chunk] = part
    return Packed(quants, sides)


def check_weights(fmt: str, block: F32, name: str) -> None:
    """Raise QuantizeError, calling the tensor `name`, for values not finite or too large for `fmt`."""
    largest = float(max(block.max(), -block.min()))  # a NaN anywhere makes this NaN
    if not np.isfinite(largest):
        message = f"got a weight that is not finite ({largest}), wanted finite weights"
        raise QuantizeError(message, where=name, help="the checkpoint is damaged: download it again")
    limit = weight_format(fmt).largest_weight
    if largest > limit:
        message = f"got a weight of magnitude {largest:.6g}, wanted at most {limit:.6g} for {fmt}"
        roomy = ", ".join(other for other, form in FORMATS.items() if form.largest_weight >= largest)
        raise QuantizeError(message, where=name, help=f"choose a format that holds it: {roomy}")


def _column_weights(form: WeightFormat, cols: int, importance: F32 | None) -> F32 | None:
    """The importance of each column as [32, groups], 0 for the padding; None where all weigh the same.

    A column of importance 0 gets a little: it still prefers the smaller error.
    """
    if importance is None:
        if form.padding == "constant" or cols % GROUP == 0:  # zeros change no scale
            return None
        importance = np.ones(cols, np.float32)
    floor = np.float32(max(float(importance.max()) * 1e-6, 1e-30))
    return np.ascontiguousarray(pad_groups(np.maximum(importance, floor)[None])[0].T)


def _index(chunk: slice) -> Index:
    return np.arange(chunk.start, chunk.stop, dtype=np.int64)


def _chunks(grouped: F32) -> Iterator[tuple[slice, F32]]:
    """Groups of a matrix in cache-sized chunks, each transposed to [32, groups]."""
    flat = grouped.reshape(-1, GROUP)
    for begin in range(0, len(flat), _CHUNK_GROUPS):
        chunk = slice(begin, min(begin + _CHUNK_GROUPS, len(flat)))
        yield chunk, np.ascontiguousarray(flat[chunk].T)
