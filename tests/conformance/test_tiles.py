"""Tiles of matrix units, on every executor that has them."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.kir.operation_table import TILE_OPERATIONS
from kernelc.target import Capabilities
from tests.conformance.tiles import CASES, COVERED, GROUPS, SMALL_CASES, TileCase
from tests.kernels.executors import EXECUTORS, require

ALL_CASES = (*CASES, *SMALL_CASES)


@pytest.mark.parametrize("case", ALL_CASES, ids=[case.name for case in ALL_CASES])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_tiles(executor: str, case: TileCase) -> None:
    kernel = case.kernel()
    halves = "f16" in kernel.features()
    require(executor, Capabilities(halves, subgroup_size=case.kind.lanes, tiles=(case.kind,)))
    wanted = case.wanted()
    arrays = {**case.inputs(), "out": np.zeros(wanted.size, case.kind.type("sum").dtype)}
    got = EXECUTORS[executor](kernel, (GROUPS, 1, 1), arrays, {})["out"]
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


def test_the_checklist_of_tiles_is_complete() -> None:
    assert COVERED == TILE_OPERATIONS
    kernels = [case.kernel() for case in CASES]
    found = {value for kernel in kernels for value in kernel.features()}
    assert found == {"f16", "tile_f16_16x16x16", "tile_i8_16x16x32"}
