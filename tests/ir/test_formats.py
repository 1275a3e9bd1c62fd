from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import InternalError, ShapeError
from kernelc.ir import formats
from kernelc.ir.formats import FORMATS, Packed, SideArray, WeightFormat, integer_format, weight_format
from kernelc.ir.formats.integer_codes import IntegerCodes
from kernelc.ir.types import DType

REPO = Path(__file__).resolve().parents[2]
WIDTHS = st.sampled_from([1, 2, 8, 31, 32, 33, 64, 172]) | st.integers(1, 100)
NAMES = st.sampled_from(sorted(FORMATS))
WITH_CODES = [name for name, form in FORMATS.items() if isinstance(form, IntegerCodes)]


def matrix(rows: int, cols: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, cols)).astype(np.float32)


def test_what_holds_no_integer_codes_is_an_error() -> None:
    assert integer_format("q4") is weight_format("q4")
    with pytest.raises(InternalError, match="got the weight format f16"):
        integer_format("f16")


def codes_of(name: str) -> IntegerCodes:
    form = weight_format(name)
    assert isinstance(form, IntegerCodes)
    return form


@given(fmt=NAMES, rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99))
def test_a_packed_matrix_has_the_promised_sizes(fmt, rows, cols, seed):
    form, packed = weight_format(fmt), formats.pack(fmt, matrix(rows, cols, seed))
    sizes = form.stored_arrays(rows, cols)
    assert sizes.pop("quants") == packed.quants.nbytes
    assert packed.quants.nbytes % 16 == 0
    stored = {side.name: side.to_bytes(values) for side, values in zip(form.sides, packed.sides, strict=True)}
    assert {name: len(data) for name, data in stored.items()} == sizes
    assert all(size % 16 == 0 for size in sizes.values())
    groups = rows * formats.groups_of(cols)
    assert packed.nbytes * 8 == pytest.approx(form.bits_per_weight * 32 * groups)


@given(fmt=NAMES, rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99))
def test_what_was_unpacked_packs_to_the_same_words(fmt, rows, cols, seed):
    form, packed = weight_format(fmt), formats.pack(fmt, matrix(rows, cols, seed))
    values = formats.unpack(fmt, packed, cols)
    assert values.shape == (rows, cols) and values.dtype == np.float32
    whole = form.unpack_groups(packed)
    again = (
        form.pack_with(whole, *packed.sides) if isinstance(form, IntegerCodes) else form.pack_groups(whole)
    )
    np.testing.assert_array_equal(again.quants, packed.quants)


@given(rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99), fmt=st.sampled_from(WITH_CODES))
def test_rounding_errors_of_codes_stay_within_half_a_step(rows, cols, seed, fmt):
    values, form = matrix(rows, cols, seed), codes_of(fmt)
    packed = formats.pack(fmt, values)
    sides = packed.sides[0].astype(np.float32).reshape(rows, -1, form.sides[0].lanes)
    step, offset = (np.repeat(sides[:, :, at], 32, axis=1)[:, :cols] for at in (0, -1))
    # scale (times the largest code) and offset are rounded to f16, each by at most 2^-11 of itself
    slack = (0.5 + form.code_high * 2.0**-11) * step + (2.0**-11 * np.abs(offset) if form.has_offset else 0)
    assert (np.abs(formats.unpack(fmt, packed, cols) - values) <= slack + 1e-12).all()


@given(rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99))
def test_floats_are_rounded_to_their_own_type(rows, cols, seed):
    values = matrix(rows, cols, seed)
    halves = formats.unpack("f16", formats.pack("f16", values), cols)
    np.testing.assert_array_equal(halves, values.astype("f2").astype("f4"))
    np.testing.assert_array_equal(formats.unpack("f32", formats.pack("f32", values), cols), values)


@given(cols=WIDTHS, fmt=NAMES)
def test_padding_is_zero_or_within_the_range_of_the_row(cols, fmt):
    packed = formats.pack(fmt, np.full((2, cols), 3.0, np.float32))
    whole = formats.unpack(fmt, packed, formats.groups_of(cols) * 32)
    assert (whole[:, cols:] == (3.0 if weight_format(fmt).padding == "edge" else 0.0)).all()


@pytest.mark.parametrize("fmt", ["q4", "q4a"])
def test_nibbles_lie_where_the_layout_says(fmt):
    form = codes_of(fmt)
    codes = (np.arange(32) % 16 + form.code_low).astype(np.int8)
    words = form.pack_codes(codes)
    for j, b in np.ndindex(4, 4):
        octet = (int(words[j]) >> (8 * b)) & 255
        assert (octet & 15) + form.code_low == codes[8 * j + b]
        assert (octet >> 4) + form.code_low == codes[8 * j + 4 + b]
    np.testing.assert_array_equal(form.unpack_codes(words), codes)


def test_bytes_and_halves_lie_where_the_layout_says():
    codes = (np.arange(32) * 8 - 127).astype(np.int8)
    words = codes_of("q8").pack_codes(codes)
    for j, b in np.ndindex(8, 4):
        assert np.uint8((int(words[j]) >> (8 * b)) & 255).view(np.int8) == codes[4 * j + b]
    halves = np.arange(32, dtype=np.float32).reshape(1, 32)
    words = formats.pack("f16", halves).quants[0, 0]
    assert words[3] == int(np.float16(6).view("u2")) | int(np.float16(7).view("u2")) << 16


def test_a_scale_is_the_low_half_of_its_word_and_an_offset_the_high():
    values = np.linspace(-1, 2, 32, dtype=np.float32).reshape(1, 32)
    (side,), form = formats.pack("q4a", values).sides, weight_format("q4a")
    word = int(np.frombuffer(form.sides[0].to_bytes(side), "<u4")[0])
    assert word == int(np.float16(0.2).view("u2")) | int(np.float16(-1).view("u2")) << 16


