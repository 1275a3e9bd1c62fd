"""Where packing reads weights from: rows of tensors by name, and weights that are some rows of a tensor.

Some families keep several matrices in one tensor (q, k and v in `qkv_proj`, gate and up in
`gate_up_proj`), or the rows of q and k in an order in which their rotary embedding pairs neighbours. Their
graphs have a matrix for each, with rows in the order that the operations of the IR expect; `RowsOf` says
which rows of a tensor these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kernelc.errors import InternalError
from kernelc.ir.formats import F32, Index, Packed
from kernelc.ir.types import TensorType


class RowSource(Protocol):
    """Where matrices come from: a `Checkpoint`, or anything else that reads rows by name.

    What derives from it holds floats unless it says otherwise.
    """

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, [rows, cols] or [length]."""
        ...

    def take_rows(self, name: str, indices: Index) -> F32:
        """Rows of a matrix in the order of `indices`, as f32 [count, cols]."""
        ...

    def read(self, name: str) -> F32:
        """A whole tensor, as f32."""
        ...

    def kept_as(self, name: str) -> str | None:
        """The weight format that holds the tensor's stored codes exactly, None where it holds floats."""
        return None

    def take_packed(self, name: str, indices: Index) -> Packed:
        """Rows of a matrix in the order of `indices`, as stored, in the format `kept_as`."""
        raise InternalError(f"{name}: got floats, wanted codes")


@dataclass(frozen=True, eq=False)
class RowsOf:
    """A weight that is rows `index` (int64 [rows]) of a tensor of the checkpoint, which has `total` of them.

    Of a tensor of one dimension, a bias, rows are elements.
    """

    tensor: str
    index: Index
    total: int

    @staticmethod
    def span(tensor: str, begin: int, end: int, total: int) -> RowsOf:
        """Rows begin..end."""
        return RowsOf(tensor, np.arange(begin, end, dtype=np.int64), total)


def no_rows(config: object) -> Mapping[str, RowsOf]:
    """For families whose weights are tensors of the checkpoint, all of them."""
    return {}


def stored_tensors(weights: Mapping[str, TensorType], rows: Mapping[str, RowsOf]) -> Mapping[str, TensorType]:
    """Return the tensors of the checkpoint in which a graph's weights are, by name."""
    found: dict[str, TensorType] = {}
    for name, kind in weights.items():
        part = rows.get(name)
        if part is None:
            found[name] = kind
        else:
            found[part.tensor] = TensorType((part.total, *kind.shape[1:]), kind.dtype)
    return found


@dataclass(frozen=True)
class RowsOfTensors(RowSource):
    """A graph's weights by name, of which `rows` are rows of other tensors of `checkpoint`."""

    checkpoint: RowSource
    rows: Mapping[str, RowsOf]

    def shape(self, name: str) -> tuple[int, ...]:
        """See `RowSource.shape`."""
        part = self.rows.get(name)
        if part is None:
            return self.checkpoint.shape(name)
        return (len(part.index), *self.checkpoint.shape(part.tensor)[1:])

    def take_rows(self, name: str, indices: Index) -> F32:
        """See `RowSource.take_rows`."""
        part = self.rows.get(name)
        if part is None:
            return self.checkpoint.take_rows(name, indices)
        return self.checkpoint.take_rows(part.tensor, part.index[indices])

    def read(self, name: str) -> F32:
        """See `RowSource.read`."""
        part = self.rows.get(name)
        return self.checkpoint.read(name) if part is None else self.checkpoint.read(part.tensor)[part.index]

    def kept_as(self, name: str) -> str | None:
        """See `RowSource.kept_as`."""
        return self.checkpoint.kept_as(self.rows[name].tensor if name in self.rows else name)

    def take_packed(self, name: str, indices: Index) -> Packed:
        """See `RowSource.take_packed`."""
        part = self.rows.get(name)
        if part is None:
            return self.checkpoint.take_packed(name, indices)
        return self.checkpoint.take_packed(part.tensor, part.index[indices])
