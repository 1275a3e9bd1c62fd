"""Decides which of some schedules is the fastest right one, however busy the machine is.

A round has a few schedules. Wrong ones are left out. Then heats: all that are left are timed in turn, and the
slower half drops out, until few are left. These are timed in pairs with the rules' schedule, and the medians
of the pairs' ratios decide, since what else the machine does meanwhile meets both of a pair. The best is
timed once more in as many pairs, because the best of several measurements is a lucky one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median
from typing import Protocol

MARGIN = 1.05
"""A schedule that is not faster than the rules' by more than this is not worth an entry."""
SLOWER = 1.03
"""Nor is one that is slower by more than this for some of the sizes that count."""
_HEAT_TIMES = 2  # that each schedule is timed in a heat
_FINALISTS = 3
_HOPELESS = 3.0  # times slower than the best: drops out at once


class Timed(Protocol):
    """Schedules that can be run, by number; 0 is the rules' own."""

    def fault(self, at: int) -> str:
        """What is wrong with the results of a schedule, "" for nothing."""
        ...

    def seconds(self, at: int) -> tuple[float, ...]:
        """How long a run takes now, for each of the sizes that count."""
        ...


@dataclass(frozen=True)
class Outcome:
    """Of a round: the number of the schedule to take, how many times as fast as number 0 it is, and what is
    wrong with those that are wrong, by number."""

    best: int
    gain: float
    wrong: dict[int, str]


def best_of(trial: Timed, count: int, warm: Callable[[], int]) -> Outcome:
    """Find the fastest right one of `count` schedules; number 0 where none is faster by MARGIN.

    `warm` works for a moment, and says how many pairs to measure.
    """
    wrong = {at: fault for at in range(count) if (fault := trial.fault(at))}
    field = [at for at in range(1, count) if at not in wrong]
    if 0 in wrong or not field:
        return Outcome(0, 1.0, wrong)
    pairs = warm()
    field = _heats(trial, field)
    gains = {at: _gain(trial, at, pairs) for at in field}
    best = max(gains, key=lambda at: gains[at])
    gain = _gain(trial, best, pairs) if gains[best] >= MARGIN else 0.0
    return Outcome(best, gain, wrong) if gain >= MARGIN else Outcome(0, 1.0, wrong)


def _heats(trial: Timed, field: Sequence[int]) -> list[int]:
    """The few that are the fastest by the least time of each size."""
    least = {at: trial.seconds(at) for at in field}
    left = list(field)
    while True:
        fastest = [min(least[at][size] for at in left) for size in range(len(least[left[0]]))]
        scores = {at: geometric_mean(map(_ratio, least[at], fastest)) for at in left}
        limit = _HOPELESS * min(scores.values())  # the best stays, though none be the fastest of all sizes
        left = sorted((at for at in left if scores[at] <= limit), key=lambda at: scores[at])
        left = left[: max(_FINALISTS, len(left) // 2)]
        for _ in range(_HEAT_TIMES):
            for at in left:
                least[at] = tuple(map(min, least[at], trial.seconds(at)))
        if len(left) <= _FINALISTS:
            return left


def _gain(trial: Timed, at: int, pairs: int) -> float:
    """How many times as fast as number 0 a schedule is; 0 where it is slower for some size."""
    ratios: list[list[float]] = []
    for pair in range(pairs):
        if pair % 2:
            mine, rule = trial.seconds(at), trial.seconds(0)
        else:
            rule, mine = trial.seconds(0), trial.seconds(at)
        ratios.append(list(map(_ratio, rule, mine)))
    sizes = [median(ratio[size] for ratio in ratios) for size in range(len(ratios[0]))]
    return 0.0 if min(sizes) * SLOWER < 1 else geometric_mean(sizes)


def _ratio(a: float, b: float) -> float:
    return max(a, 1e-9) / max(b, 1e-9)
