"""Quantising a matrix column by column, each column making up for the errors of those before it.

The inputs x of a linear layer are known by their second moments H = sum of x x^T. Rounding weight w of
column c to q leaves the error (w - q); of all changes to the columns that are still to be rounded, the one
that undoes most of it is -(w - q) U[c, c:] / U[c, c], where H^-1 = U^T U and U is upper triangular. Scales
(and offsets) of a group of 32 columns are chosen when the columns before it are done, from what is then
left to represent; 1 / U[c, c]^2 is what an error in column c still costs after the later columns have made
up for it.

Source: Frantar et al. 2022 (GPTQ), arXiv 2210.17323, sections 3.2 and 3.3 (blocks, Cholesky form, damping).
"""

from __future__ import annotations

import numpy as np

from kernelc.errors import QuantizeError
from kernelc.ir.formats import F32, GROUP, I8, Array, Packed, groups_of
from kernelc.ir.formats.integer_codes import IntegerCodes

_DAMPING = 0.01
"""What is added to every diagonal element of H, as a share of their mean."""
_ROWS = 4096
"""Rows that are quantised at once: they do not depend on each other."""


def upper_factor(moments: F32) -> F32:
    """Return the upper triangular U with H^-1 = U^T U, where H is `moments` with a little damping.

    A column that was never read (all moments 0) costs nothing and passes nothing on.
    Shapes: f32 [cols, cols] -> f32 [cols, cols]. Raises QuantizeError for moments that are not finite.
    """
    if not np.isfinite(moments).all():
        raise QuantizeError(
            "the model's activations are not finite on this text", help="calibrate with another text"
        )
    damped = moments.astype(np.float32)
    diagonal = np.einsum("ii->i", damped)
    unread = diagonal <= 0
    mean = float(diagonal.mean()) or 1.0
    diagonal[unread] = mean
    for attempt in range(8):
        diagonal += np.float32(_DAMPING * mean * 4**attempt)
        try:
            # With J the reversal of order, J H J = L L^T, so H = A A^T with A = J L J upper triangular.
            upper = np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1]
        except np.linalg.LinAlgError:
            continue
        return np.triu(np.linalg.solve(upper, np.eye(len(upper), dtype=np.float32))).astype(np.float32)
    raise QuantizeError("the second moments of the activations are no covariance", help="use another text")


def quantize_with_feedback(form: IntegerCodes, matrix: F32, upper: F32) -> Packed:
    """Quantise a matrix whose inputs have the factor `upper` (see `upper_factor`).

    Shapes: f32 [rows, cols], f32 [cols, cols] -> see `Packed`.
    """
    parts = [_rows(form, matrix[at : at + _ROWS], upper) for at in range(0, len(matrix), _ROWS)]
    sides = tuple(np.concatenate(side) for side in zip(*(part.sides for part in parts), strict=True))
    return Packed(np.concatenate([part.quants for part in parts]), sides)


def _rows(form: IntegerCodes, matrix: F32, upper: F32) -> Packed:
    rows, cols = matrix.shape
    left = np.ascontiguousarray(matrix.T)  # [cols, rows]: a column's numbers lie together
    cost = np.square(1 / np.einsum("ii->i", upper))
    quants = np.empty((rows, groups_of(cols), form.words_per_group), np.uint32)
    side = np.empty(form.sides[0].shape(rows, groups_of(cols)), form.sides[0].dtype)
    for begin in range(0, cols, GROUP):
        here = slice(begin, min(begin + GROUP, cols))
        group = begin // GROUP
        padded, weights = _padded(form, left[here], cost[here])
        chosen = form.quantize_groups(padded, weights).sides[0]
        codes, errors = _round_columns(form, left[here], chosen, upper[here, here])
        quants[:, group], side[:, group] = form.pack_codes(codes), chosen
        if here.stop < cols:
            left[here.stop :] -= upper[here, here.stop :].T @ errors
    return Packed(quants, (side,))


def _padded(form: IntegerCodes, values: F32, cost: F32) -> tuple[F32, F32]:
    """A group as the search takes it, with columns of weight 0 where the last group is not full."""
    missing = GROUP - len(values)
    shape = (0, missing), (0, 0)
    filled = np.pad(values, shape, mode=form.padding) if missing else values
    weights = np.pad(cost / cost.max(), (0, missing)).astype(np.float32)
    return filled, np.repeat(weights[:, None], values.shape[1], axis=1)


def _round_columns(form: IntegerCodes, values: F32, side: Array, upper: F32) -> tuple[I8, F32]:
    """Round the columns of a group in order, passing errors on within it.

    Shapes: values f32 [columns, rows], changed -> int8 [rows, 32], f32 [columns, rows], the errors by U[c,
    c].
    """
    scale, offset = form.scale_and_offset(side)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    codes = np.zeros((GROUP, values.shape[1]), np.int8)
    errors = np.empty_like(values)
    for column, numbers in enumerate(values):
        rounded = np.clip(np.rint((numbers - offset) * inverse), form.code_low, form.code_high)
        codes[column] = rounded
        errors[column] = (numbers - rounded * scale - offset) / upper[column, column]
        values[column + 1 :] -= upper[column, column + 1 :, None] * errors[column]
    return np.ascontiguousarray(codes.T), errors
