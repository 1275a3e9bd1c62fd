"""Server-sent events: an answer on its way, a line of JSON for each piece.

Source: "Server-sent events" in the HTML standard; "Streaming" in OpenAI's API reference, whose streams end
with the word [DONE]. An error after the first piece is an event of its own, which the official clients raise.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernelc.serve.job import ClientGone

_DONE = b"data: [DONE]\n\n"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold pieces back
}


class EventStream(Response):
    """A response out of lists of objects, each list written at once, which ends with [DONE]."""

    media_type = "text/event-stream"

    def __init__(
        self, batches: AsyncIterator[Iterable[Mapping[str, object]]], *, on_end: Callable[[], None]
    ) -> None:
        """`batches` may raise ClientGone, after which nothing is sent. `on_end` is called in any case."""
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._batches = batches
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, the events as they come, and the end."""
        try:
            await self._send(send)
        except ClientGone:
            pass
        finally:
            self._on_end()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for batch in self._batches:
            data = b"".join(map(encoded, batch))
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": _DONE, "more_body": False})


def encoded(value: Mapping[str, object]) -> bytes:
    """Return an object as one event. JSON has no line breaks outside its texts, and escapes those within."""
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
