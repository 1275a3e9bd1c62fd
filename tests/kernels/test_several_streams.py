"""Several coded rows with the matrix streamed to matrix units: each gets the bits that it gets alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.ir.formats import groups_of
from kernelc.kernels.linear.epilogues import PairEpilogue, RowEpilogue
from kernelc.kernels.linear.epilogues.base import Coding
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.several.matvec import MATVEC_INT8_ROWS
from kernelc.kernels.several.mma.stream_schedule import (
    PAIR,
    blocks_of,
    streams_schedule,
    streams_shared_bytes,
)
from tests.kernels import test_several_mma as chunks
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.several_problems import ENV

COPIES = VARIANTS["bulk-copies"]
CODED = Coding(2, weight=True, keeps=True)
PROBLEMS = {
    "one step": LinearProblem("q4", 64, 1024, RowEpilogue(64), norm_eps=1e-5, terms=2),
    "uneven steps": LinearProblem("q4", 64, 5888, RowEpilogue(64), norm_eps=1e-5, terms=2),
    "codes": LinearProblem("q4", 64, 4096, RowEpilogue(64, coding=CODED), terms=2),
    "pairs of four parts": LinearProblem(
        "q4", 128, 4096, PairEpilogue(64, coding=Coding(2)), norm_eps=1e-5, terms=2
    ),
    "pairs of one part": LinearProblem(
        "q4", 128, 2048, PairEpilogue(64, coding=Coding(2)), norm_eps=1e-5, terms=2
    ),
    "one term": LinearProblem("q4", 32, 1280, RowEpilogue(32), norm_eps=1e-5, terms=1),
}


@pytest.mark.parametrize("executor", ["interpreter", "cuda"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_each_row_gets_the_bits_that_it_gets_alone(name: str, executor: str) -> None:
    problem, rows = PROBLEMS[name], replace(chunks._rows(PROBLEMS[name], 8))
    schedule = MATVEC_INT8_ROWS.default(COPIES, rows)
    assert schedule.ring and {"mma_i8", "bulk_copies"} <= set(
        MATVEC_INT8_ROWS.kernel(rows, schedule, COPIES).features()
    )
    chunks.alone_and_together(problem, 8, schedule, executor, seed=1)
    check_kernel(
        MATVEC_INT8_ROWS, rows, executor=executor, capabilities=COPIES, schedule=schedule, seed=2, env=ENV
    )


@settings(max_examples=max(3, settings().max_examples // 5))
@given(data=st.data())
def test_any_schedule_gives_the_same_bits(data: st.DataObject) -> None:
    cols = 256 * data.draw(st.integers(4, 24))
    problem = LinearProblem(
        "q4",
        64,
        cols,
        data.draw(st.sampled_from([RowEpilogue(64), RowEpilogue(64, coding=CODED)])),
        norm_eps=data.draw(st.sampled_from([None, 1e-5])),
        terms=data.draw(st.sampled_from([1, 2])),
    )
    single = MATVEC_INT8.default(chunks.UNITS, problem)
    found = [
        schedule
        for stacked, ring, early in product((1, 2), (2, 3), (1, 2))
        if (schedule := streams_schedule(single, problem, stacked=stacked, ring=ring, early_steps=early))
    ]
    schedule = data.draw(st.sampled_from(found))
    chunks.alone_and_together(problem, data.draw(st.integers(2, 8)), schedule, "interpreter", seed=3)


@pytest.mark.parametrize("name", PROBLEMS)
def test_blocks_are_all_of_a_matrix(name: str) -> None:
    """Every group of every row is in one block, the steps of a part follow each other, and there is room."""
    problem = PROBLEMS[name]
    rows, groups = chunks._rows(problem, 8), groups_of(problem.cols)
    schedule = MATVEC_INT8_ROWS.default(COPIES, rows)
    blocks, pairs = list(blocks_of(schedule, groups)), schedule.rows_per_workgroup // PAIR
    for pair in range(pairs):
        own = sorted((block.first, block.groups) for block in blocks if block.pair == pair)
        assert [first for first, _ in own] == list(range(0, groups, 32))
        assert sum(count for _, count in own) == groups
    assert sum(block.last for block in blocks) == pairs * schedule.parts
    kernel = MATVEC_INT8_ROWS.kernel(rows, schedule, COPIES)
    assert kernel.shared_bytes <= streams_shared_bytes(schedule, problem, 8) <= COPIES.stage_bytes


def test_what_is_not_streamed() -> None:
    problem = PROBLEMS["codes"]
    single = MATVEC_INT8.default(COPIES, problem)
    assert streams_schedule(single, problem) is not None
    for other in (
        replace(problem, format="q8"),
        replace(problem, format="q4a"),
        replace(problem, cols=4096 + 32),  # rows whose scales begin at no 16 bytes
        replace(problem, cols=1 << 20),
    ):
        assert streams_schedule(MATVEC_INT8.default(COPIES, other), other) is None
    assert streams_schedule(replace(single, subgroup_size=None), problem) is None
    assert not MATVEC_INT8_ROWS.default(chunks.UNITS, chunks._rows(problem, 8)).ring
    many = replace(PROBLEMS["one step"], rows=1 << 16, epilogue=RowEpilogue(1 << 16))
    found = streams_schedule(MATVEC_INT8.default(COPIES, many), many)
    assert found is not None and found.rows_per_workgroup == 2 * PAIR
