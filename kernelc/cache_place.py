"""Where kernelc keeps what it has made, compiled or downloaded: one place for all who keep something."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from kernelc.errors import UsageError


def cache_place() -> Path:
    """Return the folder of all that is kept, which need not exist yet.

    Source: XDG Base Directory Specification; a relative $XDG_CACHE_HOME is to be ignored.
    Raises: UsageError where the system knows no home folder of this user, as in some containers.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given) / "kernelc"
    try:
        return Path.home() / ".cache" / "kernelc"
    except RuntimeError as error:
        raise UsageError(
            "there is no home folder to keep things in",
            where="HOME",
            help="set HOME, or XDG_CACHE_HOME to a folder of your own",
        ) from error


def cache_place_if_any() -> Path | None:
    """Return the folder, None where there is none: for what can do without."""
    try:
        return cache_place()
    except UsageError:
        return None


def note_use(*kept: Path) -> None:
    """Make what is kept as new as its last use, by which `kernelc cache` tells its age."""
    for path in kept:
        with suppress(OSError):
            os.utime(path)
