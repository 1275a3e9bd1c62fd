"""Reads one safetensors file through the `safetensors` package, rows at a time.

The package checks the header and reads through a map whose pages count as the process's memory as long as it
is open: 2.3 GB after a file of that size. So it is opened anew after every `_FRESH_BYTES`, which takes less
than a millisecond and holds memory to that.

Source: the format section of https://github.com/huggingface/safetensors (README.md).
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from kernelc.errors import CheckpointError
from kernelc.ir.formats import Array, Index
from model.checkpoints.array_file import NUMPY_TYPES, ArrayEntry, ArrayFile
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN, cannot_read, plain_file_status, refuse_pointer

import_module("ml_dtypes")  # gives numpy the type bfloat16, without which the package refuses bf16

# Enough for 100,000 tensors. A header of 100 MB, the package's own limit, could take gigabytes once parsed.
_MAX_HEADER_BYTES = 16 << 20
_MAX_NAME_CHARS = 512
_MAX_RANK = 8
_FRESH_BYTES = 16 << 20
_PACKAGE_SAYS = "Error while deserializing header: "
_CLEARER = {
    "incomplete metadata, file not fully covered": "the header's tensors and the file's size disagree",
}
"""What an interrupted download gives, in words for everybody; the package's others are clear."""


class SafetensorsFile(ArrayFile):
    """A safetensors file with a consistent header."""

    def __init__(self, path: Path) -> None:
        """Open the file; the package checks its header against its size.

        Raises: CheckpointError if it is missing, truncated, or its header does not describe it.
        """
        self.path = path
        self._stamp = _stamp(path)
        refuse_pointer(path, self._stamp.size)
        _check_header_length(path, self._stamp.size)
        self._lock = threading.Lock()  # packing reads with several threads
        self._read_bytes = 0
        self._file: Any = self._open()
        self._tensors = {name: self._entry(name) for name in self._file.offset_keys()}

    @property
    def tensors(self) -> Mapping[str, ArrayEntry]:
        """See `ArrayFile.tensors`."""
        return self._tensors

    def close(self) -> None:
        """See `ArrayFile.close`."""
        self._file = None

    def stored(self, name: str, rows: slice | Index, columns: slice | None = None) -> Array:
        """See `ArrayFile.stored`."""
        if isinstance(rows, slice):
            return self._slice(name, rows, columns)
        parts = [(places, self._slice(name, run, columns)[inside]) for places, run, inside in _runs(rows)]
        if len(parts) == 1:
            return parts[0][1]
        shape = self._slice(name, slice(0, 0), columns)
        found = np.empty((len(rows), *shape.shape[1:]), shape.dtype)
        for places, part in parts:
            found[places] = part
        return found

    def _slice(self, name: str, rows: slice, columns: slice | None) -> Array:
        """Return a copy of neighbouring rows. Raises: CheckpointError if the file has changed."""
        entry = self._tensors[name]
        shape = _cut(entry.shape, rows, columns)
        if 0 in shape:  # which the package refuses to cut out of most tensors
            return np.empty(shape, NUMPY_TYPES[entry.dtype])
        with self._lock:
            part = self._fresh().get_slice(name)
            array: Array = part[rows] if columns is None else part[rows, columns]
            touched = array.nbytes if columns is None else array.nbytes // array.itemsize * 4096
            self._read_bytes += touched
        return array.view(NUMPY_TYPES[entry.dtype])

    def _fresh(self) -> Any:
        """Return the open package's file, opened anew if much was read through it.

        Raises: CheckpointError if it has changed: a page that it lost would kill the process.
        """
        if _stamp(self.path) != self._stamp:
            raise CheckpointError(
                "the file has changed or shrunk while being read", where=str(self.path), help=DOWNLOAD_AGAIN
            )
        if self._read_bytes > _FRESH_BYTES:
            self._file, self._read_bytes = None, 0
            self._file = self._open()
        return self._file

    def _open(self) -> Any:
        try:
            return safe_open(str(self.path), framework="np")
        except SafetensorError as reason:
            says = str(reason).removeprefix(_PACKAGE_SAYS)
            says = _CLEARER.get(says, says)
            message = f"header: {says} (the file has {self._stamp.size} bytes)"
            raise CheckpointError(message, where=str(self.path), help=DOWNLOAD_AGAIN) from reason
        except (OSError, ValueError) as reason:
            raise cannot_read(self.path, reason) from reason

    def _entry(self, name: str) -> ArrayEntry:
        """Return one tensor of the header. Raises: CheckpointError for a name or shape beyond all reason."""
        part = self._file.get_slice(name)
        shape = tuple(part.get_shape())
        if not name or len(name) > _MAX_NAME_CHARS or not name.isprintable() or len(shape) > _MAX_RANK:
            raise CheckpointError(
                f"got a tensor name of {len(name)} characters and {len(shape)} dimensions, wanted 1 to"
                f" {_MAX_NAME_CHARS}, all printable, and at most {_MAX_RANK}",
                where=f"{self.path}: header: {name}",
                help=DOWNLOAD_AGAIN,
            )
        return ArrayEntry(part.get_dtype(), shape)


def _cut(shape: tuple[int, ...], rows: slice, columns: slice | None) -> tuple[int, ...]:
    """Return the shape of some rows, and of these some columns."""
    cuts = (rows,) if columns is None else (rows, columns)
    sizes = (len(range(size)[cut]) for size, cut in zip(shape, cuts, strict=False))
    return (*sizes, *shape[len(cuts) :])


class _Stamp(tuple[int, ...]):
    """What changes when another file lies at a path, or other bytes in the file."""

    @property
    def size(self) -> int:
        return self[2]


def _stamp(path: Path) -> _Stamp:
    status = plain_file_status(path)
    return _Stamp((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


def _check_header_length(path: Path, size: int) -> None:
    """Check the length that the file's first 8 bytes give its header, before anybody parses it.

    Raises: CheckpointError.
    """
    if size < 8:
        message = f"got {size} bytes, wanted at least the 8 of the header's length"
        raise CheckpointError(message, where=str(path), help=DOWNLOAD_AGAIN)
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
    except (OSError, struct.error) as reason:
        raise cannot_read(path, reason) from reason
    if length > min(_MAX_HEADER_BYTES, size - 8):
        raise CheckpointError(
            f"the header claims {length} bytes, wanted at most {_MAX_HEADER_BYTES} and no more than the"
            f" {size - 8} that follow",
            where=str(path),
            help=DOWNLOAD_AGAIN,
        )


def _runs(rows: Index) -> Iterator[tuple[Index, slice, Index]]:
    """Cut rows in any order into runs of neighbours, since the package reads nothing else.

    Yields (places in `rows`, the run, places inside the run).
    """
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    cuts = np.flatnonzero(np.diff(ordered) > 1) + 1
    for places, run in zip(np.split(order, cuts), np.split(ordered, cuts), strict=True):
        if run.size:
            inside = run - run[0]
            if len(cuts) == 0:  # one run: give it in the order that was asked for
                places, inside = np.arange(len(rows)), rows - run[0]
            yield places, slice(int(run[0]), int(run[-1]) + 1), inside
