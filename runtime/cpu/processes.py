"""Compilers that run side by side, and that all end where one fails or the user interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError


class Processes:
    """Processes that are running. `run` may be called by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, command: Sequence[str], seconds: float) -> tuple[int, str]:
        """Run a command without input and return its exit status and what it wrote to stderr, in English.

        Raises: OSError where it cannot be started, subprocess.TimeoutExpired after `seconds`, CancelledError
        where everything was stopped before.
        """
        with self._lock:
            if self._stopped:
                raise CancelledError
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**os.environ, "LC_ALL": "C"},  # errors are read, and shown with ours
                start_new_session=True,  # a compiler has processes of its own, which end with it
            )
            self._running.add(process)
        try:
            _, said = process.communicate(timeout=seconds)
        finally:
            self._end(process)
        return process.returncode, said

    def stop(self) -> None:
        """End everything that runs, and start nothing any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._running.discard(process)
        if process.poll() is None:
            _kill(process)
            process.communicate()


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process and those that it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass  # it ended by itself
