"""A model's tensors by name, over however many files: checked against the model, read a block at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from kernelc.ir.formats import Packed
from kernelc.ir.types import TensorType
from model.checkpoints.array_file import READABLE
from model.checkpoints.tensor_file import StoredTensor, TensorFile
from model.checkpoints.weight_files import open_weights

_NAMES_SHOWN = 3
_WEIGHT_TYPES = tuple(READABLE)


class Checkpoint:
    """The tensors of a model folder, by name. Values are read when they are asked for, and not kept."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, TensorFile],
        types: Sequence[str] = _WEIGHT_TYPES,
        *,
        stored: Mapping[str, str] | None = None,
    ) -> None:
        """Take open files by the tensors that they hold; `types` are the element types of weights there.

        `stored` gives the names in the files of tensors that are called otherwise here.
        """
        self.folder = folder
        self._files, self._types = files, types
        self._stored = stored or {}

    @classmethod
    def open(cls, folder: str | Path) -> Checkpoint:
        """Open a folder's files of weights and check their headers; `weight_files` says which these are.

        Raises: CheckpointError if a file is missing, truncated, malformed or in conflict with the index.
        """
        return cls(Path(folder), open_weights(Path(folder)))

    def renamed(self, stored: Mapping[str, str]) -> Checkpoint:
        """Return the same tensors, some under new names: `stored` gives the present name of each of these."""
        now = {present: name for name, present in stored.items()}
        files = {now.get(name, name): file for name, file in self._files.items()}
        names = {now.get(name, name): self._stored.get(name, name) for name in self._files}
        return Checkpoint(self.folder, files, self._types, stored=names)

    def close(self) -> None:
        """Close every file."""
        for file in set(self._files.values()):
            file.close()

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def names(self) -> tuple[str, ...]:
        """Return every tensor's name, in the order of the files."""
        return tuple(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape. Raises: CheckpointError if there is no such tensor."""
        return self._entry(name).shape

    def dtype(self, name: str) -> str:
        """Return a tensor's stored type as safetensors calls it ("BF16"). Raises: as `shape`."""
        return self._entry(name).dtype

    def is_float(self, name: str) -> bool:
        """Return whether a tensor's stored type is one of plain weights. Raises: as `shape`."""
        return self.dtype(name) in self._types

    def kept_as(self, name: str) -> str | None:
        """Return the weight format that holds a tensor's codes exactly as stored, None for floats.

        Raises: as `shape`.
        """
        return self._entry(name).kept_as

    def take_packed(self, name: str, indices: npt.NDArray[np.int64]) -> Packed:
        """Return the stored codes of the rows at `indices`, in that order, in the format `kept_as`.

        Raises: as `shape`.
        """
        return self._file(name).take_packed(self._stored.get(name, name), indices)

    def rows(self, name: str, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Return rows begin..end (elements, if it is a vector) as a new f32 array; no others are read.

        Shapes: [end - begin, ...the tensor's other dimensions].
        Raises: CheckpointError if there is no such tensor, or a value is not finite.
        """
        file = self._file(name)
        block = file.rows(self._stored.get(name, name), begin, end)
        check_finite(name, block, where=str(file.path), first_row=begin)
        return block

    def take_rows(
        self, name: str, indices: npt.NDArray[np.integer] | Sequence[int]
    ) -> npt.NDArray[np.float32]:
        """Return the rows at `indices`, in that order, as a new f32 array. Indices may repeat.

        Shapes: indices [count] -> [count, ...the tensor's other dimensions]. Raises: as `rows`.
        """
        file = self._file(name)
        wanted = np.asarray(indices, dtype=np.int64)
        block = file.take_rows(self._stored.get(name, name), wanted)
        if not _all_finite(block):  # the error names the row of the tensor, not of the selection
            for position, row in enumerate(wanted):
                check_finite(name, block[position : position + 1], where=str(file.path), first_row=int(row))
        return block

    def read(self, name: str) -> npt.NDArray[np.float32]:
        """Return a whole tensor as f32, which suits small ones such as norm weights. Raises: as `rows`."""
        return self.rows(name, 0, (self.shape(name) or (0,))[0])

    def blocks(self, name: str, max_bytes: int = 64 << 20) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Yield (first row, rows) for consecutive blocks of at most `max_bytes`, but at least one row.

        Raises: as `rows`.
        """
        shape = self.shape(name) or (0,)
        row_bytes = 4 * math.prod(shape[1:])
        step = max(1, max_bytes // max(1, row_bytes))
        for begin in range(0, shape[0], step):
            yield begin, self.rows(name, begin, min(begin + step, shape[0]))

    def check_against(self, weights: Mapping[str, TensorType], *, head: str | None = None) -> tuple[str, ...]:
        """Check that every weight that a model declares is here, in its shape and of a readable type.

        `head` is the name of the output layer's weight: where that alone is missing, the error says more.
        Returns the names of the tensors that the model does not use (rotary_emb.inv_freq, a copy of tied
        embeddings).
        Raises: CheckpointError naming the first tensors that are missing, or the first that is wrong.
        """
        missing = [name for name in weights if name not in self._files]
        if missing:
            raise self._missing(missing, head)
        for name, wanted in weights.items():
            self._check_tensor(name, wanted)
        return tuple(name for name in self._files if name not in weights)

    def _check_tensor(self, name: str, wanted: TensorType) -> None:
        where = f"{self._file(name).path}: {name}"
        if self.shape(name) != wanted.shape:
            raise CheckpointError(
                f"got shape {list(self.shape(name))}, wanted {list(wanted.shape)}",
                where=where,
                help="config.json and the weights belong to different models: download both from one place",
            )
        if self.dtype(name) not in self._types:
            raise CheckpointError(
                f"got {self.dtype(name)} values, wanted {', '.join(self._types)}",
                where=where,
                help="use the original, unquantised checkpoint",
            )

    def _missing(self, names: list[str], head: str | None = None) -> CheckpointError:
        listed = ", ".join(names[:_NAMES_SHOWN])
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        help_ = "config.json describes another model, or the checkpoint is incomplete: download it again"
        if names == [head]:
            help_ = "if the output layer shares the embedding, set tie_word_embeddings to true in config.json"
        return CheckpointError(f"got no tensor {listed}{more}", where=str(self.folder), help=help_)

    def _entry(self, name: str) -> StoredTensor:
        return self._file(name).tensors[self._stored.get(name, name)]

    def _file(self, name: str) -> TensorFile:
        if name not in self._files:
            raise self._missing([name])
        return self._files[name]


def check_finite(
    name: str, block: npt.NDArray[np.float32], *, where: str | None = None, first_row: int = 0
) -> None:
    """Check that a block of a tensor holds no NaN and no infinity; `first_row` is the block's first row.

    Raises: CheckpointError naming the tensor and the index of the first bad value.
    """
    if _all_finite(block):
        return
    place = np.unravel_index(int(np.argmin(np.isfinite(block))), block.shape)
    index = [int(place[0]) + first_row, *(int(i) for i in place[1:])]
    raise CheckpointError(
        f"got {float(block[place])} at index {index}, wanted finite weights",
        where=f"{where}: {name}" if where else name,
        help="the checkpoint is damaged or its training diverged: download it again or use another",
    )


def _all_finite(block: npt.NDArray[np.float32]) -> bool:
    # min and max propagate NaN, so two reductions suffice, without an array of booleans.
    return block.size == 0 or bool(np.isfinite(block.min()) and np.isfinite(block.max()))
