"""The process that renders chat templates (model/text/template_worker.py), shared by all who have one."""

from __future__ import annotations

import atexit
import json
from collections.abc import Mapping
from pathlib import Path

from kernelc.errors import TemplateError
from model.text.worker_process import Stopped, WorkerProcess

_WORKER = Path(__file__).with_name("template_worker.py")
# The worker ends itself after one second of processor time.
_MAX_WALL_SECONDS = 20.0
_MAX_REQUEST_BYTES = 64 << 20
_HELP = "the checkpoint's chat template loops or grows without end: use a corrected chat_template.jinja"


class TemplateProcess:
    """One worker process, which is started when a request finds none running. Threads may share it."""

    def __init__(self) -> None:
        self._worker = WorkerProcess([str(_WORKER)])

    def request(self, message: Mapping[str, object], where: str) -> dict[str, object]:
        """Send a request and return its reply. After any failure the next request starts a new worker.

        Raises: TemplateError if the request is too large, or the worker was stopped or took too long.
        """
        data = json.dumps(message).encode()
        if len(data) > _MAX_REQUEST_BYTES:
            raise TemplateError(
                f"the conversation takes {len(data)} bytes, wanted at most {_MAX_REQUEST_BYTES}"
            )
        try:
            return self._worker.request(data, _MAX_WALL_SECONDS)
        except Stopped as stopped:
            why = "after a second of computing" if stopped.for_time else f"({stopped})"
            raise TemplateError(f"the template was stopped {why}", where=where, help=_HELP) from None

    def close(self) -> None:
        """End the worker, if one is running."""
        self._worker.close()


shared_process = TemplateProcess()
atexit.register(shared_process.close)
