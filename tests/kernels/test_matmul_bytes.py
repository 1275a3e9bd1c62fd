"""The product of a prompt's coded rows: four bytes at a time, and in tiles of f32 or halves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.kernels.linear.epilogues import Coding, PairEpilogue
from kernelc.kernels.linear.int8.matvec import FORMATS_WITH_CODES, MATVEC_INT8
from kernelc.kernels.linear.int8.tile_choices import byte_schedules
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.spec import LATER_FIELDS
from kernelc.kir.tile_types import BYTES
from kernelc.target import TARGETS
from tests.kernels.attention_problems import few
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import DOT4, VARIANTS, check_kernel
from tests.kernels.linear_problems import LONGEST_STEP, linear, problems, residual

row_counts = st.sampled_from([1, 7, 8, 9, 17, 33])
# Drivers of processors take seconds to compile a kernel whose steps are written out.
SLOW = [
    pytest.param(name, marks=pytest.mark.nightly) if name in ("wgpu", "vulkan") else name
    for name in EXECUTORS
]


def coded(problem: LinearProblem, terms: int) -> LinearProblem:
    return replace(problem, terms=terms)


@pytest.mark.parametrize("executor", SLOW)
@few
@given(
    problem=problems(decode=False, formats=FORMATS_WITH_CODES),
    terms=st.integers(1, 2),
    seq=row_counts,
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matmul_of_bytes_equals_its_reference(
    executor: str, problem: LinearProblem, terms: int, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    problem = coded(problem, terms)
    schedule = data.draw(st.sampled_from(list(byte_schedules(DOT4, problem))))
    past += data.draw(st.sampled_from([0, LONGEST_STEP]))  # round a ring
    env = {"seq": seq, "past": past, "context": past + seq}
    device = {"executor": executor, "capabilities": DOT4}
    check_kernel(MATMUL, problem, **device, seed=seed, env=env, schedule=schedule)


QUICK = {
    "q4": linear("q4", 70, 96, terms=2),
    "q4a": linear("q4a", 64, 64, PairEpilogue(32), terms=2),
    "q8": linear("q8", 64, 32, residual(64), terms=1),
}


@pytest.mark.parametrize("problem", QUICK.values(), ids=QUICK)
@pytest.mark.parametrize("executor", [name for name in EXECUTORS if name not in ("interpreter", "opencl")])
def test_matmul_of_bytes_on_devices(executor: str, problem: LinearProblem) -> None:
    """Small tiles, which drivers compile fast, in more workgroups than one along tokens and rows."""
    schedule = MatmulSchedule((4, 8), (1, 1), BYTES, 32, ahead=True)
    device = {"executor": executor, "capabilities": DOT4}
    env = {"seq": 21, "past": 0, "context": 21}
    check_kernel(MATMUL, problem, **device, seed=5, env=env, schedule=schedule)


@pytest.mark.parametrize("variant", ["baseline", "f16-tiles", "browser-tiles", "tiles", "processor"])
@pytest.mark.parametrize("executor", SLOW)
@few
@given(
    problem=problems(decode=False, formats=("q4", "q4a", "q8", "f16")),
    terms=st.integers(1, 2),
    seq=row_counts,
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_other_tiles_read_coded_rows(
    executor: str,
    variant: str,
    problem: LinearProblem,
    terms: int,
    seq: int,
    past: int,
    seed: int,
    data: st.DataObject,
) -> None:
    problem, capabilities = coded(problem, terms), VARIANTS[variant]
    every = [each for each in MATMUL.space(capabilities, problem) if not each.bytes]
    units = [each for each in every if each.kind.lanes > 1]
    assert bool(units) == bool(capabilities.tiles) and not any(each.wide or each.large for each in every)
    schedule = data.draw(st.sampled_from(units or every))
    env = {"seq": seq, "past": past, "context": past + seq}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATMUL, problem, **device, seed=seed, env=env, schedule=schedule)


def test_the_largest_numbers_do_not_overflow() -> None:
    """Weights of 127 steps and the largest activations, all of one sign: the whole number of a group is 32
    products of 127 and some 32,500."""
    problem, seq = linear("q8", 64, 64, terms=2), 16
    assert problem.coded is not None
    arrays = MATMUL.inputs(problem, np.random.default_rng(3), {"seq": seq, "past": 0, "context": seq})
    arrays["x"][...] = problem.coded.code(np.full((seq, 64), 3.0, np.float32)).reshape(-1, 4)
    arrays["quants"][...] = 0x7F7F7F7F
    env = {"seq": seq, "past": 0, "context": seq}
    schedule = MatmulSchedule((4, 8), (1, 1), BYTES, 32, unrolled=True)
    step = MATMUL.params(problem, np.random.default_rng(3), env)
    wanted = {name: array.copy() for name, array in arrays.items()}
    MATMUL.reference(problem, wanted, step)
    kernel = MATMUL.kernel(problem, schedule, DOT4)
    got = EXECUTORS["interpreter"](kernel, (2, 1, 1), arrays, step)["out"]
    assert np.abs(wanted["out"]).max() > 1
    np.testing.assert_allclose(got, wanted["out"], rtol=2e-5)


@pytest.mark.parametrize("variant", ["subgroups", "f16-subgroups", "subgroups-of-32"])
def test_bytes_are_for_coded_rows_and_devices_that_multiply_them(variant: str) -> None:
    problem, capabilities = linear("q4", 4096, 4096, terms=2), VARIANTS[variant]
    schedule = MATMUL.default(capabilities, problem)
    assert schedule.bytes and schedule in set(MATMUL.space(capabilities, problem))
    kernel = MATMUL.kernel(problem, schedule, capabilities)
    assert kernel.features() == ("dot4",) and kernel.asked_subgroup_size() == capabilities.subgroup_size
    for plain in (replace(problem, terms=0), linear("f16", 4096, 4096, terms=2)):
        assert not MATMUL.default(capabilities, plain).bytes
    for other in ("baseline", "f16-tiles", "browser-tiles", "processor"):
        assert not MATMUL.default(VARIANTS[other], problem).bytes
    assert not list(byte_schedules(VARIANTS["baseline"], problem))


@pytest.mark.parametrize("cols", [172, 2048, 11008])
@pytest.mark.parametrize("format", FORMATS_WITH_CODES)
def test_the_default_fits_every_width_into_every_variant(format: str, cols: int) -> None:
    problem = linear(format, 4096, cols, terms=2)
    every = {variant for target in TARGETS.values() for variant in target.variants}
    chosen = {variant: MATMUL.default(variant, problem) for variant in every}
    assert any(schedule.bytes for schedule in chosen.values())
    for variant, schedule in chosen.items():
        assert schedule.fits(variant, problem)
        if schedule.bytes:
            assert schedule in set(byte_schedules(variant, problem))
            kernel = MATMUL.kernel(problem, schedule, variant)
            assert kernel.shared_bytes <= variant.shared_bytes


def test_a_prompts_rows_are_not_coded_by_what_makes_them() -> None:
    assert LATER_FIELDS["terms"] == 0
    with pytest.raises(ShapeError, match="rows of f32"):
        MATMUL.bindings(linear("q4", 64, 64, replace(residual(64), coding=Coding(2)), terms=2))
    assert MATVEC_INT8.coded_inputs(QUICK["q4"]).keys() == {"x"} == MATMUL.coded_inputs(QUICK["q4"]).keys()
