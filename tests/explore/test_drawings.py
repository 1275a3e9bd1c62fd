"""What is drawn of a kernel is how its schedule divides the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernelc.explore.drawings import tiling_of
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.several.mma.division import ROWS, Division

ALONE = MatvecInt8Schedule(256, 64, 8, 1, early=True, subgroups=True, subgroup_size=32)


@pytest.mark.parametrize(
    ("splits", "stacked", "rounds", "teams", "lanes"),
    [(4, 2, 1, 1, 256), (2, 1, 1, 2, 128), (1, 1, 2, 8, 32)],
)
def test_matrix_units_share_tiles(splits: int, stacked: int, rounds: int, teams: int, lanes: int):
    """Tiles of 16 rows by eight of activations, not teams with rows of their own."""
    schedule = replace(ALONE, splits=splits, stacked=stacked, rounds=rounds)
    drawn = tiling_of(schedule)
    assert drawn == {
        "kind": "tiles", "teams": [teams, 1], "tiles": [stacked, 1], "tile": [16, 8], "lanes": lanes,
    }  # fmt: skip
    assert Division.of(schedule, groups=64).tiles * ROWS == teams * stacked * 16


def test_teams_have_rows():
    assert tiling_of(ALONE) == {"kind": "teams", "threads": 256, "team": 64, "rows": 8, "batches": 1}


def test_one_invocation_has_blocks_of_rows():
    drawn = tiling_of(MatvecInt8Schedule(1, 1, 4, 1, early=False, blocks=8))
    assert drawn == {"kind": "teams", "threads": 1, "team": 1, "rows": 4, "batches": 8}
