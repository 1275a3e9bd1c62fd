"""Completions over HTTP: a body becomes a call, the call a job, and the job's events a response."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive

from kernelc.errors import KernelcError
from kernelc.serve.bodies import Limits, read_json
from kernelc.serve.failures import Refusal, refusal_of
from kernelc.serve.job import Embedded, Event, Failed, Finished, Job, Piece
from kernelc.serve.scheduler import Scheduler, Served
from kernelc.serve.sse import EventStream
from kernelc.serve.writing import ChatWriter, TextWriter, Writer
from runtime.chat.completion import Completed
from runtime.chat.embedding import Embedding
from runtime.chat.openai.embeddings import embeddings_object, parse_embeddings
from runtime.chat.openai.logprobs import Json
from runtime.chat.openai.requests import ChatCall, TextCall, parse_chat, parse_text
from runtime.chat.openai.tools import may_make_grammar

_NO_EMBEDDINGS = "there are no embeddings: the server was started without `embeddings`"
_LOG = logging.getLogger(__name__)

_Read = Callable[[Any, Served], tuple[ChatCall | TextCall, Writer]]


class Answering:
    """The handlers of both kinds of completions."""

    def __init__(self, schedulers: Mapping[str, Scheduler], limits: Limits) -> None:
        self._schedulers = schedulers
        self._limits = limits
        self._compiling = asyncio.Semaphore(1)

    async def chat(self, request: Request) -> Response:
        """Answer POST /v1/chat/completions."""
        return await self._answer(request, _chat)

    async def text(self, request: Request) -> Response:
        """Answer POST /v1/completions."""
        return await self._answer(request, _text)

    async def embeddings(self, request: Request) -> Response:
        """Answer POST /v1/embeddings."""
        if all(each.model.embedder is None for each in self._schedulers.values()):
            raise Refusal(404, _NO_EMBEDDINGS, code="unsupported")
        body = await read_json(request, self._limits)
        scheduler = self._asked(body)
        model = scheduler.model
        if model.embedder is None:
            raise Refusal(404, _NO_EMBEDDINGS, code="unsupported")
        try:
            call = parse_embeddings(body, vocab_size=model.vocab_size)
        except KernelcError as error:
            raise refusal_of(error) from error
        job = scheduler.submit(call.inputs)
        watch = _Watch(request.receive, job)
        try:
            found = await _embedded(job)
            return JSONResponse(await asyncio.to_thread(embeddings_object, call, model.name, found))
        finally:
            watch.end()

    def scheduler_of(self, name: str) -> Scheduler:
        """Return the model of that name. Raises: Refusal."""
        found = self._schedulers.get(name)
        if found is not None:
            return found
        message = f"there is no model {name:.200}; there is {', '.join(self._schedulers)}"
        raise Refusal(404, message, code="model_not_found", param="model")

    async def _answer(self, request: Request, read: _Read) -> Response:
        body = await read_json(request, self._limits)
        scheduler = self._asked(body)
        try:
            call, writer = await self._read(body, scheduler.model, read)
        except KernelcError as error:
            raise refusal_of(error) from error
        job = scheduler.submit(call.requests)
        watch = _Watch(request.receive, job)
        handed_over = False
        try:
            if not call.stream:
                return JSONResponse(writer.whole(await _collected(job)))
            # The status is sent after the first events, so that a prompt that is too long is a 400.
            first = await job.next_events()
            _check(first)
            handed_over = True
            return EventStream(_batches(job, first, writer), on_end=watch.end)
        finally:
            if not handed_over:
                watch.end()

    async def _read(self, body: Any, model: Served, read: _Read) -> tuple[ChatCall | TextCall, Writer]:
        """Return the call of a body. Grammars of large schemas take their time: so they are made beside the
        event loop, one after the other, and hold up no call without one."""
        fields = cast("dict[str, object]", body) if isinstance(body, dict) else dict[str, object]()
        if not fields.get("response_format") and not may_make_grammar(fields):
            return read(body, model)
        async with self._compiling:
            return await asyncio.to_thread(read, body, model)

    def _asked(self, body: Any) -> Scheduler:
        """Return the model that a body names. Where there is one alone, it need not be named."""
        name = cast("dict[str, object]", body).get("model") if isinstance(body, dict) else None
        if isinstance(name, str):
            return self.scheduler_of(name)
        if len(self._schedulers) > 1 and isinstance(body, dict):
            there = ", ".join(self._schedulers)
            raise Refusal(400, f"model is missing, wanted one of {there}", param="model")
        return next(iter(self._schedulers.values()))  # what is no name or no object is refused by its parser


def _chat(body: Any, model: Served) -> tuple[ChatCall, Writer]:
    call = parse_chat(body, vocab_size=model.vocab_size)
    return call, ChatWriter(call, model)


def _text(body: Any, model: Served) -> tuple[TextCall, Writer]:
    call = parse_text(body, vocab_size=model.vocab_size)
    return call, TextWriter(call, model)


class _Watch:
    """Cancels a job when its client goes, and when its handler ends before the job does."""

    def __init__(self, receive: Receive, job: Job) -> None:
        self._job = job
        self._task = asyncio.create_task(self._wait(receive))

    async def _wait(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._job.cancel()

    def end(self) -> None:
        """Watch no longer. A job that is not done has nobody to read it."""
        self._task.cancel()
        self._job.cancel()


async def _collected(job: Job) -> list[Completed]:
    """Wait for all answers of a call, and return them in their order: several at once may end in another.

    Raises: ClientGone, and what failed.
    """
    found: dict[int, Completed] = {}
    while len(found) < len(job.requests):
        events = await job.next_events()
        _check(events)
        found |= {event.index: event.completed for event in events if isinstance(event, Finished)}
    return [found[index] for index in range(len(job.requests))]


async def _embedded(job: Job) -> list[Embedding]:
    """Wait for all embeddings of a call. Raises: ClientGone, and what failed."""
    found: list[Embedding] = []
    while len(found) < len(job.requests):
        events = await job.next_events()
        _check(events)
        found += [event.embedding for event in events if isinstance(event, Embedded)]
    return found


async def _batches(job: Job, first: list[Event], writer: Writer) -> AsyncGenerator[list[Json]]:
    """Yield the objects of a stream, all that there are at a time. Raises: ClientGone."""
    events, left = first, len(job.requests)
    while True:
        out: list[Json] = []
        for event in events:
            match event:
                case Piece():
                    out += writer.piece(event)
                case Finished():
                    out += writer.end(event)
                    left -= 1
                case Embedded():  # no stream has any
                    pass
                case Failed():
                    yield [*out, _logged(event.error).body()]
                    return
        if not left:
            yield [*out, *writer.closing()]
            return
        yield out
        events = await job.next_events()


def _check(events: list[Event]) -> None:
    """Raise what the client is told, where a call failed."""
    for event in events:
        if isinstance(event, Failed):
            raise _logged(event.error) from event.error


def _logged(error: Exception) -> Refusal:
    """Return what the client is told. The log has what went wrong on our side."""
    refusal = refusal_of(error)
    if refusal.status >= 500 and not isinstance(error, Refusal):
        _LOG.error("%s", refusal.message, exc_info=None if isinstance(error, KernelcError) else error)
    return refusal
