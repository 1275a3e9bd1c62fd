"""A process that works on what strangers wrote, under limits; it is started, fed and ended here.

Requests and replies are JSON objects, each preceded by its length in 8 bytes (little endian). The worker sets
its own limits on processor time and memory; the limit on time here is for machines on which it cannot, and is
long enough for a machine that is busy with other work.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

_MAX_REPLY_BYTES = 64 << 20
_NO_SIGNAL = 1 << 16


class Stopped(Exception):
    """The worker ended without a reply. `for_time` says that its limit on processor time ended it."""

    def __init__(self, status: int | None, *, for_time: bool) -> None:
        super().__init__(f"exit status {status}")
        self.status = status
        self.for_time = for_time


class WorkerProcess:
    """One worker, which is started when a request finds none running. Threads may share it."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """`arguments` are those of Python; `environment` is added to this process's own."""
        self._arguments = tuple(arguments)
        self._environment = dict(environment or {})
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._out_of_time = False
        self._owner = os.getpid()

    def request(self, data: bytes, max_seconds: float) -> dict[str, Any]:
        """Send a request, a JSON object, and return its reply. After any failure the next request starts a
        new worker. Raises: Stopped.
        """
        with self._lock:
            try:
                reply = self._exchange(data, max_seconds)
            except BaseException:  # also Ctrl-C: a late reply would be read as that of the next request
                self._stop(patience_seconds=0.0)
                raise
            if reply is None:
                status = self._stop(patience_seconds=1.0)
                for_time = self._out_of_time or status == -getattr(signal, "SIGPROF", _NO_SIGNAL)
                raise Stopped(status, for_time=for_time)
            return reply

    def close(self) -> None:
        """End the worker, if one is running."""
        with self._lock:
            if self._owner == os.getpid():
                self._stop(patience_seconds=1.0)

    def _exchange(self, data: bytes, max_seconds: float) -> dict[str, Any] | None:
        """Return the reply, or None if the worker ended without a complete one."""
        if self._owner != os.getpid():  # after a fork the worker is the parent's, and its replies are, too
            self._process, self._owner = None, os.getpid()
        process = self._process = self._process or self._started()
        assert process.stdin is not None and process.stdout is not None
        self._out_of_time = False
        clock = threading.Timer(max_seconds, self._end, [process])
        clock.daemon = True
        clock.start()
        try:
            process.stdin.write(len(data).to_bytes(8, "little") + data)
            process.stdin.flush()
            length = int.from_bytes(process.stdout.read(8), "little")
            reply = process.stdout.read(length) if 0 < length <= _MAX_REPLY_BYTES else b""
            return json.loads(reply) if reply else None
        except (BrokenPipeError, ValueError):  # it ended before reading, or in the middle of its reply
            return None
        finally:
            clock.cancel()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._out_of_time = True
        process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            # -P keeps the folder of a script off its import path, where modules could shadow others.
            [sys.executable, "-P", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self._environment},
        )

    def _stop(self, patience_seconds: float) -> int | None:
        """End the worker, by force if it does not exit in time, and return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            return process.wait(timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
