"""Chooses the Vulkan device to open and describes what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.device.executor import DeviceInfo, Limits
from runtime.vulkan.features import DeviceFeatures
from runtime.vulkan.native import Handle, Vulkan, VulkanError, as_kernelc_error, no_device

_API = (1 << 22) | (2 << 12)  # 1.2: it includes timeline semaphores and arithmetic in f16
_BUDGET = "VK_EXT_memory_budget"


@dataclass(frozen=True)
class Choice:
    """A physical device that will do. `queue_family` is one that computes."""

    physical: Handle
    queue_family: int
    info: DeviceInfo
    timestamp_bits: int
    timestamp_seconds: float
    cache_id: (
        bytes  # identifies device and driver for the pipeline cache; starts with the same bytes as its header
    )
    uniform_alignment_bytes: int


def create_instance(vulkan: Vulkan) -> Handle:
    """Return the instance through which devices are found. Raises: DeviceError where there is no driver."""
    application = vulkan.make("VkApplicationInfo", pApplicationName=vulkan.text("kernelc"), apiVersion=_API)
    create = vulkan.make("VkInstanceCreateInfo", pApplicationInfo=application)
    try:
        return vulkan.create("vkCreateInstance", "VkInstance", create, vulkan.null)
    except VulkanError as error:
        raise as_kernelc_error("starting Vulkan", error) from error


def choose(vulkan: Vulkan, instance: Handle) -> Choice:
    """Return a device of the fastest kind among those that will do. Raises: DeviceError saying why none
    does.
    """
    reasons: list[str] = []
    found: list[tuple[int, Choice]] = []
    for physical in vulkan.all("vkEnumeratePhysicalDevices", "VkPhysicalDevice", instance):
        described = _Description(vulkan, instance, physical)
        if described.lacks:
            reasons.append(f"{described.name} lacks {described.lacks}")
        else:
            found.append((described.rank, described.choice()))
    if not found:
        raise no_device("; ".join(reasons) or "the loader knows no driver")
    return min(found, key=lambda ranked: ranked[0])[1]


class _Description:
    """One physical device's properties and features."""

    def __init__(self, vulkan: Vulkan, instance: Handle, physical: Handle) -> None:
        self.vulkan, self.instance, self.physical = vulkan, instance, physical
        self.names = {
            vulkan.string(each.extensionName)
            for each in vulkan.all(
                "vkEnumerateDeviceExtensionProperties", "VkExtensionProperties", physical, vulkan.null
            )
        }
        basic = vulkan.ffi.new("VkPhysicalDeviceProperties *")
        vulkan.lib.vkGetPhysicalDeviceProperties(physical, basic)
        self.properties: Any = basic[0]
        self.name = vulkan.string(basic.deviceName)
        self.queues = vulkan.all(
            "vkGetPhysicalDeviceQueueFamilyProperties", "VkQueueFamilyProperties", physical
        )
        self.lacks = self._missing_requirement()

    @property
    def rank(self) -> int:
        """Sort key: discrete graphics cards come first, software renderers last."""
        vulkan = self.vulkan
        order = [
            vulkan.PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
            vulkan.PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
            vulkan.PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU,
            vulkan.PHYSICAL_DEVICE_TYPE_CPU,
        ]
        return order.index(self.properties.deviceType) if self.properties.deviceType in order else len(order)

    def _missing_requirement(self) -> str:
        if self.properties.apiVersion < _API:
            return f"Vulkan 1.2 (it has {_version(self.properties.apiVersion)})"
        if self._queue_family() is None:
            return "a queue that computes"
        return "" if self._has_timelines() else "timeline semaphores"

    def _queue_family(self) -> int | None:
        """Return a queue family that computes, if possible one that does not also draw."""
        compute, graphics = self.vulkan.QUEUE_COMPUTE_BIT, self.vulkan.QUEUE_GRAPHICS_BIT
        fitting = [at for at, queue in enumerate(self.queues) if queue.queueFlags & compute]
        alone = [at for at in fitting if not self.queues[at].queueFlags & graphics]
        return next(iter([*alone, *fitting]), None)

    def _has_timelines(self) -> bool:
        vulkan_1_2 = self.vulkan.make("VkPhysicalDeviceVulkan12Features")
        features = self.vulkan.make("VkPhysicalDeviceFeatures2", pNext=vulkan_1_2)
        self.vulkan.lib.vkGetPhysicalDeviceFeatures2(self.physical, features)
        return bool(vulkan_1_2.timelineSemaphore)

    def choice(self) -> Choice:
        """Return everything about the device that the rest of the runtime needs to know."""
        vulkan, queue_family = self.vulkan, self._queue_family()
        assert queue_family is not None
        vulkan_1_2 = vulkan.make("VkPhysicalDeviceVulkan12Properties")
        vulkan_1_1 = vulkan.make("VkPhysicalDeviceVulkan11Properties", pNext=vulkan_1_2)
        properties = vulkan.make("VkPhysicalDeviceProperties2", pNext=vulkan_1_1)
        vulkan.lib.vkGetPhysicalDeviceProperties2(self.physical, properties)
        limits = properties.properties.limits
        asked = DeviceFeatures(vulkan, self.instance, self.physical, self.names, vulkan_1_1)
        features, sizes = asked.of_kernels(), asked.subgroup_bounds()
        varies = sizes.minSubgroupSize != sizes.maxSubgroupSize
        driver = f"{vulkan.string(vulkan_1_2.driverName)} {vulkan.string(vulkan_1_2.driverInfo)}".strip()
        info = DeviceInfo(
            kind="vulkan",
            name=self.name,
            driver=f"Vulkan {_version(self.properties.apiVersion)}: {driver}",
            target="spirv",
            features=features,
            subgroup_size=None if varies or "subgroups" not in features else vulkan_1_1.subgroupSize,
            subgroup_sizes=asked.subgroup_sizes(),
            limits=_limits(limits, vulkan_1_1.maxMemoryAllocationSize),
            memory_bytes=self._memory_bytes(),
        )
        return Choice(
            self.physical,
            queue_family,
            info,
            self.queues[queue_family].timestampValidBits,
            1e-9 * limits.timestampPeriod,
            _cache_id(vulkan, properties.properties) + driver.encode(),
            limits.minUniformBufferOffsetAlignment,
        )

    def _memory_bytes(self) -> int:
        """Return how much of the device's own memory is free for us, or all of it where the driver does not
        say.
        """
        vulkan = self.vulkan
        budget = vulkan.make("VkPhysicalDeviceMemoryBudgetPropertiesEXT")
        known = _BUDGET in self.names
        memory = vulkan.make("VkPhysicalDeviceMemoryProperties2", pNext=budget if known else vulkan.null)
        vulkan.lib.vkGetPhysicalDeviceMemoryProperties2(self.physical, memory)
        heaps = memory.memoryProperties.memoryHeaps
        local = [
            at
            for at in range(memory.memoryProperties.memoryHeapCount)
            if heaps[at].flags & vulkan.MEMORY_HEAP_DEVICE_LOCAL_BIT
        ]
        largest = max(local, key=lambda at: heaps[at].size)
        size = int(heaps[largest].size)
        free = int(budget.heapBudget[largest]) - int(budget.heapUsage[largest]) if known else size
        return min(size, max(0, free))


def _limits(limits: Any, buffer_bytes: int) -> Limits:
    most = limits.maxComputeWorkGroupSize
    return Limits(
        buffer_bytes=int(buffer_bytes),
        binding_bytes=limits.maxStorageBufferRange,
        shared_bytes=limits.maxComputeSharedMemorySize,
        threads=limits.maxComputeWorkGroupInvocations,
        workgroup=(most[0], most[1], most[2]),
        workgroups=min(limits.maxComputeWorkGroupCount[axis] for axis in range(3)),
        storage_buffers=limits.maxPerStageDescriptorStorageBuffers,
        offset_alignment_bytes=int(limits.minStorageBufferOffsetAlignment),
    )


def _cache_id(vulkan: Vulkan, properties: Any) -> bytes:
    """Return what the header of this device's pipeline cache holds (Vulkan specification, "Pipeline
    Cache").
    """
    vendor = properties.vendorID.to_bytes(4, "little") + properties.deviceID.to_bytes(4, "little")
    return vendor + bytes(vulkan.ffi.buffer(properties.pipelineCacheUUID))


def _version(number: int) -> str:
    return f"{number >> 22 & 0x7F}.{number >> 12 & 0x3FF}.{number & 0xFFF}"
