"""Decides which of two is faster where a machine does other things meanwhile: pairs, medians, an interval.

A and B are measured by turns, ABBAAB..., so what drifts meets both alike, and what counts is the ratio
within each pair. Of the ratios the median is given, with an interval that holds the true median nineteen
times out of twenty, whatever their distribution: the true median lies between the k-th smallest and the k-th
largest ratio unless fewer than k of n fall on one side of it, which is as likely as with n throws of a coin
(the sign test).
Where the interval holds 1, the pairs do not tell which is faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import TypeVar

CONFIDENCE = 0.95
LEAST_PAIRS = 6
"""Fewer pairs give no interval: 2 * (1/2)^5 is more than one in twenty."""

R = TypeVar("R")


@dataclass(frozen=True)
class Comparison:
    """How many times as fast B is as A: the median of the pairs' ratios and an interval around it.

    `low` and `high` are None where there are too few pairs for one.
    """

    ratio: float
    low: float | None
    high: float | None
    pairs: int

    @property
    def told(self) -> bool:
        """Whether the pairs tell that there is a difference."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high

    @property
    def sentence(self) -> str:
        """What the pairs say of B, in words."""
        if self.low is None or self.high is None:
            return f"{self.ratio:.3f} x; {self.pairs} pairs are too few to tell: {LEAST_PAIRS} may do"
        span = f"{self.ratio:.3f} x, of {self.pairs} pairs {self.low:.3f} to {self.high:.3f}"
        return span if self.told else f"{span}: within the noise"

    def to_json(self) -> dict[str, float | int | bool | None]:
        """Return the numbers under their names."""
        return {
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
            "pairs": self.pairs,
            "told": self.told,
        }


def compared(a: Sequence[float], b: Sequence[float]) -> Comparison:
    """Compare rates that were measured in pairs: `b[i]` beside `a[i]`. Raises: ValueError for none."""
    ratios = sorted(mine / other for other, mine in zip(a, b, strict=True))
    low, high = _interval(ratios)
    return Comparison(median(ratios), low, high, len(ratios))


def _interval(ratios: Sequence[float]) -> tuple[float | None, float | None]:
    """The narrowest interval of the sorted ratios that holds the median with CONFIDENCE."""
    count, outside, found = len(ratios), 0.0, 0
    for k in range((count + 1) // 2):
        outside += 2 * comb(count, k) / 2**count
        if outside > 1 - CONFIDENCE:
            break
        found = k + 1
    return (ratios[found - 1], ratios[count - found]) if found else (None, None)


def alternated(
    first: Callable[[], R], second: Callable[[], R], pairs: int, done: Callable[[int], None] | None = None
) -> tuple[list[R], list[R]]:
    """Call both by turns, each first in every other pair; return the results of each, a pair at a place."""
    firsts: list[R] = []
    seconds: list[R] = []
    for pair in range(pairs):
        order = ((first, firsts), (second, seconds))
        for measure, results in order if pair % 2 == 0 else reversed(order):
            results.append(measure())
        if done is not None:
            done(pair + 1)
    return firsts, seconds
