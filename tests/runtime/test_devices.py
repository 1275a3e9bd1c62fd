"""Devices by name, and what happens where there is none."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError, InternalError, UsageError
from runtime import devices
from runtime.device.elements import element_dtype
from runtime.device.executor import Executor
from runtime.devices import Choice, DeviceKind, open_device, survey, targets_of
from runtime.engine.engine import Engine
from runtime.references.executor import NumpyExecutor
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES

REPO = Path(__file__).resolve().parents[2]


def test_an_unknown_device_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="device is 'gpu', wanted one of auto, cuda, vulkan, wgpu, op"):
        open_device("gpu")


def test_numpy_needs_references_and_the_cpu_a_library(tiny: Artifact) -> None:
    with pytest.raises(DeviceError, match="device numpy needs the numpy kernels"):
        open_device("numpy")
    with pytest.raises(DeviceError, match="device cpu needs the kernel library"):
        open_device("cpu")
    with pytest.raises(DeviceError, match="no numpy kernel 'toy_store'; known are none"):
        Engine(NumpyExecutor({}), tiny)


def test_the_targets_of_an_artifact_include_the_processors(tmp_path: Path) -> None:
    artifact = write_tiny(tmp_path / "toy", targets=("spirv", "c"))
    assert targets_of(artifact.manifest) == {"spirv", "c"}
    with pytest.raises(DeviceError, match="device cuda runs cuda kernels, the artifact has c, spirv"):
        open_device("cuda", manifest=artifact.manifest)


@pytest.mark.parametrize("ready", [True, False])
def test_every_program_runs_once_at_first_unless_the_device_has_compiled_all(
    tiny: Artifact, ready: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = NumpyExecutor(REFERENCES)
    executor.info = dataclasses.replace(executor.info, ready_when_loaded=ready)
    ran: list[str] = []
    run = executor.run

    def counted(programs: Sequence[str], *more: Any) -> Any:
        ran.extend(programs)
        return run(programs, *more)

    monkeypatch.setattr(executor, "run", counted)
    with Engine(executor, tiny) as engine:
        engine.warm_up()
    assert bool(ran) is not ready


NO_DRIVERS = """
from kernelc.errors import DeviceError
from runtime.devices import open_device
print(open_device("auto", references={}, explain=lambda choice: print(choice.line)).info.kind)
for name in ("auto", "cuda", "vulkan", "wgpu", "opencl"):
    try:
        open_device(name)
    except DeviceError as error:
        print(error.render())
"""


def test_without_a_driver_auto_is_on_the_processor_and_each_device_says_what_to_install() -> None:
    nowhere = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES", "OCL_ICD_VENDORS", "OCL_ICD_FILENAMES")
    env = {**os.environ, **dict.fromkeys(nowhere, "/nonexistent"), "CUDA_VISIBLE_DEVICES": ""}
    env["WGPU_BACKEND_TYPE"] = "Vulkan"
    done = subprocess.run(
        [sys.executable, "-c", NO_DRIVERS], cwd=REPO, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    why, kind, auto, *errors = done.stdout.splitlines()
    assert why.startswith("device numpy: numpy (no cuda: ")
    assert "no cpu: device cpu needs the kernel library" in why
    assert "no graphics adapter found" in why and "no OpenCL driver" in why
    assert kind == "numpy"
    assert auto.startswith("error: device auto: no device can be used: cuda: ")
    assert len(errors) == 4
    assert all(line.startswith("error: ") and "(help: " in line for line in errors)
    assert errors[2].startswith("error: no graphics adapter found (help: install a Vulkan driver")
    assert errors[3].startswith("error: there is no OpenCL driver (help: install pyopencl")


class Opened(NumpyExecutor):
    """Stands for a device of some kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(REFERENCES)
        self.info = dataclasses.replace(self.info, kind=kind, name=f"the {kind}")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kinds that were tried; only OpenCL and wgpu have a device."""
    names: list[str] = []

    def opener(kind: str) -> Callable[[], Executor]:
        def open_one() -> Executor:
            names.append(kind)
            if kind in ("wgpu", "opencl"):
                return Opened(kind)
            raise DeviceError(f"no driver for {kind}")

        return open_one

    kinds = {kind: DeviceKind(driven.target, opener(kind)) for kind, driven in devices.DEVICE_KINDS.items()}
    monkeypatch.setattr(devices, "DEVICE_KINDS", kinds)
    return names


def test_auto_takes_the_first_that_opens_and_says_why(tried: list[str]) -> None:
    said: list[Choice] = []
    assert open_device("auto", explain=said.append).info.kind == "wgpu"
    assert tried == ["cuda", "vulkan", "wgpu"]
    line = "device wgpu: the wgpu (no cuda: no driver for cuda; no vulkan: no driver for vulkan)"
    assert said == [Choice(line)]


@pytest.mark.parametrize(
    ("targets", "kind", "asked"),
    [
        (("wgsl",), "wgpu", ["wgpu"]),
        (("spirv", "opencl"), "opencl", ["vulkan", "opencl"]),
        (("spirv",), "numpy", ["vulkan"]),
    ],
)
def test_auto_asks_only_for_devices_that_the_artifact_has_kernels_for(
    tmp_path: Path, tried: list[str], targets: tuple[str, ...], kind: str, asked: list[str]
) -> None:
    artifact = write_tiny(tmp_path / "toy", targets=targets)
    said: list[Choice] = []
    engine = Engine.open(artifact, references=REFERENCES, explain=said.append)
    assert (engine.executor.info.kind, tried) == (kind, asked)
    assert said[0].line.startswith(f"device {kind}: ") and said[0].slow is (kind == "numpy")
    assert "no cuda: the artifact has no cuda kernels" in said[0].line


def test_the_survey_tells_of_every_kind(tried: list[str]) -> None:
    found = {each.kind: each for each in survey()}
    assert list(found) == ["cuda", "vulkan", "wgpu", "opencl", "cpu", "numpy"]
    assert found["cuda"].info is None and found["cuda"].missing == "no driver for cuda"
    assert found["opencl"].info is not None and found["opencl"].info.name == "the opencl"


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

    engine = Engine(NumpyExecutor({**REFERENCES, "toy_sample": look}), tiny)
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

    engine = Engine(NumpyExecutor({**REFERENCES, "toy_sample": wrong}), tiny)
    engine.feed([3, 4])
    with pytest.raises(InternalError, match="numpy reference of toy_sample failed in layers"):
        list(engine.generate(1))


def test_a_kernel_alone_leaves_its_arguments_as_they_were(tiny: Artifact) -> None:
    executor = NumpyExecutor(REFERENCES)
    logits, tokens = np.eye(1, 32, 7, dtype=np.float32)[0], np.zeros(4, np.uint32)
    step = np.array([1, 2], "<u4").tobytes() + bytes(24)  # seq 1, past 2
    after = executor.run_kernel(tiny, "greedy", [logits, tokens], {}, step)
    assert (tokens.tolist(), after[1].tolist()) == ([0, 0, 0, 0], [0, 0, 0, 7])
