"""Puts a job's events into OpenAI's objects, for both kinds of completions alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kernelc.serve.job import Finished, Piece
from kernelc.serve.scheduler import Served
from runtime.chat.completion import Completed
from runtime.chat.openai.logprobs import Json
from runtime.chat.openai.requests import ChatCall, TextCall
from runtime.chat.openai.responses import Head, chat_completion, prompt_texts, text_completion
from runtime.chat.openai.streams import ChatStream, TextStream


class Writer(Protocol):
    """Writes one call's answers, as a whole or as chunks."""

    def whole(self, answers: Sequence[Completed]) -> Json:
        """Return the response to a call that does not stream."""
        ...

    def piece(self, event: Piece) -> list[Json]:
        """Return the chunks of a piece."""
        ...

    def end(self, event: Finished) -> list[Json]:
        """Return the chunks that end a choice."""
        ...

    def closing(self) -> list[Json]:
        """Return the chunks that end the stream."""
        ...


class _Writer:
    """What both kinds have in common: choices begin before their first piece, or with their end."""

    def __init__(self, stream: ChatStream | TextStream, call: ChatCall | TextCall) -> None:
        self._stream = stream
        self._call = call
        self._begun: set[int] = set()

    def _beginning(self, index: int) -> list[Json]:
        if index in self._begun:
            return []
        self._begun.add(index)
        stream = self._stream
        first = stream.begin(index) if isinstance(stream, ChatStream) else stream.echo(index)
        return [] if first is None else [first]

    def piece(self, event: Piece) -> list[Json]:
        return [
            *self._beginning(event.index),
            self._stream.piece(event.index, event.delta, event.answer),
        ]

    def end(self, event: Finished) -> list[Json]:
        return [*self._beginning(event.index), self._stream.end(event.index, event.answer)]

    def closing(self) -> list[Json]:
        return [self._stream.usage()] if self._call.include_usage else []


class ChatWriter(_Writer):
    """Writes chat completions."""

    def __init__(self, call: ChatCall, model: Served) -> None:
        self._head, self._chat, self._model = Head.chat(model.name), call, model
        super().__init__(ChatStream(self._head, call, model.vocabulary), call)

    def whole(self, answers: Sequence[Completed]) -> Json:
        """Return the response to a call that does not stream."""
        return chat_completion(self._head, self._chat, answers, self._model.vocabulary)


class TextWriter(_Writer):
    """Writes text completions."""

    def __init__(self, call: TextCall, model: Served) -> None:
        self._head, self._text, self._model = Head.text(model.name), call, model
        self._prompts = prompt_texts(call, model.decode) if call.echo else []
        super().__init__(TextStream(self._head, call, model.vocabulary, self._prompts), call)

    def whole(self, answers: Sequence[Completed]) -> Json:
        """Return the response to a call that does not stream."""
        return text_completion(self._head, self._text, answers, self._model.vocabulary, self._prompts)
