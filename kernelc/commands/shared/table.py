"""Tables on stdout: plain aligned text, the same on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> None:
    """Print rows below a header. The columns in `right` are right-aligned."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def size(count_bytes: float) -> str:
    """Return a number of bytes for people, such as "4.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count_bytes < 1000 or unit == "GB":
            return f"{count_bytes:.0f} bytes" if unit == "bytes" else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    return ""
