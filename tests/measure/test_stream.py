"""Kernels that read and copy memory: every place once, on every executor, however the places are shared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.measure.stream import (
    COPY,
    FILL,
    MOST_SUMS,
    READ,
    STREAM,
    StreamProblem,
    StreamSchedule,
    sum_of_filled,
)
from kernelc.target import TARGETS
from tests.kernels.attention_problems import few
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.harness import VARIANTS

ENV = {"seq": 1, "past": 0, "context": 1}
KINDS = st.sampled_from([FILL, READ, COPY])

schedules = st.builds(
    StreamSchedule,
    st.sampled_from([1, 4, 32]),
    st.integers(1, 5),
    st.integers(1, 4),
    st.booleans(),
)


@given(kind=KINDS, vectors=st.integers(1, 300), schedule=schedules, seed=st.integers(0, 99))
def test_every_place_is_taken_once(kind: str, vectors: int, schedule: StreamSchedule, seed: int) -> None:
    check("interpreter", kind, vectors, schedule, seed)


@pytest.mark.parametrize("executor", [each for each in EXECUTORS if each != "interpreter"])
@few
@given(kind=KINDS, vectors=st.integers(1, 300), schedule=schedules, seed=st.integers(0, 99))
def test_devices_take_every_place_once(
    executor: str, kind: str, vectors: int, schedule: StreamSchedule, seed: int
) -> None:
    check(executor, kind, vectors, schedule, seed)


def check(executor: str, kind: str, vectors: int, schedule: StreamSchedule, seed: int) -> None:
    capabilities = VARIANTS["baseline"]
    require(executor, capabilities)
    problem = StreamProblem(kind, vectors)
    arrays = STREAM.inputs(problem, np.random.default_rng(seed), ENV)
    step = STREAM.params(problem, np.random.default_rng(seed), ENV)
    kernel = STREAM.kernel(problem, schedule, capabilities)
    got = EXECUTORS[executor](kernel, (schedule.workgroups, 1, 1), arrays, step)
    wanted = {name: array.copy() for name, array in arrays.items()}
    STREAM.reference(problem, wanted, step)
    for binding in STREAM.bindings(problem):
        mine, other = got[binding.name], wanted[binding.name]
        if binding.name == "sums":  # which invocation has which part is the schedule's
            mine, other = mine.sum(dtype=np.uint32), other.sum(dtype=np.uint32)
        assert np.array_equal(mine, other), binding.name


@given(st.integers(1, 5000))
def test_what_was_filled_adds_up_to_what_is_said(vectors: int) -> None:
    arrays = {"data": np.zeros((vectors, 4), np.uint32)}
    STREAM.reference(StreamProblem(FILL, vectors), arrays, {})
    assert int(arrays["data"].sum(dtype=np.uint32)) == sum_of_filled(vectors)
    assert len(set(arrays["data"].reshape(-1).tolist())) == 4 * vectors  # no two places can change places


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", [FILL, READ, COPY])
def test_schedules_are_within_what_a_target_has(target: str, kind: str) -> None:
    for capabilities in TARGETS[target].variants:
        for vectors in (1 << 20, 12345):
            problem = StreamProblem(kind, vectors)
            listed = list(STREAM.space(capabilities, problem))
            assert STREAM.default(capabilities, problem) in listed
            for schedule in listed:
                assert schedule.threads <= capabilities.max_threads
                assert schedule.workgroups <= capabilities.max_grid
                assert schedule.threads * schedule.workgroups <= MOST_SUMS
                assert schedule.lanes <= capabilities.vector_lanes
                assert problem.bytes % (4 * schedule.lanes) == 0
                STREAM.kernel(problem, schedule, capabilities)


def test_nothing_else_is_streamed() -> None:
    for kind, vectors in (("add", 4), (READ, 0), (READ, 1 << 30)):
        with pytest.raises(ShapeError):
            StreamProblem(kind, vectors)
    assert StreamProblem(COPY, 10).bytes_moved == 2 * StreamProblem(READ, 10).bytes_moved == 320
