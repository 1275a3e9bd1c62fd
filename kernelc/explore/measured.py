"""Times of kernels out of JSON that `kernelc bench` wrote, with a profile, alone or among other results."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from kernelc.errors import UsageError
from kernelc.regular import open_regular

MOST_BYTES = 64 << 20
MOST_RESULTS = 256
MOST_CALLS = 2**53
"""What the page's numbers hold exactly."""
_TEXTS = ("device", "date", "commit", "checked", "bandwidth_note")


def read_measured(path: Path, kernels: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what a file says of these kernels, by name: device, step, calls, microseconds, and where the
    file has them the bytes that must move, the device's bandwidth (bytes/s) and the share of it that was got.

    Raises: UsageError for a file that cannot be read or holds no times of these kernels.
    """
    try:
        with open_regular(path) as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise UsageError(f"the file is larger than {MOST_BYTES} bytes", where=str(path))
        data: object = json.loads(text.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read it: {error.strerror}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no JSON: {error}", where=str(path)) from error
    found: dict[str, list[dict[str, Any]]] = {}
    for result in _results(data):
        about = {name: str(result[name])[:150] for name in _TEXTS if isinstance(result.get(name), str)}
        bandwidth = _number(result.get("bandwidth_bytes_per_second"))
        for step, rows in cast("Mapping[str, Any]", result["profile"]).items():
            for row in cast("list[Any]", rows) if isinstance(rows, list) else []:
                name, one = _row(row, bandwidth)
                if one and name in kernels and len(found.get(name, [])) < MOST_RESULTS:
                    found.setdefault(name, []).append({**about, "step": str(step)[:50], **one})
    if not found:
        raise UsageError(
            "it has no times of this model's kernels",
            where=str(path),
            help="`kernelc bench` writes such a file, with a profile, as JSON",
        )
    return found


def _results(data: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Everything with a profile, at whatever depth of a file of results."""
    if depth > 8:
        return
    if isinstance(data, dict):
        fields = cast("dict[str, Any]", data)
        if isinstance(fields.get("profile"), dict):
            yield fields
            return
        for each in fields.values():
            yield from _results(each, depth + 1)
    elif isinstance(data, list):
        for each in cast("list[object]", data):
            yield from _results(each, depth + 1)


def _row(row: object, bandwidth: float | None) -> tuple[str, dict[str, Any]]:
    """A kernel's name and what a row of a profile says of it: {} for what is no such row."""
    if not isinstance(row, dict):
        return "", {}
    fields = cast("dict[str, Any]", row)
    name = fields.get("kernel")
    calls, time = _number(fields.get("calls")), _number(fields.get("microseconds"))
    if not isinstance(name, str) or calls is None or not 1 <= calls <= MOST_CALLS or not time:
        return "", {}
    moved = _number(fields.get("bytes"))
    rate = _number(moved * calls * 1e6 / time) if moved else None
    return name, {
        "calls": int(calls),
        "microseconds": time,
        "share_of_step": _number(fields.get("share")),
        "bytes": moved,
        "bytes_per_second": rate,
        "bandwidth": bandwidth,
        "share_of_bandwidth": rate / bandwidth if rate and bandwidth and rate <= bandwidth else None,
    }


def _number(value: object) -> float | None:
    """A number that is finite and not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) and number >= 0 else None
