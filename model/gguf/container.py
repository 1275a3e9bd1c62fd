"""One GGUF file: its metadata and its tensors, checked against the file, over a memory map.

Source: docs/gguf.md of the ggml project; versions 2 and 3, little-endian.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from model.checkpoints.mapped_file import MappedFile
from model.gguf.types import TYPES, BlockType
from model.gguf.values import Cursor, Value

MAGIC = b"GGUF"
_SMALLEST = 24  # bytes: the magic number, the version and two counts
_VERSIONS = (2, 3)
_MAX_VALUES = 1 << 14
_MAX_TENSORS = 1 << 17
_MAX_RANK = 4
_MAX_ELEMENTS = 1 << 48
_ALIGNMENT = "general.alignment"
_DEFAULT_ALIGNMENT, _MAX_ALIGNMENT = 32, 1 << 16


@dataclass(frozen=True)
class TensorInfo:
    """A tensor's type, shape (as numpy has it: rows first) and place: bytes `begin`..`end` of the file."""

    type: BlockType
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one step along the first dimension; of one element, where there is no other."""
        return (self.end - self.begin) // self.shape[0]


class Container:
    """An open GGUF file with a consistent header."""

    def __init__(
        self, mapped: MappedFile, metadata: Mapping[str, Value], tensors: Mapping[str, TensorInfo]
    ) -> None:
        self.path, self.metadata, self.tensors = mapped.path, metadata, tensors
        self._mapped = mapped

    @classmethod
    def open(cls, path: Path) -> Container:
        """Map the file and read its header.

        Raises: CheckpointError if it is missing, no plain file, truncated, or its header does not describe
        it.
        """
        mapped = MappedFile(path, smallest=_SMALLEST)
        try:
            metadata, tensors = _read_header(Cursor(path, mapped.data))
            return cls(mapped, metadata, tensors)
        except BaseException:
            mapped.close()
            raise

    def close(self) -> None:
        """Unmap the file, which must not be read afterwards."""
        self._mapped.close()

    def rows(self, name: str, rows: slice | npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return copies of some rows of a tensor as they are stored. Shape: u8 [rows, bytes of a row].

        A vector is one row of it whatever `rows` selects. Raises: CheckpointError if the file has shrunk.
        """
        info = self.tensors[name]
        self._mapped.check_size(info.end)
        stored = np.frombuffer(self._mapped.data, np.uint8, info.end - info.begin, info.begin)
        if len(info.shape) == 1:
            taken = stored[None].copy()
        elif isinstance(rows, slice):
            taken = stored.reshape(info.shape[0], info.row_bytes)[rows].copy()
        else:
            taken = stored.reshape(info.shape[0], info.row_bytes)[rows]
        self._mapped.forget(info.begin, info.end)
        return taken


def _read_header(cursor: Cursor) -> tuple[dict[str, Value], dict[str, TensorInfo]]:
    _check_version(cursor)
    tensor_count, value_count = cursor.u64(), cursor.u64()
    if tensor_count > _MAX_TENSORS or value_count > _MAX_VALUES:
        message = (
            f"got {tensor_count} tensors and {value_count} values, wanted at most {_MAX_TENSORS} and"
            f" {_MAX_VALUES}"
        )
        raise cursor.fail(message)
    metadata: dict[str, Value] = {}
    for _ in range(value_count):
        key = cursor.name("a key")
        if key in metadata:
            raise cursor.fail("the key is given twice", key)
        metadata[key] = cursor.value(key)
    declared = [_declaration(cursor) for _ in range(tensor_count)]
    return metadata, _placed(cursor, declared, _alignment(cursor, metadata))


def _check_version(cursor: Cursor) -> None:
    magic = cursor.data[:4]
    cursor.at = 4
    if magic != MAGIC:
        raise cursor.fail(f"the file begins with {magic!r}, wanted {MAGIC!r}")
    version = cursor.u32()
    if version in _VERSIONS:
        return
    if int.from_bytes(version.to_bytes(4, "little"), "big") in _VERSIONS:
        message, help_ = (
            "the file is big-endian",
            "take the little-endian file of this model",
        )
    else:
        message = f"got version {version} of GGUF, wanted 2 or 3"
        help_ = "convert the model again with a current converter"
    raise CheckpointError(message, where=str(cursor.path), help=help_)


@dataclass(frozen=True)
class _Declaration:
    name: str
    shape: tuple[int, ...]
    type: BlockType
    offset: int

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) // self.type.elements * self.type.bytes


def _declaration(cursor: Cursor) -> _Declaration:
    """Read what the header says about one tensor, checked by itself. Raises: CheckpointError."""
    name = cursor.name("a tensor's name")
    rank = cursor.u32()
    if not 1 <= rank <= _MAX_RANK:
        raise cursor.fail(f"got {rank} dimensions, wanted 1 to {_MAX_RANK}", name)
    shape = tuple(reversed([cursor.u64() for _ in range(rank)]))  # the file has the innermost first
    if not all(shape) or math.prod(shape) > _MAX_ELEMENTS:
        raise cursor.fail(f"got shape {list(shape)}, wanted 1 to 2**48 elements", name)
    number, offset = cursor.u32(), cursor.u64()
    if number not in TYPES:
        message = f"got elements of type {number}, which kernelc does not know"
        help_ = "take the model in another type, such as Q4_K_M or Q8_0"
        raise CheckpointError(message, where=f"{cursor.path}: {name}", help=help_)
    if shape[-1] % TYPES[number].elements:
        wanted = f"a multiple of {TYPES[number].elements} for {TYPES[number].name}"
        raise cursor.fail(f"got rows of {shape[-1]} elements, wanted {wanted}", name)
    return _Declaration(name, shape, TYPES[number], offset)


def _alignment(cursor: Cursor, metadata: Mapping[str, Value]) -> int:
    value = metadata.get(_ALIGNMENT, _DEFAULT_ALIGNMENT)
    if isinstance(value, int) and 0 < value <= _MAX_ALIGNMENT and value & (value - 1) == 0:
        return int(value)
    got = value if isinstance(value, int | float) else "something else"
    raise cursor.fail(f"got {got}, wanted a power of two up to {_MAX_ALIGNMENT}", _ALIGNMENT)


def _placed(cursor: Cursor, declared: list[_Declaration], alignment: int) -> dict[str, TensorInfo]:
    """Return the tensors by name, each within the file, aligned and apart from all others.

    Raises: CheckpointError.
    """
    base = -(-cursor.at // alignment) * alignment
    found: dict[str, TensorInfo] = {}
    for each in declared:
        begin = base + each.offset
        if each.name in found:
            raise cursor.fail("the tensor is given twice", each.name)
        if each.offset % alignment:
            raise cursor.fail(f"got offset {each.offset}, wanted a multiple of {alignment}", each.name)
        if begin + each.bytes > len(cursor.data):
            missing = begin + each.bytes - len(cursor.data)
            raise cursor.fail(f"the file ends {missing} bytes before the tensor does", each.name)
        found[each.name] = TensorInfo(each.type, each.shape, begin, begin + each.bytes)
    end = base
    for name, info in sorted(found.items(), key=lambda item: item[1].begin):
        if info.begin < end:
            raise cursor.fail("the tensor overlaps the one before it", name)
        end = info.end
    return found
