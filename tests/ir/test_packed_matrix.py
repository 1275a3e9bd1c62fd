from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import InternalError
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder, StoredArray, row_index


@given(heads=st.integers(1, 4), half=st.integers(1, 4), rest=st.integers(0, 3), inter=st.integers(1, 5))
def test_row_orders_are_permutations_with_the_promised_pairs(heads, half, rest, inter):
    head_dim = 2 * half + rest
    order = (
        RowOrder("pairs", heads * head_dim, head_dim, 2 * half),
        RowOrder("identity", 3),
        RowOrder("interleave", 2 * inter),
    )
    index = row_index(order)
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
    assert rest.stored_arrays == {
        "quants": StoredArray("m.1.quants", "q4.quants", 5 * 2 * 16),
        "scales": StoredArray("m.1.scales", "q4.scales", 32),
    }


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
