"""Measures how often per second a warm device copies a buffer."""

from __future__ import annotations

from collections.abc import Callable

_WARM_SECONDS = 0.3  # a graphics card clocks up only under work
_MEASURE_SECONDS = 0.5


def copies_per_second(seconds: Callable[[int], float]) -> float:
    """Return copies per second on a warm device.

    `seconds(n)` makes n copies and returns how long they took. Takes about a second.
    """
    repeats = max(1, min(1000, round(_WARM_SECONDS / max(seconds(1), 1e-6))))
    seconds(repeats)
    taken, copies = 0.0, 0
    while taken < _MEASURE_SECONDS:
        taken += seconds(repeats)
        copies += repeats
    return copies / taken
