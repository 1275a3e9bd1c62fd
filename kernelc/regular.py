"""Plain files, told from what else has a name in a file system: pipes, devices, sockets.

Opening a pipe waits for a writer that may never come, reading /dev/zero never ends, and moving a file over
/dev/null takes the device away from the whole machine. What a user or a stranger's folder names goes through
here.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file to read it; links are followed. Raises: OSError, also for what is no plain file."""
    # Without O_NONBLOCK (Windows has none) a pipe would be waited for before anybody can ask what it is.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, NO_FILE, str(path))


def replaceable(path: Path) -> bool:
    """Whether a new plain file may take this name: there is none, or one. A link counts as what it leads to.

    Raises: OSError where that cannot be said, for one because of a name that is too long.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


NO_FILE = "it is no plain file, but a pipe, a device or a socket"
