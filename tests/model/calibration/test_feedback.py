from __future__ import annotations

import numpy as np
import pytest

from kernelc.errors import QuantizeError
from kernelc.ir import formats
from kernelc.ir.formats.integer_codes import IntegerCodes
from model.calibration.feedback import quantize_with_feedback, upper_factor
from model.quantize import quantize


def correlated(positions: int, cols: int, seed: int = 0) -> np.ndarray:
    """Inputs that mostly lie in a few directions, as activations do."""
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(positions, cols // 8)) @ rng.normal(size=(cols // 8, cols))
        + 0.3 * rng.normal(size=(positions, cols))
    ).astype(np.float32)


def integer_codes(name: str) -> IntegerCodes:
    form = formats.weight_format(name)
    assert isinstance(form, IntegerCodes)
    return form


def test_the_factor_is_that_of_the_inverse() -> None:
    x = correlated(400, 48)
    moments = x.T @ x
    upper = upper_factor(moments)
    damped = moments + 0.01 * np.diag(moments).mean() * np.eye(48)
    assert (np.tril(upper, -1) == 0).all()
    np.testing.assert_allclose(upper.T @ upper @ damped, np.eye(48), atol=2e-3)


def test_columns_that_were_never_read_are_no_matter() -> None:
    x = correlated(400, 64)
    x[:, 7] = 0
    weights = np.random.default_rng(1).normal(size=(16, 64)).astype(np.float32)
    packed = quantize_with_feedback(integer_codes("q4"), weights, upper_factor(x.T @ x))
    assert np.isfinite(formats.unpack("q4", packed, 64)).all()


def test_moments_that_are_not_finite_are_refused() -> None:
    with pytest.raises(QuantizeError, match="not finite"):
        upper_factor(np.full((4, 4), np.nan, np.float32))


@pytest.mark.parametrize("fmt", ["q4", "q4a"])
@pytest.mark.parametrize("cols", [128, 100])
def test_feedback_halves_the_error_of_what_a_layer_gives(fmt: str, cols: int) -> None:
    x = correlated(2000, cols)
    weights = np.random.default_rng(2).normal(size=(40, cols)).astype(np.float32)
    packed = quantize_with_feedback(integer_codes(fmt), weights, upper_factor(x.T @ x))
    plain = quantize(fmt, weights, name="w")
    errors = [
        float(np.square(x @ (formats.unpack(fmt, each, cols) - weights).T).sum()) for each in (packed, plain)
    ]
    assert errors[0] < 0.5 * errors[1]


def test_inputs_without_correlation_change_nothing() -> None:
    weights = np.random.default_rng(3).normal(size=(8, 64)).astype(np.float32)
    packed = quantize_with_feedback(integer_codes("q4"), weights, upper_factor(np.eye(64, dtype=np.float32)))
    wanted = quantize("q4", weights, name="w", importance=np.ones(64, np.float32))
    np.testing.assert_array_equal(packed.quants, wanted.quants)
    np.testing.assert_array_equal(packed.sides[0], wanted.sides[0])
