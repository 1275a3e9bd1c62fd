"""Reads the weights in a file of `torch.save` (.bin, .pt, .pth): of PyTorch since 1.6, a zip, and before.

Nothing of the file is run: see `pickle_machine`. Tensors are read from a memory map, rows at a time, also
where they are views with strides of their own, such as a transposed matrix.

Source: torch/serialization.py: `_save`, `_legacy_save` and the readers beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from kernelc.errors import CheckpointError
from kernelc.ir.formats import Array, Index
from model.checkpoints.array_file import ELEMENT_BYTES, NUMPY_TYPES, ArrayEntry, ArrayFile
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN, MappedFile
from model.checkpoints.torch.tensors import TensorPickle, TensorView
from model.checkpoints.torch.zip_directory import MAGIC, ZipDirectory, ZipEntry

_PICKLE = b"\x80"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""Files before PyTorch 1.6 begin with a pickle of this number."""
_LEGACY_VERSION = 1001
_MAX_STORAGES = 200_000


@dataclass(frozen=True)
class TorchEntry(ArrayEntry):
    """A tensor at bytes `begin`..`end` of the file; `strides` are bytes."""

    begin: int = 0
    end: int = 0
    strides: tuple[int, ...] = ()


class TorchFile(ArrayFile):
    """A file of `torch.save` that holds a dictionary of tensors."""

    def __init__(self, path: Path) -> None:
        """Map the file and prove where each tensor lies.

        Raises: CheckpointError if it is missing, truncated, malformed, or holds anything but tensors.
        """
        self.path = path
        self._mapped = MappedFile(path, smallest=len(MAGIC))
        try:
            self._tensors = _read_directory(self._mapped)
        except BaseException:
            self._mapped.close()
            raise

    @property
    def tensors(self) -> Mapping[str, TorchEntry]:
        """See `ArrayFile.tensors`."""
        return self._tensors

    def close(self) -> None:
        """See `ArrayFile.close`."""
        self._mapped.close()

    def stored(self, name: str, rows: slice | Index, columns: slice | None = None) -> Array:
        """See `ArrayFile.stored`."""
        entry = self._tensors[name]
        self._mapped.check_size(entry.end)
        whole = np.ndarray(
            entry.shape, NUMPY_TYPES[entry.dtype], self._mapped.data, entry.begin, entry.strides
        )
        found = np.array(whole[rows] if columns is None else whole[rows, columns], order="C")
        self._mapped.forget(entry.begin, entry.end)
        return found


def _read_directory(mapped: MappedFile) -> dict[str, TorchEntry]:
    """Return the file's tensors by name. Raises: CheckpointError."""
    with memoryview(mapped.data) as data:
        if bytes(data[: len(MAGIC)]) == MAGIC:
            return _read_zip(data, mapped.path)
        if bytes(data[:1]) == _PICKLE:
            magic, at = TensorPickle(data, 0, str(mapped.path)).run()
            if magic == _LEGACY_MAGIC:
                return _read_legacy(data, at, str(mapped.path))
    raise CheckpointError(
        "this is no file that PyTorch 0.2 or later has saved",
        where=str(mapped.path),
        help="give weights as safetensors, or as torch.save writes a state_dict; a page of text in place of a"
        " file means that the download failed",
    )


def _read_zip(data: memoryview, path: Path) -> dict[str, TorchEntry]:
    files = ZipDirectory(data, str(path)).entries()
    pickles = [name for name in files if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        message = f"got {len(pickles)} pickles in the archive, wanted the data.pkl of torch.save"
        raise CheckpointError(message, where=str(path), help=DOWNLOAD_AGAIN)
    root = pickles[0].removesuffix("data.pkl")
    order = files.get(root + "byteorder")
    if order is not None and bytes(data[order.begin : min(order.end, order.begin + 8)]) != b"little":
        raise CheckpointError("the file's numbers are big-endian", where=str(path), help="save it again")
    pickle = files[pickles[0]]
    tensors, _ = TensorPickle(data[: pickle.end], pickle.begin, f"{path}: data.pkl").tensors()
    return {
        name: _place(name, view, files.get(f"{root}data/{view.storage.key}"), str(path))
        for name, view in tensors.items()
    }


def _read_legacy(data: memoryview, at: int, where: str) -> dict[str, TorchEntry]:
    """Read the pickles of version, system, tensors and storage keys; then each storage's numbers."""
    version, at = TensorPickle(data, at, where).run()
    system, at = TensorPickle(data, at, where).run()
    facts = cast("dict[object, object]", system) if isinstance(system, dict) else {}
    if version != _LEGACY_VERSION or facts.get("little_endian") is not True:
        message = "the file is of another version, or its numbers are big-endian"
        raise CheckpointError(message, where=where, help="save it again with a newer PyTorch")
    tensors, at = TensorPickle(data, at, where).tensors()
    keys, at = TensorPickle(data, at, where).run()
    widths = {view.storage.key: ELEMENT_BYTES[view.storage.dtype] for view in tensors.values()}
    places = _legacy_storages(data, at, keys, widths, where)
    return {name: _place(name, view, places.get(view.storage.key), where) for name, view in tensors.items()}


def _legacy_storages(
    data: memoryview, at: int, keys: object, widths: Mapping[str, int], where: str
) -> dict[str, ZipEntry]:
    """Return the bytes of each storage. Raises: CheckpointError if one is unknown, or the file ends in it."""
    listed = cast("list[object]", keys) if isinstance(keys, list) else []
    places: dict[str, ZipEntry] = {}
    for key in listed[:_MAX_STORAGES]:
        width = widths.get(key) if isinstance(key, str) else None
        count = int.from_bytes(data[at : at + 8], "little")
        end = at + 8 + count * (width or 1)
        if width is None or key in places or end > len(data):
            raise CheckpointError(
                f"got a storage of {count} numbers that ends beyond the file, or that no tensor has",
                where=where,
                help=DOWNLOAD_AGAIN,
            )
        places[cast("str", key)] = ZipEntry(at + 8, end)
        at = end
    return places


def _place(name: str, view: TensorView, place: ZipEntry | None, where: str) -> TorchEntry:
    """Return where a tensor lies in the file. Raises: CheckpointError if its storage is not all there."""
    storage = view.storage
    width = ELEMENT_BYTES[storage.dtype]
    if place is None or (storage.begin + storage.length) * width > place.end - place.begin:
        got = "nothing" if place is None else f"{place.end - place.begin} bytes"
        wanted = f"{storage.length} numbers of {storage.dtype}"
        raise CheckpointError(
            f"got {got} of the storage {storage.key[:80]!r}, wanted {wanted}",
            where=f"{where}: {name}",
            help=DOWNLOAD_AGAIN,
        )
    begin = place.begin + (storage.begin + view.offset) * width
    steps = zip(view.shape, view.strides, strict=True)
    last = sum((size - 1) * step for size, step in steps) if all(view.shape) else -1
    strides = tuple(step * width for step in view.strides)
    return TorchEntry(storage.dtype, view.shape, begin=begin, end=begin + (last + 1) * width, strides=strides)
