"""Prepares text for a tokenizer: makes it encodable, and splits it at added tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from model.text.special_tokens import AddedToken


def clean(text: str) -> str:
    """Return the text with lone surrogates replaced: a terminal or JSON may give some, UTF-8 has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class AddedTokenSplitter:
    """Finds added tokens in a text: leftmost first, and the longest of several that start at one place."""

    def __init__(self, tokens: Mapping[int, AddedToken]) -> None:
        self._tokens = {token.content: (token_id, token) for token_id, token in tokens.items()}
        longest_first = sorted(self._tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def split(self, text: str) -> Iterator[str | int]:
        """Yield the ids of added tokens and the text between them, in order. No part of text is empty."""
        begin, strip = 0, False
        for match in self._pattern.finditer(text) if self._pattern else ():
            token_id, token = self._tokens[match.group()]
            if token.single_word and _inside_word(text, match):
                continue
            before = _stripped(text[begin : match.start()], left=strip, right=token.strip_left)
            if before:
                yield before
            yield token_id
            begin, strip = match.end(), token.strip_right
        rest = _stripped(text[begin:], left=strip, right=False)
        if rest:
            yield rest


def _stripped(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip() if left else text
    return text.rstrip() if right else text


def _inside_word(text: str, match: re.Match[str]) -> bool:
    neighbours = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
    return any(char.isalnum() or char == "_" for char in neighbours)
