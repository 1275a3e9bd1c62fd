from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.kernels.linear.epilogues import Coding, PairEpilogue
from kernelc.kernels.linear.int8.matvec import FORMATS_WITH_CODES, MATVEC_INT8
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.target import TARGETS
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import DOT4, VARIANTS, check_kernel
from tests.kernels.linear_problems import coded_problems, linear, residual

_VARIANTS = {**VARIANTS, "dot4": DOT4}


@pytest.mark.parametrize("variant", _VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=coded_problems(FORMATS_WITH_CODES),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matvec_int8_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = _VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATVEC_INT8.space(capabilities, problem))))
    env = {"seq": 1, "past": past, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATVEC_INT8, problem, **device, seed=seed, env=env, schedule=schedule)


@pytest.mark.parametrize("variant", ["subgroups", "warps"])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_default_multiplies_wide_rows(executor: str, variant: str) -> None:
    """A row of 128 groups and more is long enough for teams of 128 invocations, two to a workgroup where the
    results are coded, whatever the size of the subgroups."""
    capabilities = VARIANTS[variant]
    problem = linear("q4", 32, 4096, replace(residual(32), coding=Coding(2)), terms=2)
    schedule = MATVEC_INT8.default(capabilities, problem)
    env = {"seq": 1, "past": 0, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATVEC_INT8, problem, **device, seed=7, env=env, schedule=schedule)


CODED = Coding(2, weight=True, keeps=True)
CODED_BY_SUBGROUPS = {
    "residual": linear("q4", 96, 64, replace(residual(96), coding=CODED), terms=2),
    "piece": linear("q4", 64, 160, replace(residual(96), coding=CODED), row_begin=32, terms=2),
    "gated": linear("q4", 192, 96, PairEpilogue(96, coding=Coding(1)), norm_eps=1e-5, terms=1),
    "piece of pairs": linear("q4a", 64, 64, PairEpilogue(96, coding=Coding(2)), row_begin=128, terms=2),
}


@pytest.mark.parametrize("problem", CODED_BY_SUBGROUPS.values(), ids=CODED_BY_SUBGROUPS)
@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_subgroups_code_equals_its_reference(executor: str, problem: LinearProblem) -> None:
    """One result in each invocation, in workgroups that have more invocations than results or as many, and
    more results than there are left."""
    capabilities = VARIANTS["warps"]
    every = [s for s in MATVEC_INT8.space(capabilities, problem) if s.codes_in_registers(problem)]
    large = [s for s in every if problem.rows % s.rows_per_workgroup]
    usual = MATVEC_INT8.default(capabilities, problem)
    assert usual.codes_in_registers(problem) and large
    env = {"seq": 1, "past": 0, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    for schedule in (usual, large[0], large[-1], *every[:: len(every) // 4]):
        check_kernel(MATVEC_INT8, problem, **device, seed=3, env=env, schedule=schedule)


@pytest.mark.parametrize("cols", [1, 64, 172, 2048, 4096, 8192, 11008, 13824, 14336, 28672, 53248])
@pytest.mark.parametrize("coding", [None, Coding(2), Coding(2, weight=True, keeps=True)])
def test_the_default_fits_every_width_into_every_variant(cols: int, coding: Coding | None) -> None:
    epilogue = PairEpilogue(2048, coding=coding)
    problem = linear("q4", 4096, cols, epilogue, norm_eps=1e-5, terms=2)
    for variant in {variant for target in TARGETS.values() for variant in target.variants}:
        schedule = MATVEC_INT8.default(variant, problem)
        assert schedule in list(MATVEC_INT8.space(variant, problem))
        kernel = MATVEC_INT8.kernel(problem, schedule, variant)
        room = variant.stage_bytes if schedule.stages else variant.shared_bytes
        assert kernel.shared_bytes == schedule.shared_bytes(problem) <= room


def test_a_row_that_is_no_code_is_refused() -> None:
    with pytest.raises(ShapeError, match="one or two terms"):
        MATVEC_INT8.bindings(linear("q4", 32, 32))


@pytest.mark.parametrize("problem", [PairEpilogue(32, coding=Coding(2)), residual(32)])
def test_a_piece_has_whole_groups_of_coded_results(problem: Any) -> None:
    coded = replace(problem, coding=Coding(2))
    with pytest.raises(ShapeError, match="rows that begin and end"):
        linear("q4", 16, 32, coded, terms=2)
    with pytest.raises(ShapeError, match="whole groups"):
        replace(coded, width=48)
