from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import QuantizeError
from kernelc.ir import formats
from kernelc.ir.formats.integer_codes import IntegerCodes, ScaledCodes
from model.quantize import quantize
from tests.model import numpy_llama

SEARCHED = [name for name, form in formats.FORMATS.items() if form.sides]


def restored(fmt: str, values: np.ndarray, **options) -> np.ndarray:
    return formats.unpack(fmt, quantize(fmt, values, name="w", **options), values.shape[1])


def error(fmt: str, values: np.ndarray, **options) -> float:
    return float(np.square(restored(fmt, values, **options) - values).sum())


def signed_max(values: np.ndarray) -> np.ndarray:
    """The plain q4 choice: the value of largest magnitude becomes code -8."""
    grouped = formats.pad_groups(values)
    peak = np.take_along_axis(grouped, np.abs(grouped).argmax(2)[:, :, None], 2)[:, :, 0]
    form = formats.weight_format("q4")
    assert isinstance(form, ScaledCodes)
    packed = form.pack_with(grouped, (peak / -8).astype(np.float16))
    return formats.unpack("q4", packed, values.shape[1])


@given(
    rows=st.integers(1, 5),
    cols=st.sampled_from([1, 31, 32, 33, 172]) | st.integers(1, 90),
    seed=st.integers(0, 99),
    size=st.sampled_from([1e-3, 0.02, 1.0, 100.0]),
    fmt=st.sampled_from(SEARCHED),
)
def test_no_group_is_worse_than_under_the_plain_scale(rows, cols, seed, size, fmt):
    values = (np.random.default_rng(seed).standard_t(4, (rows, cols)) * size).astype(np.float32)
    plain = signed_max(values) if fmt == "q4" else formats.unpack(fmt, formats.pack(fmt, values), cols)
    found, other = (
        np.square(formats.pad_groups(x - values)).sum(axis=2) for x in (restored(fmt, values), plain)
    )
    # least squares is judged before scale and offset are rounded to f16, by 2^-11 of each
    power = np.square(formats.pad_groups(values)).sum(axis=2)
    assert (found <= other * 1.02 + power * (2.0**-21 if fmt != "q4a" else 2.0**-20)).all()


def test_gaussian_weights_keep_all_but_the_promised_power():
    values = np.random.default_rng(3).normal(size=(256, 1024)).astype(np.float32)
    assert error("q4", values) / np.square(values).sum() < 0.00657
    assert np.square(signed_max(values) - values).sum() / np.square(values).sum() > 0.0070
    assert error("q8", values) / np.square(values).sum() < 2.8e-5


def power_left(fmt: str, values: np.ndarray) -> float:
    return error(fmt, values) / float(np.square(values).sum())


def test_an_offset_pays_most_where_weights_lie_on_one_side():
    normal = np.random.default_rng(3).normal(size=(256, 1024)).astype(np.float32)
    assert power_left("q4a", normal) < 0.00480 < 0.0065 < power_left("q4", normal)
    one_sided = np.abs(normal)
    assert power_left("q4a", one_sided) < 0.0015 < 0.0063 < power_left("q4", one_sided)
    far = normal + np.float32(100)  # here the rounding of the offset to f16 costs most
    assert power_left("q4a", far) < 6e-7 < 5e-5 < power_left("q4", far)


@pytest.mark.parametrize("fmt", SEARCHED)
def test_padding_does_not_count(fmt):
    values = np.random.default_rng(6).normal(size=(8, 34)).astype(np.float32)
    form = formats.weight_format(fmt)
    packed = quantize(fmt, values, name="w")
    weights = np.zeros((32, 8), np.float32)
    weights[:2] = 1
    padded = np.ascontiguousarray(formats.pad_groups(values, form.padding)[:, 1].T)
    alone = form.quantize_groups(padded, weights)
    np.testing.assert_array_equal(packed.quants[:, 1], alone.quants)
    np.testing.assert_array_equal(packed.sides[0][:, 1], alone.sides[0])


@given(cols=st.integers(1, 70), low=st.sampled_from([-3.0, 0.0, 2.0]), seed=st.integers(0, 99))
def test_padding_does_not_pull_an_offset_towards_zero(cols, low, seed):
    values = np.random.default_rng(seed).uniform(low, low + 1, (3, cols)).astype(np.float32)
    # 15 steps, of which the search may leave out most of one at either end; scale and offset are halves
    assert np.abs(restored("q4a", values) - values).max() <= 1 / 15 + 4 * 2.0**-11


