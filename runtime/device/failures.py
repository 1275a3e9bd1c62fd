"""The errors that every driver can run into: a lost device, no memory left, a kernel that is refused."""

from __future__ import annotations

from kernelc.errors import DeviceError, WorkFailed

_EXCERPT_LINES = 3  # shown before and after the line of an error


def device_lost(doing: str, reason: str = "") -> DeviceError:
    """Return the error for a device that went away during an activity such as "running a step"."""
    because = f": {reason}" if reason else ""
    return DeviceError(
        f"the device was lost while {doing}{because}", help="start again, or use another `device`"
    )


def out_of_memory(doing: str, reason: str) -> DeviceError:
    """Return the error for an allocation that failed during an activity."""
    return DeviceError(
        f"the device is out of memory while {doing}: {reason}",
        help="use a smaller `context` or `quant` q4, or free memory on the device",
    )


def kernel_refused(
    name: str,
    reason: str,
    *,
    compiler: str = "the driver",
    text: str = "",
    line: int | None = None,
    column: int | None = None,
) -> WorkFailed:
    """Return the error for a kernel that does not compile.

    `line` and `column`, counted from 1, say where in its `text`; the lines around them become a note.
    """
    places = [f"kernel {name}"]
    if line is not None:
        places.append(f"line {line}" + (f", column {column}" if column is not None else ""))
    error = WorkFailed(
        f"{compiler} refuses the kernel: {reason}",
        where=": ".join(places),
        help="this is a bug of kernelc or the driver",
    )
    if line is not None:
        error.add_note(excerpt(text, line))
    return error


def excerpt(text: str, line: int) -> str:
    """Return the lines around one line of a text, counted from 1, numbered and with a mark at that line."""
    lines = text.splitlines()
    first, last = max(1, line - _EXCERPT_LINES), min(len(lines), line + _EXCERPT_LINES)
    return "\n".join(
        f"{'>' if number == line else ' '} {number:4} | {lines[number - 1]}"
        for number in range(first, last + 1)
    )
