"""Whatever is asked of a device after it was closed is refused: drivers end the process instead."""

from __future__ import annotations

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import DeviceError
from kernelc.target import Capabilities
from runtime.device.executor import Executor, Fetch
from runtime.devices import open_device
from runtime.engine.engine import ALL_ROLES, Engine
from tests.kernels.executors import require
from tests.runtime.conftest import DEVICES
from tests.runtime.tiny_kernels import REFERENCES
from tests.runtime.tiny_native import LIBRARY

STEP = bytes(32)


def opened(device: str) -> Executor:
    if device in ("vulkan", "opencl", "cuda"):
        require(device, Capabilities())
    elif device == "cpu":
        require("c", Capabilities())
    return open_device(device, references=REFERENCES, library=LIBRARY)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("device", DEVICES)
def test_a_device_that_was_closed_says_so(tiny: Artifact, device: str, loaded: bool) -> None:
    executor = opened(device)
    if loaded:
        Engine(executor, tiny, roles=ALL_ROLES).feed([1, 2, 3])
    for _ in range(2):
        executor.close()
    arrays = [np.zeros(32, np.float32), np.zeros(4, np.uint32)]
    env = {"seq": 1, "past": 0, "context": 64}
    for work in (
        lambda: executor.load(tiny, 64, ALL_ROLES),
        lambda: executor.run(["decode.short"], env, STEP),
        lambda: executor.profile(["decode.short"], env, STEP),
        lambda: executor.run_kernel(tiny, "greedy", arrays, env, STEP),
        lambda: executor.read_buffer("tokens"),
        lambda: executor.write_buffer("tokens", 0, bytes(4)),
    ):
        with pytest.raises(DeviceError, match="closed"):
            work()
    assert executor.allocated_bytes == 0


@pytest.mark.parametrize("device", DEVICES)
def test_results_are_there_after_a_device_was_closed_or_refused(tiny: Artifact, device: str) -> None:
    executor = opened(device)
    engine = Engine(executor, tiny)
    engine.feed([1, 2, 3])
    ticket = executor.run([], {}, b"", [Fetch("tokens", 4, 8)])
    executor.close()
    try:
        (data,) = ticket.result()
    except DeviceError as error:
        assert "closed" in error.message or "lost" in error.message
    else:
        assert np.frombuffer(data, "<u4").tolist() == [2, 3]
