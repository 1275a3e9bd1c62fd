"""Heads of a cache as codes: what rounding loses, and that nothing but the row's size decides it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.ir.cached_rows import coded, decoded, rounded
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType, TensorType

SIZES = st.sampled_from([1e-20, 1e-4, 1.0, 300.0, 1e20])


def rows(seed: int, size: float, width: int = 32) -> npt.NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=(5, 2, width)) * size).astype(np.float32)


@given(seed=st.integers(0, 1 << 20), size=SIZES)
def test_no_element_is_off_by_more_than_half_a_step(seed: int, size: float) -> None:
    x = rows(seed, size)
    codes, scales = coded(x)
    largest = np.abs(x).max(axis=-1)
    assert np.all(np.abs(codes.astype(int)) <= 127) and np.all(np.abs(codes).max(axis=-1) == 127)
    assert np.allclose(scales * 127, largest, rtol=2**-15, atol=0)
    # Half a step, a 2^16th for the rounding up of the largest, and what cutting to parts of a code adds.
    error = np.abs(decoded(codes, scales).astype(np.float64) - x)
    assert np.all(error <= scales[..., None] * 0.505)


@given(seed=st.integers(0, 1 << 20), size=SIZES, power=st.integers(-20, 20))
def test_rounding_is_symmetric_and_knows_no_unit(seed: int, size: float, power: int) -> None:
    x = rows(seed, size)
    codes, scales = coded(x)
    # Only halfway between two codes, for a 256th of all elements, may rounding tell the signs apart.
    opposite, same = coded(-x)
    assert np.array_equal(same, scales)
    assert np.mean(opposite != -codes) < 0.05 and np.all(np.abs(opposite.astype(int) + codes) <= 1)
    factor = np.float32(2.0**power)
    if size == 1.0:
        again, scaled = coded(x * factor)
        assert np.array_equal(again, codes) and np.array_equal(scaled, scales * factor)


def test_zeros_stay_zeros() -> None:
    assert not rounded(np.zeros((2, 1, 8), np.float32)).any()


def test_a_cache_of_codes_takes_a_byte_for_an_element_and_four_for_a_head() -> None:
    cache = TensorType((10, 3, 64), DType.Q8)
    assert cache.stored_arrays == {"": 10 * 3 * 64, ".scales": 4 * 10 * 3}
    assert cache.size_bytes == 10 * 3 * 68
    assert TensorType((10, 3, 64), DType.F16).stored_arrays == {"": 10 * 3 * 128}


@pytest.mark.parametrize(
    ("dtype", "width", "attrs", "message"),
    [
        (DType.Q8, 6, {"stored": "q8"}, "a head_dim that 4 divides"),
        (DType.Q8, 8, {}, "attribute stored is None"),
        (DType.F16, 8, {"stored": "q8"}, "attribute stored is 'q8'"),
        (DType.F16, 7, {}, "an even head_dim"),
    ],
)
def test_appends_that_do_not_fit_are_refused(
    dtype: DType, width: int, attrs: dict[str, str], message: str
) -> None:
    types = {"cache": TensorType((10, 2, width), dtype), "x": TensorType((3, 2, width))}
    with pytest.raises(ShapeError, match=message):
        OPS["cache_append"].check(types, {"past": 0, **attrs})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_head_with_what_is_no_number_is_read_back_as_none(bad: float) -> None:
    rows = np.ones((3, 16), np.float32)
    rows[1, 7] = bad
    back = rounded(rows)
    assert np.isnan(back[1]).all() and np.isfinite(back[[0, 2]]).all()
