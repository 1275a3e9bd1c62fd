from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.kernels.linear.half_blocks import CELLS, ROWS, HalfBlocks
from kernelc.kernels.linear.half_rows import HALF_ROWS, HalfRowsProblem
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel


@pytest.mark.parametrize("variant", ["baseline", "tiles", "large-tiles", "processor"])
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    cols=st.sampled_from([64, 128, 320]),
    seq=st.sampled_from([1, 2, 31, 127, 128, 129]),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_half_rows_equals_its_reference(
    executor: str, variant: str, cols: int, seq: int, seed: int, data: st.DataObject
) -> None:
    capabilities, problem = VARIANTS[variant], HalfRowsProblem(cols)
    schedule = data.draw(st.sampled_from(list(HALF_ROWS.space(capabilities, problem))))
    env = {"seq": seq, "past": 0, "context": seq}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(HALF_ROWS, problem, **device, seed=seed, env=env, schedule=schedule)


def test_blocks_hold_elements_where_the_layout_says() -> None:
    blocks, rows = HalfBlocks(128), 130
    x = np.random.default_rng(1).normal(size=(rows, 128)).astype(np.float32)
    cells = blocks.arrange(x)
    assert cells.shape == (blocks.cells(rows), 4) == (2 * 2 * CELLS * ROWS, 4)
    words = cells.view(np.float16).reshape(2, 2, CELLS, ROWS, 4, 2)
    for row, column in ((0, 0), (5, 1), (127, 63), (128, 64), (129, 127), (3, 86)):
        chunk, element = column % 64 // 16, column % 16
        place = (row // ROWS, column // 64, element // 2, row % ROWS, chunk, element % 2)
        assert words[place] == np.float16(x[row, column])
    np.testing.assert_array_equal(blocks.values(cells, rows), x.astype(np.float16).astype(np.float32))


def test_rows_are_filled_up_with_the_last_and_limited_to_what_a_half_holds() -> None:
    blocks = HalfBlocks(64)
    x = np.array([[1.0] * 64, [1e6] * 32 + [-np.inf] * 32], np.float32)
    every = blocks.values(blocks.arrange(x), ROWS)
    wanted = [65504.0] * 32 + [-65504.0] * 32
    np.testing.assert_array_equal(every[1:], np.tile(np.array(wanted, np.float32), (ROWS - 1, 1)))
    np.testing.assert_array_equal(every[0], 1)


def test_rows_of_no_whole_blocks_are_refused() -> None:
    with pytest.raises(ShapeError, match="a multiple of 64 columns"):
        HalfRowsProblem(96)
