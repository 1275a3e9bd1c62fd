"""Where kernelc keeps what it has made or downloaded for later."""

from __future__ import annotations

from pathlib import Path

from kernelc.cache_place import cache_place


def cache_folder(kind: str = "artifacts") -> Path:
    """Return the folder of the built artifacts, or of another kind of things, which need not exist yet.

    Raises: UsageError where there is no home folder.
    """
    return cache_place() / kind
