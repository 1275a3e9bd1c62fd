from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.kernels.linear.epilogues import HeadEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kir.tile_types import REGISTERS
from tests.kernels.attention_problems import few
from tests.kernels.executors import EXECUTORS, require
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import LONGEST_STEP, linear, problems

# 1, tile-1, tile, tile+1 of the smaller tiles
row_counts = st.sampled_from([1, 7, 8, 9, 17, 33])


@pytest.mark.parametrize(
    "variant", ["baseline", "f16-subgroups", "f16-tiles", "browser-tiles", "tiles", "processor"]
)
@pytest.mark.parametrize("executor", EXECUTORS)
@few  # drivers of processors compile a second or more for each
@given(
    problem=problems(decode=False),
    seq=row_counts,
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matmul_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, seq: int, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATMUL.space(capabilities, problem))))
    past += data.draw(st.sampled_from([0, LONGEST_STEP]))  # round a ring
    env = {"seq": seq, "past": past, "context": past + seq}
    check_kernel(
        MATMUL, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )


@pytest.mark.parametrize("variant", ["baseline", "f16-tiles", "tiles", "large-tiles"])
@pytest.mark.parametrize("executor", EXECUTORS)
@few  # drivers of processors compile a second or more for each
@given(
    problem=problems(decode=False, formats=("q4", "q4a", "q8", "f16")),
    cols=st.sampled_from([64, 128, 192, 320]),
    seq=st.sampled_from([1, 17, 127, 129]),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matmul_of_halves_equals_its_reference(
    executor: str,
    variant: str,
    problem: LinearProblem,
    cols: int,
    seq: int,
    past: int,
    seed: int,
    data: st.DataObject,
) -> None:
    """Rings hold fewer rows than such a step has, so caches are whole here."""
    capabilities, epilogue = VARIANTS[variant], problem.epilogue
    if isinstance(epilogue, HeadEpilogue):
        epilogue = replace(epilogue, ring=0)
    problem = replace(problem, cols=cols, halves=True, epilogue=epilogue)
    schedules = list(MATMUL.space(capabilities, problem))
    large = [schedule for schedule in schedules if schedule.large]
    assert bool(large) == (variant == "large-tiles")
    schedule = data.draw(st.sampled_from(large or schedules))
    env = {"seq": seq, "past": past, "context": past + seq}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATMUL, problem, **device, seed=seed, env=env, schedule=schedule)


TILES, LARGE = VARIANTS["tiles"], VARIANTS["large-tiles"]


@pytest.mark.parametrize("format", ["q4", "q4a", "q8", "f16"])
@pytest.mark.parametrize(
    "rows, cols, rows_a_workgroup", [(22016, 4096, 128), (12288, 4096, 64), (30, 64, 128)]
)
def test_large_tiles_are_chosen_for_blocks_of_halves(
    format: str, rows: int, cols: int, rows_a_workgroup: int
) -> None:
    problem = linear(format, rows, cols, halves=True)
    schedule = MATMUL.default(LARGE, problem)
    assert schedule in set(MATMUL.space(LARGE, problem)) and schedule.rows == rows_a_workgroup
    kernel = MATMUL.kernel(problem, schedule, LARGE)
    assert kernel.features() == ("bulk_copies", "tile_f16_64x128x16")
    assert kernel.shared_bytes == 16 * schedule.shared_cells <= LARGE.stage_bytes
    assert not any(each.large for each in MATMUL.space(LARGE, linear(format, rows, cols)))


def test_blocks_of_halves_are_for_many_whole_rows() -> None:
    for more in ({"norm_eps": 1e-5}, {"last_row": True}, {"terms": 1}):
        with pytest.raises(ShapeError, match="blocks of halves of all rows"):
            linear("q4", 64, 64, halves=True, **more)
    with pytest.raises(ShapeError, match="blocks of halves of all rows"):
        linear("q4", 64, 96, halves=True)
    with pytest.raises(ShapeError, match="rows of f32"):
        MATVEC.bindings(linear("q4", 64, 64, halves=True))


@pytest.mark.parametrize("format", ["q4", "q4a", "q8", "f16"])
@pytest.mark.parametrize("rows, cols", [(32, 31), (344, 172), (2048, 2048), (22016, 4096), (4096, 11008)])
def test_matrix_units_are_chosen_for_rounded_weights(format: str, rows: int, cols: int) -> None:
    problem = linear(format, rows, cols)
    schedule = MATMUL.default(TILES, problem)
    assert schedule in set(MATMUL.space(TILES, problem))
    kernel = MATMUL.kernel(problem, schedule, TILES)
    assert kernel.features() == ("tile_f16_16x16x16",)
    assert kernel.shared_bytes == 16 * schedule.shared_cells <= TILES.shared_bytes


@pytest.mark.parametrize("rows, cols", [(32, 31), (2048, 2048), (22016, 4096)])
def test_a_browser_gets_matrix_units_within_its_limits(rows: int, cols: int) -> None:
    browser, problem = VARIANTS["browser-tiles"], linear("q4", rows, cols)
    kernel = MATMUL.kernel(problem, MATMUL.default(browser, problem), browser)
    assert kernel.features() == ("f16", "tile_f16_16x16x16") and kernel.asked_subgroup_size() == 32
    assert kernel.shared_bytes <= 32 << 10 and kernel.workgroup <= 256


@pytest.mark.parametrize("rows, cols", [(32, 32), (4096, 4096)])
def test_weights_of_f32_are_multiplied_in_f32(rows: int, cols: int) -> None:
    problem = linear("f32", rows, cols)
    assert MATMUL.kernel(problem, MATMUL.default(TILES, problem), TILES).features() == ()
    assert all(schedule.kind is REGISTERS for schedule in MATMUL.space(TILES, problem))


def test_a_device_without_matrix_units_gets_register_tiles() -> None:
    problem = linear("q4", 4096, 4096)
    for variant in ("baseline", "subgroups", "f16-subgroups", "warps"):
        assert MATMUL.default(VARIANTS[variant], problem).kind is REGISTERS


@pytest.mark.parametrize("executor", EXECUTORS)
def test_activations_beyond_what_a_half_holds_are_the_largest_half(executor: str) -> None:
    require(executor, TILES)
    problem, env = linear("q4", 64, 64), {"seq": 20, "past": 0, "context": 20}
    schedule = MATMUL.default(TILES, problem)
    rng = np.random.default_rng(5)
    arrays, step = MATMUL.inputs(problem, rng, env), MATMUL.params(problem, rng, env)
    arrays["x"][3, 1] = 1e6
    kernel = MATMUL.kernel(problem, schedule, TILES)
    got = EXECUTORS[executor](kernel, (1, 1, 1), arrays, step)["out"].copy()
    arrays["x"][3, 1] = 65504.0
    wanted = EXECUTORS[executor](kernel, (1, 1, 1), arrays, step)["out"]
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got, wanted)
