"""Tiles as CUDA prints them: fragments as the PTX manual has them, and machine code for each architecture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from kernelc.backends import backend_named
from kernelc.errors import DeviceError
from kernelc.kir.types import f16
from runtime.cuda_compile import CudaSource, compile_kernel, supported_architectures
from tests.backends.cuda import host
from tests.conformance.tiles import CASES, GROUPS, TileCase

ON_CUDA = [case for case in CASES if case.memory != f16]


@pytest.mark.parametrize("architecture", [750, 800])
@pytest.mark.parametrize("case", ON_CUDA, ids=[case.name for case in ON_CUDA])
def test_fragments_lie_where_the_manual_says(case: TileCase, architecture: int) -> None:
    if reason := host.lacking():
        pytest.skip(reason)
    wanted = case.wanted()
    arrays = {**case.inputs(), "out": np.zeros(wanted.size, case.kind.type("sum").dtype)}
    got = host.run_on_host(case.kernel(), (GROUPS, 1, 1), arrays, {}, architecture=architecture)["out"]
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_120"])
def test_every_tile_operation_compiles(arch: str, tmp_path: Path) -> None:
    try:
        supported_architectures()
    except DeviceError as error:
        if "nvrtc" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            pytest.fail(f"NVRTC is required here: {error.message}")
        pytest.skip(f"NVRTC missing: {error.message}")
    for case in ON_CUDA:
        rendered = backend_named("cuda").render(case.kernel())
        source = CudaSource(case.name, rendered.text, rendered.entry)
        assert compile_kernel(source, arch, tmp_path).startswith(b"\x7fELF")


def test_operands_lie_in_words_of_sixteen_bytes() -> None:
    (case,) = (case for case in CASES if case.memory == f16)
    with pytest.raises(NotImplementedError, match="u32x4, not from f16"):
        backend_named("cuda").render(case.kernel())
