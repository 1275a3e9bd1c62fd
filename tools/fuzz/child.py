"""The process that tries inputs: one after the other, as they come on stdin, with a limit on its memory.

A request is the kind's name and the input, each after its length in 8 bytes; a reply is a line of JSON. What
readers and their libraries write goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from kernelc.errors import KernelcError
from tools.fuzz.kinds import Kind, all_kinds

MOST_ADDRESSES = 6 << 30
"""Bytes of address space: far above what is allowed of memory, which `trying` looks at."""
_MOST_LINE = 8000


def outcome(kind: Kind, data: bytes, folder: Path) -> tuple[str, str]:
    """Try one input: "accepted", "refused" or "failed", and what was said of it."""
    try:
        kind.attempt(data, folder)
    except KernelcError as error:
        line = error.render()
        if error.exit_code != 2 or not line.isprintable() or len(line) > _MOST_LINE:
            return "failed", f"exit {error.exit_code}: {line[:_MOST_LINE]}"
        return "refused", line
    except BaseException as error:  # a library's panic is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return "failed", "".join(traceback.format_exception(error))[-4000:]
    return "accepted", ""


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(8)
    return stream.read(int.from_bytes(head, "little")) if len(head) == 8 else None


def _processor_seconds() -> float:
    """Of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _most_bytes() -> int:
    """The most memory that this process had. The system's own count (getrusage) begins with what the process
    had that started it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) << 10
    except (OSError, IndexError, ValueError):  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def emptied(folder: Path) -> None:
    """Remove everything in a folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def serve(kinds: Mapping[str, Kind], requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more."""
    with tempfile.TemporaryDirectory(prefix="kernelc-fuzz-") as name:
        folder = Path(name)
        while (kind := _read(requests)) is not None and (data := _read(requests)) is not None:
            began = _processor_seconds()
            said, detail = outcome(kinds[kind.decode()], data, folder)
            with contextlib.suppress(OSError):
                emptied(folder)
            reply = {
                "said": said,
                "detail": detail,
                "seconds": _processor_seconds() - began,
                "most_bytes": _most_bytes(),
            }
            replies.write(json.dumps(reply).encode() + b"\n")
            replies.flush()


def main() -> None:
    """Serve stdin, with stdout and stderr of everybody else closed."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    serve(all_kinds(), sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
