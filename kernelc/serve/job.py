"""A call in the queue: requests in, events out, from the worker's thread to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass

from runtime.chat.answer import Answer
from runtime.chat.completion import Completed, Completion
from runtime.chat.embedding import Embedding
from runtime.chat.openai.prompts import Prompt
from runtime.chat.request import CompletionRequest
from runtime.chat.tools.deltas import Delta


@dataclass(frozen=True)
class Piece:
    """Something more of a choice, and the answer as it was when it gave that.

    Only log probabilities need it so. Where there are none, the answer may be ahead of the text.
    """

    index: int
    delta: Delta
    answer: Completion


@dataclass(frozen=True)
class Finished:
    """A choice is whole. `answer` is over."""

    index: int
    answer: Completion
    completed: Completed


@dataclass(frozen=True)
class Embedded:
    """The embedding of one of a call's texts."""

    index: int
    embedding: Embedding


@dataclass(frozen=True)
class Failed:
    """The call ends here, for all its choices."""

    error: Exception


Event = Piece | Finished | Embedded | Failed


Request = CompletionRequest | Prompt
"""What a call consists of: answers to make, or texts (or their ids) to embed."""


class ClientGone(Exception):
    """The client closed its connection, so nobody reads the answer."""


class Job:
    """One call. `next_events` and the constructor belong to one event loop; the rest may run anywhere."""

    def __init__(self, requests: tuple[Request, ...]) -> None:
        self.requests = requests
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._answers: list[Answer] = []  # those under way, of its choices
        self._left = len(requests)
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the answer any more."""
        return self._cancelled

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do: all is done, or failed, or unwanted."""
        return self._cancelled or not self._left

    async def next_events(self) -> list[Event]:
        """Wait for events and return all that there are; a slow reader gets more of them at once.

        Raises: ClientGone after `cancel`.
        """
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._cancelled:
                raise ClientGone
            with self._lock:
                events, self._events = self._events, []
            if events:
                return events

    def put(self, event: Event) -> None:
        """Hand over an event. It is dropped after `cancel`, and after the call's end."""
        with self._lock:
            if self._cancelled or not self._left:
                return
            self._events.append(event)
            if isinstance(event, Failed):
                self._left = 0
            elif isinstance(event, Finished | Embedded):
                self._left -= 1
            wake = len(self._events) == 1
        if wake:
            self._wake()

    def fail(self, error: Exception) -> None:
        """End the call with an error, and stop its answers after their tokens."""
        self.put(Failed(error))
        with self._lock:
            self._stop()

    def started(self, answer: Answer) -> None:
        """Say which answer is being generated, for `cancel` to stop."""
        with self._lock:
            self._answers = [each for each in self._answers if each.finish_reason is None] + [answer]
            if self._cancelled or not self._left:
                answer.stop()

    def cancel(self) -> None:
        """Stop the answers after their tokens, or never begin them; what was generated is dropped.

        Where all answers are whole already, nothing happens.
        """
        with self._lock:
            if not self._left:
                return
            self._cancelled = True
            self._events.clear()
            self._stop()
        self._wake()

    def _stop(self) -> None:
        for answer in self._answers:
            answer.stop()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(self._arrived.set)
