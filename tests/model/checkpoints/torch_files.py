"""Writes files as torch.save does, without torch: the zip of today and the stream of before PyTorch 1.6.

The pickles are made of opcodes by hand, so that a test may write what torch never would.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {
    "<f8": "DoubleStorage", "<f4": "FloatStorage", "<f2": "HalfStorage", "<u2": "BFloat16Storage",
    "<i8": "LongStorage", "<i4": "IntStorage", "|u1": "ByteStorage",
}  # fmt: skip


@dataclass
class View:
    """A tensor of a file: a storage and how it is looked at; what is None follows from the storage."""

    storage: Array
    key: str
    offset: int = 0
    shape: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    numel: int | None = None
    part: tuple[str, int, int] | None = None


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def counts(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(view: View, legacy: bool) -> bytes:
    """The opcodes that leave a tensor on the stack."""
    whole = view.storage
    shape = whole.shape if view.shape is None else view.shape
    strides = view.strides
    if strides is None:
        strides = tuple(int(np.prod(shape[at + 1 :])) for at in range(len(shape)))
    kind = f"ctorch\n{STORAGES[whole.dtype.str]}\n".encode()
    numel = whole.size if view.numel is None else view.numel
    storage = b"(" + text("storage") + kind + text(view.key) + text("cpu") + number(numel)
    if legacy:
        part = view.part
        storage += b"N" if part is None else b"(" + text(part[0]) + number(part[1]) + number(part[2]) + b"t"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"tQ"
        + number(view.offset)
        + counts(shape)
        + counts(strides)
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


def dictionary(views: Mapping[str, View], legacy: bool = False) -> bytes:
    """The pickle of an OrderedDict of tensors, with the attribute that state_dict gives it."""
    items = b"".join(text(name) + tensor(view, legacy) for name, view in views.items())
    attributes = b"}" + text("_metadata") + b"}s"
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u" + attributes + b"b."


def views_of(tensors: Mapping[str, Array]) -> dict[str, View]:
    return {name: View(array, str(at)) for at, (name, array) in enumerate(tensors.items())}


def storages(views: Mapping[str, View]) -> dict[str, Array]:
    return {view.key: view.storage for view in views.values()}


def zip_bytes(
    views: Mapping[str, View],
    *,
    pickled: bytes | None = None,
    byteorder: bytes = b"little",
    compression: int = zipfile.ZIP_STORED,
    root: str = "archive",
) -> bytes:
    """A file of torch.save since PyTorch 1.6."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr(f"{root}/data.pkl", dictionary(views) if pickled is None else pickled)
        archive.writestr(f"{root}/byteorder", byteorder)
        for key, array in storages(views).items():
            archive.writestr(f"{root}/data/{key}", array.tobytes())
        archive.writestr(f"{root}/version", b"3\n")
    return out.getvalue()


def legacy_bytes(
    views: Mapping[str, View], *, pickled: bytes | None = None, little_endian: bool = True
) -> bytes:
    """A file of torch.save before PyTorch 1.6."""
    system = {"protocol_version": 1001, "little_endian": little_endian, "type_sizes": {"int": 4}}
    stored = storages(views)
    head = b"".join(pickle.dumps(part, 2) for part in (MAGIC, 1001, system))
    body = dictionary(views, legacy=True) if pickled is None else pickled
    data = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in stored.values())
    return head + body + pickle.dumps(list(stored), 2) + data


def write_zip(path: Path, tensors: Mapping[str, Array]) -> Path:
    path.write_bytes(zip_bytes(views_of(tensors)))
    return path


def write_legacy(path: Path, tensors: Mapping[str, Array]) -> Path:
    path.write_bytes(legacy_bytes(views_of(tensors)))
    return path
