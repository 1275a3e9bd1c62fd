"""Frequencies of rotary embedding against the published formulas and against numbers from transformers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from kernelc.errors import ShapeError
from kernelc.ir.ops import OPS
from kernelc.ir.rotary import SCALING_ATTRS, Rotary
from kernelc.ir.types import TensorType

LENGTH = "original_max_position_embeddings"
LLAMA3 = {"scaling": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, LENGTH: 8192}
YARN = {"scaling": "yarn", "factor": 4.0, LENGTH: 32768}
LONGROPE = {
    "scaling": "longrope",
    "short_factor": (1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.6, 2.0),
    "long_factor": (1.1, 1.4, 2.0, 4.0, 8.0, 16.0, 24.0, 32.0),
    "factor": 32.0,
    LENGTH: 4096,
}


def rotary(dim: int = 16, theta: float = 10_000.0, **attrs: Any) -> Rotary:
    return Rotary.of({"past": 0, "rotary_dim": dim, "theta": theta, "scaling": "none", **attrs})


def test_without_scaling_frequencies_fall_geometrically() -> None:
    assert np.allclose(rotary(64, 5e5).frequencies(), [5e5 ** (-i / 32) for i in range(32)], rtol=1e-12)


def llama3_frequency(frequency: float, factor: float, low: float, high: float, length: int) -> float:
    """The scaling as Meta published it (llama-models, `apply_scaling`)."""
    wavelength = 2 * math.pi / frequency
    if wavelength < length / high:
        return frequency
    if wavelength > length / low:
        return frequency / factor
    smooth = (length / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency


def test_llama3_is_the_published_scaling() -> None:
    plain, scaled = rotary(64, 5e5).frequencies(), rotary(64, 5e5, **LLAMA3).frequencies()
    assert np.allclose(scaled, [llama3_frequency(f, 8.0, 1.0, 4.0, 8192) for f in plain], rtol=1e-12)
    ratios = plain / scaled
    assert ratios[0] == 1 and ratios[-1] == 8 and np.any((ratios > 1.01) & (ratios < 7.9))


# What the functions of modeling_rope_utils.py in transformers 5.24.0 give (with numpy in torch's place), in
# float32: (rotation, length of the sequence, frequencies, attention factor).
TRANSFORMERS = {
    "linear": (
        rotary(scaling="linear", factor=4.0),
        1,
        [0.25, 0.079056941, 0.025, 0.0079056947, 0.0024999999, 0.00079056947, 0.00025000001, 7.9056947e-05],
        1.0,
    ),
    "dynamic, original length": (
        rotary(scaling="dynamic", factor=2.0, **{LENGTH: 4096}),
        4096,
        [1.0, 0.31622776, 0.1, 0.031622779, 0.0099999998, 0.0031622779, 0.001, 0.00031622779],
        1.0,
    ),
    "dynamic, longer": (
        rotary(scaling="dynamic", factor=2.0, **{LENGTH: 4096}),
        5000,
        [1.0, 0.30013472, 0.09008085, 0.027036389, 0.0081145586, 0.0024354609, 0.00073096628, 0.00021938836],
        1.0,
    ),
    "dynamic, much longer": (
        rotary(scaling="dynamic", factor=2.0, **{LENGTH: 4096}),
        12000,
        [1.0, 0.2522999, 0.063655242, 0.016060211, 0.0040519894, 0.0010223166, 0.00025793037, 6.5075808e-05],
        1.0,
    ),
    "llama3": (
        rotary(theta=500_000.0, **LLAMA3),
        1,
        [
            1.0,
            0.19392276,
            0.037606031,
            0.0072926651,
            0.00052484602,
            3.4281024e-05,
            6.6478697e-06,
            1.2891732e-06,
        ],
        1.0,
    ),
    "yarn": (
        rotary(32, **YARN),
        1,
        [
            1.0,
            0.56234133,
            0.31622776,
            0.17782794,
            0.1,
            0.056234129,
            0.031622779,
            0.017782794,
            0.0099999998,
            0.0050209044,
            0.0024846469,
            0.0012066896,
            0.00057142857,
            0.00026108703,
            0.00011293849,
            4.4456985e-05,
        ],
        1.138629436111989,
    ),
    "yarn, not truncated": (
        rotary(32, **YARN, truncate=False, beta_fast=16.0, beta_slow=2.0),
        1,
        [
            1.0,
            0.56234133,
            0.31622776,
            0.17782794,
            0.1,
            0.056234129,
            0.031622779,
            0.017782794,
            0.0099999998,
            0.0056234132,
            0.0031622779,
            0.0014284924,
            0.00059567986,
            0.00021822177,
            7.9056947e-05,
            4.4456985e-05,
        ],
        1.138629436111989,
    ),
    "yarn, two scales": (
        rotary(32, scaling="yarn", factor=40.0, mscale=1.0, mscale_all_dim=0.8, **{LENGTH: 4096}),
        1,
        [
            1.0,
            0.56234133,
            0.31622776,
            0.17782794,
            0.1,
            0.056234129,
            0.027218176,
            0.012829017,
            0.0058214283,
            0.0024903687,
            0.00095997716,
            0.00029214591,
            2.4999999e-05,
            1.4058533e-05,
            7.9056945e-06,
            4.4456983e-06,
        ],
        1.0569662567531275,
    ),
    "yarn, half of each head": (
        rotary(16, **YARN, attention_factor=1.3),
        1,
        [1.0, 0.31622776, 0.1, 0.031622779, 0.0099999998, 0.0025693509, 0.00062500004, 0.00013834966],
        1.3,
    ),
    "longrope, short": (
        rotary(**LONGROPE),
        4096,
        [1.0, 0.30116931, 0.090909094, 0.026352312, 0.0076923077, 0.0022587699, 0.00062499999, 0.00015811389],
        1.1902380714238083,
    ),
    "longrope, long": (
        rotary(**LONGROPE),
        4097,
        [
            0.90909088,
            0.22587697,
            0.050000001,
            0.0079056947,
            0.00125,
            0.00019764237,
            4.1666666e-05,
            9.8821183e-06,
        ],
        1.1902380714238083,
    ),
    "longrope, factor given": (
        rotary(**LONGROPE, attention_factor=1.5),
        10,
        [1.0, 0.30116931, 0.090909094, 0.026352312, 0.0076923077, 0.0022587699, 0.00062499999, 0.00015811389],
        1.5,
    ),
}


@pytest.mark.parametrize("case", TRANSFORMERS)
def test_frequencies_are_those_of_transformers(case: str) -> None:
    rotation, length, frequencies, attention = TRANSFORMERS[case]
    assert np.allclose(rotation.frequencies(length), frequencies, rtol=1e-6, atol=0)
    assert rotation.attention == pytest.approx(attention, rel=1e-12)


@pytest.mark.parametrize("dim", [8, 4])
def test_the_attention_factor_scales_what_is_rotated(dim: int) -> None:
    x = np.random.default_rng(1).normal(size=(3, 2, 8)).astype(np.float32)
    attrs = {"past": 5, "theta": 1e4, "rotary_dim": dim, **YARN}
    (scaled,) = OPS["rope"].reference({"x": x}, {**attrs, "attention_factor": 2.0})
    (plain,) = OPS["rope"].reference({"x": x}, {**attrs, "attention_factor": 1.0})
    assert np.allclose(scaled[..., :dim], 2 * plain[..., :dim], rtol=1e-6)
    assert np.array_equal(scaled[..., dim:], x[..., dim:])


@pytest.mark.parametrize("attrs", [LONGROPE, {"scaling": "dynamic", "factor": 2.0, LENGTH: 4096}])
def test_all_rows_of_a_step_turn_with_the_frequencies_of_its_end(attrs: dict[str, Any]) -> None:
    """Position 4095 is the last of the original length: in a step that goes on, it turns as in a long one."""
    x = np.random.default_rng(1).normal(size=(2, 1, 16)).astype(np.float32)
    common = {"theta": 1e4, "rotary_dim": 16, "past": 4095, **attrs}
    (alone,) = OPS["rope"].reference({"x": x[:1]}, common)
    (together,) = OPS["rope"].reference({"x": x}, common)
    assert not np.allclose(together[0], alone[0], atol=1e-3)
    frequencies = rotary(**attrs).frequencies(4097)
    turn = np.exp(1j * 4095 * frequencies) * (x[0, 0, :8] + 1j * x[0, 0, 8:]) * rotary(**attrs).attention
    assert np.allclose(together[0, 0], np.concatenate([turn.real, turn.imag]), atol=3e-3)


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({"scaling": "ntk"}, "rope: scaling is 'ntk'; wanted none, linear, dynamic, llama3, yarn, longrope"),
        ({"scaling": 3}, "rope: scaling is 3; wanted"),
        ({"scaling": "linear"}, "rope: attribute factor missing for scaling linear"),
        ({"factor": 2.0}, "rope: attribute factor has no meaning for scaling none"),
        ({**LLAMA3, "mscale": 1.0}, "rope: attribute mscale has no meaning for scaling llama3"),
        ({"scaling": "linear", "factor": 0.0}, "rope: attribute factor is 0.0; wanted a positive number"),
        ({**YARN, "truncate": 1}, "rope: attribute truncate is 1; wanted True or False"),
        (
            {**LONGROPE, "short_factor": (1.0,)},
            "have 1 and 8 numbers; wanted 8 each",
        ),
        ({**LONGROPE, "short_factor": (1.0, -1.0)}, "wanted a tuple of positive numbers"),
        ({**LONGROPE, "long_factor": 2.0}, "long_factor is 2.0; wanted a tuple of positive numbers"),
        ({**LLAMA3, "low_freq_factor": 4.0}, "interpolates from 4.0 to 4.0; wanted the first below"),
        (
            {"scaling": "dynamic", "factor": 2.0, LENGTH: 8, "rotary_dim": 2},
            "needs a rotary_dim above 2, got 2",
        ),
    ],
)
def test_attributes_that_do_not_fit_are_refused(attrs: dict[str, object], message: str) -> None:
    given = {"past": 0, "rotary_dim": 16, "theta": 1e4, "scaling": "none", **attrs}
    with pytest.raises(ShapeError) as caught:
        OPS["rope"].check({"x": TensorType((3, 2, 16))}, given)  # type: ignore[arg-type]
    assert message in caught.value.message and caught.value.message.startswith("rope: ")


def test_every_scaling_is_tried_above() -> None:
    assert {rotation.scaling for rotation, *_ in TRANSFORMERS.values()} | {"none"} == set(SCALING_ATTRS)


def test_a_factor_that_nothing_uses_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"rotary embedding: scaling none has no factor, got 8\.0"):
        Rotary(64, 1e4, factor=8.0)
