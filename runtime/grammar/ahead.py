"""Tokens that a grammar forces: text that must come is written without asking the model.

The text is certain, which tokens it is written with is not. They are those that the model's own tokenizer
makes of it, as far as no token could go on beyond the text that is certain: where `"age":` must come, `"` and
`age` are taken, and `":` is left to the model, since `": "` might be meant. So whatever comes after, a
tokenizer would have begun as we do. Source: the jump-forward decoding of SGLang (Zheng et al. 2024, arXiv
2312.07104) and the fast-forward tokens of llguidance.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Protocol

from runtime.grammar.vocabulary import Vocabulary

_LEAST_TOKENS = 3  # for fewer a step over several rows costs a graphics card as much as it saves


class Forcing(Protocol):
    """What knows text that must come; see `runtime.grammar.matcher.Matcher`."""

    def forced_bytes(self) -> bytes: ...

    def advance(self, token: int) -> bool: ...


class ForcedTokens:
    """Writes the texts that grammars force with the tokens of one model."""

    def __init__(self, encode: Callable[[str], list[int]], vocabulary: Vocabulary) -> None:
        """`encode` returns the ids of a text, with no special token among them."""
        self._encode = encode
        self._vocabulary = vocabulary

    def take(self, matcher: Forcing, after: int, most: int) -> list[int]:
        """Return the tokens that must come after a token, at most `most`, and let the matcher take them.

        None where the model should be asked.
        """
        text = _whole_characters(matcher.forced_bytes())
        if len(text) < _LEAST_TOKENS:
            return []
        certain: list[int] = []
        left = self._certain(text)
        for token in self._written(text, after)[:most]:
            left -= len(self._vocabulary.pieces[token])
            if left < 0:
                break
            certain.append(token)
        if len(certain) < _LEAST_TOKENS:
            return []
        return list(takewhile(matcher.advance, certain))

    def _certain(self, text: bytes) -> int:
        """Return the number of bytes before the first place from which a token leads beyond the text."""
        return next((at for at in range(len(text)) if self._vocabulary.has_longer(text[at:])), len(text))

    def _written(self, text: bytes, after: int) -> list[int]:
        """Return the tokens of a text, as a tokenizer writes it behind a token; none where it does not.

        A tokenizer may put a space before a text, or join its beginning to what is before: behind other
        text it does not. Where the token before does not keep to itself, a line end stands for it.
        """
        pieces = self._vocabulary.pieces
        before = pieces[after].decode("utf-8", "ignore")
        for lead in (before, "\n"):
            ids = self._encode(lead + text.decode())
            length, first = 0, len(ids)
            while length < len(text) and first > 0:
                first -= 1
                length += len(pieces[ids[first]])
            if length == len(text):
                return ids[first:]
        return []


def _whole_characters(data: bytes) -> bytes:
    """Return bytes without a character that is cut at their end; none where they begin inside of one."""
    for cut in range(min(4, len(data) + 1)):
        try:
            data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
        return data[: len(data) - cut]
    return b""
