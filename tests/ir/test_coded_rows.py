"""What coded rows stand for, in numpy: the meaning that every target's kernels are held to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernelc.ir.coded_rows import GROUP, CodedRows

_MAGNITUDES = st.floats(0, 2.0**100, width=32)
_GROUPS = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=GROUP)


@pytest.mark.parametrize("terms", [1, 2])
@given(group=_GROUPS, magnitude=_MAGNITUDES)
@example([1.0] * GROUP, 1.0)
@example([-1.0, 0.5], 127.0)
@example([0.0], 0.0)
@example([1.0, -1.0], 1e-45)
@example([1.0, 0.1], 1e-20)
def test_numbers_are_the_nearest_and_use_the_whole_range(
    terms: int, group: list[float], magnitude: float
) -> None:
    x = (np.array(group) * magnitude).astype(np.float32).reshape(1, -1)
    layout = CodedRows(x.size, terms)
    numbers, scales, sums, _ = layout.numbers(layout.code(x))
    largest, scale, most = np.abs(x).max(), float(scales[0, 0]), 127 if terms == 1 else 127 * 256
    values = numbers[0, 0, : x.size].astype(np.float64) * scale
    # half a step, and an eighth of a part: what is cut off before a value is rounded
    cut = 0.125 if terms == 2 else (0.5 + 0.125) / 256
    assert np.abs(values - x[0].astype(np.float64)).max() <= scale * (0.5 + cut) * (1 + 1e-6)
    assert not numbers[0, 0, x.size :].any()
    assert sums[0, 0] == numbers.sum()
    if largest >= 2.0**-100:
        # the largest is taken for up to 2^-15 larger than it is, and the steps are cut to 16 bits
        assert most - (0, 2)[terms - 1] <= np.abs(numbers).max() <= most
        assert largest / most <= scale * (1 + 1e-6) and scale <= largest / most * 1.0001


@pytest.mark.parametrize("terms", [1, 2])
def test_numbers_do_not_depend_on_subnormals_and_keep_signs_apart(terms: int) -> None:
    layout = CodedRows(GROUP, terms)
    tiny = np.full((1, GROUP), 1e-39, np.float32)
    assert not layout.numbers(layout.code(tiny))[0].any()
    tiny[0, 0] = -2.0
    numbers = layout.numbers(layout.code(tiny))[0]
    # (the smallest number above the largest value's 16 bits)
    assert numbers[0, 0, 0] == (-127, -32511)[terms - 1] and not numbers[0, 0, 1:].any()


@given(cols=st.integers(1, 100), rows=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_two_terms_are_far_closer_than_one(cols: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, weight = (rng.normal(size=size).astype(np.float32) for size in ((rows, cols), cols))
    errors: list[float] = []
    for terms in (1, 2):
        layout = CodedRows(cols, terms)
        values, squares = layout.decode(layout.code(x, weight))
        errors.append(float(np.abs(values - x * weight).max()))
        np.testing.assert_allclose(squares, np.square(x.astype(np.float64)).sum(axis=1), rtol=1e-6)
    # steps of 1 / 32,510 of the largest, half of one and an eighth of it
    assert errors[1] <= np.abs(x * weight).max() * (0.625 / 32510)
    assert cols == 1 or errors[1] <= errors[0]


@pytest.mark.parametrize("terms", [1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_group_with_what_is_no_number_stands_for_none(terms: int, bad: float) -> None:
    """Codes have no NaN: its scale is one, and only its own."""
    layout = CodedRows(3 * GROUP, terms)
    x = np.ones((2, 3 * GROUP), np.float32)
    x[0, GROUP + 5] = bad
    values, _ = layout.decode(layout.code(x))
    assert np.isnan(values[0, GROUP : 2 * GROUP]).all()
    values[0, GROUP : 2 * GROUP] = 1
    np.testing.assert_allclose(values, 1, rtol=1e-2)
