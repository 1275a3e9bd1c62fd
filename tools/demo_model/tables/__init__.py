"""What the demo model is taught, as tables."""

from __future__ import annotations


def entries(text: str, separator: str | None = None) -> tuple[str, ...]:
    """Return the entries of a table that is written as text, cut at white space or at a separator."""
    parts = text.split() if separator is None else text.replace("\n", " ").split(separator)
    return tuple(part.strip() for part in parts)
