from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernelc.kernels.linear.activations import GROUP, codes_and_scales
from kernelc.kernels.linear.epilogues import PairEpilogue
from kernelc.kernels.linear.matvec_int8 import FORMATS_WITH_CODES, MATVEC_INT8
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.target import TARGETS, Capabilities
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import DOT4, VARIANTS, check_kernel
from tests.kernels.linear_problems import linear, problems, residual

_VARIANTS = {**VARIANTS, "dot4": DOT4}


@pytest.mark.parametrize("variant", _VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=problems(decode=True, formats=FORMATS_WITH_CODES),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_matvec_int8_equals_its_reference(
    executor: str, variant: str, problem: LinearProblem, past: int, seed: int, data: st.DataObject
) -> None:
    capabilities = _VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(MATVEC_INT8.space(capabilities, problem))))
    env = {"seq": data.draw(st.integers(1, 4)) if problem.last_row else 1, "past": past, "context": 16}
    device = {"executor": executor, "capabilities": capabilities}
    check_kernel(MATVEC_INT8, problem, **device, seed=seed, env=env, schedule=schedule)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_row_that_shared_memory_does_not_hold_is_staged_in_pieces(executor: str) -> None:
    problem = linear("q4", 24, 14336, residual(24))
    schedule = MATVEC_INT8.default(Capabilities(), problem)
    assert schedule.staged == 224 and schedule.shared_bytes(problem) <= 16384
    device = {"executor": executor, "capabilities": Capabilities()}
    check_kernel(MATVEC_INT8, problem, **device, seed=0, env={"seq": 1, "past": 0, "context": 1})


@pytest.mark.parametrize("cols", [1, 64, 172, 2048, 4096, 8192, 11008, 13824, 14336, 28672, 53248])
@pytest.mark.parametrize("normed", [False, True])
def test_the_default_fits_every_width_into_every_variant(cols: int, normed: bool) -> None:
    problem = linear("q4", 4096, cols, PairEpilogue(2048), norm_eps=1e-5 if normed else None)
    for variant in {variant for target in TARGETS.values() for variant in target.variants}:
        schedule = MATVEC_INT8.default(variant, problem)
        assert schedule in list(MATVEC_INT8.space(variant, problem))
        kernel = MATVEC_INT8.kernel(problem, schedule, variant)
        assert kernel.shared_bytes == schedule.shared_bytes(problem) <= variant.shared_bytes


_MAGNITUDES = st.floats(0, 2.0**100, width=32)
_GROUPS = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=GROUP)


@given(group=_GROUPS, magnitude=_MAGNITUDES)
@example([1.0] * GROUP, 1.0)
@example([-1.0, 0.5], 127.0)
@example([0.0], 0.0)
@example([1.0, -1.0], 1e-45)
@example([1.0, 0.1], 1e-20)
def test_codes_are_the_nearest_and_use_the_whole_range(group: list[float], magnitude: float) -> None:
    x = (np.array(group) * magnitude).astype(np.float32).reshape(1, -1)
    codes, scales = codes_and_scales(x)
    largest, scale = np.abs(x).max(), scales[0, 0]
    values = codes[0, 0, : x.size].astype(np.float64) * scale
    # half a step, and the 256th of one by which values are cut before they are rounded
    assert np.abs(values - x[0].astype(np.float64)).max() <= scale * (0.5 + 1 / 256) * (1 + 1e-6)
    assert not codes[0, 0, x.size :].any()
    if largest >= 2.0**-100:
        assert np.abs(codes).max() == 127
        assert largest / 127 <= scale * (1 + 1e-6) and scale <= largest / 127 * 1.0001


def test_codes_do_not_depend_on_subnormals_and_keep_signs_apart() -> None:
    tiny = np.full((1, GROUP), 1e-39, np.float32)
    assert not codes_and_scales(tiny)[0].any()
    with_one = tiny.copy()
    with_one[0, 0] = -2.0
    codes, _ = codes_and_scales(with_one)
    assert codes[0, 0, 0] == -127 and not codes[0, 0, 1:].any()
