"""Several coded rows on matrix units: each gets the bits that it gets by the single row's own schedule."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.ir.formats import groups_of
from kernelc.kernels.linear.epilogues import PairEpilogue, RowEpilogue
from kernelc.kernels.linear.epilogues.base import Coding
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.several.matvec import MATVEC_INT8_ROWS
from kernelc.kernels.several.mma.division import Division, mma_schedule, mma_shared_bytes
from kernelc.kernels.several.mma.pairs import paired
from kernelc.kernels.several.rows_problem import RowsProblem
from tests.kernels.executors import require
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.several_problems import ENV, rows_problem
from tests.kernels.test_several import run_step

UNITS = VARIANTS["tiles"]
CODED = Coding(2, weight=True, keeps=True)


def _rows(problem: LinearProblem, most: int) -> RowsProblem[LinearProblem]:
    return replace(rows_problem(MATVEC_INT8, problem), sequences=most)


def alone_and_together(
    problem: LinearProblem, most: int, schedule: MatvecInt8Schedule, executor: str, seed: int
) -> None:
    """Run a step of several rows with `schedule`, and each row with that of the rules for a single row."""
    require(executor, UNITS)
    rows, rng = _rows(problem, most), np.random.default_rng(seed)
    env = {**ENV, "seq": min(most, ENV["seq"])}
    arrays, step = MATVEC_INT8_ROWS.inputs(rows, rng, env), MATVEC_INT8_ROWS.params(rows, rng, env)
    together = run_step(MATVEC_INT8_ROWS, rows, schedule, UNITS, executor, arrays, step)
    single = MATVEC_INT8.default(UNITS, problem)
    for row in range(env["seq"]):
        before, fields = MATVEC_INT8_ROWS._of_row(rows, arrays, row)
        after, _ = MATVEC_INT8_ROWS._of_row(rows, together, row)
        own = {name: array.copy() for name, array in before.items()}
        alone = run_step(MATVEC_INT8, problem, single, UNITS, executor, own, fields)
        for binding in MATVEC_INT8.bindings(problem):
            same = after[binding.name].tobytes() == alone[binding.name].tobytes()
            assert same, f"{binding.name} of row {row}: {schedule}"


PROBLEMS = {
    "one step": LinearProblem("q4", 64, 1024, RowEpilogue(64), norm_eps=1e-5, terms=2),
    "uneven steps": LinearProblem("q4", 64, 6080, RowEpilogue(64), norm_eps=1e-5, terms=2),
    "codes": LinearProblem("q4", 64, 4096, RowEpilogue(64, coding=CODED), terms=2),
    "pairs of four parts": LinearProblem(
        "q4", 128, 4096, PairEpilogue(64, coding=Coding(2)), norm_eps=1e-5, terms=2
    ),
    "a part of a tile": LinearProblem("q8", 40, 1184, RowEpilogue(40), norm_eps=1e-5, terms=1),
    "offsets": LinearProblem("q4a", 64, 2080, RowEpilogue(64), terms=2),
}


@pytest.mark.parametrize("executor", ["interpreter", "cuda"])
@pytest.mark.parametrize(
    ("name", "few"),
    [
        ("one step", True),
        ("uneven steps", False),
        ("codes", True),
        ("pairs of four parts", False),
        ("a part of a tile", False),
        ("offsets", True),
        *(
            pytest.param(name, few, marks=pytest.mark.nightly)
            for name, few in product(PROBLEMS, (True, False))
        ),
    ],
)
def test_each_row_gets_the_bits_that_it_gets_alone(name: str, few: bool, executor: str) -> None:
    capabilities = replace(UNITS, workgroups=128 if few else 0)
    rows = _rows(PROBLEMS[name], 8)
    schedule = MATVEC_INT8_ROWS.default(capabilities, rows)
    assert schedule.splits and schedule == next(iter(MATVEC_INT8_ROWS.space(capabilities, rows)))
    assert {"mma_i8"} <= set(MATVEC_INT8_ROWS.kernel(rows, schedule, UNITS).features())
    alone_and_together(PROBLEMS[name], 8, schedule, executor, seed=1)
    check_kernel(
        MATVEC_INT8_ROWS,
        rows,
        executor=executor,
        capabilities=capabilities,
        schedule=schedule,
        seed=2,
        env=ENV,
    )


@settings(max_examples=max(3, settings().max_examples // 5))
@given(data=st.data())
def test_any_division_of_the_work_gives_the_same_bits(data: st.DataObject) -> None:
    format_ = data.draw(st.sampled_from(["q4", "q4a", "q8"]))
    epilogue = data.draw(st.sampled_from([RowEpilogue(64), RowEpilogue(64, coding=CODED)]))
    norm = data.draw(st.sampled_from([None, 1e-5]))
    cols = 32 * data.draw(st.integers(32, 200))
    problem = LinearProblem(
        format_, 64, cols, epilogue, norm_eps=norm, terms=data.draw(st.sampled_from([1, 2]))
    )
    single = MATVEC_INT8.default(UNITS, problem)
    found = [
        schedule
        for threads in (64, 128, 256, 512)
        for splits in (1, 2, 4, 8)
        for rounds, stacked, staged in product((1, 2), (1, 2), (64, 32))
        if (
            schedule := mma_schedule(
                single, problem, threads, splits, rounds=rounds, stacked=stacked, staged=staged
            )
        )
        is not None
        and mma_shared_bytes(schedule, problem, 8) <= UNITS.shared_bytes
    ]
    schedule = data.draw(st.sampled_from(found))
    alone_and_together(problem, data.draw(st.integers(2, 8)), schedule, "interpreter", seed=3)


def test_what_divisions_promise() -> None:
    """Every group of a row belongs to one chunk of one split, and registers and memory have room."""
    for cols in (1024, 11008):
        for problem in (PROBLEMS["codes"], PROBLEMS["pairs of four parts"]):
            problem = replace(problem, cols=cols)
            rows = _rows(problem, 8)
            for few in (0, 128):
                schedule = MATVEC_INT8_ROWS.default(replace(UNITS, workgroups=few), rows)
                assert schedule.splits and schedule.rows_per_workgroup % problem.result_rows == 0
                division = Division.of(schedule, groups_of(cols))
                assert schedule.rows_per_workgroup == 16 * division.tiles
                assert division.team == schedule.team == MATVEC_INT8.default(UNITS, problem).team
                kernel = MATVEC_INT8_ROWS.kernel(rows, schedule, UNITS)
                assert kernel.shared_bytes <= mma_shared_bytes(schedule, problem, 8) <= UNITS.shared_bytes


def test_numbers_meet_as_those_of_a_subgroup_do() -> None:
    assert [paired(count) for count in (1, 2, 4, 8)] == [
        [0], [0, 1], [0, 2, 1, 3], [0, 4, 2, 6, 1, 5, 3, 7],
    ]  # fmt: skip


@pytest.mark.parametrize("most", [2, 3])
def test_matrix_units_are_for_three_rows_and_more(most: int) -> None:
    rows = _rows(PROBLEMS["one step"], most)
    assert bool(MATVEC_INT8_ROWS.default(UNITS, rows).splits) == (most > 2)
    assert not MATVEC_INT8_ROWS.default(VARIANTS["warps"], rows).splits


def test_what_is_no_division_is_none() -> None:
    problem = PROBLEMS["codes"]
    single = MATVEC_INT8.default(UNITS, problem)
    assert mma_schedule(single, problem, 512, 4) is not None
    for threads, splits, rounds in (
        (256, 4, 1),
        (96, 1, 1),
        (512, 4, 3),
    ):  # 16 rows; no whole subgroups; parts
        assert mma_schedule(single, problem, threads, splits, rounds=rounds) is None
    assert mma_schedule(replace(single, subgroup_size=None), problem, 512, 4) is None
    long = replace(problem, cols=32 * 64 * 60)
    assert mma_schedule(MATVEC_INT8.default(UNITS, long), long, 512, 4) is None
