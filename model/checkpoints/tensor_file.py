"""What a reader of one file of weights gives, whatever the file's kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import Packed


class StoredTensor(Protocol):
    """A tensor as its file declares it."""

    @property
    def dtype(self) -> str:
        """The type of its elements in the words of the file's own format: "BF16", "Q4_K"."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions as the model's family names them: a matrix is [out, in]."""
        ...

    @property
    def kept_as(self) -> str | None:
        """The weight format of kernelc that holds its stored codes ("q4a"); None for floats, or if none does.

        The values are then exactly as stored, but for scales that are finer than an f16.
        """
        ...


class TensorFile(Protocol):
    """An open file of tensors, by the names that the model's family gives them.

    A reader whose format orders rows or names tensors otherwise puts that right: nothing that uses this
    protocol knows what kind of file it was.
    """

    @property
    def path(self) -> Path:
        """The file, for errors."""
        ...

    @property
    def tensors(self) -> Mapping[str, StoredTensor]:
        """Every tensor, in the order of the file."""
        ...

    def rows(self, name: str, begin: int, end: int) -> npt.NDArray[np.float32]:
        """A copy of rows begin..end (along the first dimension) as f32; no others are read.

        Shapes: [end - begin, ...the tensor's other dimensions].
        Raises: CheckpointError if the tensor's type holds no weights, or the file has shrunk.
        """
        ...

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Copies of the rows at `indices`, in that order, as f32. Raises: as `rows`.

        Shapes: indices [count] -> [count, ...the tensor's other dimensions].
        """
        ...

    def take_packed(self, name: str, indices: npt.NDArray[np.int64]) -> Packed:
        """The stored codes of the rows at `indices` in the format `kept_as`, unchanged in value.

        Only for tensors whose `kept_as` is a format. Raises: as `rows`.
        """
        ...

    def close(self) -> None:
        """Close the file, which must not be read afterwards."""
        ...
