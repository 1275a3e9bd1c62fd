"""Which of two is faster: what pairs can tell, and what they cannot."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.measure.pairs import LEAST_PAIRS, alternated, compared


def test_they_take_turns_and_neither_is_always_first() -> None:
    calls: list[str] = []
    done: list[int] = []

    def measure(name: str) -> int:
        calls.append(name)
        return len(calls)

    firsts, seconds = alternated(lambda: measure("a"), lambda: measure("b"), 4, done.append)
    assert "".join(calls) == "abbaabba" and done == [1, 2, 3, 4]
    assert [{a, b} for a, b in zip(firsts, seconds, strict=True)] == [{1, 2}, {3, 4}, {5, 6}, {7, 8}]


@given(st.integers(LEAST_PAIRS, 30), st.floats(1.01, 3.0))
def test_a_drift_that_meets_both_hides_nothing(pairs: int, faster: float) -> None:
    drift = [1 + 0.5 * at for at in range(pairs)]
    found = compared(drift, [faster * each for each in drift])
    assert found.ratio == pytest.approx(faster) and found.told
    assert "noise" not in found.sentence


def test_noise_alone_tells_hardly_ever() -> None:
    rng, told = random.Random(5), 0
    for _ in range(400):
        a, b = ([1 + 0.1 * rng.random() for _ in range(8)] for _ in range(2))
        told += compared(a, b).told
    assert told <= 0.05 * 400 + 3 * (0.05 * 0.95 * 400) ** 0.5  # one in twenty, three deviations above


@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=40))
def test_the_interval_holds_the_median(ratios: list[float]) -> None:
    found = compared([1.0] * len(ratios), ratios)
    if found.low is None or found.high is None:
        assert len(ratios) < LEAST_PAIRS and not found.told and "too few to tell" in found.sentence
    else:
        assert len(ratios) >= LEAST_PAIRS
        assert min(ratios) <= found.low <= found.ratio <= found.high <= max(ratios)


def test_intervals_are_those_of_the_sign_test() -> None:
    ranks = [float(rank) for rank in range(1, 101)]
    for count, low, high in ((6, 1, 6), (8, 1, 8), (9, 2, 8), (12, 3, 10), (20, 6, 15), (100, 40, 61)):
        found = compared([1.0] * count, ranks[:count])
        assert (found.low, found.high) == (low, high), count


def test_what_is_within_the_noise_says_so() -> None:
    found = compared([1.0] * 8, [0.9, 1.1, 0.95, 1.02, 1.0, 0.98, 1.04, 1.01])
    assert not found.told and found.sentence.endswith("within the noise")
    assert found.to_json()["told"] is False
