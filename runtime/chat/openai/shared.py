"""The fields that chat completions and text completions have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from runtime.chat.openai.fields import Fields, a_number, a_text, an_object, as_list
from runtime.chat.openai.names import check_names
from runtime.chat.openai.refusal import RequestError, refuse
from runtime.chat.request import CompletionRequest
from runtime.engine.sampling import MAX_U32, SamplingChanges

MOST_TOKENS = 2**53 - 1
"""No limit: the context is full before. It is the greatest integer that all readers of JSON agree on."""
MOST_TOP_LOGPROBS = 20
_MOST_ANSWERS = 16
_MOST_STOPS = 16
_MOST_STOP_LENGTH = 1000
_MOST_BIASES = 10_000
_TOKEN_ID = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True)
class Shared:
    """What both endpoints read. `how` says how to answer; its prompt is empty, the endpoint replaces it."""

    model: str | None
    n: int
    stream: bool
    include_usage: bool
    sampling: SamplingChanges
    how: CompletionRequest

    def answers(self, request: CompletionRequest) -> tuple[CompletionRequest, ...]:
        """Return `request` n times: where it has a seed, each has another."""
        changes = self.sampling
        if changes.seed is None:
            return (request,) * self.n  # each will draw its own
        seeds = ((changes.seed + at) & MAX_U32 for at in range(self.n))
        return tuple(replace(request, sampling=replace(changes, seed=seed)) for seed in seeds)


def read_shared(fields: Fields, vocab_size: int, max_new: int) -> Shared:
    """Return the fields in common; `max_new` is the limit where `max_tokens` is left out.

    Raises: RequestError.
    """
    n = fields.integer("n", 1, _MOST_ANSWERS)
    stream = fields.flag("stream")
    include_usage = _include_usage(fields, stream)
    fields.word("user")
    max_tokens = fields.integer("max_tokens", 0, MOST_TOKENS)
    sampling = _sampling(fields)
    how = CompletionRequest(
        prompt="",
        max_new=max_new if max_tokens is None else max_tokens,
        sampling=sampling,
        stop=_stops(fields.get("stop")),
        logit_bias=_biases(fields.get("logit_bias"), vocab_size),
        frequency_penalty=fields.number("frequency_penalty", -2, 2) or 0.0,
        presence_penalty=fields.number("presence_penalty", -2, 2) or 0.0,
    )
    return Shared(fields.word("model"), n or 1, stream, include_usage, sampling, how)


def _sampling(fields: Fields) -> SamplingChanges:
    return SamplingChanges(
        temperature=fields.number("temperature", 0, 100),
        top_k=fields.integer("top_k", 0, MAX_U32),
        top_p=fields.number("top_p", 0, 1, above=True),
        min_p=fields.number("min_p", 0, 1),
        repetition_penalty=fields.number("repetition_penalty", 0, 100, above=True),
        seed=fields.integer("seed", 0, MAX_U32),
    )


def _include_usage(fields: Fields, stream: bool) -> bool:
    options = fields.inner("stream_options")
    if options is None:
        return False
    check_names(options, ("include_usage", "include_obfuscation"), {})
    if not stream:
        refuse("stream_options", options.values, "stream: true with it")
    if options.flag("include_obfuscation"):
        refuse("stream_options.include_obfuscation", True, "false: the sizes of chunks are as they come")
    return options.flag("include_usage")


def _stops(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        return (a_text("stop", given, 1, _MOST_STOP_LENGTH),)
    texts = as_list(given)
    if texts is None or len(texts) > _MOST_STOPS:
        refuse("stop", given, f"a text, or a list of at most {_MOST_STOPS} texts")
    return tuple(a_text(f"stop[{at}]", each, 1, _MOST_STOP_LENGTH) for at, each in enumerate(texts))


def _biases(given: object, vocab_size: int) -> Mapping[int, float]:
    if given is None:
        return {}
    biases = an_object("logit_bias", given).values
    if len(biases) > _MOST_BIASES:
        message = f"logit_bias has {len(biases)} entries, wanted at most {_MOST_BIASES}"
        raise RequestError(message, param="logit_bias")
    found: dict[int, float] = {}
    for name, value in biases.items():
        if not _TOKEN_ID.fullmatch(name) or int(name) >= vocab_size:
            refuse("logit_bias", name, f"token ids from 0 to {vocab_size - 1} as its names")
        found[int(name)] = a_number(f"logit_bias.{name}", value, -100, 100)
    return found
