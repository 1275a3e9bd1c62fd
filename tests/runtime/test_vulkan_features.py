"""What a Vulkan device says it can, for kernels, and that it is switched on: also what no driver here has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import u32
from kernelc.target import Capabilities
from runtime.vulkan.device import VulkanDevice
from runtime.vulkan.features import SUBGROUP_SIZES, DeviceFeatures, switched_on
from runtime.vulkan.kernels import KernelBinary, Kernels
from runtime.vulkan.native import Vulkan
from runtime.vulkan.opened import OpenedDevice
from runtime.vulkan.queue import Queue
from runtime.vulkan.single import run_pipeline
from tests.kernels.executors import require

HALF, SINGLE, BYTE, WORD, UNSIGNED, SUBGROUP, WORKGROUP = 0, 1, 3, 5, 7, 3, 2
ALL = {"shaderFloat16": 1, "shaderInt8": 1, "vulkanMemoryModel": 1}


@pytest.fixture(autouse=True, scope="module")
def driver() -> None:
    require("vulkan", Capabilities())


def product(shape: tuple[int, int, int], *types: int, scope: int = SUBGROUP) -> SimpleNamespace:
    names = ("MSize", "NSize", "KSize", "AType", "BType", "CType", "ResultType")
    return SimpleNamespace(**dict(zip(names, (*shape, *types), strict=True)), scope=scope)


PRODUCTS = [
    product((16, 16, 16), HALF, HALF, HALF, HALF),  # sums of 16 bits
    product((16, 8, 8), HALF, HALF, SINGLE, SINGLE),
    product((16, 16, 16), HALF, HALF, SINGLE, SINGLE),
    product((16, 16, 32), UNSIGNED, UNSIGNED, WORD, WORD),
    product((16, 16, 32), BYTE, BYTE, WORD, WORD),
    product((32, 32, 16), HALF, HALF, SINGLE, SINGLE, scope=WORKGROUP),
]


class Claimed(DeviceFeatures):
    """A device with matrix units, whatever the driver has."""

    def __init__(self, claims: dict[str, int], matrices: int = 1) -> None:
        self._vulkan, self._names = Vulkan(), {"VK_KHR_cooperative_matrix"}
        self._features_1_2, self._matrices = SimpleNamespace(**{**dict.fromkeys(ALL, 0), **claims}), matrices

    def _query(self, type: str) -> Any:
        assert type == "VkPhysicalDeviceCooperativeMatrixFeaturesKHR"
        return SimpleNamespace(cooperativeMatrix=self._matrices)

    def _products(self) -> list[Any]:
        return PRODUCTS


def tiles(device: Claimed) -> set[str]:
    return set(device._tiles())


def test_products_with_sums_of_32_bits_in_a_subgroup_are_tiles() -> None:
    halves, bytes_ = {"tile_f16_16x8x8", "tile_f16_16x16x16"}, {"tile_i8_16x16x32"}
    assert tiles(Claimed(ALL)) == halves | bytes_
    assert tiles(Claimed({**ALL, "shaderFloat16": 0})) == bytes_
    assert tiles(Claimed({**ALL, "shaderInt8": 0})) == halves


def test_tiles_need_the_feature_and_the_memory_model() -> None:
    assert tiles(Claimed({**ALL, "vulkanMemoryModel": 0})) == set()
    assert tiles(Claimed(ALL, matrices=0)) == set()


@pytest.fixture
def device() -> Iterator[VulkanDevice]:
    opened = VulkanDevice()
    yield opened
    opened.close()


def test_a_device_is_created_with_what_it_says(device: VulkanDevice) -> None:
    features = frozenset({"f16", "tile_f16_16x16x16", "tile_i8_16x16x32"})
    info = dataclasses.replace(device.info, features=features, subgroup_sizes=(16, 32))
    vulkan = device.vulkan
    chain, extensions = switched_on(vulkan, info)
    assert set(extensions) == {"VK_KHR_cooperative_matrix", SUBGROUP_SIZES}
    fields = {field: value for structure in linked(vulkan, chain) for field, value in structure.items()}
    wanted = "timelineSemaphore shaderFloat16 shaderInt8 vulkanMemoryModel storageBuffer16BitAccess"
    wanted += " cooperativeMatrix subgroupSizeControl"
    assert {name for name, value in fields.items() if value} == set(wanted.split())
    info = dataclasses.replace(device.info, features=frozenset[str](), subgroup_sizes=())
    chain, extensions = switched_on(vulkan, info)
    fields = {field: value for structure in linked(vulkan, chain) for field, value in structure.items()}
    assert extensions == [] and {name for name, value in fields.items() if value} == {"timelineSemaphore"}


def linked(vulkan: Vulkan, chain: Any) -> Iterator[dict[str, int]]:
    """The feature structures of a chain."""
    types = [
        "VkPhysicalDeviceVulkan11Features",
        "VkPhysicalDeviceVulkan12Features",
        "VkPhysicalDeviceCooperativeMatrixFeaturesKHR",
        "VkPhysicalDeviceSubgroupSizeControlFeatures",
    ]
    of = {vulkan.make(type).sType: type for type in types}
    while chain != vulkan.null:
        type = of[vulkan.ffi.cast("VkBaseInStructure *", chain).sType]
        structure = vulkan.ffi.cast(f"{type} *", chain)
        names = [name for name, _ in vulkan.ffi.typeof(type).fields if name not in ("sType", "pNext")]
        yield {name: getattr(structure, name) for name in names}
        chain = structure.pNext


def test_a_kernel_has_the_subgroups_that_it_was_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device that is said to have several sizes."""
    size = 8
    monkeypatch.setattr(DeviceFeatures, "subgroup_sizes", lambda _: (size, 2 * size))
    device = VulkanDevice()
    try:
        asked = required_sizes(device, monkeypatch)
        opened = OpenedDevice(device, Queue(device), Kernels(device))
        for wanted in (None, size):
            kernel = verify(trace("sizes", sizes, workgroup=32, subgroup_size=wanted))
            words = SpirvBackend().render(kernel).file
            pipeline = opened.kernels.compile(KernelBinary("sizes", words, "main", 1, False, wanted))
            (out,) = run_pipeline(opened, pipeline, (1, 1, 1), [np.zeros(32, np.uint32)])
            np.testing.assert_array_equal(out, np.full(32, wanted or out[0]))
        assert asked == [None, size]
    finally:
        device.close()


def required_sizes(device: VulkanDevice, monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The sizes that pipelines ask for, as they are created."""
    vulkan, asked = device.vulkan, list[int | None]()
    assert SUBGROUP_SIZES in switched_on(vulkan, device.info)[1]
    if device.info.subgroup_size not in (None, 8):
        pytest.skip("the device has no subgroups of 8")
    create = vulkan.create

    def spy(name: str, *arguments: Any) -> Any:
        if name == "vkCreateComputePipelines":
            next_ = arguments[4].stage.pNext
            type = "VkPipelineShaderStageRequiredSubgroupSizeCreateInfo *"
            asked.append(vulkan.ffi.cast(type, next_).requiredSubgroupSize if next_ else None)
        return create(name, *arguments)

    monkeypatch.setattr(vulkan, "create", spy)
    return asked


def sizes(k: Tracer) -> None:
    k.output("out", u32)[k.local_id] = k.subgroup_size
