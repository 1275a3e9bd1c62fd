"""Tiles of matrix units, on every executor that has them."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.kir.operation_table import TILE_OPERATIONS
from kernelc.target import Capabilities
from tests.conformance.tiles import (
    CASES,
    COVERED,
    COVERED_LARGE,
    GROUPS,
    LARGE_CASES,
    SMALL_CASES,
    LargeTileCase,
    TileCase,
)
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


@pytest.mark.parametrize("case", LARGE_CASES, ids=[case.name for case in LARGE_CASES])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_large_tiles(executor: str, case: LargeTileCase) -> None:
    require(executor, Capabilities(subgroup_size=32, tiles=(case.kind,)))
    wanted = case.wanted()
    arrays = {**case.inputs(), "out": np.zeros(wanted.size, np.float32)}
    got = EXECUTORS[executor](case.kernel(), (GROUPS, 1, 1), arrays, {})["out"]
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


def test_the_checklist_of_tiles_is_complete() -> None:
    assert COVERED | COVERED_LARGE == TILE_OPERATIONS
    assert {op for case in LARGE_CASES for op in case.kernel().operations} >= COVERED_LARGE
    kernels = [case.kernel() for case in CASES]
    found = {value for kernel in kernels for value in kernel.features()}
    assert found == {"f16", "tile_f16_16x16x16", "tile_i8_16x16x32"}
