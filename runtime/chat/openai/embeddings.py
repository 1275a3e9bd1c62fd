"""Untrusted JSON bodies of /v1/embeddings, and their answers.

Source: "Embeddings" in OpenAI's API reference.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from runtime.chat.openai.fields import read_body
from runtime.chat.openai.logprobs import Json
from runtime.chat.openai.names import EMBEDDINGS, EMBEDDINGS_UNSUPPORTED, check_names
from runtime.chat.openai.prompts import Prompt, read_prompts
from runtime.chat.openai.refusal import RequestError, refuse


class Embedded(Protocol):
    """The embedding of one text, f32 [hidden], and how many tokens the text has."""

    @property
    def vector(self) -> npt.NDArray[np.float32]: ...

    @property
    def tokens(self) -> int: ...


@dataclass(frozen=True)
class EmbeddingsCall:
    """A request for the embeddings of `inputs`, in their order. `as_base64`: of the bytes of each vector."""

    model: str | None
    inputs: tuple[Prompt, ...]
    as_base64: bool


def parse_embeddings(body: object, *, vocab_size: int) -> EmbeddingsCall:
    """Return a request for embeddings out of its JSON `body`; token ids are below `vocab_size`.

    Raises: RequestError naming the field, what it holds and what was wanted.
    """
    fields = read_body(body)
    check_names(fields, EMBEDDINGS, EMBEDDINGS_UNSUPPORTED)
    if fields.get("input") is None:
        refuse("input", None, "a text, a list of token ids, or a list of either")
    inputs = read_prompts(fields, vocab_size, "input")
    for at, each in enumerate(inputs):
        if not each:
            path = f"input[{at}]" if len(inputs) > 1 else "input"
            raise RequestError(f"{path} is empty, wanted a text of at least one character", param=path)
    encoding = fields.get("encoding_format")
    if encoding not in (None, "float", "base64"):
        refuse("encoding_format", encoding, '"float" or "base64"')
    fields.word("user")
    return EmbeddingsCall(fields.word("model"), tuple(inputs), encoding == "base64")


def embeddings_object(call: EmbeddingsCall, model: str, found: Sequence[Embedded]) -> Json:
    """Return the answer; `model` is the name to answer with."""
    data = [
        {"object": "embedding", "index": at, "embedding": _written(each.vector, call.as_base64)}
        for at, each in enumerate(found)
    ]
    tokens = sum(each.tokens for each in found)
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _written(vector: npt.NDArray[np.float32], as_base64: bool) -> object:
    if as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
