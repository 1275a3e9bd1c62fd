"""A folder whose files are trusted: only what this user alone can have put there.

Compiled kernels are run, and the rows of prompts tell what people asked and decide what they are answered.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kernelc.errors import DeviceError

_KERNELS = "compiled kernels"
_HELP = "remove it, or set XDG_CACHE_HOME to a folder of your own"


def make_private(folder: Path, what: str = _KERNELS) -> None:
    """Make a folder, with those around it, and prove that it is this user's alone (see `require_private`).

    `what` says in errors what it has. Raises: DeviceError, also where it cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise DeviceError(
            f"the cache of {what} cannot be written: {error}",
            where=str(folder),
            help="name a folder that can be written; XDG_CACHE_HOME is the one around all caches",
        ) from error
    require_private(folder, what)


def require_private(folder: Path, what: str = _KERNELS) -> None:
    """Raise DeviceError unless a folder, where there is one, is this user's and nobody else may write to it.

    It may not be a symbolic link. Folders around it may be the administrator's as well; those that everybody
    may write to have to be sticky, as /tmp is.
    """
    if not hasattr(os, "geteuid"):
        return  # where files have no modes, a home folder is its user's anyway
    try:
        found = folder.lstat()
        around = [(parent, parent.stat()) for parent in folder.resolve().parents]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DeviceError(f"the cache of {what} cannot be read: {error}", where=str(folder)) from error
    if not stat.S_ISDIR(found.st_mode):
        raise _unsafe(folder, what, "is no folder")
    if found.st_uid != os.geteuid():
        raise _unsafe(folder, what, "belongs to another user")
    if found.st_mode & 0o022:
        raise _unsafe(folder, what, "may be written to by others")
    for parent, its in around:
        if its.st_uid not in (0, os.geteuid()) or (its.st_mode & 0o1002) == 0o002:
            raise _unsafe(parent, what, "is another user's, or everybody may write to it")


def is_private(folder: Path, *, make: bool = False) -> bool:
    """Whether compiled kernels in a folder may be run; with `make` the folder is made first.

    For caches that a runtime can do without: a folder that is not this user's alone is not used.
    """
    try:
        if make:
            make_private(folder)
        else:
            require_private(folder)
    except DeviceError:
        return False
    return True


def _unsafe(folder: Path, what: str, why: str) -> DeviceError:
    run = ", which are run," if what == _KERNELS else ""
    help_ = _HELP if what == _KERNELS else "name a folder of your own"
    return DeviceError(f"the folder of {what}{run} {why}", where=str(folder), help=help_)
