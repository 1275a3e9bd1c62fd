"""Lines of emitted text: broken where they are too long, and followed by a comment with their Python line."""

from __future__ import annotations

from itertools import accumulate

WIDTH = 96  # of a line, its comment not counted
COMMENT_COLUMN = 72
_INFIX = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&&", "||"}
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
    places = [
        (depth, at) for at, depth in enumerate(_depths(text)) if at > room // 3 and _may_break(text, at)
    ]
    near = [(depth, -at) for depth, at in places if at <= room]
    if near:
        return -min(near)[1]
    return min((at for _, at in places), default=None)


def _depths(text: str) -> list[int]:
    """For each character the number of brackets around it."""
    return list(accumulate((char in "([") - (char in ")]") for char in text))


def _may_break(text: str, at: int) -> bool:
    after_comma = text[at - 2 : at] == ", "
    word, _, rest = text[at:].partition(" ")
    before_infix = text[at - 1] == " " and bool(rest) and word in _INFIX
    return after_comma or before_infix or text[at - 3 : at] == " = "
