"""The search on a made-up clock: the fastest right schedule is chosen, and a wrong one never."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.tuning.search import MARGIN, SLOWER, Outcome, best_of


class Clock:
    """Schedules that take so long, on a machine that is so busy."""

    def __init__(
        self,
        seconds: list[tuple[float, ...]],
        wrong: set[int] = frozenset(),  # type: ignore[assignment]
        busy: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._seconds, self._wrong, self._busy = seconds, wrong, busy
        self.timed: list[int] = []

    def fault(self, at: int) -> str:
        return f"number {at} is wrong" if at in self._wrong else ""

    def seconds(self, at: int) -> tuple[float, ...]:
        self.timed.append(at)
        return tuple(each * self._busy() for each in self._seconds[at])


def best(clock: Clock, pairs: int = 15) -> Outcome:
    return best_of(clock, len(clock._seconds), lambda: pairs)


times = st.lists(st.floats(1e-5, 1e-2), min_size=1, max_size=20)


@given(times, st.sets(st.integers(1, 19)))
def test_the_fastest_right_one_is_chosen(seconds: list[float], wrong: set[int]) -> None:
    clock = Clock([(each,) for each in seconds], wrong)
    found = best(clock)
    right = [at for at in range(len(seconds)) if at not in wrong]
    fastest = min(right, key=lambda at: seconds[at])
    if seconds[0] >= MARGIN * seconds[fastest]:
        assert seconds[found.best] == seconds[fastest]
        assert found.gain == pytest.approx(seconds[0] / seconds[fastest])
    else:
        assert (found.best, found.gain) == (0, 1.0)
    assert found.wrong == {at: f"number {at} is wrong" for at in wrong if at < len(seconds)}


@given(times, st.sets(st.integers(1, 19)))
def test_a_wrong_one_is_never_even_timed(seconds: list[float], wrong: set[int]) -> None:
    clock = Clock([(each,) for each in seconds], wrong)
    assert best(clock).best not in wrong
    assert not wrong & set(clock.timed)


@given(st.integers(0, 10_000))
def test_noise_that_only_adds_does_not_hide_what_is_twice_as_fast(seed: int) -> None:
    rng = random.Random(seed)
    busy = lambda: 1.0 if rng.random() < 0.7 else 1.0 + 20 * rng.random()  # noqa: E731
    clock = Clock([(4e-3,), (4.1e-3,), (2e-3,), (5e-3,), (30e-3,), (4e-3,)], busy=busy)
    found = best(clock, pairs=25)
    assert found.best in (0, 2), "noise may hide what is faster, but chooses nothing else"
    if found.best == 2:
        assert 1.3 < found.gain < 3


def test_noise_alone_makes_nothing_faster() -> None:
    rng = random.Random(1)
    clock = Clock([(1e-3,)] * 12, busy=lambda: 1 + 0.1 * rng.random())
    assert best(clock).best == 0


def test_what_is_faster_for_long_prompts_and_slower_for_short_ones_is_not_taken() -> None:
    assert best(Clock([(10.0, 1.0), (5.0, 1.0 * SLOWER + 0.01)])).best == 0
    assert best(Clock([(10.0, 1.0), (5.0, 1.0)])).best == 1


def test_where_the_rules_own_is_wrong_nothing_is_chosen() -> None:
    assert best(Clock([(1.0,), (0.1,)], {0})) == Outcome(0, 1.0, {0: "number 0 is wrong"})


def test_those_that_are_slow_are_timed_once() -> None:
    clock = Clock([(1e-3,), *[(1.0,)] * 8, (0.5e-3,)])
    assert best(clock).best == 9
    assert all(clock.timed.count(at) == 1 for at in range(1, 9))


def test_each_may_be_far_from_the_fastest_of_some_size() -> None:
    """As a busy machine makes it look: the one that is best on the whole is still found."""
    found = best(Clock([(1.0, 1.0), (0.01, 1.2), (1.2, 0.01), (0.25, 0.25)]))
    assert found.best == 3 and found.gain == pytest.approx(4.0)
