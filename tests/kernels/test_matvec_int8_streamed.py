"""The int8 matrix times vector whose weights bulk copies stream: every schedule against the reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.backends.cuda.printer import CudaBackend
from kernelc.errors import DeviceError
from kernelc.kernels.linear.epilogues import Coding, PairEpilogue, RowEpilogue
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.int8.schedule import MatvecInt8Schedule, usual_streamed
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.target import TARGETS
from runtime.cuda.compile import CudaSource, compile_kernel, supported_architectures
from tests.backends.cuda import host
from tests.kernels.executors import REQUIRED, run_interpreter
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import linear, residual

BULK_COPIES = VARIANTS["bulk-copies"]
ENV = {"seq": 1, "past": 3, "context": 16}
CODED = Coding(2, weight=True, keeps=True)
PROBLEMS = {
    "plain": linear("q4", 96, 256, RowEpilogue(96), norm_eps=1e-5, terms=2),
    "one term": linear("q4", 64, 1024, RowEpilogue(64), terms=1),
    "offsets": linear("q4a", 64, 128, RowEpilogue(64), norm_eps=1e-5, terms=2),
    "bytes": linear("q8", 64, 96, RowEpilogue(64), terms=2),
    "ragged": linear("q4", 64, 1120, RowEpilogue(64), terms=2),
    "residual": linear("q4", 96, 64, replace(residual(96), coding=CODED), terms=2),
    "gated": linear("q4", 192, 64, PairEpilogue(96, coding=Coding(2)), norm_eps=1e-5, terms=2),
    "several subgroups": linear("q4", 64, 32 * 240, replace(residual(64), coding=CODED), terms=2),
}


def schedules(problem: LinearProblem) -> list[MatvecInt8Schedule]:
    found = [s for s in MATVEC_INT8.space(BULK_COPIES, problem) if s.stages]
    assert found, f"{problem} is streamed by no schedule"
    return found


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("executor", ["interpreter", "cuda"])
@given(workgroups=st.integers(1, 4), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_streamed_equals_the_reference(
    executor: str, problem: LinearProblem, workgroups: int, seed: int, data: st.DataObject
) -> None:
    schedule = replace(data.draw(st.sampled_from(schedules(problem))), workgroups=workgroups)
    device = {"executor": executor, "capabilities": BULK_COPIES}
    check_kernel(MATVEC_INT8, problem, **device, seed=seed, env=ENV, schedule=schedule)


@pytest.mark.parametrize("hasty", [False, True])
@pytest.mark.parametrize("name", ["plain", "residual", "gated"])
def test_the_text_means_what_the_kernel_means(name: str, hasty: bool) -> None:
    """With copies that arrive late, or at once while warps run one after the other."""
    if reason := host.lacking():
        pytest.skip(reason)
    problem, rng = PROBLEMS[name], np.random.default_rng(5)
    schedule = replace(schedules(problem)[-1], workgroups=2)
    kernel = MATVEC_INT8.kernel(problem, schedule, BULK_COPIES)
    arrays = MATVEC_INT8.inputs(problem, rng, ENV)
    step = MATVEC_INT8.params(problem, rng, ENV)
    wanted = run_interpreter(kernel, (2, 1, 1), arrays, step)
    got = host.run_on_host(kernel, (2, 1, 1), arrays, step, architecture=900, hasty=hasty)
    for binding in MATVEC_INT8.bindings(problem):
        if binding.access == "read_write":
            a, b = (side[binding.name].reshape(-1) for side in (got, wanted))
            if binding.name == "coded":
                layout = problem.epilogue.coded
                assert layout is not None
                a, b = (layout.decode(side.reshape(1, -1))[0] for side in (a, b))
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)


LLAMA_7B = {
    "qkv": linear("q4", 12288, 4096, RowEpilogue(12288), norm_eps=1e-5, terms=2),
    "output": linear("q4", 4096, 4096, replace(residual(4096), coding=CODED), terms=2),
    "gate and up": linear("q4", 22016, 4096, PairEpilogue(11008, coding=Coding(2)), norm_eps=1e-5, terms=2),
    "down": linear("q4", 4096, 11008, replace(residual(4096), coding=CODED), terms=2),
    "head": linear("q4", 32000, 4096, RowEpilogue(32000), norm_eps=1e-5, terms=2),
}


@pytest.mark.parametrize("problem", LLAMA_7B.values(), ids=LLAMA_7B)
def test_wide_matrices_may_be_streamed_where_there_are_bulk_copies(problem: LinearProblem) -> None:
    schedule = usual_streamed(BULK_COPIES, problem)
    assert schedule is not None and schedule in list(MATVEC_INT8.space(BULK_COPIES, problem))
    assert schedule.stages >= 4 and schedule.threads == 256
    kernel = MATVEC_INT8.kernel(problem, schedule, BULK_COPIES)
    assert kernel.shared_bytes == schedule.shared_bytes(problem) <= BULK_COPIES.stage_bytes
    assert kernel.features() == ("subgroups", "dot4", "bulk_copies")
    assert MATVEC_INT8.grid(problem, schedule)[0] in (128, 132)
    for variant in TARGETS["cuda"].variants:
        assert not MATVEC_INT8.default(variant, problem).stages


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_120"])
def test_it_compiles(arch: str, tmp_path: Path) -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        if "nvrtc" in REQUIRED:
            pytest.fail(f"NVRTC is required here: {error.message}")
        pytest.skip(f"NVRTC missing: {error.message}")
    problem = LLAMA_7B["down"]
    schedule = usual_streamed(BULK_COPIES, problem)
    assert schedule is not None
    kernel = MATVEC_INT8.kernel(problem, schedule, BULK_COPIES)
    rendered = CudaBackend().render(kernel)
    image = compile_kernel(CudaSource(kernel.name, rendered.text, rendered.entry), arch, tmp_path)
    assert image.startswith(b"\x7fELF")


@pytest.mark.parametrize("cols", [64, 2048])
def test_narrow_matrices_are_not(cols: int) -> None:
    assert usual_streamed(BULK_COPIES, linear("q4", 8192, cols, RowEpilogue(8192), terms=2)) is None
