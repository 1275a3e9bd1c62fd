"""Untrusted JSON bodies of /v1/chat/completions and /v1/completions, as requests that a `Completer` takes.

    call = parse_chat(json.loads(body), vocab_size=engine.vocab_size)
    answers = [completer.complete(request) for request in call.requests]

Fields mean what OpenAI's API reference says. Ours are `top_k`, `min_p`, `repetition_penalty`, and
`reasoning_format`: "none" leaves thoughts in the text, with their marks, as in llama.cpp's server.
Temperatures may be up to 100, `stop` may be 16 texts, `seed` is 0 to 2^32 - 1. Sampling that is left out is
as the model's authors want it. Some fields change no answer, and are only checked: `user`,
`safety_identifier`, `metadata`, `prompt_cache_key`, `name` of a message; `store` and `prompt_cache_retention`
where they ask to keep nothing; `service_tier` where it is the usual one. All others that are not done are
refused by their names, and so are names that nobody knows. The page's engine reads requests by the same
rules: tests/requests/golden.json holds both to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.chat.openai.fields import Fields, a_text, read_body
from runtime.chat.openai.formats import read_format
from runtime.chat.openai.messages import read_messages
from runtime.chat.openai.names import CHAT, CHAT_UNSUPPORTED, TEXT, TEXT_UNSUPPORTED, check_names
from runtime.chat.openai.prompts import MOST_PROMPTS, read_prompts
from runtime.chat.openai.refusal import RequestError, refuse
from runtime.chat.openai.shared import MOST_TOKENS, MOST_TOP_LOGPROBS, read_shared
from runtime.chat.openai.tools import read_tools
from runtime.chat.request import CompletionRequest

__all__ = ["ChatCall", "RequestError", "TextCall", "parse_chat", "parse_text"]

_TEXT_MAX_TOKENS = 16  # OpenAI's default for text completions
_METADATA_PAIRS, _METADATA_NAME, _METADATA_VALUE = 16, 64, 512


@dataclass(frozen=True)
class ChatCall:
    """A request for a chat completion: `n` answers to the same messages, in the order of their choices.

    `model` is the name asked for, None for whichever there is. `logprobs` says whether answers come with log
    probabilities.
    """

    model: str | None
    requests: tuple[CompletionRequest, ...]
    n: int
    stream: bool
    include_usage: bool
    logprobs: bool


@dataclass(frozen=True)
class TextCall:
    """A request for text completions: `n` for each prompt, one prompt after the other.

    With `echo` an answer begins with its prompt. The other fields are those of `ChatCall`.
    """

    model: str | None
    requests: tuple[CompletionRequest, ...]
    n: int
    stream: bool
    include_usage: bool
    logprobs: bool
    echo: bool


def parse_chat(body: object, *, vocab_size: int) -> ChatCall:
    """Return a chat request out of its JSON `body`; token ids are below `vocab_size`.

    Raises: RequestError naming the field, what it holds and what was wanted.
    """
    fields = read_body(body)
    check_names(fields, CHAT, CHAT_UNSUPPORTED)
    messages = read_messages(fields)
    limit = fields.integer("max_completion_tokens", 0, MOST_TOKENS)
    shared = read_shared(fields, vocab_size, MOST_TOKENS)
    _check_harmless(fields)
    top_logprobs = _top_logprobs(fields)
    grammar, tools = read_format(fields), read_tools(fields)
    if grammar is not None and tools is not None:
        refuse("response_format", fields.get("response_format"), "no form where tools may be called")
    max_new = shared.how.max_new if limit is None else limit
    request = replace(
        shared.how,
        prompt=None,
        messages=messages,
        max_new=max_new,
        top_logprobs=top_logprobs,
        grammar=grammar,
        tools=tools,
        splits_thoughts=_splits_thoughts(fields),
    )
    return ChatCall(
        model=shared.model,
        requests=shared.answers(request),
        n=shared.n,
        stream=shared.stream,
        include_usage=shared.include_usage,
        logprobs=top_logprobs is not None,
    )


def parse_text(body: object, *, vocab_size: int) -> TextCall:
    """Return a request for text completions out of its JSON `body`; token ids are below `vocab_size`.

    Raises: RequestError naming the field, what it holds and what was wanted.
    """
    fields = read_body(body)
    check_names(fields, TEXT, TEXT_UNSUPPORTED)
    prompts = read_prompts(fields, vocab_size)
    shared = read_shared(fields, vocab_size, _TEXT_MAX_TOKENS)
    if len(prompts) * shared.n > MOST_PROMPTS:
        message = f"n is {shared.n} for {len(prompts)} prompts, wanted at most {MOST_PROMPTS} answers in all"
        raise RequestError(message, param="n")
    best_of = fields.integer("best_of", 1, MOST_TOKENS)
    if best_of is not None and best_of != shared.n:
        refuse("best_of", best_of, "as many as n: answers are not ranked")
    echo = fields.flag("echo")
    top_logprobs = fields.integer("logprobs", 0, MOST_TOP_LOGPROBS)
    if echo and top_logprobs is not None:
        refuse("logprobs", top_logprobs, "none with echo: those of prompts are not computed")
    requests: list[CompletionRequest] = []
    for prompt in prompts:
        text, ids = (prompt, None) if isinstance(prompt, str) else (None, prompt)
        request = replace(shared.how, prompt=text, prompt_ids=ids, top_logprobs=top_logprobs)
        requests += shared.answers(request)
    return TextCall(
        model=shared.model,
        requests=tuple(requests),
        n=shared.n,
        stream=shared.stream,
        include_usage=shared.include_usage,
        logprobs=top_logprobs is not None,
        echo=echo,
    )


def _top_logprobs(fields: Fields) -> int | None:
    """Return how many of the likeliest tokens are wanted, None for no log probabilities at all."""
    wanted = fields.flag("logprobs")
    top = fields.integer("top_logprobs", 0, MOST_TOP_LOGPROBS)
    if top is not None and not wanted:
        refuse("top_logprobs", top, "logprobs: true with it")
    return (top or 0) if wanted else None


def _splits_thoughts(fields: Fields) -> bool:
    """Return whether thoughts come apart from the answer, as `reasoning_content`."""
    given = fields.get("reasoning_format")
    if given not in (None, "auto", "none"):
        refuse("reasoning_format", given, '"auto" or "none"')
    return given != "none"


def _check_harmless(fields: Fields) -> None:
    """Check the fields of which only one value is done, or that change no answer."""
    fields.word("safety_identifier")
    fields.word("prompt_cache_key")
    _check_metadata(fields)
    if (modalities := fields.get("modalities")) is not None and modalities != ["text"]:
        refuse("modalities", modalities, '["text"]')
    if fields.flag("store"):
        refuse("store", True, "false: answers are not kept")
    if (retention := fields.get("prompt_cache_retention")) not in (None, "in_memory"):
        refuse("prompt_cache_retention", retention, '"in_memory"')
    if (tier := fields.get("service_tier")) not in (None, "auto", "default"):
        refuse("service_tier", tier, '"auto" or "default"')


def _check_metadata(fields: Fields) -> None:
    metadata = fields.inner("metadata")
    if metadata is None:
        return
    if len(metadata.values) > _METADATA_PAIRS:
        message = f"metadata has {len(metadata.values)} pairs, wanted at most {_METADATA_PAIRS}"
        raise RequestError(message, param="metadata")
    for name, value in metadata.values.items():
        if len(name) > _METADATA_NAME:
            refuse("metadata", name, f"names of at most {_METADATA_NAME} characters")
        a_text(f"metadata.{name}", value, 0, _METADATA_VALUE)
