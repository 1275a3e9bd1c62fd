"""How many tokens a draft model should guess: what was measured of it says what pays.

A step that checks k guesses gives one token more than the guesses before the first wrong one. Where each is
right with probability a, that is 1 + a + ... + a^k tokens (Leviathan, Kalman and Matias, Fast Inference from
Transformers via Speculative Decoding, 2023), for the time of k guesses and of a step of k + 1 rows. Which k
gives the most tokens a second depends on the device, the two models and the text, so all of it is measured on
the way. Where no k beats steps without guesses these are taken, a stretch of tokens at a time, and between
stretches guessing is tried again.

The length changes the speed alone, never the tokens.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Protocol

_WINDOW = 8  # durations that are looked at, of which the least counts: others had something beside them
_FADES = 0.93  # what a guess counts against the one after it
_FIRST = 4  # guesses, before anything was measured
_LEAST_STRETCH, _MOST_STRETCH = 8, 128  # tokens without guesses
_RENEWED = 200  # steps with guesses, after which it is measured again how long those without take


class Lengths(Protocol):
    """What decides how many tokens are guessed, and is told what came of it. Durations are in seconds."""

    def choose(self, most: int) -> int:
        """Return how many tokens to guess, 1 to `most`, or 0 to do without for `stretch` tokens."""
        ...

    @property
    def stretch(self) -> int:
        """How many tokens to do without guesses from here on."""
        ...

    def guessed(self, count: int, right: int, guessing: float, checking: float) -> None:
        """Note a step: `count` guesses, of which `right` came before the first wrong one."""
        ...

    def did_without(self, tokens: int, seconds: float) -> None:
        """Note so many tokens without guesses."""
        ...


class MeasuredLengths:
    """`Lengths` by the tokens a second that the measured times and rates promise."""

    def __init__(self) -> None:
        self._times: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_WINDOW))
        self._guess: deque[float] = deque(maxlen=_WINDOW)
        self._right, self._wrong = 2.0, 0.5  # as if some had been right
        self._stretch, self._tries, self._rest = _LEAST_STRETCH, True, 0
        self._ran: set[int] = set()
        self._since = 0

    @property
    def stretch(self) -> int:
        """How many tokens to do without guesses from here on."""
        return self._rest

    @property
    def probability(self) -> float:
        """How probable it is that a guess is right, where those before it were."""
        return self._right / (self._right + self._wrong)

    def choose(self, most: int) -> int:
        """See `Lengths.choose`."""
        if self._rest:
            return 0
        if not self._times[1] or self._since > _RENEWED:
            return self._without(_LEAST_STRETCH)  # to measure what there is to beat
        if not self._guess:
            return min(_FIRST, most)
        best = max(range(1, most + 1), key=self._rate)
        if self._rate(best) >= 1 / min(self._times[1]):
            self._stretch = _LEAST_STRETCH
            return best
        self._tries = not self._tries
        if self._tries:  # after a stretch, in case the text has become easier
            self._stretch = min(2 * self._stretch, _MOST_STRETCH)
            return best
        return self._without(self._stretch)

    def _without(self, tokens: int) -> int:
        self._rest = tokens
        return 0

    def guessed(self, count: int, right: int, guessing: float, checking: float) -> None:
        """See `Lengths.guessed`."""
        self._since += 1
        for wrong in [0] * right + [1] * (right < count):
            self._right = _FADES * self._right + 1 - wrong
            self._wrong = _FADES * self._wrong + wrong
        if count not in self._ran:  # its steps ran for the first time, for which drivers prepare something
            self._ran.add(count)
            return
        self._guess.append(guessing / count)
        self._times[count + 1].append(checking)

    def did_without(self, tokens: int, seconds: float) -> None:
        """See `Lengths.did_without`."""
        self._since, self._rest = 0, max(0, self._rest - tokens)
        if 0 in self._ran:
            self._times[1].append(seconds / tokens)
        self._ran.add(0)

    def _rate(self, count: int) -> float:
        """The tokens a second that so many guesses promise."""
        tokens = sum(self.probability**at for at in range(count + 1))
        return tokens / (count * min(self._guess) + self._time(count + 1))

    def _time(self, rows: int) -> float:
        """The time of a step of so many rows: measured, or on the line through the nearest that were."""
        known = {each: min(times) for each, times in self._times.items() if times}
        if rows in known:
            return known[rows]
        below = [each for each in known if each < rows]
        above = [each for each in known if each > rows]
        low, high = (max(below), min(above)) if above else (sorted(known)[-2:])
        slope = max(0.0, known[high] - known[low]) / (high - low)
        return known[low] + slope * (rows - low)
