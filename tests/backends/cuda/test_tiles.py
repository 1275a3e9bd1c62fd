"""Tiles as CUDA prints them: fragments as the PTX manual has them, and machine code for each architecture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.backends import backend_named
from kernelc.errors import DeviceError
from kernelc.ir.dim import evaluate
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.prefill_schedule import AttentionPrefillSchedule
from kernelc.kernels.linear.epilogues import HeadEpilogue, PairEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.rotary import Rotary
from kernelc.kir.tile_types import F16
from kernelc.kir.types import f16
from runtime.cuda.compile import CudaSource, compile_kernel, supported_architectures
from tests.backends.cuda import host
from tests.conformance.tiles import CASES, GROUPS, LARGE_CASES, LargeTileCase, TileCase
from tests.kernels.executors import run_interpreter
from tests.kernels.harness import VARIANTS
from tests.kernels.linear_problems import linear, residual

CUDA = VARIANTS["tiles"]
ON_CUDA = [case for case in CASES if case.memory != f16]


def by_day(cases: Sequence[Any], every: int) -> list[Any]:
    """Return the cases as parameters, of which one in `every` runs by day, and all at night."""
    return [
        pytest.param(
            case, marks=() if at % every == 0 else pytest.mark.nightly, id=getattr(case, "name", None)
        )
        for at, case in enumerate(cases)
    ]


@pytest.mark.parametrize("architecture", by_day([800, 750], 2))
@pytest.mark.parametrize("case", ON_CUDA, ids=[case.name for case in ON_CUDA])
def test_fragments_lie_where_the_manual_says(case: TileCase, architecture: int) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    wanted = case.wanted()
    arrays = {**case.inputs(), "out": np.zeros(wanted.size, case.kind.type("sum").dtype)}
    got = host.run_on_host(case.kernel(), (GROUPS, 1, 1), arrays, {}, architecture=architecture)["out"]
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("case", by_day(LARGE_CASES, 3))
def test_fragments_of_large_tiles_lie_where_the_manual_says(case: LargeTileCase) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    wanted = case.wanted()
    arrays = {**case.inputs(), "out": np.zeros(wanted.size, np.float32)}
    got = host.run_on_host(case.kernel(), (GROUPS, 1, 1), arrays, {}, architecture=900)["out"]
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("arch", by_day(["sm_75", "sm_80", "sm_90a", "sm_120"], 2))
def test_every_tile_operation_compiles(arch: str, tmp_path: Path) -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        if "nvrtc" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            pytest.fail(f"NVRTC is required here: {error.message}")
        pytest.skip(f"NVRTC missing: {error.message}")
    for case in (*ON_CUDA, *LARGE_CASES):
        rendered = backend_named("cuda").render(case.kernel())
        source = CudaSource(case.name, rendered.text, rendered.entry)
        assert compile_kernel(source, arch, tmp_path).startswith(b"\x7fELF")


@pytest.mark.parametrize(("head_dim", "teams", "keys"), [(32, 2, 32), (64, 1, 16)])
def test_the_text_of_attention_means_what_the_kernel_means(head_dim: int, teams: int, keys: int) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    problem = AttentionPrefillProblem(2, 1, head_dim, "f16", head_dim**-0.5)
    schedule = AttentionPrefillSchedule((teams, 1), keys // F16.n, F16)
    kernel = ATTENTION_PREFILL.kernel(problem, schedule, CUDA)
    env = {"seq": 19, "past": 37, "context": 60}
    arrays = ATTENTION_PREFILL.inputs(problem, np.random.default_rng(1), env)
    step = ATTENTION_PREFILL.params(problem, np.random.default_rng(2), env)
    grid = (2, 2, 1)
    got = host.run_on_host(kernel, grid, arrays, step)["out"]
    wanted = run_interpreter(kernel, grid, arrays, step)["out"]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-3)  # a weight may round to either of two halves


def test_operands_lie_in_words_of_sixteen_bytes() -> None:
    (case,) = (case for case in CASES if case.memory == f16)
    with pytest.raises(NotImplementedError, match="u32x4, not from f16"):
        backend_named("cuda").render(case.kernel())


ROTARY = Rotary(16, 10_000.0)
QKV = HeadEpilogue(heads=4, kv_heads=2, head_dim=16, rotary=ROTARY, kv_dtype="f16")
PROBLEMS = (
    linear("q4", 100, 128, residual(100), bias=True),
    linear("q8", 128, 64, PairEpilogue(64)),
    linear("f16", QKV.width, 64, QKV),
)
SCHEDULES = (
    MatmulSchedule((2, 2), (1, 2), F16, 32, True),
    MatmulSchedule((1, 2), (2, 2), F16, 64, False),
    MatmulSchedule((2, 4), (1, 1), F16, 32, True),
)


EVERY = [(problem, SCHEDULES[0]) for problem in PROBLEMS] + [(PROBLEMS[0], each) for each in SCHEDULES[1:]]


@pytest.mark.parametrize(("problem", "schedule"), EVERY, ids=[str(at) for at in range(len(EVERY))])
def test_the_text_of_matmul_means_what_the_kernel_means(
    problem: LinearProblem, schedule: MatmulSchedule
) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    assert schedule.fits(CUDA, problem)
    env = {"seq": 33, "past": 3, "context": 36}
    kernel = MATMUL.kernel(problem, schedule, CUDA)
    arrays = MATMUL.inputs(problem, np.random.default_rng(1), env)
    step = MATMUL.params(problem, np.random.default_rng(2), env)
    x, y, z = (evaluate(axis, env) for axis in MATMUL.grid(problem, schedule))
    got = host.run_on_host(kernel, (x, y, z), arrays, step)
    wanted = run_interpreter(kernel, (x, y, z), arrays, step)
    for name, array in wanted.items():
        halves = name in MATMUL.packed_halves(problem)
        a, b = (side.reshape(-1).view(np.float16 if halves else side.dtype) for side in (got[name], array))
        np.testing.assert_allclose(a.astype(np.float64), b.astype(np.float64), rtol=2e-3, atol=2e-5)
