"""Makes an input that fails as small as it goes: parts are left out as long as it still fails alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

StillFails = Callable[[bytes], bool]


def reduced(data: bytes, still_fails: StillFails, most_tries: int = 400) -> bytes:
    """Return a smaller input for which `still_fails`, after at most so many tries."""
    left = [most_tries]

    def fails(candidate: bytes) -> bool:
        left[0] -= 1
        return left[0] >= 0 and still_fails(candidate)

    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list):
        data = _of_json(data, value, fails)
    return _of_bytes(data, fails)


def _of_json(data: bytes, value: Any, fails: StillFails) -> bytes:
    """Leave out entries of objects and lists, the outer ones first."""
    waiting = [value]
    while waiting:
        holder = waiting.pop(0)
        if not isinstance(holder, dict | list):
            continue
        for key in list(holder) if isinstance(holder, dict) else list(range(len(holder)))[::-1]:
            kept = holder.pop(key)
            candidate = json.dumps(value).encode("utf-8", "surrogatepass")
            if fails(candidate):
                data = candidate
            elif isinstance(holder, dict):
                holder[key] = kept
            else:
                holder.insert(key, kept)
        waiting += list(holder.values()) if isinstance(holder, dict) else holder
    return data


def _of_bytes(data: bytes, fails: StillFails) -> bytes:
    """Leave out runs of bytes, long ones first (Zeller's ddmin, without its complements)."""
    size = max(1, len(data) // 2)
    while size and data:
        at = 0
        while at < len(data):
            candidate = data[:at] + data[at + size :]
            if fails(candidate):
                data = candidate
            else:
                at += size
        size //= 2
    return data
