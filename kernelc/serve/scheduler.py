"""The queue before a model, and the thread that works it off.

A `Worker` answers calls in a thread of its own: the model is opened, used and closed there, as some drivers
want it. An engine of one sequence answers one call after the other, one of several as many at once
(`kernelc.serve.together`). Handlers of requests run on the event loop; they `submit` a call and read the
`Job`'s events. Nothing that a reader does, or leaves undone, makes the worker wait: events of an answer,
which the context bounds, wait in the job.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kernelc.errors import DeviceError
from kernelc.serve.failures import QueueFull, ShuttingDown
from kernelc.serve.job import Embedded, Failed, Finished, Job, Request
from kernelc.serve.metrics import Metrics
from kernelc.serve.together import Shared, Together, piece
from runtime.chat.completion import Completer, Completion, completed
from runtime.chat.embedding import Embedder
from runtime.chat.openai.logprobs import Vocabulary
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import Delta

_FIRST_GUESS_SECONDS = 2.0  # how long a call takes, before one was measured
_NEWEST_COUNTS = 0.2  # the share of the newest call in the running mean
_MOST_RETRY_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A model that answers.

    `name` is its id in the API, `created` when it was opened, as Unix time, and `context` how many tokens its
    engine holds. `vocabulary` names tokens where log probabilities are asked for, and `decode` gives the text
    of a prompt's ids, where that is to be repeated. `embedder` is there where the model has embeddings.
    `shared` is the engine of several sequences that the completer answers on; None where it has one of its
    own.
    """

    name: str
    completer: Completer
    vocab_size: int
    context: int
    created: int
    vocabulary: Vocabulary
    decode: Callable[[Sequence[int]], str]
    embedder: Embedder | None = None
    shared: Shared | None = None


class Scheduler(Protocol):
    """What handlers of requests need of a model."""

    @property
    def model(self) -> Served: ...

    @property
    def waiting(self) -> int: ...

    @property
    def running(self) -> int: ...

    @property
    def healthy(self) -> bool: ...

    def submit(self, requests: Sequence[Request]) -> Job: ...


