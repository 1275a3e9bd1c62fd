"""Searches in C find what numpy's find, bit for bit, on weights of every kind that they tell apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.compiled_search import compiled_search
from kernelc.ir.formats import weight_format
from kernelc.ir.formats.search import Search, searching_with
from kernelc.target import Capabilities
from tests.kernels.executors import require

FORMATS = ("q4", "q4a", "q8")


@pytest.fixture(scope="module")
def search() -> Search:
    require("c", Capabilities())
    found = compiled_search()
    assert found is not None
    return found


def numbers(kind: str, rng: np.random.Generator, groups: int) -> np.ndarray:
    """Weights f32 [32, groups]: ordinary ones, ones on a lattice, zeros, the same number, extremes."""
    shape = (32, groups)
    drawn = rng.standard_normal(shape, np.float32) * np.float32(rng.choice([1e-7, 0.02, 1.0, 3e4]))
    match kind:
        case "whole codes":
            drawn = rng.integers(-8, 8, shape).astype(np.float32) * rng.uniform(0.001, 1, groups)
        case "few codes":
            drawn = rng.integers(-2, 3, shape) * np.float32(0.25) + rng.choice([0.0, 0.7])
        case "constant":
            drawn = np.broadcast_to(rng.standard_normal(groups), shape)
        case "zeros":
            drawn = drawn * (rng.random(shape) < 0.1)
        case "outliers":
            drawn = np.where(rng.random(shape) < 0.02, drawn * np.float32(50), drawn)
    return np.ascontiguousarray(drawn, np.float32)


KINDS = ("normal", "whole codes", "few codes", "constant", "zeros", "outliers")


@pytest.mark.parametrize("fmt", FORMATS)
@given(
    kind=st.sampled_from(KINDS),
    groups=st.sampled_from([1, 2, 3, 31, 32, 33, 100, 2048]),
    weighed=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_find_the_same(
    search: Search, fmt: str, kind: str, groups: int, weighed: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = numbers(kind, rng, groups)
    weights = np.float32(1e-3) + rng.random(values.shape, np.float32) if weighed else None
    form = weight_format(fmt)
    wanted = form.quantize_groups(values, weights)
    with searching_with(search):
        got = form.quantize_groups(values, weights)
    assert got.quants.tobytes() == wanted.quants.tobytes()
    assert [side.tobytes() for side in got.sides] == [side.tobytes() for side in wanted.sides]


def test_without_a_compiler_numpy_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compiled_search() is None
