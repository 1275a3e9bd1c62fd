"""Reads one safetensors file: checks its untrusted header, and reads tensors by memory map, rows at a time.

The `safetensors` package returns whole tensors and has no bf16 for numpy. Quantising has to stream tensors
that are larger than memory, so this module reads rows itself.

Source: the format section of https://github.com/huggingface/safetensors (README.md).
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.formats import Packed
from model.json_fields import parse_json_object, show

# Enough for 100,000 tensors. A header of 100 MB, the format's own limit, could take gigabytes once parsed.
_MAX_HEADER_BYTES = 16 << 20
_MAX_NAME_CHARS = 512
_MAX_RANK = 8
_DOWNLOAD_AGAIN = "the file is damaged or incomplete: download it again"

_ELEMENT_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
_READABLE = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""Element types of weights, as numpy types. numpy has no bf16: its 16 bits are the upper half of an f32."""


@dataclass(frozen=True)
class TensorEntry:
    """A tensor's element type, shape and place: bytes `begin`..`end`, counted from the start of the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int
    kept_as: None = None


class SafetensorsFile:
    """A safetensors file with a consistent header. Rows are read as f32, and no pages stay in memory."""

    def __init__(self, path: Path, data: mmap.mmap, tensors: Mapping[str, TensorEntry]) -> None:
        self.path = path
        self.tensors = tensors
        self._map = data

    @classmethod
    def open(cls, path: Path) -> SafetensorsFile:
        """Map the file and check its header against its size.

        Raises: CheckpointError if it is missing, truncated, or its header does not describe it.
        """
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < 8:
                    raise _damaged(path, f"got {size} bytes, wanted at least the 8 of the header's length")
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as reason:
            raise CheckpointError(
                f"cannot be read: {reason.strerror or reason}",
                where=str(path),
                help="put every file that the checkpoint's index names into its folder",
            ) from reason
        try:
            return cls(path, data, _read_header(path, data))
        except BaseException:
            data.close()
            raise

    def close(self) -> None:
        """Unmap the file, which must not be read afterwards."""
        self._map.close()

    def rows(self, name: str, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Return a copy of rows begin..end (along the first dimension) as f32.

        Shapes: [end - begin, ...the tensor's other dimensions].
        Raises: CheckpointError if the tensor's type is not f32, f16 or bf16, or the file has shrunk.
        """
        entry = self._readable(name)
        if not 0 <= begin <= end <= entry.shape[0]:
            raise InternalError(f"{name}: rows {begin}..{end} of {entry.shape[0]} rows")
        return self._read(entry, slice(begin, end))

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return copies of the rows at `indices`, in that order, as f32.

        Shapes: indices [count] -> [count, ...the tensor's other dimensions]. Raises: as `rows`.
        """
        entry = self._readable(name)
        if indices.size and not 0 <= indices.min() <= indices.max() < entry.shape[0]:
            raise InternalError(f"{name}: rows {indices.min()}..{indices.max()} of {entry.shape[0]} rows")
        return self._read(entry, indices)

    def take_packed(self, name: str, indices: npt.NDArray[np.int64]) -> Packed:
        """Never called: this file holds no codes. Raises: InternalError."""
        raise InternalError(f"{name}: a safetensors file of {self.tensors[name].dtype} holds no codes")

    def _readable(self, name: str) -> TensorEntry:
        entry = self.tensors[name]
        if entry.dtype not in _READABLE or not entry.shape:
            raise CheckpointError(
                f"got {entry.dtype} of shape {list(entry.shape)}, wanted F32, F16 or BF16 with dimensions",
                where=f"{self.path}: {name}",
                help="use the original, unquantised checkpoint",
            )
        if self._map.size() < entry.end:  # reading a page that the file no longer has would kill the process
            raise _damaged(self.path, f"the file has shrunk to {self._map.size()} bytes while being read")
        return entry

    def _read(self, entry: TensorEntry, rows: slice | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        count = math.prod(entry.shape)
        stored = np.frombuffer(self._map, _READABLE[entry.dtype], count, entry.begin)
        values = _to_f32(stored.reshape(entry.shape)[rows], entry.dtype)
        self._forget(entry)
        return values

    def _forget(self, entry: TensorEntry) -> None:
        """Give the tensor's pages back: pages that were read count as the process's memory until then."""
        if hasattr(mmap, "MADV_DONTNEED"):
            first_page = entry.begin - entry.begin % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_DONTNEED, first_page, entry.end - first_page)


def _to_f32(stored: npt.NDArray[np.generic], dtype: str) -> npt.NDArray[np.float32]:
    """Return a copy as f32. It is exact, since f32 contains every f16 and bf16 value."""
    if dtype == "BF16":
        wide = stored.astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)
    return stored.astype(np.float32)


def _read_header(path: Path, data: mmap.mmap) -> dict[str, TensorEntry]:
    """Return the tensors of the file by name, checked. Raises: CheckpointError."""
    length = int.from_bytes(data[:8], "little")
    if length > min(_MAX_HEADER_BYTES, len(data) - 8):
        raise _damaged(
            path,
            f"the header claims {length} bytes, wanted at most {_MAX_HEADER_BYTES} and no more than the"
            f" {len(data) - 8} that follow",
        )
    header = parse_json_object(data[8 : 8 + length], f"{path}: header", CheckpointError)
    header.pop("__metadata__", None)  # free text of the writer, which is not used
    tensors = {name: _entry(path, name, value, 8 + length) for name, value in header.items()}
    _check_cover(path, tensors, 8 + length, len(data))
    return tensors


def _entry(path: Path, name: str, value: object, data_begin: int) -> TensorEntry:
    """Return one tensor of the header, checked by itself. Raises: CheckpointError."""
    where = f"{path}: header: {name}"
    if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable():
        raise CheckpointError(
            f"got a tensor name of {len(name)} characters, wanted 1 to {_MAX_NAME_CHARS}, all printable",
            where=where,
            help=_DOWNLOAD_AGAIN,
        )
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    dtype, shape = fields.get("dtype"), _counts(fields.get("shape"), _MAX_RANK)
    offsets = _counts(fields.get("data_offsets"), 2)
    if not isinstance(dtype, str) or dtype not in _ELEMENT_BYTES:
        raise CheckpointError(
            f"dtype: got {show(dtype)}, wanted one of {', '.join(_ELEMENT_BYTES)}", where=where
        )
    if shape is None or offsets is None or len(offsets) != 2:
        got = f"shape {show(fields.get('shape'))} and data_offsets {show(fields.get('data_offsets'))}"
        raise CheckpointError(
            f"got {got}, wanted lists of sizes and of 2 offsets", where=where, help=_DOWNLOAD_AGAIN
        )
    wanted = math.prod(shape) * _ELEMENT_BYTES[dtype]
    if offsets[1] - offsets[0] != wanted:
        raise CheckpointError(
            f"data_offsets: got {offsets[1] - offsets[0]} bytes, wanted {wanted} for {dtype} {list(shape)}",
            where=where,
            help=_DOWNLOAD_AGAIN,
        )
    return TensorEntry(dtype, shape, data_begin + offsets[0], data_begin + offsets[1])


def _counts(value: object, most: int) -> tuple[int, ...] | None:
    """Return a list of at most `most` sizes or offsets, or None if it is anything else."""
    items = cast("list[object]", value) if isinstance(value, list) else None
    if items is None or len(items) > most:
        return None
    sizes = [
        item for item in items if isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 1 << 63
    ]
    return tuple(sizes) if len(sizes) == len(items) else None


def _check_cover(path: Path, tensors: Mapping[str, TensorEntry], begin: int, end: int) -> None:
    """Check that the tensors fill the file exactly, without gaps, overlaps or missing bytes at the end.

    Raises: CheckpointError.
    """
    at = begin
    for name, entry in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != at:
            what = "overlaps the tensor before it" if entry.begin < at else "leaves a gap before it"
            raise _damaged(
                path, f"the tensor {what}: got offset {entry.begin - begin}, wanted {at - begin}", name
            )
        at = entry.end
    if at != end:
        raise _damaged(
            path, f"got {end} bytes, wanted {at}: the header's tensors and the file's size disagree"
        )


def _damaged(path: Path, message: str, name: str | None = None) -> CheckpointError:
    where = f"{path}: header: {name}" if name else str(path)
    return CheckpointError(message, where=where, help=_DOWNLOAD_AGAIN)
