"""From token ids back to text: at once, or id by id without ever showing half a character.

Both kinds of tokenizer become the same thing here: each id stands for some bytes, the bytes are joined, one
rule says what happens to the space that starts the text, and the whole is read as UTF-8 (bytes that are none
show as U+FFFD). So the streamed text equals the text decoded at once, by construction.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class LeadingSpace(Enum):
    """What becomes of the space at the start of a text, which encoding may have put there."""

    KEEP = "keep"
    DROP_ONE = "drop one"
    DROP_ALL = "drop all"


@dataclass(frozen=True)
class Piece:
    """What one id stands for: no bytes if it is special. Only a droppable piece loses a leading space."""

    data: bytes
    droppable: bool = True


NOTHING = Piece(b"")


class Pieces(Protocol):
    """What decoding needs of a tokenizer."""

    @property
    def leading_space(self) -> LeadingSpace: ...

    def piece(self, token_id: int) -> Piece: ...


class StreamDecoder:
    """Turns ids into text as they come, holding back an incomplete character until its last byte is there.

    `continued` says that the ids go on from text that is already shown, so a leading space belongs to the
    text: a prompt "Once upon" goes on with " a", while an answer in a chat starts with "Hello".
    """

    def __init__(self, pieces: Pieces, *, continued: bool = False) -> None:
        self._pieces = pieces
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._drop = LeadingSpace.KEEP if continued else pieces.leading_space

    def feed(self, token_id: int) -> str:
        """Return the text that this id completes, which may be none."""
        piece = self._pieces.piece(token_id)
        return self._utf8.decode(self._without_leading_space(piece))

    def flush(self) -> str:
        """Return what is left at the end: U+FFFD for a character that never became complete."""
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
