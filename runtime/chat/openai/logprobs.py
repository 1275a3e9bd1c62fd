"""Log probabilities in OpenAI's two forms: of chat completions, and of the older text completions."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from runtime.engine.chooser import ChosenLogprobs
from runtime.engine.host_sampling import TokenLogprob

Json: TypeAlias = dict[str, Any]

_LEAST = -9999.0  # OpenAI's word for "never", since JSON has no infinity


class Piece(Protocol):
    """What an id stands for."""

    @property
    def data(self) -> bytes: ...


class Vocabulary(Protocol):
    """What names tokens; a tokenizer of `model.text` does."""

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary spells it."""
        ...

    def piece(self, token_id: int) -> Piece:
        """Return the bytes that an id stands for; none for markup."""
        ...


def chat_logprobs(chosen: Sequence[ChosenLogprobs], vocabulary: Vocabulary) -> Json:
    """Return the log probabilities of a choice of a chat completion, one entry for each token."""
    content = [
        {
            **_named(each.chosen, vocabulary),
            "top_logprobs": [_named(top, vocabulary) for top in each.top],
        }
        for each in chosen
    ]
    return {"content": content, "refusal": None}


def _named(entry: TokenLogprob, vocabulary: Vocabulary) -> Json:
    data = vocabulary.piece(entry.id).data
    name = data.decode("utf-8", "replace") if data else vocabulary.token(entry.id)
    return {"token": name, "logprob": max(entry.logprob, _LEAST), "bytes": list(data) or None}


class TextLogprobs:
    """The log probabilities of one choice of a text completion, as many tokens at a time as there are."""

    def __init__(self, vocabulary: Vocabulary, offset: int = 0) -> None:
        """`offset`: characters of the choice's text before its first token, such as an echoed prompt."""
        self._vocabulary = vocabulary
        self._offset = offset
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def of(self, chosen: Sequence[ChosenLogprobs]) -> Json:
        """Return the next tokens' entries.

        `text_offset` counts characters of the choice's text. Bytes that are no whole characters are spelled
        as OpenAI does, "bytes:\\xe2\\x80". `top_logprobs` has the chosen token beside the likeliest ones.
        """
        offsets: list[int] = []
        for each in chosen:
            offsets.append(self._offset)
            self._offset += len(self._utf8.decode(self._vocabulary.piece(each.chosen.id).data))
        return {
            "tokens": [self._spelled(each.chosen.id) for each in chosen],
            "token_logprobs": [max(each.chosen.logprob, _LEAST) for each in chosen],
            "top_logprobs": [self._top(each) for each in chosen],
            "text_offset": offsets,
        }

    def _top(self, each: ChosenLogprobs) -> dict[str, float]:
        top: dict[str, float] = {}
        for entry in (*each.top, each.chosen):  # of tokens that are spelled alike the likeliest stays
            top.setdefault(self._spelled(entry.id), max(entry.logprob, _LEAST))
        return top

    def _spelled(self, token_id: int) -> str:
        data = self._vocabulary.piece(token_id).data
        if not data:
            return self._vocabulary.token(token_id)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)