class Worker:
    """Answers calls in their order, in one thread; at most `most_waiting` wait beside those at work."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[Served]], *, most_waiting: int, metrics: Metrics
    ) -> None:
        """Open the model in the new thread and wait for it.

        `opened` gives a context manager that is left in that thread, too. Raises: what `opened` raises.
        """
        self._most_waiting = most_waiting
        self._metrics = metrics
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._running: list[Job] = []
        self._closing = False
        self._failed_on_device = False
        self._mean_seconds = _FIRST_GUESS_SECONDS
        ready: Future[Served] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened, ready), name="kernelc-serve")
        self._thread.daemon = True  # so that Ctrl-C ends a process whose model is still being opened
        self._thread.start()
        self.model = ready.result()

    @property
    def waiting(self) -> int:
        """How many calls wait, without those whose client has gone."""
        with self._changed:
            return sum(not job.cancelled for job in self._queue)

    @property
    def running(self) -> int:
        """How many calls are being answered."""
        return len(self._running)

    @property
    def current(self) -> Job | None:
        """The call that is being answered, of several the first; None where there is none."""
        running = list(self._running)
        return running[0] if running else None

    @property
    def healthy(self) -> bool:
        """Whether the thread is there, and the device did not fail at the last call."""
        return self._thread.is_alive() and not self._failed_on_device

    def submit(self, requests: Sequence[Request]) -> Job:
        """Put a call at the end of the queue; to be called on the event loop that reads the job.

        Raises: QueueFull, ShuttingDown.
        """
        job = Job(tuple(requests))
        with self._changed:
            if self._closing:
                raise ShuttingDown
            self._queue = deque(each for each in self._queue if not each.cancelled)
            if len(self._queue) >= self._most_waiting:
                self._metrics.count("kernelc_requests_refused_total", model=self.model.name)
                raise QueueFull(len(self._queue), self._retry_seconds())
            self._queue.append(job)
            self._changed.notify()
        return job

    def refuse(self) -> None:
        """Take no more calls, and refuse those that wait. Those at work go on."""
        with self._changed:
            self._closing = True
            for job in self._queue:
                job.put(Failed(ShuttingDown()))
            self._queue.clear()
            self._changed.notify()

    def stop(self) -> None:
        """End the calls at work, too, after their tokens."""
        self.refuse()
        for job in list(self._running):
            job.fail(ShuttingDown())

    def close(self) -> None:
        """Stop, close the model and end the thread."""
        self.stop()
        self._thread.join()

    def _retry_seconds(self) -> int:
        """About how long half the queue takes, for Retry-After: many who come back then find a place."""
        at_once = 1 if self.model.shared is None else self.model.shared.places
        expected = self._mean_seconds * len(self._queue) / 2 / at_once
        return min(max(1, math.ceil(expected)), _MOST_RETRY_SECONDS)

    # ---- in the worker's thread ----

    def _run(self, opened: Callable[[], AbstractContextManager[Served]], ready: Future[Served]) -> None:
        with contextlib.ExitStack() as stack:
            try:
                model = stack.enter_context(opened())
            except BaseException as error:  # also SystemExit: whoever waits must hear of it
                ready.set_exception(error)
                return
            ready.set_result(model)
            if model.shared is not None:
                Together(model, model.shared, self).run()
                return
            while (job := self.take(wait=True)) is not None:
                began = time.monotonic()
                self._answer(model, job)
                self.ended(job, began)

    def take(self, *, wait: bool) -> Job | None:
        """Return the next call, which is being answered from then on. None where there is none: now, or where
        it was waited for, ever."""
        with self._changed:
            while True:
                while self._queue:
                    job = self._queue.popleft()
                    if not job.over:
                        self._running.append(job)
                        return job
                if self._closing or not wait:
                    return None
                self._changed.wait()

    def ended(self, job: Job, began: float) -> None:
        """Note that a call, taken at the time `began`, is over."""
        self._mean_seconds += _NEWEST_COUNTS * (time.monotonic() - began - self._mean_seconds)
        self._running.remove(job)
        if job.cancelled:
            self._metrics.count("kernelc_answers_aborted_total", model=self.model.name)

    def succeeded(self) -> None:
        """Note that the device works."""
        self._failed_on_device = False

    def failed(self, error: Exception) -> None:
        """Note what a call failed with."""
        self._failed_on_device = isinstance(error, DeviceError)

    def measure(self, answer: Completion) -> None:
        """Count what an answer took, which has come to its end."""
        for name, amount in (
            ("kernelc_prompt_tokens_total", answer.prompt_tokens),
            ("kernelc_reused_tokens_total", answer.reused_tokens),
            ("kernelc_generated_tokens_total", answer.new_tokens),
        ):
            self._metrics.count(name, amount, model=self.model.name)
        if answer.timings.drafted_tokens:
            drafted, accepted = answer.timings.drafted_tokens, answer.timings.accepted_tokens
            self._metrics.count("kernelc_drafted_tokens_total", drafted, model=self.model.name)
            self._metrics.count("kernelc_accepted_tokens_total", accepted, model=self.model.name)
        first = answer.timings.first_token_seconds
        if first is not None:
            self._metrics.observe("kernelc_first_token_seconds", first, model=self.model.name)

    # ---- one call after the other

    def _answer(self, model: Served, job: Job) -> None:
        try:
            for index, request in enumerate(job.requests):
                if job.over:
                    break
                if isinstance(request, CompletionRequest):
                    self._choice(model, job, index, request)
                else:
                    assert model.embedder is not None  # the handler has refused the call
                    job.put(Embedded(index, model.embedder.embed(request)))
            model.completer.settle()  # its reader has all of it
            self.succeeded()
        except Exception as error:  # the handler tells the client, and a bug's traceback goes to the log
            self.failed(error)
            job.put(Failed(error))

    def _choice(self, model: Served, job: Job, index: int, request: CompletionRequest) -> None:
        """Generate one answer of a call."""
        deltas: list[Delta] = []
        answer = model.completer.stream(request)
        job.started(answer)
        try:
            for delta in answer.deltas:
                deltas.append(delta)
                job.put(piece(index, delta, answer, request))
        finally:
            answer.close()
            self.measure(answer)
        job.put(Finished(index, answer, completed(answer, deltas)))
