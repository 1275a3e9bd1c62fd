"""Hidden folders of builds, `.NAME.XXXX.building` and `.NAME.XXXX.replaced`: whose they are, and what builds
that were killed left of them.

A build holds a lock on its hidden folder from its first file until the folder is an artifact, or gone; the
system gives up the lock with the process, however that ends. So a folder that can be locked is nobody's, but
for the moment between its making and its locking, which is why young ones are left alone. Where the system
has no such locks (Windows), nothing is taken for dead.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kernelc.artifact.journal import JOURNAL, remove_dead

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

BUILDING, REPLACED = ".building", ".replaced"
YOUNG_SECONDS = 60.0
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


class Held:
    """A lock on a folder, which follows it when it is renamed."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        """Give up the lock. May be called twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def hold(folder: Path, *, wait: bool = False) -> Held | None:
    """Lock a folder; None where another process holds it, there are no locks, or it is not there.

    A build waits for the lock on its own folder: others hold that for a moment, to see whether it is dead.
    """
    if fcntl is None:
        return None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        return None
    return Held(handle)


def clear(out: Path) -> None:
    """Remove what killed builds of `out` left beside it, and bring back an artifact that one of them was
    about to replace.
    """
    _bring_back(out)
    for folder in (*_hidden(out, BUILDING), *_hidden(out, REPLACED)):
        remove_if_dead(folder)


def clear_all(parent: Path) -> list[Path]:
    """Remove the hidden folders of all dead builds in a folder, and return them."""
    gone: list[Path] = []
    for suffix in (BUILDING, REPLACED):
        for folder in sorted(parent.glob(f".*{suffix}")):
            remove_if_dead(folder)
            if not folder.exists():
                gone.append(folder)
    return gone


def remove_if_dead(folder: Path) -> None:
    """Remove a hidden folder that no build holds and that is not younger than a minute.

    One with a journal may be younger: its build locks that, too, and may have taken up an old folder.
    """
    remove_dead([folder])
    held = None if (folder / JOURNAL).exists() else hold(folder)
    if held is None:
        return
    try:
        if time.time() - folder.stat().st_mtime > YOUNG_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # it has gone meanwhile
    finally:
        held.release()


def _bring_back(out: Path) -> None:
    """Rename the newest replaced artifact back where there is none and nobody is about to put one there."""
    if os.path.lexists(out):
        return
    found = sorted(_hidden(out, REPLACED), key=_changed)
    for folder in reversed(found):
        building = folder.with_name(folder.name.removesuffix(REPLACED) + BUILDING)
        if building.exists():
            held = hold(building)
            if held is None:
                return  # its build is between two renames
            held.release()
        with contextlib.suppress(OSError):
            folder.rename(out)
            return


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another build has just removed it
        return 0.0


def _hidden(out: Path, suffix: str) -> Iterator[Path]:
    yield from out.parent.glob(f".{glob.escape(out.name)}.*{suffix}")


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places, in one step; False where the system has no such step.

    Source: renameat2(2), RENAME_EXCHANGE, which Linux has since 3.15 and glibc since 2.28.
    """
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return bool(done == 0)
