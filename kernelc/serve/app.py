"""The application: paths, what is checked before them, and what becomes of errors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernelc.serve import metrics as metric_names
from kernelc.serve.answering import Answering
from kernelc.serve.bodies import Limits
from kernelc.serve.failures import Refusal, refusal_of
from kernelc.serve.job import ClientGone
from kernelc.serve.metrics import Gauge, Metrics
from kernelc.serve.scheduler import Scheduler
from kernelc.serve.security import Access, Guard, KeyCheck

_CLIENT_GONE = 499  # nginx's number for it; nobody reads it but the metrics


def create_app(
    schedulers: Sequence[Scheduler],
    *,
    metrics: Metrics,
    access: Access | None = None,
    limits: Limits | None = None,
) -> Starlette:
    """Return the ASGI application for models with distinct names, of which there is at least one."""
    access = access or Access()
    handlers = _Handlers(schedulers, metrics, limits or Limits())
    middleware = [
        Middleware(_Counted, metrics=metrics),
        Middleware(Guard, access=access),
        # before the key: browsers ask without one whether they may ask
        Middleware(
            CORSMiddleware,
            allow_origins=access.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],  # the official client for JavaScript sends a dozen of its own
            expose_headers=["Retry-After"],
            allow_private_network=True,
        ),
        Middleware(KeyCheck, access=access),
    ]
    return Starlette(
        routes=handlers.routes(),
        middleware=middleware,
        exception_handlers={
            HTTPException: _http_error,
            Refusal: _failed,
            ClientGone: _gone,
            Exception: _failed,
        },
    )


class _Handlers:
    """What each path does."""

    def __init__(self, schedulers: Sequence[Scheduler], metrics: Metrics, limits: Limits) -> None:
        self._schedulers = {each.model.name: each for each in schedulers}
        self._metrics = metrics
        self._answering = Answering(self._schedulers, limits)

    def routes(self) -> list[Route]:
        return [
            Route("/v1/chat/completions", self._answering.chat, methods=["POST"]),
            Route("/v1/completions", self._answering.text, methods=["POST"]),
            Route("/v1/embeddings", self._answering.embeddings, methods=["POST"]),
            Route("/v1/models", self._models, methods=["GET"]),
            Route("/v1/models/{name:path}", self._model, methods=["GET"]),
            Route("/health", self._health, methods=["GET"]),
            Route("/metrics", self._read_metrics, methods=["GET"]),
        ]

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_shown(each) for each in self._schedulers.values()]})

    async def _model(self, request: Request) -> Response:
        return JSONResponse(_shown(self._answering.scheduler_of(request.path_params["name"])))

    async def _health(self, request: Request) -> Response:
        healthy = {name: each.healthy for name, each in self._schedulers.items()}
        well = all(healthy.values())
        return JSONResponse({"status": "ok" if well else "failing", "models": healthy}, 200 if well else 503)

    async def _read_metrics(self, request: Request) -> Response:
        text = self._metrics.text(self._gauges())
        return PlainTextResponse(text, headers={"Content-Type": metric_names.CONTENT_TYPE})

    def _gauges(self) -> Iterator[Gauge]:
        for name, each in self._schedulers.items():
            labels = {"model": name}
            yield "kernelc_calls_waiting", each.waiting, labels
            yield "kernelc_calls_running", each.running, labels
            yield "kernelc_model_healthy", each.healthy, labels


def _shown(scheduler: Scheduler) -> dict[str, object]:
    """Return a model as OpenAI's API shows it, and how many tokens its context holds."""
    model = scheduler.model
    return {
        "id": model.name,
        "object": "model",
        "created": model.created,
        "owned_by": "kernelc",
        "context": model.context,
    }


# ---- errors ----


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what starlette itself refuses: unknown paths, and methods that a path does not have."""
    assert isinstance(error, HTTPException)
    what = f"{request.method} {request.url.path}"
    known = {404: ("there is no {}", "unknown_url"), 405: ("{} is not possible here", "wrong_method")}
    message, code = known.get(error.status_code, (error.detail, None))
    headers = dict(error.headers or {})
    return Refusal(error.status_code, message.format(what)[:300], code=code, headers=headers).response()


async def _failed(request: Request, error: Exception) -> Response:
    return refusal_of(error).response()


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=_CLIENT_GONE)  # nobody reads it


class _Counted:
    """Counts requests by path, method and status. What is not one of our paths is counted as "other"."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.monotonic()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            path = _path_of(scope)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count("kernelc_http_requests_total", path=path, method=method, status=str(status))
            if method == "POST" and path in _CALLS:
                self._metrics.observe("kernelc_call_seconds", time.monotonic() - began, path=path)


_CALLS = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings"})
_PATHS = _CALLS | {"/v1/models", "/health", "/metrics"}
_METHODS = frozenset({"GET", "POST", "OPTIONS", "HEAD"})


def _path_of(scope: Scope) -> str:
    """Return a label out of a bounded set: strangers choose paths."""
    path = str(scope["path"])
    if path.startswith("/v1/models/"):
        return "/v1/models/{id}"
    return path if path in _PATHS else "other"
