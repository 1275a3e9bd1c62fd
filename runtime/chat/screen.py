"""What a chat shows: answers as they come, and notes; nothing a model says can control the terminal."""

from __future__ import annotations

import os
import re
from typing import TextIO

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
# Terminals act on C0 (except tab and line feed), DEL and C1; the rest changes the writing direction.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Screen:
    """Writes answers to `out`. Notes go there too if it is a terminal, and else to `err` without colours."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._midway = False  # the current line is not empty
        self.terminal = out.isatty()
        self._colours = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def piece(self, text: str) -> None:
        """Show a piece of an answer at once."""
        self._out.write(_CONTROLS.sub("\ufffd", text) if self.terminal else text)
        self._out.flush()
        self._midway = not text.endswith("\n") if text else self._midway

    @property
    def dims(self) -> bool:
        """Whether it tells thoughts from answers by their colour."""
        return self._colours

    def thought(self, text: str) -> None:
        """Show a piece of what a model thinks, dimmed where there are colours."""
        if not self._colours:
            self.piece(text)
            return
        self._out.write(_DIM + _CONTROLS.sub("\ufffd", text) + _PLAIN)
        self._out.flush()
        self._midway = not text.endswith("\n") if text else self._midway

    def line(self, text: str = "") -> None:
        """Show a line of requested output."""
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
        """Show an error on its own line."""
        if self._midway:
            self.line()
        print(text, file=self._err, flush=True)
