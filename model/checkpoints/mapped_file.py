"""Maps a file into memory for reading: only plain files, never past their end, and no pages are kept."""

from __future__ import annotations

import mmap
import os
import stat
from contextlib import suppress
from pathlib import Path

from kernelc.errors import CheckpointError

DOWNLOAD_AGAIN = "the file is damaged or incomplete: download it again"
_POINTER = b"version https://git-lfs"
_MAX_POINTER_BYTES = 1024


def plain_file_status(path: Path) -> os.stat_result:
    """Return what the system says about a file of weights.

    Raises: CheckpointError if it is missing, or no plain file: opening a pipe could wait for ever.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as reason:
        raise cannot_read(path, reason) from reason
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError(
            "cannot be read: this is no plain file", where=str(path), help="give a file of weights"
        )
    return found


def refuse_pointer(path: Path, size: int) -> None:
    """Check that a plain file of `size` bytes is not the text that Git LFS puts in a large file's place.

    Raises: CheckpointError.
    """
    if size > _MAX_POINTER_BYTES:
        return
    try:
        with path.open("rb") as file:
            begin = file.read(len(_POINTER))
    except (OSError, ValueError) as reason:
        raise cannot_read(path, reason) from reason
    if begin == _POINTER:
        message = "this is a pointer of Git LFS, which stands for the file"
        raise CheckpointError(message, where=str(path), help="run `git lfs pull` in its folder")


def cannot_read(path: Path, reason: Exception) -> CheckpointError:
    """Return, for the caller to raise, the error about a file that the system does not give."""
    why = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return CheckpointError(
        f"cannot be read: {why}",
        where=str(path),
        help="check the path, and that every file of the model is in its folder",
    )


class MappedFile:
    """A plain file in memory, read only. `data` is its bytes, which must not be read after `close`."""

    def __init__(self, path: Path, smallest: int = 1) -> None:
        """Map the file.

        Raises: CheckpointError if it is missing, no plain file or a pointer of Git LFS, or has less than
        `smallest` bytes.
        """
        size = plain_file_status(path).st_size
        refuse_pointer(path, size)
        if size < smallest:
            message = f"got {size} bytes, wanted at least {smallest}"
            raise CheckpointError(message, where=str(path), help=DOWNLOAD_AGAIN)
        try:
            with path.open("rb") as file:
                self.data = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as reason:
            raise cannot_read(path, reason) from reason
        self.path = path

    def check_size(self, end: int) -> None:
        """Check that the file still has `end` bytes: reading a page that it lost would kill the process.

        Raises: CheckpointError.
        """
        size = self.data.size()
        if size < end:
            message = f"the file has shrunk to {size} bytes while being read"
            raise CheckpointError(message, where=str(self.path), help=DOWNLOAD_AGAIN)

    def forget(self, begin: int, end: int) -> None:
        """Give the pages of bytes begin..end back: until then they count as the process's memory."""
        if hasattr(mmap, "MADV_DONTNEED") and begin < end:
            first_page = begin - begin % mmap.PAGESIZE
            self.data.madvise(mmap.MADV_DONTNEED, first_page, end - first_page)

    def close(self) -> None:
        """Unmap the file, or let it go with the error that still holds a view of it."""
        with suppress(BufferError):
            self.data.close()
