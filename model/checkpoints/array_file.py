"""What readers of files with plain arrays share: their element types, and the way from these to f32."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.formats import F32, Array, Index, Packed
from model.checkpoints.rows import check_indices, check_range, widened

READABLE = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""Element types of weights, as numpy types. numpy has no bf16, which is read as its 16 bits."""

_INTEGERS = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}
NUMPY_TYPES = READABLE | _INTEGERS
"""Every element type whose stored values can be read, weights or not."""
ELEMENT_BYTES = {name: np.dtype(form).itemsize for name, form in NUMPY_TYPES.items()}

WANTED_TYPES = "F32, F16, BF16 or F64"


@dataclass(frozen=True)
class ArrayEntry:
    """A tensor of plain numbers: its element type in the words of safetensors, and its shape."""

    dtype: str
    shape: tuple[int, ...]
    kept_as: None = None


class ArrayFile(ABC):
    """An open file of plain arrays; a subclass says where they lie. Rows are read as f32."""

    path: Path

    @property
    @abstractmethod
    def tensors(self) -> Mapping[str, ArrayEntry]:
        """Every tensor, in the order of the file."""

    @abstractmethod
    def stored(self, name: str, rows: slice | Index, columns: slice | None = None) -> Array:
        """Return a copy of some rows, and of these some columns, as they are stored (`NUMPY_TYPES`).

        Only the dimensions that a tensor has are cut. The caller has checked that the rows are there.
        Raises: CheckpointError if the file has changed since it was opened.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file, which must not be read afterwards."""

    def rows(self, name: str, begin: int, end: int) -> F32:
        """Return a copy of rows begin..end (along the first dimension) as f32.

        Shapes: [end - begin, ...the tensor's other dimensions].
        Raises: CheckpointError if the tensor's type is none of `READABLE`, an f64 is too large for f32, or
        the file has changed.
        """
        entry = self._readable(name)
        check_range(name, begin, end, entry.shape[0])
        return self._to_f32(name, self.stored(name, slice(begin, end)))

    def take_rows(self, name: str, indices: Index) -> F32:
        """Return copies of the rows at `indices`, in that order, as f32.

        Shapes: indices [count] -> [count, ...the tensor's other dimensions]. Raises: as `rows`.
        """
        entry = self._readable(name)
        check_indices(name, indices, entry.shape[0])
        return self._to_f32(name, self.stored(name, indices))

    def take_packed(self, name: str, indices: Index) -> Packed:
        """Never called: this file holds no codes. Raises: InternalError."""
        raise InternalError(f"{name}: a file of {self.tensors[name].dtype} holds no codes")

    def _readable(self, name: str) -> ArrayEntry:
        entry = self.tensors[name]
        if entry.dtype not in READABLE or not entry.shape:
            raise CheckpointError(
                f"got {entry.dtype} of shape {list(entry.shape)}, wanted {WANTED_TYPES} with dimensions",
                where=f"{self.path}: {name}",
                help="use the original, unquantised checkpoint",
            )
        return entry

    def _to_f32(self, name: str, stored: Array) -> F32:
        """Return a copy as f32: exact, since f32 contains every f16 and bf16 value, but for f64."""
        dtype = self.tensors[name].dtype
        if dtype == "BF16":
            return widened(stored)
        if dtype != "F64":
            return stored.astype(np.float32, copy=stored.dtype != np.float32)
        with np.errstate(over="ignore"):
            narrow = stored.astype(np.float32)
        if bool((np.isinf(narrow) & np.isfinite(stored)).any()):
            largest = np.abs(stored[np.isfinite(stored)]).max()
            message = f"got an f64 of magnitude {largest:g}, which no f32 holds"
            raise CheckpointError(message, where=f"{self.path}: {name}", help="use another checkpoint")
        return narrow
