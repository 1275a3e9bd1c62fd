"""Finds the files inside a zip archive that stores them as they are, in bounded time and memory.

Python's zipfile reads a directory of any size and inflates what it is given; weights are never compressed,
and are read where they lie. So this module proves where each file lies, and refuses the rest.

Source: APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3 (layout) and 4.5.3 (zip64).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from kernelc.errors import CheckpointError
from model.checkpoints.mapped_file import DOWNLOAD_AGAIN

MAGIC = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_LOCATOR_64 = b"PK\x06\x07"
_ENTRY = b"PK\x01\x02"
_MAX_ENTRIES = 200_000
_MAX_NAME_BYTES = 1024
_MAX_COMMENT_BYTES = 1 << 16
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1


@dataclass(frozen=True)
class ZipEntry:
    """Bytes `begin`..`end` of the archive."""

    begin: int
    end: int


class ZipDirectory:
    """The directory of an archive; `where` names it in errors."""

    def __init__(self, data: memoryview, where: str) -> None:
        self._data, self._where = data, where

    def entries(self) -> dict[str, ZipEntry]:
        """Return the place of each file by its name.

        Raises: CheckpointError if the archive is truncated or malformed, compresses or encrypts a file, or
        has two in one place or of one name.
        """
        begin, end, count = self._directory()
        if count > _MAX_ENTRIES:
            raise self._refuse(f"got {count} files in the archive, wanted at most {_MAX_ENTRIES}")
        found: dict[str, ZipEntry] = {}
        at = begin
        for _ in range(count):
            name, entry, at = self._entry(at, end, begin)
            if name in found:
                raise self._refuse(f"got the file {name[:80]!r} twice in the archive")
            found[name] = entry
        self._check_overlaps(found)
        return found

    def _directory(self) -> tuple[int, int, int]:
        """Return the begin and end of the central directory, and how many files it has."""
        tail_at = max(0, len(self._data) - _MAX_COMMENT_BYTES - 22)
        tail = bytes(self._data[tail_at:])
        place = tail.rfind(_END)
        if place < 0:
            raise self._refuse("got no directory at the end of the archive")
        count, size, begin = struct.unpack("<10xHII2x", self._part(tail_at + place, 22))
        end = tail_at + place
        if count == _FULL_16 or size == _FULL_32 or begin == _FULL_32:
            return self._directory_64(end - 20)
        if begin + size > end:
            raise self._refuse("the archive's directory lies outside of it")
        return begin, begin + size, count

    def _directory_64(self, locator_at: int) -> tuple[int, int, int]:
        magic, end = struct.unpack("<4s4xQ4x", self._part(locator_at, 20))
        if magic != _LOCATOR_64:
            raise self._refuse("got no place of the zip64 directory")
        magic, count, size, begin = struct.unpack("<4s28xQQQ", self._part(end, 56))
        if magic != _END_64 or begin + size > end:
            raise self._refuse("the archive's zip64 directory lies outside of it")
        return begin, begin + size, count

    def _entry(self, at: int, end: int, directory: int) -> tuple[str, ZipEntry, int]:
        """Return a file's name and place, and where the next entry of the directory begins."""
        head = struct.unpack("<4s4xHH8xIIHHH8xI", self._part(at, 46))
        magic, flags, method, packed, size, name_length, extra_length, comment_length, local = head
        next_at = at + 46 + name_length + extra_length + comment_length
        if magic != _ENTRY or next_at > end or name_length > _MAX_NAME_BYTES:
            raise self._refuse("the archive's directory is damaged")
        name = bytes(self._part(at + 46, name_length)).decode("utf-8", "replace")
        extra = self._part(at + 46 + name_length, extra_length)
        size, packed, local = self._wide(extra, size, packed, local)
        if flags & _ENCRYPTED or method or packed != size:
            raise self._refuse(f"the file {name[:80]!r} in the archive is compressed or encrypted")
        begin = self._data_begin(local)
        if begin + size > directory:
            raise self._refuse(f"the file {name[:80]!r} reaches beyond the archive's files")
        return name, ZipEntry(begin, begin + size), next_at

    def _wide(self, extra: memoryview, *fields: int) -> list[int]:
        """Return size, packed size and place, those that do not fit 32 bits from the zip64 extra field."""
        numbers: list[int] = []
        at = 0
        while at + 4 <= len(extra):
            kind, length = struct.unpack_from("<HH", extra, at)
            body = extra[at + 4 : at + 4 + length]
            if kind == 1:
                numbers = [number for (number,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8])]
            at += 4 + length
        if sum(field == _FULL_32 for field in fields) > len(numbers):
            raise self._refuse("a file of the archive lacks its zip64 sizes")
        wide = iter(numbers)
        return [next(wide) if field == _FULL_32 else field for field in fields]

    def _data_begin(self, local: int) -> int:
        magic, name_length, extra_length = struct.unpack("<4s22xHH", self._part(local, 30))
        if magic != MAGIC:
            raise self._refuse("the archive's directory points to no file")
        return local + 30 + name_length + extra_length

    def _check_overlaps(self, entries: dict[str, ZipEntry]) -> None:
        at = 0
        for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.end)):
            if entry.begin < at:
                raise self._refuse("files of the archive overlap")
            at = entry.end

    def _part(self, begin: int, length: int) -> memoryview:
        if not 0 <= begin <= len(self._data) - length:
            raise self._refuse("the archive ends too early")
        return self._data[begin : begin + length]

    def _refuse(self, message: str) -> CheckpointError:
        return CheckpointError(message, where=self._where, help=DOWNLOAD_AGAIN)
