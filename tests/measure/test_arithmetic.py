"""Kernels that only compute: every invocation comes to what it must, on every executor, in every way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError, WorkFailed
from kernelc.measure import compute
from kernelc.measure.arithmetic import (
    ARITHMETIC,
    BYTES,
    F32,
    KINDS,
    MOST_RESULTS,
    TILES,
    ArithmeticProblem,
    ArithmeticSchedule,
)
from kernelc.measure.clock import Clock
from kernelc.measure.compute import compute_of
from kernelc.target import TARGETS, Capabilities
from tests.kernels.attention_problems import few
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.harness import VARIANTS

ENV = {"seq": 1, "past": 0, "context": 1}
EXECUTOR_OF = {"cpu": "c"}


def check(
    executor: str, capabilities: Capabilities, problem: ArithmeticProblem, schedule: ArithmeticSchedule
) -> None:
    arrays = ARITHMETIC.inputs(problem, np.random.default_rng(0), ENV)
    step = ARITHMETIC.params(problem, np.random.default_rng(0), ENV)
    kernel = ARITHMETIC.kernel(problem, schedule, capabilities)
    got = EXECUTORS[executor](kernel, (schedule.workgroups, 1, 1), arrays, step)["results"]
    count = schedule.threads * schedule.workgroups
    assert (got[:count] == problem.result).all() and not got[count:].any()


@pytest.mark.parametrize("executor", EXECUTORS)
@few
@given(
    rounds=st.integers(1, 3),
    threads=st.sampled_from([1, 32]),
    workgroups=st.integers(2, 3),
    numbers=st.integers(1, 5),
)
def test_floats_count(executor: str, rounds: int, threads: int, workgroups: int, numbers: int) -> None:
    capabilities = VARIANTS["baseline"]
    require(executor, capabilities)
    check(
        executor,
        capabilities,
        ArithmeticProblem(F32, rounds),
        ArithmeticSchedule(threads, workgroups, numbers),
    )


@pytest.mark.parametrize("executor", EXECUTORS)
def test_bytes_stay(executor: str) -> None:
    capabilities = VARIANTS["subgroups"]
    require(executor, capabilities)
    check(executor, capabilities, ArithmeticProblem(BYTES, 2), ArithmeticSchedule(32, 2, 3))


@pytest.mark.parametrize("executor", ["interpreter", "cuda", "vulkan"])
def test_tiles_count(executor: str) -> None:
    capabilities = VARIANTS["f16-tiles"]
    require(executor, capabilities)
    problem = ArithmeticProblem(TILES, 2)
    schedule = next(iter(ARITHMETIC.space(capabilities, problem)))
    small = ArithmeticSchedule(64, 2, schedule.numbers, tile=schedule.tile)
    check(executor, capabilities, problem, small)


@pytest.mark.parametrize("executor", ["interpreter", "c"])
@pytest.mark.parametrize("kind", [F32, BYTES])
def test_wide_vectors_do_the_same(executor: str, kind: str) -> None:
    capabilities = VARIANTS["processor"]
    require(executor, capabilities)
    check(executor, capabilities, ArithmeticProblem(kind, 2), ArithmeticSchedule(1, 3, 4, 8))


@pytest.mark.parametrize("target", TARGETS)
def test_schedules_are_within_what_a_target_has(target: str) -> None:
    for capabilities in TARGETS[target].variants:
        for kind in KINDS:
            problem = ArithmeticProblem(kind, 2)
            listed = list(ARITHMETIC.space(capabilities, problem))
            assert bool(listed) == (
                kind == F32 or (kind == BYTES and capabilities.dot4) or bool(capabilities.tiles)
            )
            for schedule in [*listed, ARITHMETIC.default(capabilities, problem)]:
                assert schedule.threads * schedule.workgroups <= MOST_RESULTS
                kernel = ARITHMETIC.kernel(problem, schedule, capabilities)
                assert kernel.shared_bytes <= capabilities.shared_bytes


def test_operations_are_products_and_sums() -> None:
    one = ArithmeticSchedule(1, 1, 1)
    assert ARITHMETIC.operations(ArithmeticProblem(F32, 1), one) == 2 * 16
    assert (
        ARITHMETIC.operations(ArithmeticProblem(BYTES, 3), ArithmeticSchedule(2, 5, 7, 8))
        == 2 * 16 * 3 * 4 * 560
    )
    for kind, rounds in (("f64", 1), (F32, 0), (F32, 1 << 16)):
        with pytest.raises(ShapeError):
            ArithmeticProblem(kind, rounds)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "_rounds", lambda info: 3)
    monkeypatch.setattr(compute, "Clock", lambda executor: Clock(executor, 0.0))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("device", ["cpu", "vulkan", "cuda"])
def test_a_device_is_measured(device: str) -> None:
    require(EXECUTOR_OF.get(device, device), Capabilities())
    found = compute_of(device, seconds=0.01)
    assert F32 in found and set(found) <= set(KINDS) and all(rate > 0 for rate in found.values())
    assert compute_of("numpy") == {}


@pytest.mark.usefixtures("quick")
def test_a_device_that_computes_wrongly_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    monkeypatch.setattr(
        compute, "factors_of", lambda problem: np.array([2.0, 1.0], np.float32).view(np.uint32)
    )
    with pytest.raises(WorkFailed, match=r"computes .*, wanted 48.0"):
        compute_of("cpu", seconds=0.01)
