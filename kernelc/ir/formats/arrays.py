"""The array types of the weight formats, and how a matrix is cut into groups of 32 along its rows."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
F32: TypeAlias = npt.NDArray[np.float32]
F16: TypeAlias = npt.NDArray[np.float16]
U32: TypeAlias = npt.NDArray[np.uint32]
I8: TypeAlias = npt.NDArray[np.int8]
Index: TypeAlias = npt.NDArray[np.int64]

GROUP = 32
"""Elements of a group; every format pads `cols` to a multiple of it."""

ALIGNMENT_BYTES = 16
"""Stored arrays end at a multiple of this, so that kernels may load 16 bytes at a time."""


class Packed(NamedTuple):
    """A packed matrix, or some of its rows.

    Shapes: `quants` u32 or f32 [rows, groups, words]; `sides` one array for each entry of the format's
    `sides`, [rows, groups] or [rows, groups, lanes].
    """

    quants: Array
    sides: tuple[Array, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, without the padding that storage adds."""
        return self.quants.nbytes + sum(side.nbytes for side in self.sides)

    def rows(self, index: Any) -> Packed:
        """Some of the rows, as numpy indexes them."""
        return Packed(self.quants[index], tuple(side[index] for side in self.sides))


def groups_of(cols: int) -> int:
    """Groups of 32 that a row of `cols` elements takes."""
    return -(-cols // GROUP)


def aligned(size_bytes: int) -> int:
    """`size_bytes` rounded up to a multiple of 16."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def pad_groups(values: F32, mode: Literal["constant", "edge"] = "constant") -> F32:
    """Cut `[rows, cols]` into `[rows, groups, 32]`; a view where nothing is missing.

    `mode` says what fills the last group: zeros, or copies of the row's last element.
    """
    rows, cols = values.shape
    missing = groups_of(cols) * GROUP - cols
    padded = np.pad(values, ((0, 0), (0, missing)), mode=mode) if missing else values
    return padded.reshape(rows, groups_of(cols), GROUP)
