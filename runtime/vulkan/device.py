"""An open Vulkan device and its memory. Kernels and the queue are made on it and destroyed before it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from kernelc.errors import DeviceError
from runtime.vulkan.choice import choose, create_instance
from runtime.vulkan.features import switched_on
from runtime.vulkan.native import Handle, Vulkan, translated


@dataclass(eq=False)
class Buffer:
    """A buffer with its own memory allocation.

    `mapped` is where the host sees it, null for memory that only the device sees.
    """

    handle: Handle
    memory: Handle
    bytes: int
    mapped: Handle


class VulkanDevice:
    """An open device. `close` destroys it with everything that was made on it."""

    def __init__(self) -> None:
        """Open the fastest kind of device there is. Raises: DeviceError where there is none."""
        self.vulkan = Vulkan()
        self._buffers: dict[Buffer, None] = {}
        self.closed = False
        self._closing = contextlib.ExitStack()  # destroys everything on the device, the last made first
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        vulkan = self.vulkan
        instance = create_instance(vulkan)
        self._closing.callback(vulkan.lib.vkDestroyInstance, instance, vulkan.null)
        self.chosen = choose(vulkan, instance)
        self.info = self.chosen.info
        with translated(f"opening {self.info.name}"):
            self.device = self._create_device()
        self._closing.callback(vulkan.lib.vkDestroyDevice, self.device, vulkan.null)
        self._closing.callback(self._release_buffers)
        self._closing.callback(vulkan.lib.vkDeviceWaitIdle, self.device)
        out = vulkan.ffi.new("VkQueue *")
        vulkan.lib.vkGetDeviceQueue(self.device, self.chosen.queue_family, 0, out)
        self.queue = out[0]
        memory = vulkan.ffi.new("VkPhysicalDeviceMemoryProperties *")
        vulkan.lib.vkGetPhysicalDeviceMemoryProperties(self.chosen.physical, memory)
        self._memory_types = [memory.memoryTypes[at].propertyFlags for at in range(memory.memoryTypeCount)]

    def _create_device(self) -> Handle:
        vulkan = self.vulkan
        features, extensions = switched_on(vulkan, self.info)
        names = [vulkan.text(extension) for extension in extensions]
        queue = vulkan.make(
            "VkDeviceQueueCreateInfo",
            queueFamilyIndex=self.chosen.queue_family,
            queueCount=1,
            pQueuePriorities=vulkan.ffi.new("float[]", [1.0]),
        )
        create = vulkan.make(
            "VkDeviceCreateInfo",
            queueCreateInfoCount=1,
            pQueueCreateInfos=queue,
            enabledExtensionCount=len(names),
            ppEnabledExtensionNames=vulkan.array("char *", names),
            pNext=features,
        )
        return vulkan.create("vkCreateDevice", "VkDevice", self.chosen.physical, create, vulkan.null)

    def create(self, name: str, type: str, create: Handle) -> Handle:
        """Create an object that lives as long as the device."""
        made = self.vulkan.create(name, type, self.device, create, self.vulkan.null)
        destroy = getattr(self.vulkan.lib, name.replace("Create", "Destroy"))
        self._closing.callback(destroy, self.device, made, self.vulkan.null)
        return made

    def before_closing(self, action: Callable[[], None]) -> None:
        """Run `action` when the device closes, before anything that exists now is destroyed."""
        self._closing.callback(action)

    def close(self) -> None:
        """Wait for the work in flight and destroy the device with everything on it. May be called twice."""
        self.closed = True
        self._closing.close()

    # ---- memory ----

    def create_buffer(self, name: str, size: int, *, uniform: bool = False, host: bool = False) -> Buffer:
        """Return a buffer in the device's own memory, or with `host` in memory that the host sees too.

        Its contents are undefined. Raises: DeviceError where memory runs out.
        """
        vulkan = self.vulkan
        usage = vulkan.BUFFER_USAGE_TRANSFER_SRC_BIT | vulkan.BUFFER_USAGE_TRANSFER_DST_BIT
        usage |= vulkan.BUFFER_USAGE_STORAGE_BUFFER_BIT
        usage |= vulkan.BUFFER_USAGE_UNIFORM_BUFFER_BIT if uniform or host else 0
        create = vulkan.make("VkBufferCreateInfo", size=max(4, size + -size % 4), usage=usage)
        with translated(f"allocating {size} bytes for buffer {name}"):
            handle = vulkan.create("vkCreateBuffer", "VkBuffer", self.device, create, vulkan.null)
            buffer = Buffer(handle, vulkan.null, size, vulkan.null)
            self._buffers[buffer] = None
            try:
                self._bind_memory(buffer, host)
            except BaseException:
                self.release(buffer)
                raise
        return buffer

    def _bind_memory(self, buffer: Buffer, host: bool) -> None:
        vulkan = self.vulkan
        needs = vulkan.ffi.new("VkMemoryRequirements *")
        vulkan.lib.vkGetBufferMemoryRequirements(self.device, buffer.handle, needs)
        kind = self._memory_type(needs.memoryTypeBits, host)
        create = vulkan.make("VkMemoryAllocateInfo", allocationSize=needs.size, memoryTypeIndex=kind)
        buffer.memory = vulkan.create("vkAllocateMemory", "VkDeviceMemory", self.device, create, vulkan.null)
        vulkan.call("vkBindBufferMemory", self.device, buffer.handle, buffer.memory, 0)
        if host:
            out = vulkan.ffi.new("void **")
            vulkan.call("vkMapMemory", self.device, buffer.memory, 0, needs.size, 0, out)
            buffer.mapped = vulkan.ffi.cast("char *", out[0])

    def _memory_type(self, allowed: int, host: bool) -> int:
        """Return the first memory type in the driver's order that has the wanted properties."""
        vulkan = self.vulkan
        visible = vulkan.MEMORY_PROPERTY_HOST_VISIBLE_BIT | vulkan.MEMORY_PROPERTY_HOST_COHERENT_BIT
        cached = visible | vulkan.MEMORY_PROPERTY_HOST_CACHED_BIT
        for wanted in (cached, visible) if host else (vulkan.MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0):
            for at, flags in enumerate(self._memory_types):
                if allowed >> at & 1 and flags & wanted == wanted:
                    return at
        raise DeviceError(f"{self.info.name} has no memory that the host sees", help="use another `device`")

    def release(self, buffer: Buffer) -> None:
        """Destroy a buffer that no work in flight uses. May be called twice."""
        if buffer in self._buffers:
            del self._buffers[buffer]
            self.vulkan.lib.vkDestroyBuffer(self.device, buffer.handle, self.vulkan.null)
            self.vulkan.lib.vkFreeMemory(self.device, buffer.memory, self.vulkan.null)

    def _release_buffers(self) -> None:
        for buffer in list(self._buffers):
            self.release(buffer)
