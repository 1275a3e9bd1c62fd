"""The toy model's ids as letters, so that a text says which ids were generated."""

from __future__ import annotations

from collections.abc import Sequence

from tests.runtime.fake_engine import BytesCoder
from tests.runtime.tiny_kernels import VOCAB


class LettersCoder(BytesCoder):
    """A letter for each id."""

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        return [(ord(letter) - ord("A")) % VOCAB for letter in text]

    def stream_decoder(self, *, continued: bool) -> LettersDecoder:  # type: ignore[override]
        return LettersDecoder()


class LettersDecoder:
    def feed(self, token_id: int) -> str:
        return chr(ord("A") + token_id)

    def flush(self) -> str:
        return ""


def letters(ids: Sequence[int]) -> str:
    return "".join(map(LettersDecoder().feed, ids))
