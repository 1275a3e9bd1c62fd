"""Lines of emitted text: broken where they grow too long, their Python line in a comment behind."""

from __future__ import annotations

from itertools import accumulate

WIDTH = 96  # of a line, its comment not counted
COMMENT_COLUMN = 72
_INFIX = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&&", "||"}
_INDENT = "  "
_CONTINUED = "    "  # more than a block's, so that a continued line is not taken for its body


def laid_out(depth: int, text: str, comment: str = "") -> list[str]:
    """The lines of one statement, the comment behind the last."""
    lines = broken(_INDENT * depth, text)
    if comment:
        lines[-1] = f"{lines[-1]:<{COMMENT_COLUMN}}  // {comment}"
    return lines


def broken(margin: str, text: str) -> list[str]:
    """Break before an operator or behind a comma or `=`, nested in as few brackets and as late as can be."""
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
    """The best place in the first `room` characters but not their first third, else the next one behind."""
    places = [
        (depth, at) for at, depth in enumerate(_depths(text)) if at > room // 3 and _may_break(text, at)
    ]
    near = [(depth, -at) for depth, at in places if at <= room]
    if near:
        return -min(near)[1]
    return min((at for _, at in places), default=None)


def _depths(text: str) -> list[int]:
    """In how many brackets each character stands."""
    return list(accumulate((char in "([") - (char in ")]") for char in text))


def _may_break(text: str, at: int) -> bool:
    after_comma = text[at - 2 : at] == ", "
    word, _, rest = text[at:].partition(" ")
    before_infix = text[at - 1] == " " and bool(rest) and word in _INFIX
    return after_comma or before_infix or text[at - 3 : at] == " = "
