"""The program that a document's `python run` blocks are, and what it says was printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
FOLDER = REPO / "docs" / "tutorial"
_FENCE = re.compile(r"^```(\w+)([^\n`]*)\n(.*?)^```$", re.M | re.S)
_PLACE = re.compile(r" *(//|#) [\w./-]+:\d+$", re.M)  # the Python line that a printed line is of
_GAP = "..."


@dataclass(frozen=True)
class Document:
    """A part of the tutorial. `program`: its code; `shown`: excerpts of what that prints, in order."""

    path: Path
    program: str
    shown: tuple[str, ...]


def read(path: Path) -> Document:
    """Read a document of the tutorial."""
    blocks = [(info.split(), text) for _, info, text in _FENCE.findall(path.read_text(encoding="utf-8"))]
    program = "\n".join(text for info, text in blocks if "run" in info)
    return Document(path, program, tuple(text for info, text in blocks if "shown" in info))


def missing(document: Document, printed: str) -> list[str]:
    """Return the pieces that the document shows and the program did not print, in this order.

    A line of three dots stands for any lines that are left out. Lines of Python named in comments do not
    count, and neither does indentation in front of a piece.
    """
    text, found = _PLACE.sub("", printed), list[str]()
    at = 0
    for piece in pieces(document):
        place = text.find(piece, at)
        if place < 0:
            found.append(piece)
        else:
            at = place + len(piece)
    return found


def pieces(document: Document) -> list[str]:
    """Return what is shown, cut where lines are left out."""
    cut = [re.split(rf"^ *{re.escape(_GAP)}\n", text, flags=re.M) for text in document.shown]
    return [piece.strip() for parts in cut for piece in parts if piece.strip()]
