"""The Vulkan executor under Khronos' validation layer, synchronisation included: it finds nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.target import Capabilities
from tests.kernels.executors import require

REPO = Path(__file__).resolve().parents[2]
LAYER = "VK_LAYER_KHRONOS_validation"

WORK = """
import sys
import numpy as np
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.engine.sampling import SamplingParams

for _ in range(2):
    with Engine.open(sys.argv[1], device="vulkan", roles=ALL_ROLES) as engine:
        engine.feed([1, 17, 4, 30, 8])
        print(len(list(engine.generate(40, SamplingParams(temperature=1.0, top_k=4, seed=3)))))
        engine.truncate(0)
        engine.score([5, 6, 7, 8, 9])
        engine.executor.profile(["decode.short"], {"seq": 1, "past": 5, "context": 64}, bytes(32))
        arrays = [np.zeros(32, np.float32), np.zeros(4, np.uint32)]
        engine.executor.run_kernel(engine.artifact, "greedy", arrays, {}, bytes(32))
"""

UNORDERED = """
from runtime.vulkan.queue import Queue
Queue.barrier_between_kernels = lambda queue, commands: None
"""

MISTAKE = """
from runtime.vulkan.device import VulkanDevice
device = VulkanDevice()
create = device.vulkan.make("VkBufferCreateInfo", size=256, usage=device.vulkan.BUFFER_USAGE_TRANSFER_SRC_BIT)
device.vulkan.create("vkCreateBuffer", "VkBuffer", device.device, create, device.vulkan.null)
device.close()
"""


def output_of(script: str, *arguments: str) -> str:
    """What a script prints, and what the layer says of it."""
    env = {
        **os.environ,
        "VK_INSTANCE_LAYERS": LAYER,
        "VK_LAYER_ENABLES": "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT",
    }
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def complaints(output: str) -> list[str]:
    return sorted(set(re.findall(r"VUID-[\w-]+|SYNC-[\w-]+|UNASSIGNED-[\w-]+", output)))


@pytest.fixture(scope="module", autouse=True)
def layer() -> None:
    require("vulkan", Capabilities())
    if not complaints(output_of(MISTAKE)):  # the loader passes over a layer that is not there
        pytest.skip(f"{LAYER} missing: apt-get install vulkan-validationlayers")


def test_nothing_is_found(tiny: Artifact) -> None:
    output = output_of(WORK, str(tiny.folder))
    assert complaints(output) == [], output
    assert output.splitlines().count("40") == 2


def test_kernels_that_do_not_wait_for_each_other_are_found(tiny: Artifact) -> None:
    """What `test_nothing_is_found` relies on: the layer sees which kernels read what others stored."""
    output = output_of(UNORDERED + WORK, str(tiny.folder))
    assert any(found.startswith("SYNC-HAZARD") for found in complaints(output)), output
