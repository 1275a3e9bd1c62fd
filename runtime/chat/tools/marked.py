"""Special tokens are no text, but the marks of calls and thoughts among them must be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from runtime.chat.tools.forms import CallForm, Thoughts


class Decoder(Protocol):
    """Turns ids into text one by one; see `runtime.chat.prompt.StreamDecoder`."""

    def feed(self, token_id: int) -> str: ...

    def flush(self) -> str: ...


class MarkedDecoder:
    """A decoder that shows some special tokens as their text."""

    def __init__(self, decoder: Decoder, shown: Mapping[int, str]) -> None:
        """`shown` has the texts by id."""
        self._decoder, self._shown = decoder, shown

    def feed(self, token_id: int) -> str:
        """Return the text that this id completes, which may be empty."""
        mark = self._shown.get(token_id)
        return self._decoder.feed(token_id) if mark is None else self._decoder.flush() + mark

    def flush(self) -> str:
        """Return what remains at the end."""
        return self._decoder.flush()


def shown_marks(
    special: Mapping[str, int], form: CallForm | None, thoughts: Thoughts | None
) -> dict[int, str]:
    """Return the marks that are special tokens, by id."""
    marks: Iterable[str] = form.marks if form is not None else ()
    if thoughts is not None:
        marks = (*marks, *thoughts.marks)
    return {special[mark]: mark for mark in marks if mark in special}
