"""Switches for people who work on the compiler.

`KERNELC_DUMP=folder` writes every stage of a build as a numbered text file; `KERNELC_VERIFY=1` turns on the
verifiers between passes; `KERNELC_INTERPRET=1` runs kernels in the interpreter. They are read when asked, so
that a test or a notebook can switch them.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from kernelc.errors import UsageError

_lock = threading.Lock()
_written: Counter[str] = Counter()  # files written by this process, per dump folder


def dump(stage_name: str, suffix: str, text: str | Callable[[], str]) -> None:
    """Write `text` to `NNN_stage.suffix` in $KERNELC_DUMP; do nothing when that is unset.

    NNN counts the files that this process wrote into the folder, from 001 on. Pass a function where making
    the text costs something: it is called only when the dump is wanted.

    Raises: UsageError where the folder cannot be written.
    """
    folder = os.environ.get("KERNELC_DUMP")
    if not folder:
        return
    content = text if isinstance(text, str) else text()
    name = f"{_file_name(stage_name)}.{_file_name(suffix)}"
    path = Path(folder) / f"{_next_number(folder):03d}_{name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.rstrip("\n") + "\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = error.strerror or str(error)
        help = "point KERNELC_DUMP at a writable folder"
        raise UsageError(f"cannot write the dump: {reason}", where=str(path), help=help) from error


def verify_enabled() -> bool:
    """Return whether the verifiers run between passes ($KERNELC_VERIFY is "1")."""
    return os.environ.get("KERNELC_VERIFY") == "1"


def interpret_enabled() -> bool:
    """Return whether the interpreter runs the kernels ($KERNELC_INTERPRET is "1")."""
    return os.environ.get("KERNELC_INTERPRET") == "1"


def _next_number(folder: str) -> int:
    with _lock:
        _written[folder] += 1
        return _written[folder]


def _file_name(name: str) -> str:
    # Stage names hold kernel names and layer paths; neither may climb out of the folder.
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "unnamed"
