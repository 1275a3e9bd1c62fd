"""Numbers within bounds against comparing each of many texts with the bounds themselves."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.grammar.dfa import Dfa, from_tree, intersection
from runtime.grammar.json.numbers import Bound, decimals, integers, multiples
from tests.grammar.vocabularies import EXAMPLES

VALUES = st.one_of(
    st.integers(-1200, 1200).map(Decimal),
    st.integers(-40, 40).map(lambda n: Decimal(n) / 8),
    st.integers(-30_000, 30_000).map(lambda n: Decimal(n) / 1000),
)
BOUNDS = st.none() | st.builds(Bound, VALUES, st.booleans())


def inside(value: Decimal, low: Bound | None, high: Bound | None) -> bool:
    above = low is None or value > low.value or (value == low.value and not low.strict)
    return above and (high is None or value < high.value or (value == high.value and not high.strict))


def texts_near(bounds: tuple[Bound | None, ...], chance: random.Random) -> list[str]:
    """Numbers at, just beside and far from bounds, each as programs may write it."""
    centres = [each.value for each in bounds if each is not None] or [Decimal(0)]
    steps = [
        Decimal(step) for step in ("0", "1", "-1", "0.1", "-0.1", "0.001", "-0.001", "0.125", "10", "-10")
    ]
    values = [centre + step for centre in [*centres, Decimal(0)] for step in steps]
    values += [Decimal(chance.randrange(-(10**6), 10**6)) / 10 ** chance.randrange(5) for _ in range(20)]
    return [f"{value:f}" for value in values] + [
        f"{value:f}" + ("00" if "." in f"{value:f}" else ".0") for value in values
    ]


@settings(max_examples=40 * EXAMPLES)
@given(BOUNDS, BOUNDS, st.integers(0, 2**32))
def test_decimals_are_those_within_the_bounds(low: Bound | None, high: Bound | None, seed: int) -> None:
    dfa = from_tree(decimals(low, high), "test")
    for text in texts_near((low, high), random.Random(seed)):
        assert dfa.accepts(text) == inside(Decimal(text), low, high), (low, high, text)


@settings(max_examples=40 * EXAMPLES)
@given(BOUNDS, BOUNDS, st.integers(0, 2**32))
def test_integers_are_those_within_the_bounds(low: Bound | None, high: Bound | None, seed: int) -> None:
    dfa = from_tree(integers(low, high), "test")
    for value in {int(Decimal(text)) for text in texts_near((low, high), random.Random(seed))}:
        assert dfa.accepts(str(value)) == inside(Decimal(value), low, high), (low, high, value)
    assert not any(dfa.accepts(text) for text in ("", "-", "-0", "00", "01", "-01", "1.", "1.0"))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10, 64, 999])
def test_multiples(step: int) -> None:
    dfa = multiples(step)
    for value in itertools.chain(range(-300, 300), range(0, 10**6, 997), range(0, 10**6, 999)):
        assert dfa.accepts(str(value)) == (value % step == 0), value
    both = intersection(dfa, from_tree(integers(Bound(Decimal(5)), Bound(Decimal(50))), "test"), "test")
    assert [value for value in range(100) if both.accepts(str(value))] == [
        value for value in range(5, 51) if value % step == 0
    ]


@pytest.mark.parametrize("low", ["1e17", "123456789012345678901", "-1e300", "1e-7"])
def test_bounds_far_away(low: str) -> None:
    bound = Bound(Decimal(low))
    for dfa in (from_tree(integers(bound, None), "test"), from_tree(decimals(bound, None), "test")):
        text = shortest(dfa)
        assert Decimal(text) >= bound.value
    top = from_tree(integers(None, bound), "test")
    assert top.never or Decimal(shortest(top)) <= bound.value


def shortest(dfa: Dfa) -> str:
    seen: dict[int, str] = {0: ""}
    pending = [0]
    for state in pending:
        if dfa.accepting[state]:
            return seen[state]
        for low, _, to in dfa.edges[state]:
            if to not in seen:
                seen[to] = seen[state] + chr(low)
                pending.append(to)
    raise AssertionError("no text")


def test_strict_bounds_hold_for_doubles() -> None:
    """What a validator that reads doubles holds to be the bound itself is not an answer either."""
    dfa: Any = from_tree(decimals(Bound(Decimal("0.1"), True), Bound(Decimal(1), True)), "test")
    assert not dfa.accepts("0.10000000000000000001") and not dfa.accepts("0.99999999999999999999")
    assert dfa.accepts("0.100001") and dfa.accepts("0.999999")
