"""Stop strings: texts that end an answer, in however many tokens and pieces they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kernelc.errors import UsageError

_MOST_STOPS = 16
_MOST_LENGTH = 1000


class StopMatcher:
    """Ends a text before the first stop string, and shows nothing that may still become part of one.

    `found` is the stop string that was met, None so far; nothing is shown after it.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """An empty text stops nothing."""
        self.found: str | None = None
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return the text that may be shown now that `piece` came."""
        if self.found is not None:
            return ""
        text = self._held + piece
        match = self._first_match(text)
        if match is not None:
            (begin, self.found), self._held = match, ""
            return text[:begin]
        shown = len(text) - self._length_to_hold(text)
        self._held = text[shown:]
        return text[:shown]

    def matched(self, pieces: Iterable[str]) -> Iterator[str]:
        """Yield what may be shown of the pieces, up to their end or to the first stop string.

        An empty piece, which says that there is nothing yet, is handed on.
        """
        for piece in pieces:
            if not piece:
                yield piece
                continue
            if shown := self.feed(piece):
                yield shown
            if self.found is not None:
                return

    def flush(self) -> str:
        """Return what was held back, now that nothing more comes."""
        text, self._held = self._held, ""
        return text

    def _first_match(self, text: str) -> tuple[int, str] | None:
        """Where the stop string begins that is complete first (of several, the longest), and which it is.

        That does not depend on the pieces in which the text came.
        """
        found = [(text.find(stop) + len(stop), -len(stop), stop) for stop in self._stops if stop in text]
        if not found:
            return None
        end, _, stop = min(found)
        return end - len(stop), stop

    def _length_to_hold(self, text: str) -> int:
        """Length of the longest end of `text` with which a stop string may begin."""
        most = max((len(stop) - 1 for stop in self._stops), default=0)
        lengths = range(min(most, len(text)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in self._stops)), 0)


def check_stops(stops: Sequence[str]) -> None:
    """Check that these are at most 16 texts of 1 to 1000 characters. Raises: UsageError."""
    if isinstance(stops, str) or len(stops) > _MOST_STOPS:
        raise UsageError(f"`stop` is {stops!r:.80}, wanted a list of at most {_MOST_STOPS} texts")
    for at, text in enumerate(stops):
        if not 0 < len(text) <= _MOST_LENGTH:
            wanted = f"1 to {_MOST_LENGTH} characters"
            raise UsageError(f"`stop`[{at}] has {len(text)} characters, wanted {wanted}")
