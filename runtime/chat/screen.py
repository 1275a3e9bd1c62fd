"""What a chat shows: answers as they come, notes beside them, and nothing that a model could do to a
terminal.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
# C0 but tab and line feed, DEL, C1: a terminal acts on these; and the marks that turn the writing direction.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Screen:
    """Writes answers to `out`; notes go beside them where `out` is a terminal, else to `err`, never with
    colours.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._midway = False  # something stands on the line already
        self.terminal = out.isatty()
        self._colours = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def piece(self, text: str) -> None:
        """Show a piece of an answer at once."""
        self._out.write(_CONTROLS.sub("\ufffd", text) if self.terminal else text)
        self._out.flush()
        self._midway = not text.endswith("\n") if text else self._midway

    def line(self, text: str = "") -> None:
        """Show a line of output that was asked for."""
        self.piece(text + "\n")

    def note(self, text: str) -> None:
        """Show a line about what happened."""
        if not self.terminal:
            print(text, file=self._err, flush=True)
        elif self._colours:
            self._out.write(f"{_DIM}{_CONTROLS.sub('', text)}{_PLAIN}\n")
            self._out.flush()
        else:
            self.line(text)

    def error(self, text: str) -> None:
        """Show an error's line, on a line of its own."""
        if self._midway:
            self.line()
        print(text, file=self._err, flush=True)
