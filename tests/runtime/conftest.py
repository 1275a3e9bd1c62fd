"""Devices and the toy artifact, for the tests of the runtime."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernelc.artifact import Artifact
from kernelc.target import Capabilities
from runtime.device.executor import Executor
from runtime.devices import open_device
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES
from tests.runtime.tiny_native import LIBRARY


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The toy model as it should be; tests that change it write their own."""
    return write_tiny(tmp_path_factory.mktemp("tiny") / "toy", targets=("wgsl", "spirv", "opencl", "cuda", "c"))


DEVICES = ("numpy", "cpu", pytest.param("wgpu", marks=pytest.mark.gpu), "vulkan", "opencl", "cuda")


@pytest.fixture(scope="session", params=DEVICES)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each device in turn, opened once; loading an artifact releases the one before."""
    if request.param in ("vulkan", "opencl", "cuda"):
        require(request.param, Capabilities())
    elif request.param == "cpu":
        require("c", Capabilities())
    opened = open_device(request.param, references=REFERENCES, library=LIBRARY)
    yield opened
    opened.close()
