"""Turns token ids back into text: all at once, or id by id without ever showing an incomplete character.

Both kinds of tokenizer are decoded in the same way: each id stands for some bytes, the bytes are joined, one
rule decides about a space at the start of the text, and the result is decoded as UTF-8, with U+FFFD for
invalid bytes. So streamed text equals text that is decoded at once, by construction.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class LeadingSpace(Enum):
    """What decoding does with spaces at the start of a text, which encoding may have inserted."""

    KEEP = "keep"
    DROP_ONE = "drop one"
    DROP_ALL = "drop all"


@dataclass(frozen=True)
class Piece:
    """The bytes of one id; special tokens have none. Only a droppable piece loses a leading space."""

    data: bytes
    droppable: bool = True


NOTHING = Piece(b"")


class Pieces(Protocol):
    """The part of a tokenizer that decoding needs."""

    @property
    def leading_space(self) -> LeadingSpace:
        """What happens to spaces at the start of a text."""
        ...

    def piece(self, token_id: int) -> Piece:
        """Return the bytes that an id stands for."""
        ...


class StreamDecoder:
    """Turns ids into text one by one, holding back an incomplete character until its last byte has come.

    `continued` says that the ids continue text that has been shown, so a leading space is part of the text:
    the prompt "Once upon" continues with " a", while an answer in a chat starts with "Hello".
    """

    def __init__(self, pieces: Pieces, *, continued: bool = False) -> None:
        self._pieces = pieces
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._drop = LeadingSpace.KEEP if continued else pieces.leading_space

    def feed(self, token_id: int) -> str:
        """Return the text that this id completes, which may be empty."""
        piece = self._pieces.piece(token_id)
        return self._utf8.decode(self._without_leading_space(piece))

    def flush(self) -> str:
        """Return what remains at the end: U+FFFD for a character that was never completed."""
        return self._utf8.decode(b"", final=True)

    def _without_leading_space(self, piece: Piece) -> bytes:
        data = piece.data
        if self._drop is not LeadingSpace.KEEP and piece.droppable and data.startswith(b" "):
            data = data[1:]
            if self._drop is LeadingSpace.DROP_ONE:
                self._drop = LeadingSpace.KEEP
        if data:
            self._drop = LeadingSpace.KEEP
        return data


def decode(pieces: Pieces, ids: Iterable[int], *, continued: bool = False) -> str:
    """Return the text of all ids; `continued` as for StreamDecoder."""
    decoder = StreamDecoder(pieces, continued=continued)
    return "".join([*map(decoder.feed, ids), decoder.flush()])
