"""Bodies of requests: JSON, of bounded size, read in bounded time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from kernelc.serve.failures import Refusal
from kernelc.serve.job import ClientGone


@dataclass(frozen=True)
class Limits:
    """What a client may take of the server.

    `body_bytes` and `body_seconds` bound a request's body, `head_seconds` what comes before it.
    `write_seconds` is how long a reader may take nothing, though more than the system holds for it waits.
    `grace_seconds` is what answers have to end after the server was asked to.
    """

    body_bytes: int = 4 << 20
    body_seconds: float = 30.0
    head_seconds: float = 30.0
    write_seconds: float = 60.0
    grace_seconds: float = 30.0


async def read_json(request: Request, limits: Limits) -> Any:
    """Return the body of a request.

    Raises: Refusal where it is too large, too slow or not JSON; ClientGone.
    """
    body = await _read(request, limits)
    try:
        text = body.decode("utf-8-sig")  # given bytes, Python would guess UTF-16 and UTF-32, too
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, not UTF-8, or too many digits
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refusal(400, f"the body is not JSON: {reason:.200}", code="invalid_json") from error


async def _read(request: Request, limits: Limits) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limits.body_bytes:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError as error:
        message = f"the body did not arrive within {limits.body_seconds:g} s"
        raise Refusal(408, message, code="timeout", headers={"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise ClientGone from error
    return bytes(body)


def _too_large(limits: Limits) -> Refusal:
    # The connection stays open: what still arrives is dropped, so that the client gets to read this.
    return Refusal(413, f"the body has more than {limits.body_bytes} bytes", code="body_too_large")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
