"""How many of the oldest turns must go for the rest of a conversation to fit."""

from __future__ import annotations

from collections.abc import Callable


def fewest_of(low: int, high: int, serves: Callable[[int], bool]) -> int | None:
    """Return the smallest number from `low` to `high` that serves, where every larger one serves, too; None
    where none does.

    It is looked for from `high` downwards in steps that double, and then by halves (an exponential search:
    Bentley and Yao, 1976): of a long chat only a few turns fit, and what takes long is a prompt of many.
    """
    if low > high or not serves(high):
        return None
    least, most = low, high  # everything below `least` does not serve, and `most` does
    step = 1
    while most > least:
        tried = max(least, most - step)
        if not serves(tried):
            least = tried + 1
            break
        most = tried
        step *= 2
    while most > least:
        middle = (least + most) // 2
        if serves(middle):
            most = middle
        else:
            least = middle + 1
    return most
