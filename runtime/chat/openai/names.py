"""The names of fields: those that are taken, those that nobody has built yet, and those that nobody knows.

OpenAI's API ignores few of its fields; neither do we. What would change the answer and is not done is refused
by its name, and so is a name that is not in the reference, which mostly is a slip.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from runtime.chat.openai.fields import Fields
from runtime.chat.openai.refusal import RequestError, printable

_MOST_NAME = 64  # longer names are shown cut, and resemble nothing

COMMON = frozenset(
    (
        *("model", "n", "stream", "stream_options", "stop", "seed", "logit_bias", "logprobs", "user"),
        *("max_tokens", "temperature", "top_p", "frequency_penalty", "presence_penalty"),
        *("top_k", "min_p", "repetition_penalty"),  # ours
    )
)
CHAT = COMMON | frozenset(
    (
        *("messages", "max_completion_tokens", "top_logprobs", "response_format", "modalities", "metadata"),
        *("store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"),
        *("tools", "tool_choice", "parallel_tool_calls"),
        "reasoning_format",  # ours
    )
)
TEXT = COMMON | {"prompt", "echo", "best_of"}
EMBEDDINGS = frozenset(("model", "input", "encoding_format", "user"))

CHAT_UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "functions": "it is the old form of tools",
        "function_call": "it is the old form of tool_choice",
        "audio": "models answer with text alone",
        "prediction": "there are no predicted outputs",
        "reasoning_effort": "models think as they do",
        "verbosity": "models are as verbose as they are",
        "web_search_options": "nothing is looked up",
        "moderation": "nothing is moderated",
        "prompt_cache_options": "prefixes are cached without being told",
        "context_policy": "only the engine in a page has it",
        "continue_final_message": "only the engine in a page has it",
        "return_progress": "only the engine in a page has it",
        "logit_processor": "only the engine in a page has it",
        "prompt": "it is a field of text completions",
        "structured_outputs": "use response_format",
        "guided_json": "use response_format: json_schema",
        "guided_regex": "use response_format: regex",
        "guided_grammar": "use response_format: grammar",
        "grammar": "use response_format: grammar",
        "json_schema": "use response_format: json_schema",
    }
)
TEXT_UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "suffix": "models only go on from a prompt",
        "messages": "it is a field of chat completions",
        "max_completion_tokens": "text completions have max_tokens",
        "top_logprobs": "logprobs of text completions is that number",
        "context_policy": "only chat completions in a page have it",
        "continue_final_message": "only chat completions in a page have it",
        "return_progress": "only chat completions in a page have it",
        "logit_processor": "only the engine in a page has it",
    }
)
MESSAGE = frozenset(("role", "content", "name"))
EMBEDDINGS_UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {"dimensions": "embeddings have as many numbers as the model's hidden states"}
)
OF_ROLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {"assistant": frozenset(("tool_calls", "reasoning_content")), "tool": frozenset(("tool_call_id",))}
)
"""What messages of some roles have besides."""
CALL = frozenset(("id", "type", "function", "index"))
"""Of a call in a message; `index` is of clients that give back what they put together from a stream."""
MESSAGE_UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "function_call": "it is the old form of tool_calls",
        "audio": "models read text alone",
        "refusal": "write what was said as content",
        "annotations": "nothing is looked up",
    }
)


def check_names(fields: Fields, known: Collection[str], unsupported: Mapping[str, str]) -> None:
    """Check that all fields are `known`; those that are not supported may be null.

    Raises: RequestError naming the first other one, and the name that was probably meant.
    """
    for name, value in fields.values.items():
        if name in known:
            continue
        path = fields.path(printable(name[:_MOST_NAME]))
        if name in unsupported:
            if value is None or (name == "annotations" and value == []):
                continue
            reason = unsupported[name]
            raise RequestError(f"{path} is not supported: {reason}", param=path, code="unsupported_parameter")
        meant = nearest(name, (*known, *unsupported))
        hint = f", wanted perhaps {meant}" if meant else ""
        raise RequestError(f"{path} is not a known field{hint}", param=path, code="unknown_parameter")


def nearest(name: str, names: Collection[str]) -> str | None:
    """Return the name that takes the fewest changes, None where it takes more than a third of its letters.

    Of several the first in the alphabet. The page's engine suggests the same.
    """
    if len(name) > _MOST_NAME:
        return None
    distance, best = min((_distance(name.lower(), other), other) for other in names)
    return best if distance <= len(best) // 3 else None


def _distance(one: str, other: str) -> int:
    """Return how many letters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, row[0] = row[0], at
        for to, wanted in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (letter != wanted))
    return row[-1]
