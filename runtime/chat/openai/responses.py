"""OpenAI's objects: whole answers, chunks of a stream, usage and errors, as JSON.

Source: "The chat completion object", "The chat completion chunk object" and "The completion object" of
OpenAI's API reference.
`runtime.chat.openai.streams` puts the chunks of an answer in order.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kernelc.errors import ContextError, KernelcError, UsageError
from runtime.chat.completion import Completed
from runtime.chat.openai.logprobs import Json, TextLogprobs, Vocabulary, chat_logprobs
from runtime.chat.openai.refusal import RequestError, printable
from runtime.chat.openai.requests import ChatCall, TextCall
from runtime.chat.tools.deltas import Delta

CHAT, CHAT_CHUNK, TEXT = "chat.completion", "chat.completion.chunk", "text_completion"


class Counted(Protocol):
    """An answer whose tokens are counted: whole, or at its end."""

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def prompt_tokens(self) -> int: ...

    @property
    def reused_tokens(self) -> int: ...

    @property
    def reasoning_tokens(self) -> int: ...


@dataclass(frozen=True)
class Head:
    """What all objects of one request begin with. `created` is Unix time in seconds."""

    id: str
    created: int
    model: str

    @classmethod
    def chat(cls, model: str) -> Head:
        """Return the head of a chat completion that begins now; `model` is the name to answer with."""
        return cls(f"chatcmpl-{secrets.token_hex(16)}", int(time.time()), model)

    @classmethod
    def text(cls, model: str) -> Head:
        """Return the head of a text completion that begins now; `model` is the name to answer with."""
        return cls(f"cmpl-{secrets.token_hex(16)}", int(time.time()), model)

    def object(self, kind: str, choices: list[Json]) -> Json:
        """Return an object of this request."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def chat_completion(head: Head, call: ChatCall, answers: Sequence[Completed], vocabulary: Vocabulary) -> Json:
    """Return a whole chat completion: an answer for each of `call.requests`, in their order."""
    choices = [
        {
            "index": at,
            "message": _message(answer),
            "finish_reason": finish_reason(answer.finish_reason, called=bool(answer.calls)),
            "logprobs": chat_logprobs(answer.logprobs[: answer.shown_tokens], vocabulary)
            if call.logprobs
            else None,
        }
        for at, answer in enumerate(answers)
    ]
    return head.object(CHAT, choices) | {"usage": usage(answers, call.n)}


def _message(answer: Completed) -> Json:
    """Return an answer's message. One that is nothing but calls has no content."""
    said: Json = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.reasoning:
        said["reasoning_content"] = answer.reasoning
    if answer.calls:
        said["content"] = answer.text or None
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answer.calls
        ]
    return said


def delta_of(delta: Delta) -> Json:
    """Return more of an answer as the delta of a chunk."""
    if delta.kind == "text":
        return {"content": delta.text}
    if delta.kind == "reasoning":
        return {"reasoning_content": delta.text}
    call: Json = {"index": delta.index}
    if delta.kind == "call":
        call |= {"id": delta.id, "type": "function", "function": {"name": delta.text, "arguments": ""}}
    else:
        call |= {"function": {"arguments": delta.text}}
    return {"tool_calls": [call]}


def chat_chunk(
    head: Head,
    index: int,
    delta: Json,
    *,
    finish: str | None = None,
    logprobs: Json | None = None,
) -> Json:
    """Return a chunk of choice `index`; `finish` is OpenAI's reason, in its last chunk."""
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
    return head.object(CHAT_CHUNK, [choice])


def text_completion(
    head: Head,
    call: TextCall,
    answers: Sequence[Completed],
    vocabulary: Vocabulary,
    prompts: Sequence[str] = (),
) -> Json:
    """Return whole text completions: an answer for each of `call.requests`, in their order.

    `prompts` are the texts of the prompts (see `prompt_texts`), needed where `call.echo` asks for them.
    """
    choices: list[Json] = []
    for at, answer in enumerate(answers):
        before = prompts[at // call.n] if call.echo else ""
        shown = answer.logprobs[: answer.shown_tokens]
        logprobs = TextLogprobs(vocabulary, len(before)).of(shown) if call.logprobs else None
        finish = finish_reason(answer.finish_reason)
        choices.append(_text_choice(at, before + answer.text, finish, logprobs))
    return head.object(TEXT, choices) | {"usage": usage(answers, call.n)}


def text_chunk(
    head: Head, index: int, text: str, *, finish: str | None = None, logprobs: Json | None = None
) -> Json:
    """Return a chunk of choice `index`; `finish` is OpenAI's reason, in its last chunk."""
    return head.object(TEXT, [_text_choice(index, text, finish, logprobs)])


def _text_choice(index: int, text: str, finish: str | None, logprobs: Json | None) -> Json:
    return {"index": index, "text": text, "finish_reason": finish, "logprobs": logprobs}


def prompt_texts(call: TextCall, decode: Callable[[Sequence[int]], str]) -> list[str]:
    """Return the text of each prompt; `decode` gives that of ids."""
    requests = call.requests[:: call.n]
    return [decode(each.prompt_ids or ()) if each.prompt is None else each.prompt for each in requests]


def usage(answers: Sequence[Counted], n: int) -> Json:
    """Return how many tokens were read and written; a prompt that had `n` answers counts once.

    How many of them are thoughts is said where there are some.
    """
    prompt_tokens = sum(answer.prompt_tokens for answer in answers[::n])
    completion_tokens = sum(len(answer.ids) for answer in answers)
    thoughts = sum(answer.reasoning_tokens for answer in answers)
    found: Json = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": sum(answer.reused_tokens for answer in answers[::n])},
    }
    return found | ({"completion_tokens_details": {"reasoning_tokens": thoughts}} if thoughts else {})


def finish_reason(reason: str | None, *, called: bool = False) -> str | None:
    """Return OpenAI's reason: "stop" where model or stop string ended the answer, else "length".

    Where it `called` a tool and was not cut off, that is the reason: "tool_calls".
    """
    if called and reason == "stop":
        return "tool_calls"
    return reason if reason is None or reason == "stop" else "length"


def error_object(
    message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> Json:
    """Return OpenAI's error object; `kind` is its type."""
    return {"error": {"message": printable(message), "type": kind, "param": param, "code": code}}


def error_of(error: KernelcError) -> Json:
    """Return the error object of an error for people; what is not the client's mistake is a server_error."""
    message = f"{error} ({error.help})" if error.help else str(error)
    if isinstance(error, RequestError):
        return error_object(message, param=error.param, code=error.code)
    if isinstance(error, ContextError):
        return error_object(message, code="context_length_exceeded")
    kind = "invalid_request_error" if isinstance(error, UsageError) else "server_error"
    return error_object(message, kind=kind)
