"""Lines of emitted text: broken where they are too long, and followed by a comment with their Python line."""

from __future__ import annotations

import re
from itertools import accumulate

WIDTH = 96  # of a line, its comment not counted
COMMENT_COLUMN = 72
_INFIX = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&&", "||"}
# After a comma or `=`, and before an operator that stands between two operands.
_PLACE = re.compile(
    "(?<=, )|(?<= = )|(?<= )(?=(?:" + "|".join(map(re.escape, sorted(_INFIX, key=len, reverse=True))) + ") .)"
)
_INDENT = "  "
_CONTINUED = "    "  # more than a block's indent, so that a continued line does not look like its body


def laid_out(depth: int, text: str, comment: str = "") -> list[str]:
    """The lines of one statement; the comment follows the last one."""
    lines = broken(_INDENT * depth, text)
    if comment:
        lines[-1] = f"{lines[-1]:<{COMMENT_COLUMN}}  // {comment}"
    return lines


def broken(margin: str, text: str) -> list[str]:
    """Break lines before an operator or after a comma or `=`, inside as few brackets and as far right as
    possible."""
    lines: list[str] = []
    while len(margin) + len(text) > WIDTH:
        at = _break(text, WIDTH - len(margin))
        if at is None:
            break
        lines.append(margin + text[:at].rstrip())
        text = text[at:]
        if len(lines) == 1:
            margin += _CONTINUED
    return [*lines, margin + text]


def _break(text: str, room: int) -> int | None:
    """The best place in the first `room` characters, but not in their first third; else the first place after
    them."""
    depths = _depths(text[: room + 1])
    near: list[tuple[int, int]] = []
    for place in _PLACE.finditer(text):
        at = place.start()
        if not room // 3 < at < len(text):
            continue
        if at > room:
            return -min(near)[1] if near else at
        near.append((depths[at], -at))
    return -min(near)[1] if near else None


def _depths(text: str) -> list[int]:
    """For each character the number of brackets around it."""
    return list(accumulate((char in "([") - (char in ")]") for char in text))
