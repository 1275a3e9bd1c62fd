"""The journal of a build: what of its weights is written, so that the same build goes on after it was killed.

It lies in the hidden folder of a build. Its first line is the key of the build, a text that differs
wherever the result would; each later line is what was added since the line before. A process that builds
holds a lock on its journal, so a journal without a lock was left by one that is gone. Where the system has
no such locks (Windows), builds begin anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

JOURNAL = "journal"
_MOST_BYTES = 64 << 20


class Journal:
    """The journal in a folder, locked while it is open."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file, self._path = file, path

    @classmethod
    def begin(cls, folder: Path, key: str) -> Journal:
        """Write the journal of a build that begins. Raises: OSError."""
        new = folder / f"{JOURNAL}.new"
        file = new.open("x", encoding="utf-8")
        _lock(file)
        journal = cls(file, folder / JOURNAL)
        journal.add({"key": key})
        new.rename(folder / JOURNAL)  # only now: a journal without a lock is taken for a dead build's
        return journal

    @classmethod
    def take_up(cls, folder: Path, key: str) -> tuple[Journal, list[dict[str, Any]]] | None:
        """Open the journal that a build with this key left in `folder`, and return its entries.

        None where there is none, or its build still runs. A folder whose build is gone and had another key is
        removed, since nothing would ever go on with it.
        """
        file = _open_dead(folder)
        if file is None:
            return None
        first, *entries = _entries(file.read(_MOST_BYTES)) or [{}]
        if first != {"key": key}:
            shutil.rmtree(folder, ignore_errors=True)
            file.close()
            return None
        file.seek(0)
        file.truncate()
        journal = cls(file, folder / JOURNAL)
        for entry in (first, *entries):  # without a last line that was cut off
            journal.add(entry)
        return journal, entries

    def add(self, entry: dict[str, Any]) -> None:
        """Add a line, and hand it to the system, which keeps it when this process is killed.

        Raises: OSError.
        """
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Give up the lock."""
        self._file.close()

    def remove(self) -> None:
        """Delete the file, and give up the lock. Raises: OSError."""
        if fcntl is None:  # Windows deletes no open file
            self._file.close()
        self._path.unlink()
        self._file.close()


def remove_dead(folders: Iterable[Path]) -> None:
    """Remove those of the hidden folders of builds whose build is gone."""
    for folder in folders:
        file = _open_dead(folder)
        if file is not None:
            shutil.rmtree(folder, ignore_errors=True)
            file.close()


def _open_dead(folder: Path) -> TextIO | None:
    """Open and lock a journal; None where there is none, or its build still runs."""
    try:
        file = (folder / JOURNAL).open("r+", encoding="utf-8")
    except OSError:
        return None
    if _lock(file):
        return file
    file.close()
    return None


def _entries(text: str) -> list[dict[str, Any]]:
    """The whole lines of a journal that are sound, up to the first that is not."""
    found: list[dict[str, Any]] = []
    for line in text.split("\n")[:-1]:
        try:
            found.append(dict(json.loads(line)))
        except (ValueError, TypeError, RecursionError):
            break
    return found


def _lock(file: TextIO) -> bool:
    """Lock a file; False where another process holds it, or there are no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
