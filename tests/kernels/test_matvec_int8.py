from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.kernels.linear.epilogues import Coding, PairEpilogue
from kernelc.kernels.linear.matvec_int8 import FORMATS_WITH_CODES, MATVEC_INT8
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
