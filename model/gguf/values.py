"""Reads the values of a GGUF header, every length checked against the file before anything is taken.

Source: docs/gguf.md of the ggml project. Little-endian files alone.
"""

from __future__ import annotations

import mmap
import struct
from array import array
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import CheckpointError
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN

MAX_ITEMS = 1 << 21
"""Most elements of an array, and most strings of all arrays together: twice the largest vocabulary."""
MAX_ARRAY_BYTES = 64 << 20
"""Most bytes of all arrays together."""
MAX_NAME_BYTES = 512
"""Longest key of the metadata and longest name of a tensor."""
MAX_TEXT_BYTES = 4 << 20
"""Longest string that is a value of its own, such as a chat template."""

_SCALARS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "|b1",
            10: "<u8", 11: "<i8", 12: "<f8"}  # fmt: skip
_STRING, _ARRAY = 8, 9
_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")


class Strings:
    """An array of strings, kept as the file's bytes; Python strings are made when they are asked for."""

    def __init__(self, raw: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> None:
        self._raw, self._starts, self._ends = raw, starts, ends

    def __len__(self) -> int:
        return len(self._ends)

    def encoded(self) -> list[bytes]:
        """Return every string as its UTF-8 bytes, which nobody has checked."""
        raw, pairs = self._raw, zip(self._starts.tolist(), self._ends.tolist(), strict=True)
        return [raw[begin:end] for begin, end in pairs]


Value = int | float | bool | str | npt.NDArray[np.generic] | Strings
"""A value of the metadata: a scalar, an array of numbers, or an array of strings."""


class Cursor:
    """Walks over a mapped file. Everything it returns is a copy, so that the file can be closed."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.at = path, data, 0
        self._items, self._array_bytes = 0, 0

    def fail(self, message: str, key: str | None = None) -> CheckpointError:
        """Return, for the caller to raise, the error about a file that does not hold what it should."""
        where = f"{self.path}: {key}" if key else str(self.path)
        return CheckpointError(message, where=where, help=DOWNLOAD_AGAIN)

    def u32(self) -> int:
        """Read four bytes as a number. Raises: CheckpointError where the file ends before."""
        return _U32.unpack_from(self.data, self._take(4))[0]

    def u64(self) -> int:
        """Read eight bytes as a number. Raises: CheckpointError where the file ends before."""
        return _U64.unpack_from(self.data, self._take(8))[0]

    def name(self, what: str) -> str:
        """Read a key or a tensor's name. Raises: CheckpointError if it is empty, long or not printable."""
        length = self.u64()
        if not 0 < length <= MAX_NAME_BYTES:
            raise self.fail(f"got {what} of {length} bytes, wanted 1 to {MAX_NAME_BYTES}")
        text = self._text(length, what)
        if not text.isprintable():
            raise self.fail(f"got {what} {text!r}, wanted printable characters")
        return text

    def value(self, key: str) -> Value:
        """Read one typed value; `key` names it in errors.

        Raises: CheckpointError for an unknown type, a length beyond the file or the limits above, and an
        array of arrays, which no model has.
        """
        kind = self.u32()
        if kind == _STRING:
            length = self.u64()
            if length > MAX_TEXT_BYTES:
                raise self.fail(f"got a string of {length} bytes, wanted at most {MAX_TEXT_BYTES}", key)
            return self._text(length, key)
        if kind == _ARRAY:
            return self._array(key)
        number = self._numbers(kind, 1, key)
        # the shortest decimal that rounds to an f32, as a config.json has it: 1e-05, not 9.99999974e-06
        return float(str(number[0])) if number.dtype == np.float32 else number[0].item()

    def _array(self, key: str) -> npt.NDArray[np.generic] | Strings:
        kind, count = self.u32(), self.u64()
        if count > MAX_ITEMS:
            raise self.fail(f"got an array of {count} elements, wanted at most {MAX_ITEMS}", key)
        if kind == _ARRAY:
            raise self.fail("got an array of arrays, wanted an array of numbers or strings", key)
        return self._strings(count, key) if kind == _STRING else self._numbers(kind, count, key)

    def _numbers(self, kind: int, count: int, key: str) -> npt.NDArray[np.generic]:
        if kind not in _SCALARS:
            raise self.fail(f"got a value of type {kind}, wanted one of the types 0 to 12", key)
        dtype = np.dtype(_SCALARS[kind])
        begin = self._take(count * dtype.itemsize)
        self._count_bytes(self.at - begin, key)
        raw = self.data[begin : self.at]
        # a bool is any byte but 0, and numpy's must be 0 or 1
        return np.frombuffer(raw, np.uint8) != 0 if kind == 7 else np.frombuffer(raw, dtype)

    def _strings(self, count: int, key: str) -> Strings:
        self._items += count
        if self._items > MAX_ITEMS:
            raise self.fail(f"got {self._items} strings in arrays, wanted at most {MAX_ITEMS}", key)
        begin, at, size = self.at, self.at, len(self.data)
        unpack, starts, ends = _U64.unpack_from, array("q"), array("q")
        for _ in range(count):
            if at + 8 > size:
                raise self._short(at + 8 - size)
            start = at + 8
            at = start + unpack(self.data, at)[0]
            if at > size:
                raise self._short(at - size)
            starts.append(start - begin)
            ends.append(at - begin)
        self._count_bytes(at - begin, key)
        self.at = at
        places = (np.frombuffer(part, np.int64) for part in (starts, ends))
        return Strings(self.data[begin:at], *places)

    def _count_bytes(self, size: int, key: str) -> None:
        self._array_bytes += size
        if self._array_bytes > MAX_ARRAY_BYTES:
            raise self.fail(f"got more than {MAX_ARRAY_BYTES} bytes of arrays", key)

    def _text(self, length: int, what: str) -> str:
        begin = self._take(length)
        try:
            return self.data[begin : self.at].decode()
        except UnicodeDecodeError as reason:
            raise self.fail(f"got {what} that is not UTF-8: {reason.reason}") from reason

    def _take(self, count: int) -> int:
        """Step over `count` bytes; return where they begin."""
        begin, left = self.at, len(self.data) - self.at
        if count > left:
            raise self._short(count - left)
        self.at = begin + count
        return begin

    def _short(self, missing: int) -> CheckpointError:
        return self.fail(f"the file ends {missing} bytes before its header does")
