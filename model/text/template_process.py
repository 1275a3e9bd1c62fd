"""Starts, feeds and ends the process that renders chat templates (model/text/template_worker.py)."""

from __future__ import annotations

import atexit
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from kernelc.errors import TemplateError

_WORKER = Path(__file__).with_name("template_worker.py")
# The worker ends itself after one second of processor time. This limit is for machines on which it cannot; it
# is long enough for a machine that is busy with other work.
_MAX_WALL_SECONDS = 20.0
_MAX_REQUEST_BYTES = 64 << 20
_MAX_REPLY_BYTES = 64 << 20


class TemplateProcess:
    """One worker process, which is started when a request finds none running. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def request(self, message: Mapping[str, object], where: str) -> dict[str, object]:
        """Send a request and return its reply. After any failure the next request starts a new worker.

        Raises: TemplateError if the request is too large, or the worker was stopped or took too long.
        """
        data = json.dumps(message).encode()
        if len(data) > _MAX_REQUEST_BYTES:
            raise TemplateError(
                f"the conversation takes {len(data)} bytes, wanted at most {_MAX_REQUEST_BYTES}"
            )
        with self._lock:
            try:
                reply = self._exchange(data)
            except BaseException:  # also Ctrl-C: a late reply would be read as that of the next request
                self._stop(patience_seconds=0.0)
                raise
            if reply is None:
                raise TemplateError(self._why_stopped(), where=where, help=_HELP)
            return reply

    def close(self) -> None:
        """End the worker, if one is running."""
        with self._lock:
            self._stop(patience_seconds=1.0)

    def _exchange(self, data: bytes) -> dict[str, object] | None:
        """Return the reply, or None if the worker ended without a complete one."""
        if self._process is None:
            self._process = subprocess.Popen(
                # -P keeps model/text off the worker's import path, where its modules could shadow others.
                [sys.executable, "-P", str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        clock = threading.Timer(_MAX_WALL_SECONDS, process.kill)
        clock.start()
        try:
            process.stdin.write(len(data).to_bytes(8, "little") + data)
            process.stdin.flush()
            length = int.from_bytes(process.stdout.read(8), "little")
            reply = process.stdout.read(length) if 0 < length <= _MAX_REPLY_BYTES else b""
            return cast("dict[str, object]", json.loads(reply)) if reply else None
        except (BrokenPipeError, ValueError):  # it ended before reading, or in the middle of its reply
            return None
        finally:
            clock.cancel()

    def _why_stopped(self) -> str:
        status = self._stop(patience_seconds=1.0)
        if status == -getattr(signal, "SIGPROF", 0):
            return "the template was stopped after a second of computing"
        return f"the template was stopped (exit status {status})"

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


_HELP = "the checkpoint's chat template loops or grows without end: use a corrected chat_template.jinja"

shared_process = TemplateProcess()
atexit.register(shared_process.close)
