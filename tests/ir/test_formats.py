from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import InternalError, ShapeError
from kernelc.ir import formats
from kernelc.ir.formats import FORMATS, PackedMatrix, RowOrder

WIDTHS = st.sampled_from([1, 2, 8, 31, 32, 33, 64, 172]) | st.integers(1, 100)


def matrix(rows: int, cols: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, cols)).astype(np.float32)


@given(fmt=st.sampled_from(sorted(FORMATS)), rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99))
def test_a_packed_matrix_has_the_promised_size_and_unpacks_to_its_own_values(fmt, rows, cols, seed):
    quants, scales = formats.pack(fmt, matrix(rows, cols, seed))
    assert quants.nbytes == formats.quants_bytes(fmt, rows, cols)
    assert quants.nbytes % 16 == 0
    values = formats.unpack(fmt, quants, scales, cols)
    assert values.shape == (rows, cols) and values.dtype == np.float32
    again, _ = formats.pack(fmt, values, scales)  # values that a format holds exactly come back unchanged
    np.testing.assert_array_equal(again, quants)


@given(rows=st.integers(1, 5), cols=WIDTHS, seed=st.integers(0, 99))
def test_rounding_errors_stay_within_half_a_step(rows, cols, seed):
    values = matrix(rows, cols, seed)
    for fmt in ("q4", "q8"):
        quants, scales = formats.pack(fmt, values)
        assert scales is not None
        step = np.repeat(scales.astype(np.float32), 32, axis=1)[:, :cols]
        # the scale itself is rounded to f16 (by at most 2^-11 of it), which the largest code multiplies
        slack = 0.5 + (127 if fmt == "q8" else 7) * 2.0**-11
        assert (np.abs(formats.unpack(fmt, quants, scales, cols) - values) <= slack * step + 1e-12).all()
    quants, _ = formats.pack("f16", values)
    np.testing.assert_array_equal(formats.unpack("f16", quants, None, cols), values.astype("f2").astype("f4"))
    quants, _ = formats.pack("f32", values)
    np.testing.assert_array_equal(formats.unpack("f32", quants, None, cols), values)


@given(cols=WIDTHS, fmt=st.sampled_from(sorted(FORMATS)))
def test_padding_stands_for_zero(cols, fmt):
    quants, scales = formats.pack(fmt, np.full((2, cols), 3.0, np.float32))
    whole = formats.unpack(fmt, quants, scales, formats.groups_of(cols) * 32)
    assert (whole[:, cols:] == 0).all()


def test_nibbles_and_bytes_lie_where_the_layout_says():
    codes = (np.arange(32) % 16 - 8).astype(np.int8).reshape(1, 1, 32)
    words = formats.pack_codes("q4", codes)[0, 0]
    for j, b in np.ndindex(4, 4):
        octet = (int(words[j]) >> (8 * b)) & 255
        assert (octet & 15) - 8 == codes[0, 0, 8 * j + b]
        assert (octet >> 4) - 8 == codes[0, 0, 8 * j + 4 + b]
    codes = (np.arange(32) * 8 - 127).astype(np.int8).reshape(1, 1, 32)
    words = formats.pack_codes("q8", codes)[0, 0]
    for j, b in np.ndindex(8, 4):
        assert np.uint8((int(words[j]) >> (8 * b)) & 255).view(np.int8) == codes[0, 0, 4 * j + b]
    halves = np.arange(32, dtype=np.float32).reshape(1, 32)
    words = formats.pack("f16", halves)[0][0, 0]
    assert words[3] == int(np.float16(6).view("u2")) | int(np.float16(7).view("u2")) << 16


def test_a_group_of_zeros_has_scale_zero_and_code_zero():
    quants, scales = formats.pack("q4", np.zeros((1, 40), np.float32))
    assert (quants == 0x88888888).all()
    assert scales is not None and (scales == 0).all()


def test_a_negative_scale_turns_the_range_around():
    values = np.array([[8.0, 7.0, -7.0, 0.0]], np.float32)
    quants, scales = formats.pack("q4", values, np.array([[-1.0]], np.float16))
    np.testing.assert_array_equal(formats.unpack("q4", quants, scales, 4), values)


