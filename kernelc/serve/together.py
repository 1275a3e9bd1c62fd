"""Answers to several calls at once, on an engine of several sequences, in the worker's thread.

Each answer is a generator that is WAITING where it waits for its next token. When all of them wait,
one step of the engine makes the tokens of all. A prompt that is fed meanwhile is fed in chunks, and after
each the others get a token. An answer begins as soon as a sequence is free, takes the one that shares most
with its prompt, and what ends it, an error too, leaves the others alone.
"""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from kernelc.serve.job import Finished, Job, Piece
from runtime.chat.answer import Sequencer
from runtime.chat.completion import Completer, Completion, completed
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import WAITING, Delta


class Place(Sequencer, Protocol):
    """A sequence for one answer; see `runtime.engine.several.Lease`."""

    def back(self) -> None: ...


class Shared(Protocol):
    """What several answers share; see `runtime.engine.several.SeveralEngine`."""

    @property
    def places(self) -> int: ...

    def lease(self) -> Place: ...

    def step(self) -> None: ...

    def settle(self) -> None: ...

    def when_feeding(self, between_chunks: Callable[[], None]) -> None: ...


class Calls(Protocol):
    """Where calls come from, and what is told of them; see `kernelc.serve.scheduler.Worker`."""

    def take(self, *, wait: bool) -> Job | None: ...

    def ended(self, job: Job, began: float) -> None: ...

    def succeeded(self) -> None: ...

    def failed(self, error: Exception) -> None: ...

    def measure(self, answer: Completion) -> None: ...


class Answers(Protocol):
    """What answers requests; see `kernelc.serve.scheduler.Served`."""

    @property
    def completer(self) -> Completer: ...


@dataclass
class _Call:
    """A call under way: how many of its choices are not over, and when it was taken."""

    job: Job
    left: int
    began: float


@dataclass(eq=False)
class _Choice:
    """An answer under way. `waiting`: for a step; `working`: its generator is running, down the stack."""

    call: _Call
    index: int
    request: CompletionRequest
    place: Place
    answer: Completion
    deltas: list[Delta] = field(default_factory=list[Delta])
    waiting: bool = False
    working: bool = False


class Together:
    """Takes calls and answers them until there will be none."""

    def __init__(self, model: Answers, shared: Shared, calls: Calls) -> None:
        self._completer, self._shared, self._calls = model.completer, shared, calls
        self._pending: deque[tuple[_Call, int]] = deque()
        self._active: list[_Choice] = []
        shared.when_feeding(self._between_chunks)

    def run(self) -> None:
        """Work until no call is left and none will come."""
        while self._admit():
            self._go_on(self._active)

    def _admit(self) -> bool:
        """Begin answers while there are places; False where there is nothing to do and never will be."""
        while len(self._active) < self._shared.places:
            if not self._pending:
                job = self._calls.take(wait=False)
                if job is None and not self._active:
                    self._settle()
                    job = self._calls.take(wait=True)
                if job is None:
                    break
                call = _Call(job, len(job.requests), time.monotonic())
                self._pending.extend((call, index) for index in range(len(job.requests)))
            self._begin(*self._pending.popleft())
        return bool(self._active or self._pending)

    def _settle(self) -> None:
        """Keep what was computed for later prompts, while nobody waits."""
        try:
            self._shared.settle()
        except Exception as error:  # it is no call's fault, and the next one shows whether the device is well
            self._calls.failed(error)

    def _begin(self, call: _Call, index: int) -> None:
        """Begin an answer: its prompt is fed, and its first token made."""
        if call.job.over:
            self._over(call)
            return
        request, place = call.job.requests[index], self._shared.lease()
        assert isinstance(request, CompletionRequest)  # such a model has no embeddings, as handlers know
        try:
            answer = self._completer.stream(request, place)
        except Exception as error:  # the handler tells the client
            call.job.fail(error)
            self._over(call)
            return
        choice = _Choice(call, index, request, place, answer)
        self._active.append(choice)
        call.job.started(answer)
        self._resume(choice)

    def _go_on(self, choices: list[_Choice]) -> None:
        """Resume answers once, and where all of them wait then, make their tokens."""
        for choice in list(choices):
            if not choice.waiting or choice.answer.stopping:
                self._resume(choice)
        here = [each for each in choices if each in self._active]
        if here and all(each.waiting for each in here):
            self._step(here)

    def _step(self, choices: list[_Choice]) -> None:
        try:
            self._shared.step()
        except Exception as error:  # of the device: none of them can go on
            self._calls.failed(error)
            for choice in choices:
                choice.call.job.fail(error)
        for choice in choices:
            choice.waiting = False

    def _between_chunks(self) -> None:
        """Give the others a token while a prompt is being fed."""
        others = [each for each in self._active if not each.working]
        for _ in range(_RESUMES):
            self._go_on(others)
            others = [each for each in others if each in self._active]

    def _resume(self, choice: _Choice) -> None:
        """Let an answer go on to its next piece, or to where it waits."""
        choice.working = True
        try:
            delta = next(choice.answer.deltas, None)
            whole = completed(choice.answer, choice.deltas) if delta is None else None
        except Exception as error:  # the handler tells the client, and a bug's traceback goes to the log
            self._calls.failed(error)
            self._end(choice)
            choice.call.job.fail(error)
            self._over(choice.call)
            return
        finally:
            choice.working = False
        if whole is not None:
            if not choice.answer.stopping:
                self._calls.succeeded()
            self._end(choice)
            choice.call.job.put(Finished(choice.index, choice.answer, whole))
            self._over(choice.call)
        elif delta is not None:
            choice.waiting = delta is WAITING
            if not choice.waiting:
                choice.deltas.append(delta)
                choice.call.job.put(piece(choice.index, delta, choice.answer, choice.request))

    def _end(self, choice: _Choice) -> None:
        self._active.remove(choice)
        choice.answer.close()
        choice.place.back()
        self._calls.measure(choice.answer)

    def _over(self, call: _Call) -> None:
        """Note that a choice of a call is over."""
        call.left -= 1
        if not call.left:
            self._calls.ended(call.job, call.began)


_RESUMES = 2  # after a chunk: to take the token that is there, and to wait for the next one


def piece(index: int, delta: Delta, answer: Completion, request: CompletionRequest) -> Piece:
    """Return a piece for the event loop.

    The thread goes on while it waits there, so its log probabilities are those up to here.
    """
    return Piece(index, delta, answer if request.top_logprobs is None else copy.copy(answer))
