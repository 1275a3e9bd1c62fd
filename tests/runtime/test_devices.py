"""Devices by name, and what happens where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError, InternalError, UsageError
from runtime.cpu_executor import CpuExecutor, element_dtype
from runtime.devices import open_device
from runtime.engine import Engine
from tests.runtime.tiny_kernels import REFERENCES

REPO = Path(__file__).resolve().parents[2]


def test_an_unknown_device_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--device is 'gpu', wanted one of auto, wgpu"):
        open_device("gpu")


@pytest.mark.parametrize("name", ["opencl"])
def test_a_device_of_another_build_says_so(name: str) -> None:
    with pytest.raises(DeviceError, match=f"device {name} is not in this build"):
        open_device(name)


def test_the_cpu_needs_references(tiny: Artifact) -> None:
    with pytest.raises(DeviceError, match="device cpu needs the numpy kernels"):
        open_device("cpu")
    with pytest.raises(DeviceError, match="no numpy kernel 'toy_store'; known are none"):
        Engine(CpuExecutor({}), tiny)


NO_ADAPTER = """
from kernelc.errors import DeviceError
from runtime.devices import open_device
print(open_device("auto", references={}).info.kind)
for name in ("auto", "wgpu"):
    try:
        open_device(name)
    except DeviceError as error:
        print(error.render())
"""


def test_without_an_adapter_auto_is_the_cpu_and_wgpu_says_what_to_install() -> None:
    env = {**os.environ, "VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}
    env["WGPU_BACKEND_TYPE"] = "Vulkan"
    done = subprocess.run(
        [sys.executable, "-c", NO_ADAPTER], cwd=REPO, env=env, capture_output=True, text=True, timeout=120
    )
    lines = done.stdout.splitlines()
    assert lines[:1] == ["cpu"], done.stderr
    assert len(lines) == 3
    for line in lines[1:]:
        assert line.startswith("error: no graphics adapter found (help: install a Vulkan driver")


@pytest.mark.parametrize(
    ("element", "dtype", "lanes"),
    [("u32", "<u4", 1), ("f32x4", "<f4", 4), ("f16x2", "<f2", 2), ("i32", "<i4", 1)],
)
def test_elements_are_numpy_types(element: str, dtype: str, lanes: int) -> None:
    assert element_dtype(element) == (np.dtype(dtype), lanes)


def test_references_see_typed_views_of_the_bound_ranges(tiny: Artifact) -> None:
    seen: dict[str, Any] = {}

    def look(problem: Mapping[str, Any], arrays: dict[str, np.ndarray], params: Mapping[str, Any]) -> None:
        seen.update(arrays=arrays, params=params, problem=problem)

    engine = Engine(CpuExecutor({**REFERENCES, "toy_sample": look}), tiny)
    engine.feed([3, 4])
    list(engine.generate(1))
    logits, tokens = seen["arrays"]["logits"], seen["arrays"]["tokens"]
    assert (logits.dtype, logits.shape) == (np.float32, (32,))
    assert not logits.flags.writeable
    assert (tokens.dtype, tokens.shape, tokens.flags.writeable) == (np.uint32, (65,), True)
    assert (seen["params"]["seq"], seen["params"]["past"]) == (1, 1)
    assert seen["problem"] == {"random": False}


def test_a_reference_that_writes_what_it_should_read_is_a_bug(tiny: Artifact) -> None:
    def wrong(problem: Mapping[str, Any], arrays: dict[str, np.ndarray], params: Mapping[str, Any]) -> None:
        arrays["logits"][0] = 1

    engine = Engine(CpuExecutor({**REFERENCES, "toy_sample": wrong}), tiny)
    engine.feed([3, 4])
    with pytest.raises(InternalError, match="numpy reference of toy_sample failed in layers"):
        list(engine.generate(1))


def test_a_kernel_alone_leaves_its_arguments_as_they_were(tiny: Artifact) -> None:
    executor = CpuExecutor(REFERENCES)
    logits, tokens = np.eye(1, 32, 7, dtype=np.float32)[0], np.zeros(4, np.uint32)
    step = np.array([1, 2], "<u4").tobytes() + bytes(24)  # seq 1, past 2
    after = executor.run_kernel(tiny, "greedy", [logits, tokens], {}, step)
    assert (tokens.tolist(), after[1].tolist()) == ([0, 0, 0, 0], [0, 0, 0, 7])
