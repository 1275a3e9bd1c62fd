"""Tries inputs in a child process and judges what came of them."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_SECONDS = 10.0
"""Of processor time; on a machine that is busy an answer may take six times as long."""
_BUSY = 6
MOST_BYTES = 1 << 30
_ROOT = Path(__file__).parents[2]
_CHILD = (sys.executable, "-m", "tools.fuzz.child")


@dataclass(frozen=True)
class Tried:
    """What came of an input. `said`: "accepted", "refused", or a finding: "failed", "hang", "memory",
    "crash"."""

    said: str
    detail: str
    seconds: float

    @property
    def is_finding(self) -> bool:
        return self.said not in ("accepted", "refused")


class Trier:
    """A child that tries inputs; a new one is started after each that ended it."""

    def __init__(self, seconds: float = MOST_SECONDS, command: Sequence[str] = _CHILD) -> None:
        """`command` starts a child that answers as `tools.fuzz.child` does."""
        self._seconds, self._command = seconds, command
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Trier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def attempt(self, kind: str, data: bytes) -> Tried:
        """Try one input."""
        fresh = self._child is None
        child = self._child = self._child or self._started()
        assert child.stdin is not None and child.stdout is not None
        try:
            for part in (kind.encode(), data):
                child.stdin.write(len(part).to_bytes(8, "little") + part)
            child.stdin.flush()
        except BrokenPipeError:
            return self._ended(child)
        patience = _BUSY * self._seconds + (60 if fresh else 0)  # a new child imports everything first
        if not select.select([child.stdout], [], [], patience)[0]:
            self.close()
            return Tried("hang", f"no answer within {patience:.0f} s", self._seconds)
        line = child.stdout.readline()
        if not line.endswith(b"\n"):
            return self._ended(child)
        reply = json.loads(line)
        tried = Tried(reply["said"], reply["detail"], reply["seconds"])
        if reply["most_bytes"] > MOST_BYTES:
            self.close()  # its peak never falls again
            return Tried("memory", f"{reply['most_bytes'] / 1e9:.1f} GB; {tried.said}", tried.seconds)
        if tried.seconds > self._seconds:
            return Tried("hang", f"{tried.seconds:.1f} s; {tried.said}", tried.seconds)
        return tried

    def _ended(self, child: subprocess.Popen[bytes]) -> Tried:
        status = child.wait()
        self.close()
        return Tried("crash", f"the process ended with status {status}", 0.0)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        )
