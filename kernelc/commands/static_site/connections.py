"""Connections that nobody can hold for ever, as many as a browser needs, from pages of this machine alone.

Python's own server waits as long as it takes for the head of a request, and answers any Host: a web page
whose name was made to resolve to 127.0.0.1 (DNS rebinding) could read what is served.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from kernelc.hosts import LOOPBACK_NAMES, name_of

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Patience:
    """How long to wait: for a whole head of a request, and for a reader to take what it is sent, in seconds;
    and for how many connections at once."""

    head_seconds: float = 20.0
    write_seconds: float = 60.0
    connections: int = 64


def is_known_host(header: str | None) -> bool:
    """Whether a Host header names this machine."""
    return header is not None and name_of(header) in LOOPBACK_NAMES


class Server(ThreadingHTTPServer):
    """A server that tolerates browsers that close connections early, and has a bound on connections."""

    daemon_threads = True
    patience = Patience()

    def __init__(self, *arguments: Any, patience: Patience | None = None, **named: Any) -> None:
        self.patience = patience or self.patience
        self._room = threading.Semaphore(self.patience.connections)
        super().__init__(*arguments, **named)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own; a connection too many is told so and closed."""
        if self._room.acquire(blocking=False):
            try:
                super().process_request(request, client_address)
            except BaseException:  # no thread began that would make room
                self._room.release()
                raise
            return
        try:
            request.settimeout(1.0)
            request.sendall(_BUSY)
        except OSError:
            pass  # it has gone
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore broken connections; print a traceback for anything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class PatientReader(io.RawIOBase):
    """What a connection sends, until a deadline: a head that comes a byte at a time has no longer than one
    that comes at once."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._deadline = 0.0
        self.begin()

    def begin(self) -> None:
        """Give the next request its time."""
        self._deadline = time.monotonic() + self._patience.head_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises: TimeoutError at the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the head of a request took too long")
        self._connection.settimeout(left)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._patience.write_seconds)
