"""Connections that neither side can hold for ever: deadlines that uvicorn's own connections lack.

uvicorn waits as long as it takes for the head of a request and for a reader that takes nothing. Here a head
has to be whole within `head_seconds`, what is left of a body that was refused is waited for no longer than
`body_seconds`, and a reader has to take something within `write_seconds`. What misses its deadline is cut
off; the answer for it stops as for any client that has gone.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kernelc.serve.bodies import Limits


class Connection(H11Protocol):
    """A connection with deadlines. A subclass has the limits, since uvicorn makes the connections."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading: asyncio.TimerHandle | None = None
        self._draining: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._unread = 0  # bytes that waited for the reader when its time began

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._reading = _cancelled(self._reading)
        self._draining = _cancelled(self._draining)
        self._writing = _cancelled(self._writing)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; the head of the next request has its time from its first byte on."""
        if self._reading is None and self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        super().data_received(data)

    def handle_events(self) -> None:
        """Stop waiting for a head once it is there, and for a refused body once it has ended."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._reading = _cancelled(self._reading)
        if self.conn.their_state is not h11.SEND_BODY:
            self._draining = _cancelled(self._draining)

    def on_response_complete(self) -> None:
        """Give the reader its time to take the end, and the rest of a refused body its time to come."""
        if self.conn.their_state is h11.SEND_BODY:
            self._draining = self.loop.call_later(self.limits.body_seconds, self._cut_off)
        super().on_response_complete()
        self._wait_for_reader()

    def pause_writing(self) -> None:
        """Begin to wait for the reader, to whom nothing more is written until it takes something."""
        super().pause_writing()
        self._writing = _cancelled(self._writing)
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """The reader took something."""
        super().resume_writing()
        self._writing = _cancelled(self._writing)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where its reader does not take what is left."""
        super().timeout_keep_alive_handler()
        self._wait_for_reader()

    def _wait_for_head(self) -> None:
        self._reading = _cancelled(self._reading)
        self._reading = self.loop.call_later(self.limits.head_seconds, self._cut_off)

    def _wait_for_reader(self) -> None:
        if self._writing is None and self.transport.get_write_buffer_size():
            self._unread = self.transport.get_write_buffer_size()
            self._writing = self.loop.call_later(self.limits.write_seconds, self._check_reader)

    def _check_reader(self) -> None:
        """Cut off a reader who took nothing, and go on waiting for one who took something."""
        self._writing = None
        if 0 < self._unread <= self.transport.get_write_buffer_size():
            self._cut_off()
        else:
            self._wait_for_reader()

    def _cut_off(self) -> None:
        """End the connection at once: `close` would wait for the reader."""
        self.transport.abort()


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    """Cancel a timer; returns None, to be kept in its place."""
    if timer is not None:
        timer.cancel()


def connection_class(limits: Limits) -> type[Connection]:
    """Return the class of connections that keep these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})
