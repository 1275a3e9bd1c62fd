"""What the server refuses or cannot do, as OpenAI's error JSON: {"error": {message, type, param, code}}.

The official clients choose an exception by the status alone; `code` is for programs, `message` for people.
Source: "Error codes" in OpenAI's API reference, and the classes of the openai package for Python.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from kernelc.errors import ContextError, KernelcError, TemplateError, UsageError
from runtime.chat.openai.responses import error_object, error_of

_INVALID, _SERVER = "invalid_request_error", "server_error"
_THEIRS = (ContextError, TemplateError, UsageError)
"""Errors that a request causes; others are the server's."""


class Refusal(Exception):
    """A request that is answered with an error. `kind` is the `type` of OpenAI's error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind or (_SERVER if status >= 500 else _INVALID)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """Return the error object."""
        return error_object(self.message, kind=self.kind, param=self.param, code=self.code)

    def response(self) -> JSONResponse:
        """Return the whole response."""
        return JSONResponse(self.body(), self.status, self.headers)


class QueueFull(Refusal):
    """As many requests wait as may."""

    def __init__(self, waiting: int, retry_seconds: int) -> None:
        super().__init__(
            429,
            f"{waiting} requests are waiting already; try again in {retry_seconds} s",
            kind="rate_limit_error",
            code="queue_full",
            headers={"Retry-After": str(retry_seconds)},
        )


class ShuttingDown(Refusal):
    """The server is about to end."""

    def __init__(self) -> None:
        super().__init__(
            503, "the server is shutting down", code="shutting_down", headers={"Connection": "close"}
        )


def refusal_of(error: BaseException) -> Refusal:
    """Return what a client is told of an error. Bugs of ours are not described to it."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, KernelcError):
        said = error_of(error)["error"]
        theirs = isinstance(error, _THEIRS)
        return Refusal(
            400 if theirs else 500,
            said["message"],
            code=said["code"],
            param=said["param"],
            kind=_INVALID if theirs else _SERVER,
        )
    return Refusal(500, "an internal error; the server's log has more", code="internal_error")