@given(rows=st.integers(1, 9), cols=WIDTHS)
def test_stored_bytes_read_back(rows, cols):
    quants, scales = formats.pack("q4", matrix(rows, cols, 7))
    assert scales is not None
    raw = np.frombuffer(formats.scales_to_bytes(scales), np.uint8)
    assert raw.size == formats.scales_bytes("q4", rows, cols) and raw.size % 16 == 0
    np.testing.assert_array_equal(formats.scales_from_bytes(raw, rows, cols), scales)
    stored = np.frombuffer(quants.tobytes(), np.uint8)
    np.testing.assert_array_equal(formats.quants_from_bytes("q4", stored, rows, cols), quants)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="wanted a matrix"):
        formats.pack("q4", np.zeros(3, np.float32))
    with pytest.raises(ShapeError, match="scales have shape"):
        formats.pack("q4", np.zeros((2, 33), np.float32), np.zeros((2, 1), np.float16))
    with pytest.raises(ShapeError, match="quants are"):
        formats.unpack("q4", np.zeros((2, 1, 4), np.uint32), np.zeros((2, 1), np.float16), 33)
    with pytest.raises(ShapeError, match="scales have shape None"):
        formats.unpack("q8", np.zeros((2, 1, 8), np.uint32), None, 32)
    with pytest.raises(ShapeError, match="unknown weight format 'q5'"):
        formats.quants_bytes("q5", 1, 1)


@given(heads=st.integers(1, 4), half=st.integers(1, 4), rest=st.integers(0, 3), inter=st.integers(1, 5))
def test_row_orders_are_permutations_with_the_promised_pairs(heads, half, rest, inter):
    head_dim = 2 * half + rest
    order = (
        RowOrder("pairs", heads * head_dim, head_dim, 2 * half),
        RowOrder("identity", 3),
        RowOrder("interleave", 2 * inter),
    )
    index = formats.row_index(order)
    total = heads * head_dim + 3 + 2 * inter
    assert sorted(index) == list(range(total))
    for head in range(heads):
        start = head * head_dim
        for i in range(half):
            assert index[start + 2 * i] == start + i
            assert index[start + 2 * i + 1] == start + i + half
        for i in range(2 * half, head_dim):
            assert index[start + i] == start + i
    last = heads * head_dim + 3
    for i in range(inter):
        assert index[last + 2 * i] == last + i
        assert index[last + 2 * i + 1] == last + inter + i


def test_a_piece_of_a_matrix_keeps_the_order_of_the_whole():
    order = (RowOrder("interleave", 8),)
    whole = PackedMatrix("m", ("a", "b"), 8, 40, order, "q4")
    first = PackedMatrix("m.0", ("a", "b"), 8, 40, order, "q4", 0, 3)
    rest = PackedMatrix("m.1", ("a", "b"), 8, 40, order, "q4", 3)
    assert (whole.stored_rows, first.stored_rows, rest.stored_rows) == (8, 3, 5)
    assert [*first.row_index(), *rest.row_index()] == [*whole.row_index()] == [0, 4, 1, 5, 2, 6, 3, 7]
    assert rest.stored_bytes == 5 * 2 * 16 + 32
    assert (rest.quants_name, rest.scales_name) == ("m.1.quants", "m.1.scales")


def test_impossible_orders_are_bugs():
    with pytest.raises(InternalError, match="whole number of heads"):
        RowOrder("pairs", 7, 4, 2)
    with pytest.raises(InternalError, match="rotary_dim"):
        RowOrder("pairs", 8, 4, 3)
    with pytest.raises(InternalError, match="even"):
        RowOrder("interleave", 3)
    with pytest.raises(InternalError, match="order covers 4 rows, wanted 5"):
        PackedMatrix("m", ("a",), 5, 8, (RowOrder("identity", 4),), "q4")
    with pytest.raises(InternalError, match=r"no rows 3\.\.3"):
        PackedMatrix("m", ("a",), 4, 8, (RowOrder("identity", 4),), "q4", 3, 3)