@pytest.mark.parametrize("fmt", formats.FORMATS)
def test_what_a_format_holds_exactly_comes_back_exactly(fmt):
    rng = np.random.default_rng(1)
    form = formats.FORMATS[fmt]
    low, high = -2047, 2047  # f16 holds integers up to 2048
    if isinstance(form, IntegerCodes):
        low, high = (form.code_low, form.code_high) if form.has_offset else (-form.code_high, form.code_high)
    codes = rng.integers(low, high + 1, (4, 96)).astype(np.float32)
    codes[:, ::32] = high
    codes[:, 1::32] = low
    values = codes * np.float32(0.25) + (3 if form.has_offset else 0)
    np.testing.assert_array_equal(restored(fmt, values), values)


@pytest.mark.parametrize("fmt", formats.FORMATS)
def test_zeros_and_numbers_too_small_for_a_scale_become_zero_or_stay(fmt):
    values = np.zeros((2, 40), np.float32)
    values[1] = 1e-40
    back = restored(fmt, values)
    assert (back[0] == 0).all() and (np.abs(back) <= 1e-40).all()


@pytest.mark.parametrize("fmt", ["q4", "q4a"])
def test_blocks_and_chunks_do_not_change_the_result(monkeypatch, fmt):
    values = np.random.default_rng(2).normal(size=(16, 172)).astype(np.float32)
    quants, (side,) = quantize(fmt, values, name="w")
    monkeypatch.setattr("model.quantize._CHUNK_GROUPS", 7)
    for begin in (0, 5):
        part, (part_side,) = quantize(fmt, values[begin:], name="w")
        np.testing.assert_array_equal(part, quants[begin:])
        np.testing.assert_array_equal(part_side, side[begin:])


@pytest.mark.parametrize("fmt", ["q4", "q4a"])
def test_importance_moves_the_error_to_where_it_matters_less(fmt):
    values = np.random.default_rng(4).normal(size=(64, 172)).astype(np.float32)
    importance = np.random.default_rng(5).uniform(0, 1, 172).astype(np.float32) ** 4
    weighed, plain = (
        np.square(restored(fmt, values, importance=weights) - values) @ importance
        for weights in (importance, None)
    )
    assert weighed.sum() < 0.9 * plain.sum()
    even = np.full(172, 3.0, np.float32)  # equal weights change nothing
    np.testing.assert_array_equal(restored(fmt, values, importance=even), restored(fmt, values))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("fmt", formats.FORMATS)
def test_weights_that_are_not_finite_are_refused_by_name(fmt, bad):
    values = np.ones((3, 50), np.float32)
    values[1, 33] = bad
    with pytest.raises(QuantizeError, match="not finite") as caught:
        quantize(fmt, values, name="layers.0.q_proj")
    assert caught.value.where == "layers.0.q_proj"


@pytest.mark.parametrize(
    ("fmt", "fits", "too_large"),
    [("f16", 65504, 65520), ("q4", 2e5, 3e5), ("q4a", 65504, 65520), ("q8", 6e6, 7e6)],
)
def test_what_overflows_f16_is_refused_by_name(fmt, fits, too_large):
    values = np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32)
    assert np.isfinite(restored(fmt, values * np.float32(fits))).all()
    with pytest.raises(QuantizeError, match=f"at most .* for {fmt}") as caught:
        quantize(fmt, values * np.float32(too_large), name="lm_head")
    assert caught.value.where == "lm_head" and "f32" in str(caught.value.help)


# ---- what quantising costs a real model -------------------------------------------------------------------

TEXT = "text/tinystories_train_sample.txt"
COST = {"stories260K": (512, 0.08), "babyllama105": (256, 0.085)}
"""Tokens, and the most that 4.5 bits a weight may add to the loss; the promise is 0.10 and 0.09."""


def first_tokens(shared_data, name: str, count: int) -> list[int]:
    sentencepiece = pytest.importorskip("sentencepiece")
    model = str(shared_data / "models" / name / "tokenizer.model")
    text = (shared_data / TEXT).read_text(encoding="utf-8")[: 8 * count]
    return [1, *sentencepiece.SentencePieceProcessor(model_file=model).encode(text)][:count]


