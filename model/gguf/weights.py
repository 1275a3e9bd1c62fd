"""The tensors of a GGUF file as the model's family names and orders them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.formats import Index, Packed
from model.checkpoints.rows import check_indices, check_range, places_in_pairs
from model.gguf.architectures import Architecture
from model.gguf.container import Container, TensorInfo
from model.gguf.dequantize import READERS, dequantize
from model.gguf.keep import KEPT_AS, keep
from model.gguf.rope import NO_WEIGHTS


@dataclass(frozen=True)
class GgufTensor:
    """A tensor of a file under its family's name.

    `pairs` is the width of a head whose rows are stored as pairs that rotate together, 0 where they are in
    the family's order. `shift` is taken from every value.
    """

    stored: str
    dtype: str
    shape: tuple[int, ...]
    pairs: int = 0
    shift: float = 0.0

    @property
    def kept_as(self) -> str | None:
        """The weight format that holds its codes (see `model.gguf.keep`), None where none does."""
        return KEPT_AS.get(self.dtype) if len(self.shape) == 2 else None


class GgufWeights:
    """One open file, or one part of several, as `model.checkpoints.tensor_file.TensorFile`."""

    def __init__(self, container: Container, architecture: Architecture, heads: tuple[int, int]) -> None:
        """Name the tensors. `heads` are the model's heads and its heads of keys.

        Raises: CheckpointError where two tensors get one name, or rows are no whole number of heads.
        """
        self.path: Path = container.path
        self._container = container
        self._heads = heads
        self.tensors: Mapping[str, GgufTensor] = self._named(architecture)

    def close(self) -> None:
        """Close the file, which must not be read afterwards."""
        self._container.close()

    def rows(self, name: str, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Return a copy of rows begin..end as f32. Shapes: [end - begin, ...the other dimensions].

        Raises: CheckpointError if the tensor's type holds no weights, or the file has shrunk.
        """
        tensor = self._readable(name)
        check_range(name, begin, end, tensor.shape[0])
        if tensor.pairs or len(tensor.shape) == 1:
            return self.take_rows(name, np.arange(begin, end, dtype=np.int64))
        return self._numbers(tensor, self._container.rows(tensor.stored, slice(begin, end)))

    def take_rows(self, name: str, indices: Index) -> npt.NDArray[np.float32]:
        """Return copies of the rows at `indices`, in that order, as f32. Raises: as `rows`.

        Shapes: indices [count] -> [count, ...the other dimensions].
        """
        tensor = self._readable(name)
        places = self._places(name, tensor, indices)
        if len(tensor.shape) == 1:
            return self._numbers(tensor, self._container.rows(tensor.stored, slice(None)))[places]
        return self._numbers(tensor, self._container.rows(tensor.stored, places))

    def take_packed(self, name: str, indices: Index) -> Packed:
        """Return the stored codes of the rows at `indices` in the format `kept_as`. Raises: as `rows`."""
        tensor = self._readable(name)
        if tensor.kept_as is None:
            raise InternalError(f"{name}: {tensor.dtype} fits no weight format")
        stored = self._container.rows(tensor.stored, self._places(name, tensor, indices))
        info = self._info(tensor)
        blocks = stored.reshape(-1, info.type.bytes)
        return keep(tensor.dtype, blocks, len(indices), f"{self.path}: {tensor.stored}")

    def _numbers(self, tensor: GgufTensor, stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        blocks = stored.reshape(-1, self._info(tensor).type.bytes)
        values = dequantize(tensor.dtype, blocks).reshape(-1, *tensor.shape[1:])
        return values - np.float32(tensor.shift) if tensor.shift else values

    def _info(self, tensor: GgufTensor) -> TensorInfo:
        return self._container.tensors[tensor.stored]

    def _places(self, name: str, tensor: GgufTensor, indices: Index) -> Index:
        """Return where the file has the rows that the family calls `indices`."""
        check_indices(name, indices, tensor.shape[0])
        return places_in_pairs(indices, tensor.pairs) if tensor.pairs else indices

    def _readable(self, name: str) -> GgufTensor:
        tensor = self.tensors[name]
        if tensor.dtype not in READERS:
            raise CheckpointError(
                f"got {tensor.dtype} values, wanted {', '.join(READERS)}",
                where=f"{self.path}: {tensor.stored}",
                help="take the model in another type, such as Q4_K_M or Q8_0",
            )
        return tensor

    def _named(self, architecture: Architecture) -> dict[str, GgufTensor]:
        found: dict[str, GgufTensor] = {}
        for stored, info in self._container.tensors.items():
            if stored in NO_WEIGHTS:
                continue
            name = architecture.name_of(stored)
            if name in found:
                message = f"got {found[name].stored} and {stored}, which are one tensor"
                raise CheckpointError(message, where=str(self.path))
            shift = architecture.norm_shift if name.endswith("norm.weight") else 0.0
            pairs = self._pairs(stored, info) if architecture.permuted else 0
            found[name] = GgufTensor(stored, info.type.name, info.shape, pairs, shift)
        return found

    def _pairs(self, stored: str, info: TensorInfo) -> int:
        """Return the width of the heads of q and k, 0 for all other tensors."""
        middle = stored.rpartition(".")[0].rpartition(".")[2]
        if middle not in ("attn_q", "attn_k"):
            return 0
        heads = self._heads[middle == "attn_k"]
        if info.shape[0] % (2 * heads):
            message = f"got {info.shape[0]} rows, wanted {heads} heads of an even width"
            raise CheckpointError(message, where=f"{self.path}: {stored}")
        return info.shape[0] // heads
