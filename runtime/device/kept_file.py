"""Files of caches, each with a hash before its data: written and read whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_HASH_BYTES = 32
_WRITING = ".writing-"
_UNFINISHED_SECONDS = 24 * 3600.0


def read_kept(file: Path, most_bytes: int = 256 << 20) -> bytes:
    """Return the data of a file; b"" where there is none, or it is damaged or larger than `most_bytes`."""
    try:
        with file.open("rb") as opened:
            found = opened.read(_HASH_BYTES + most_bytes + 1)
    except OSError:
        return b""
    digest, data = found[:_HASH_BYTES], found[_HASH_BYTES:]
    return data if len(data) <= most_bytes and hashlib.sha256(data).digest() == digest else b""


def write_kept(file: Path, data: bytes) -> None:
    """Write a file beside its place and move it there: another process may use the same one. What processes
    that were killed left unfinished a day ago goes. Raises: OSError.
    """
    for draft in file.parent.glob(f"{_WRITING}*"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _UNFINISHED_SECONDS:
                draft.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=_WRITING)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(hashlib.sha256(data).digest() + data)
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