def test_groups_of_zeros_and_of_one_number():
    quants, (scales,) = formats.pack("q4", np.zeros((1, 40), np.float32))
    assert (quants == 0x88888888).all() and (scales == 0).all()
    quants, (sides,) = formats.pack("q4a", np.full((1, 40), 2.5, np.float32))
    assert (quants == 0).all() and (sides == [0.0, 2.5]).all()


def test_a_negative_scale_turns_the_range_around():
    values = np.array([[8.0, 7.0, -7.0, 0.0]], np.float32)
    packed = codes_of("q4").pack_with(formats.pad_groups(values), np.array([[-1.0]], np.float16))
    np.testing.assert_array_equal(formats.unpack("q4", packed, 4), values)


@given(fmt=NAMES, rows=st.integers(1, 9), cols=WIDTHS)
def test_stored_bytes_read_back(fmt, rows, cols):
    form, packed = weight_format(fmt), formats.pack(fmt, matrix(rows, cols, 7))
    sides = zip(form.sides, packed.sides, strict=True)
    stored = {"quants": packed.quants.tobytes()} | {side.name: side.to_bytes(data) for side, data in sides}
    raw = {name: np.frombuffer(data, np.uint8) for name, data in stored.items()}
    again = formats.packed_from_bytes(fmt, raw, rows, cols)
    np.testing.assert_array_equal(again.quants, packed.quants)
    for got, wanted in zip(again.sides, packed.sides, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_the_smallest_format_comes_first_and_encodings_name_every_array():
    bits = {name: form.bits_per_weight for name, form in FORMATS.items()}
    assert bits == {"q4": 4.5, "q4a": 5.0, "q8": 8.5, "f16": 16.0, "f32": 32.0}
    assert list(bits.values()) == sorted(bits.values())
    wanted = {f"{name}.quants" for name in bits} | {"q4.scales", "q4a.scales", "q8.scales", "f32"}
    assert set(formats.encodings()) == wanted
    assert formats.tensor_bytes("q4a.scales", (3, 33)) == 32 and formats.tensor_bytes("f32", (3, 5)) == 60


def test_shapes_and_names_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="wanted a matrix"):
        formats.pack("q4", np.zeros(3, np.float32))
    with pytest.raises(ShapeError, match="scales have shape"):
        codes_of("q4").pack_with(np.zeros((2, 2, 32), np.float32), np.zeros((2, 1), np.float16))
    with pytest.raises(ShapeError, match="quants are"):
        formats.unpack("q4", Packed(np.zeros((2, 1, 4), np.uint32), (np.zeros((2, 1), np.float16),)), 33)
    with pytest.raises(ShapeError, match=r"shapes \[\], wanted \[\[2, 1\]\] \(scales\)"):
        formats.unpack("q8", Packed(np.zeros((2, 1, 8), np.uint32)), 32)
    with pytest.raises(ShapeError, match=r"shapes \[\[2, 1\]\], wanted \[\[2, 1, 2\]\]"):
        formats.unpack("q4a", Packed(np.zeros((2, 1, 4), np.uint32), (np.zeros((2, 1), np.float16),)), 32)
    with pytest.raises(ShapeError, match="unknown weight format 'q5', wanted one of q4, q4a, q8, f16, f32"):
        weight_format("q5")
    with pytest.raises(ShapeError, match=r"unknown encoding 'f16\.scales'"):
        formats.tensor_bytes("f16.scales", (1, 1))


class Odd(type(weight_format("f16"))):
    name = "odd"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "q4"}, "q4 is registered twice"),
        ({"unit_words": 3}, "units of 3 words do not cut 16 words"),
        ({"words_per_group": 12, "unit_words": 1}, "units of 1 words do not cut 12 words"),
        ({"sides": (SideArray("a", "u8"), SideArray("a", "f16"))}, "two of its arrays have one name"),
        ({"byte_zero": 8, "has_offset": True}, "with an offset, stored bytes are the codes"),
        ({"word": "f32"}, "a unit of f32 words is four of them"),
    ],
)
def test_a_layout_that_no_kernel_could_read_is_a_bug(change, message):
    form: WeightFormat = type("Changed", (Odd,), change)()
    before = dict(FORMATS)
    with pytest.raises(InternalError, match=message):
        formats.register(form)
    assert dict(FORMATS) == before


def names_compared(path: Path) -> list[str]:
    """The constants that a file compares with, matches, looks up in a dict of its own or lists in a tuple."""
    found: list[ast.AST] = []
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Compare():
                found += [node.left, *node.comparators]
            case ast.MatchValue():
                found.append(node.value)
            case ast.Dict():
                found += [key for key in node.keys if key is not None]
            case ast.Tuple() | ast.List() | ast.Set():
                found += node.elts
    return [node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_nothing_asks_for_a_format_by_its_name():
    """f16, f32 and q8 are names of element types as well, so that they may be compared with elsewhere."""
    folder = REPO / "kernelc" / "ir" / "formats"
    files = [path for package in ("kernelc", "model", "runtime") for path in (REPO / package).rglob("*.py")]
    names = {"q4", "q4a", "q8"}
    alone = names - {each.value for each in DType}
    asking = [path for path in files if folder not in path.parents and alone & {*names_compared(path)}]
    assert asking == []
    within = [path.name for path in folder.glob("*.py") if names & {*names_compared(path)}]
    assert within == []


def test_a_side_element_lies_in_one_word():
    with pytest.raises(InternalError, match="6 bytes"):
        SideArray("scales", "f16", 3)
