"""Where kernelc keeps what it has made or downloaded for later."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(kind: str = "artifacts") -> Path:
    """Return the folder of the built artifacts, or of another kind of things, which need not exist yet.

    Source: XDG Base Directory Specification; a relative $XDG_CACHE_HOME is to be ignored.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    return base / "kernelc" / kind
