"""The server: a socket, uvicorn on it, and an end in which answers may still be finished."""

from __future__ import annotations

import asyncio
import errno
import math
import signal
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from kernelc.errors import UsageError, WorkFailed
from kernelc.serve.bodies import Limits
from kernelc.serve.connections import connection_class

_BACKLOG = 512
_STOPPING_SECONDS = 10  # what is stopped has its token to finish; then uvicorn cancels its handlers
_MOST_CONNECTIONS = 500  # each may hold a body; uvicorn answers the next one itself, with 503
_MOST_HEAD_BYTES = 64 << 10


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to `host` and `port` (0: any free port), and does not listen yet.

    Raises: UsageError for a host that this machine does not have; WorkFailed where the port cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # UnicodeError: no name at all
        help_ = "name an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
        raise UsageError(f"got {host!r:.200}, which is no address", where="`host`", help=help_) from error
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRNOTAVAIL:
            help_ = "name one of its addresses, or 0.0.0.0 for all of them"
            raise UsageError(f"this machine has no address {host}", where="`host`", help=help_) from error
        raise cannot_listen(port, error) from error
    return opened


def cannot_listen(port: int, error: OSError) -> WorkFailed:
    """Return what is said where a port cannot be had."""
    if error.errno == errno.EADDRINUSE:
        message, help_ = f"port {port} is in use", "name another port; 0 takes any free one"
    elif error.errno in (errno.EACCES, errno.EPERM):
        message, help_ = f"port {port} is not for everybody to take", "name a port of 1024 or above"
    else:
        message, help_ = f"cannot listen on port {port}: {error.strerror}", "name another port"
    return WorkFailed(message, where="`port`", help=help_)


def url_of(bound: socket.socket) -> str:
    """Return the address of a server, as clients name it."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, which tells the models when it is to end.

    `refuse` is called first, for calls that wait, and `stop` for those at work: when the limits'
    `grace_seconds` are over, or a second signal comes.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, *, refuse: Callable[[], None], stop: Callable[[], None]
    ) -> None:
        config = uvicorn.Config(
            app,
            http=connection_class(limits),
            ws="none",
            lifespan="off",
            log_level="warning",  # no line for each request: /metrics counts them
            access_log=False,
            proxy_headers=False,  # nothing here asks who the client is
            server_header=False,
            backlog=_BACKLOG,
            limit_concurrency=_MOST_CONNECTIONS,
            h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
            timeout_graceful_shutdown=math.ceil(limits.grace_seconds) + _STOPPING_SECONDS,
        )
        super().__init__(config)
        self._grace_seconds = limits.grace_seconds
        self._refuse = refuse
        self._stop = stop
        self._loop: asyncio.AbstractEventLoop | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse what waits, and wait for the rest; see uvicorn's own."""
        self._loop = asyncio.get_running_loop()
        self._refuse()
        timer = self._loop.call_later(self._grace_seconds, self._stop)
        await super().shutdown(sockets)
        timer.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal: the first one ends the server, the next one what is being answered, too."""
        if self._loop is None:
            super().handle_exit(sig, frame)
        else:  # in the loop: the signal may have come while one of a job's locks was held
            self._loop.call_soon_threadsafe(self._stop)

    def serve_on(self, bound: Sequence[socket.socket]) -> None:
        """Serve until SIGINT or SIGTERM, neither of which is an error.

        Raises: WorkFailed where another server listens on the port by now.
        """
        try:
            with _ignored_afterwards():
                self.run(sockets=list(bound))
        except OSError as error:
            raise cannot_listen(bound[0].getsockname()[1], error) from error


@contextmanager
def _ignored_afterwards() -> Generator[None]:
    """Let the signals that end a server end nothing else: uvicorn raises them once more when it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda number, frame: None) for each in ends}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
