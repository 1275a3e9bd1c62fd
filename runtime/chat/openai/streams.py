"""The chunks of a stream, in OpenAI's order: role, pieces, reason, and at the very end the usage.

    stream = ChatStream(Head.chat(model), call, vocabulary)
    for index, request in enumerate(call.requests):
        answer = completer.stream(request)
        with contextlib.closing(answer):
            first = next(answer.deltas, None)  # errors of the prompt come before the first chunk
            yield stream.begin(index)
            for delta in itertools.chain([first], answer.deltas):
                if delta is not None:
                    yield stream.piece(index, delta, answer)
            yield stream.end(index, answer)
    if call.include_usage:
        yield stream.usage()

Choices may also come in turns; `index` says whose a piece is. Text completions have no `begin` but `echo`.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.chat.completion import Completion
from runtime.chat.openai.logprobs import Json, TextLogprobs, Vocabulary, chat_logprobs
from runtime.chat.openai.requests import ChatCall, TextCall
from runtime.chat.openai.responses import (
    CHAT_CHUNK,
    TEXT,
    Head,
    chat_chunk,
    delta_of,
    finish_reason,
    text_chunk,
    usage,
)
from runtime.chat.tools.deltas import Delta
from runtime.engine.chooser import ChosenLogprobs


class _Stream:
    """What was sent of each choice so far, and the answers that ended, for the usage."""

    kind = CHAT_CHUNK

    def __init__(self, head: Head, call: ChatCall | TextCall) -> None:
        self._head = head
        self._call = call
        self._sent = [0] * len(call.requests)
        self._ended: dict[int, Completion] = {}

    def usage(self) -> Json:
        """Return the chunk that `stream_options.include_usage` asks for, after the end of every choice."""
        answers = [answer for _, answer in sorted(self._ended.items())]
        return self._head.object(self.kind, []) | {"usage": usage(answers, self._call.n)}

    def _news(self, index: int, answer: Completion) -> Sequence[ChosenLogprobs] | None:
        """Return the log probabilities of tokens shown since the last chunk; None where none are wanted."""
        if not self._call.logprobs:
            return None
        sent, self._sent[index] = self._sent[index], answer.shown_tokens
        return answer.chosen[sent : answer.shown_tokens]

    def _with_usage(self, chunk: Json) -> Json:
        return chunk | {"usage": None} if self._call.include_usage else chunk


class ChatStream(_Stream):
    """Makes the chunks of a chat completion."""

    def __init__(self, head: Head, call: ChatCall, vocabulary: Vocabulary) -> None:
        super().__init__(head, call)
        self._vocabulary = vocabulary
        self._called: set[int] = set()  # the choices that called a tool

    def begin(self, index: int) -> Json:
        """Return the first chunk of a choice, which says whose words follow."""
        return self._with_usage(chat_chunk(self._head, index, {"role": "assistant", "content": ""}))

    def piece(self, index: int, delta: Delta, answer: Completion) -> Json:
        """Return the chunk of what `answer` gave."""
        if delta.kind == "call":
            self._called.add(index)
        logprobs = self._logprobs(index, answer)
        return self._with_usage(chat_chunk(self._head, index, delta_of(delta), logprobs=logprobs))

    def end(self, index: int, answer: Completion) -> Json:
        """Return the last chunk of a choice, whose `answer` is over."""
        self._ended[index] = answer
        logprobs = self._logprobs(index, answer)
        finish = finish_reason(answer.finish_reason, called=index in self._called)
        return self._with_usage(chat_chunk(self._head, index, {}, finish=finish, logprobs=logprobs))

    def _logprobs(self, index: int, answer: Completion) -> Json | None:
        news = self._news(index, answer)
        return chat_logprobs(news, self._vocabulary) if news else None


class TextStream(_Stream):
    """Makes the chunks of text completions."""

    kind = TEXT

    def __init__(
        self, head: Head, call: TextCall, vocabulary: Vocabulary, prompts: Sequence[str] = ()
    ) -> None:
        """`prompts` are the texts of the prompts, needed where `call.echo` asks for them."""
        super().__init__(head, call)
        self._prompts = [prompts[at // call.n] if call.echo else "" for at in range(len(call.requests))]
        self._tables = [TextLogprobs(vocabulary, len(prompt)) for prompt in self._prompts]

    def echo(self, index: int) -> Json | None:
        """Return the chunk of the prompt before a choice; None where the request wants no echo."""
        prompt = self._prompts[index]
        return self._with_usage(text_chunk(self._head, index, prompt)) if prompt else None

    def piece(self, index: int, delta: Delta, answer: Completion) -> Json:
        """Return the chunk of a text that `answer` gave."""
        return self._chunk(index, delta.text, answer, None)

    def end(self, index: int, answer: Completion) -> Json:
        """Return the last chunk of a choice, whose `answer` is over."""
        self._ended[index] = answer
        return self._chunk(index, "", answer, finish_reason(answer.finish_reason))

    def _chunk(self, index: int, text: str, answer: Completion, finish: str | None) -> Json:
        news = self._news(index, answer)
        logprobs = self._tables[index].of(news) if news else None
        return self._with_usage(text_chunk(self._head, index, text, finish=finish, logprobs=logprobs))