def quantized(weights: numpy_llama.Weights, fmt: str) -> numpy_llama.Weights:
    gain = np.square(weights["model.norm.weight"])
    return {
        name: value
        if value.ndim == 1
        else restored(fmt, value, importance=gain if name == "model.embed_tokens.weight" else None)
        for name, value in weights.items()
    }


@pytest.fixture(params=COST)
def model(request, shared_data) -> tuple[str, Callable[[numpy_llama.Weights], float], numpy_llama.Weights]:
    """A model's name, its loss on the first tokens of the text under given weights, and its own weights."""
    config, weights = numpy_llama.load(shared_data / "models" / request.param)
    ids = first_tokens(shared_data, request.param, COST[request.param][0])
    assert len(ids) == COST[request.param][0]

    def loss(changed: numpy_llama.Weights) -> float:
        return numpy_llama.mean_nll(numpy_llama.logits(config, changed, ids), ids)

    return request.param, loss, weights


def test_four_bits_cost_less_than_promised(model):
    name, loss, weights = model
    cost = loss(quantized(weights, "q4")) - loss(weights)
    assert 0 < cost < COST[name][1]
    with_offsets = loss(quantized(weights, "q4a")) - loss(weights)
    assert 0 < with_offsets < 0.8 * cost


@pytest.mark.parametrize("fmt", ["q8", "f16"])
def test_eight_and_sixteen_bits_cost_next_to_nothing(model, fmt):
    _, loss, weights = model
    assert abs(loss(quantized(weights, fmt)) - loss(weights)) < 0.01


def test_the_numpy_model_agrees_with_the_published_logits(shared_data):
    for name in COST:
        config, weights = numpy_llama.load(shared_data / "models" / name)
        reference = np.load(shared_data / "reference" / f"{name}.npz")
        found = numpy_llama.logits(config, weights, reference["ids"].tolist())
        np.testing.assert_allclose(found, reference["logits"], atol=1e-4)


# ---- weights that are on a lattice already ----------------------------------------------------------------


def as_bf16(values: np.ndarray) -> np.ndarray:
    """Rounded to bf16, ties to even."""
    bits = values.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def on_lattice(low: int, high: int, with_offset: bool) -> np.ndarray:
    """Groups of bell-shaped whole codes low..high, each under an f16 scale of its own (and an offset)."""
    rng = np.random.default_rng(high - low)
    middle, spread = (low + high) / 2, (high - low) / 5
    codes = np.clip(np.rint(rng.normal(middle, spread, (64, 32, 32))), low, high).astype(np.float32)
    scale = np.exp(rng.normal(-4, 0.5, (64, 32, 1))).astype(np.float16).astype(np.float32)
    offset = (scale * rng.uniform(-high, 0, (64, 32, 1))).astype(np.float16).astype(np.float32)
    return (codes * scale + (offset if with_offset else 0)).reshape(64, 1024)


def share_recovered(fmt: str, lattice: np.ndarray, source: np.ndarray) -> float:
    """The share of groups of `source` that come back as `lattice`, but for the rounding of their scale."""
    errors, groups = (x.reshape(64, 32, 32) for x in (restored(fmt, source) - lattice, lattice))
    return float((np.square(errors).sum(2) <= 1.6e-5 * np.square(groups).sum(2)).mean())


@pytest.mark.parametrize(("most", "share"), [(8, 0.93), (7, 1), (6, 1), (5, 1), (4, 1), (3, 1)])
def test_four_bit_weights_come_back_though_they_were_rounded_to_bf16(most: int, share: float):
    lattice = on_lattice(-most, most, False)
    assert share_recovered("q4", lattice, as_bf16(lattice)) >= share - 0.005


@pytest.mark.parametrize("most", range(1, 16))
def test_four_bits_with_an_offset_come_back_from_halves(most: int):
    lattice = on_lattice(0, most, True)
    assert share_recovered("q4a", lattice, lattice.astype(np.float16).astype(np.float32)) >= 0.99


@pytest.mark.parametrize("most", [15, 31, 63])
def test_lattices_of_five_to_seven_bits_come_back_from_bytes(most: int):
    rng = np.random.default_rng(most)
    codes = rng.integers(-most, most + 1, (64, 1024)).astype(np.float32)
    codes[:, ::32] = most
    np.testing.assert_array_equal(restored("q8", codes * np.float32(2**-9)), codes * np.float32(2**-9))
