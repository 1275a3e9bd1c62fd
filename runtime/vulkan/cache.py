"""Compiled kernels on disk: what the driver made of SPIR-V last time, so that opening a model is quick.

There is one file per device and driver. A driver must reject foreign data by its header, but not every driver
tells its own versions apart, and none has to survive a damaged file. So the name of the file says the driver,
and a hash precedes the data. What is in the folder is run, so that it is used only where it is this user's
alone.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from kernelc.cache_place import cache_place_if_any, note_use
from runtime.device.kept_file import read_kept, write_kept
from runtime.device.private_folder import is_private

_MOST_BYTES = 256 << 20
_HEADER_BYTES = 32  # length, version, vendor, device (4 bytes each), UUID (16)


def cache_file(cache_id: bytes) -> Path | None:
    """Return the file that holds the compiled kernels for this device and driver; None without a home."""
    place = cache_place_if_any()
    name = f"vulkan-{hashlib.sha256(cache_id).hexdigest()[:16]}.bin"
    return None if place is None else place / "vulkan" / name


def read_cache(cache_id: bytes) -> bytes:
    """Return the data to create a pipeline cache with; b"" where there is none that can be trusted."""
    path = cache_file(cache_id)
    if path is None or not is_private(path.parent):
        return b""
    data = read_kept(path, _MOST_BYTES)
    if not _fits(data, cache_id):
        return b""
    note_use(path)
    return data


def write_cache(cache_id: bytes, data: bytes) -> None:
    """Write the data for the next time. A folder that cannot be written, or is not this user's alone, is no
    error."""
    path = cache_file(cache_id)
    if path is None or len(data) > _MOST_BYTES or not _fits(data, cache_id):
        return
    if not is_private(path.parent, make=True):
        return
    with contextlib.suppress(OSError):
        write_kept(path, data)


def _fits(data: bytes, cache_id: bytes) -> bool:
    """Return whether the header has version 1 and is this device's (Vulkan specification, "Pipeline
    Cache").
    """
    version, identity = data[4:8], data[8:_HEADER_BYTES]
    return len(data) >= _HEADER_BYTES and version == b"\1\0\0\0" and cache_id.startswith(identity)
