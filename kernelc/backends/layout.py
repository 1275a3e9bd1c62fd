"""Lines of emitted text: broken where they grow too long, their Python line in a comment behind."""

from __future__ import annotations

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
    """Break before an infix operator or after a comma, nested in as few brackets and as late as can be."""
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
    """The best place to break at within the first `room` characters, past the first third of them."""
    best: tuple[int, int] | None = None  # (depth, -position)
    depth = 0
    for at, char in enumerate(text[: room + 1]):
        depth += (char in "([") - (char in ")]")
        if at > room // 3 and _may_break(text, at) and (best is None or (depth, -at) < best):
            best = (depth, -at)
    return None if best is None else -best[1]


def _may_break(text: str, at: int) -> bool:
    after_comma = text[at - 2 : at] == ", "
    word, _, rest = text[at:].partition(" ")
    return after_comma or (text[at - 1] == " " and bool(rest) and word in _INFIX)
