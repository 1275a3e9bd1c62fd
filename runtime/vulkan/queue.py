"""The queue of a Vulkan device: numbered submissions, and command buffers to record them in.

A submission does its work behind all submissions before it; `wait` takes its number. Commands that are
submitted once are recorded in *frames*, which are used again when their submission is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.device.program import Extent
from runtime.vulkan.device import Buffer, VulkanDevice
from runtime.vulkan.kernels import Pipeline
from runtime.vulkan.native import Handle

_FRAMES = 8
_PATIENCE_NS = 50_000_000  # a longer wait is made of such pieces, between which Ctrl-C is heard
_UPDATE_BYTES = 65536  # what one vkCmdUpdateBuffer takes


@dataclass(eq=False)
class Frame:
    """Commands before and after recorded ones, and the submission that used them last."""

    before: Handle
    after: Handle
    number: int = 0


@dataclass(eq=False)
class Recording:
    """Commands to be replayed, and the submission that did so last."""

    commands: Handle
    number: int = 0


class Queue:
    """Hands work to a device. Raises VulkanError throughout; callers translate."""

    def __init__(self, device: VulkanDevice) -> None:
        vulkan = self._vulkan = device.vulkan
        self._device = device
        create = vulkan.make(
            "VkCommandPoolCreateInfo",
            flags=vulkan.COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
            queueFamilyIndex=device.chosen.queue_family,
        )
        self._pool = device.create("vkCreateCommandPool", "VkCommandPool", create)
        kind = vulkan.make("VkSemaphoreTypeCreateInfo", semaphoreType=vulkan.SEMAPHORE_TYPE_TIMELINE)
        create = vulkan.make("VkSemaphoreCreateInfo", pNext=kind)
        self._timeline = device.create("vkCreateSemaphore", "VkSemaphore", create)
        self._frames: deque[Frame] = deque()
        self._number = 0
        self._prepare()

    def _prepare(self) -> None:
        """The structures of calls that every step makes."""
        vulkan = self._vulkan
        once, again = (
            vulkan.COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
            vulkan.COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT,
        )
        self._once = vulkan.make("VkCommandBufferBeginInfo", flags=once)
        self._again = vulkan.make("VkCommandBufferBeginInfo", flags=again)
        semaphores = vulkan.array("VkSemaphore", [self._timeline])
        self._signal = vulkan.ffi.new("uint64_t[1]")
        values = vulkan.make(
            "VkTimelineSemaphoreSubmitInfo",
            signalSemaphoreValueCount=1,
            pSignalSemaphoreValues=self._signal,
        )
        self._submission = vulkan.make(
            "VkSubmitInfo", signalSemaphoreCount=1, pSignalSemaphores=semaphores, pNext=values
        )
        self._awaited = vulkan.ffi.new("uint64_t[1]")
        self._waiting = vulkan.make(
            "VkSemaphoreWaitInfo", semaphoreCount=1, pSemaphores=semaphores, pValues=self._awaited
        )
        self._counter = vulkan.ffi.new("uint64_t *")
        self._region = vulkan.make("VkBufferCopy")
        write, read = vulkan.ACCESS_MEMORY_WRITE_BIT, vulkan.ACCESS_MEMORY_READ_BIT
        self._everything = vulkan.make("VkMemoryBarrier", srcAccessMask=write, dstAccessMask=read | write)
        self._stages = (
            vulkan.PIPELINE_STAGE_COMPUTE_SHADER_BIT
            | vulkan.PIPELINE_STAGE_TRANSFER_BIT
            | vulkan.PIPELINE_STAGE_HOST_BIT
        )

    # ---- submissions ----

    def submit(self, commands: Sequence[Handle], *users: Frame | Recording) -> int:
        """Hand over commands, which are these users'; returns the submission's number."""
        number = self._number = self._number + 1
        self._signal[0] = number
        for user in users:
            user.number = number
        array = self._vulkan.ffi.new("VkCommandBuffer[]", list(commands))
        self._submission.commandBufferCount = len(commands)
        self._submission.pCommandBuffers = array
        try:
            self._vulkan.call("vkQueueSubmit", self._device.queue, 1, self._submission, self._vulkan.null)
        except BaseException:
            self._reach(number)
            raise
        return number

    def _reach(self, number: int) -> None:
        """Let nobody wait for a submission that may not have been made."""
        vulkan, device = self._vulkan, self._device
        vulkan.lib.vkQueueWaitIdle(device.queue)
        if self.done() < number:
            signal = vulkan.make("VkSemaphoreSignalInfo", semaphore=self._timeline, value=number)
            vulkan.lib.vkSignalSemaphore(device.device, signal)

    def done(self) -> int:
        """The number up to which everything is done."""
        self._vulkan.lib.vkGetSemaphoreCounterValue(self._device.device, self._timeline, self._counter)
        return int(self._counter[0])

    def wait(self, number: int) -> None:
        """Wait for a submission and all before it."""
        vulkan, timeout = self._vulkan, self._vulkan.TIMEOUT
        self._awaited[0] = number
        while (result := vulkan.lib.vkWaitSemaphores(self._device.device, self._waiting, _PATIENCE_NS)) != 0:
            if result != timeout:
                vulkan.fail("vkWaitSemaphores", result)

    def flush(self) -> None:
        """Wait for everything handed over."""
        self.wait(self._number)

    # ---- command buffers ----

    def take_frame(self) -> Frame:
        """Return a frame whose commands are no longer in use."""
        if len(self._frames) < _FRAMES:
            self._frames.append(Frame(self.allocate(), self.allocate()))
        else:
            self.wait(self._frames[0].number)  # the one used longest ago
            self._frames.rotate(-1)
        return self._frames[-1]

    def allocate(self) -> Handle:
        """Return a new command buffer."""
        vulkan = self._vulkan
        create = vulkan.make(
            "VkCommandBufferAllocateInfo",
            commandPool=self._pool,
            level=vulkan.COMMAND_BUFFER_LEVEL_PRIMARY,
            commandBufferCount=1,
        )
        return vulkan.create("vkAllocateCommandBuffers", "VkCommandBuffer", self._device.device, create)

    def free(self, commands: Handle) -> None:
        """Give back a command buffer that nothing under way uses."""
        array = self._vulkan.ffi.new("VkCommandBuffer[]", [commands])
        self._vulkan.lib.vkFreeCommandBuffers(self._device.device, self._pool, 1, array)

    def begin(self, commands: Handle, *, replayed: bool = False) -> None:
        """Start recording, from nothing; `replayed` commands may be under way several times at once."""
        self._vulkan.call("vkResetCommandBuffer", commands, 0)  # an interrupt may have left it half recorded
        self._vulkan.call("vkBeginCommandBuffer", commands, self._again if replayed else self._once)

    def end(self, commands: Handle) -> None:
        """End recording."""
        self._vulkan.call("vkEndCommandBuffer", commands)

    # ---- commands ----

    def barrier(self, commands: Handle) -> None:
        """What comes behind waits for what came before, and sees what it wrote."""
        null, lib = self._vulkan.null, self._vulkan.lib
        stages = self._stages
        lib.vkCmdPipelineBarrier(commands, stages, stages, 0, 1, self._everything, 0, null, 0, null)

    def dispatch(self, commands: Handle, pipeline: Pipeline, bound: Handle, grid: Extent) -> None:
        """Run a kernel on the buffers of a descriptor set."""
        lib, null, compute = self._vulkan.lib, self._vulkan.null, self._vulkan.PIPELINE_BIND_POINT_COMPUTE
        sets = self._vulkan.ffi.new("VkDescriptorSet[]", [bound])
        lib.vkCmdBindPipeline(commands, compute, pipeline.handle)
        lib.vkCmdBindDescriptorSets(commands, compute, pipeline.layout.pipeline, 0, 1, sets, 0, null)
        lib.vkCmdDispatch(commands, *grid)

    def update(self, commands: Handle, buffer: Buffer, offset: int, data: bytes) -> None:
        """Write bytes that the command itself carries."""
        for start in range(0, len(data), _UPDATE_BYTES):
            part = data[start : start + _UPDATE_BYTES]
            self._vulkan.lib.vkCmdUpdateBuffer(
                commands, buffer.handle, offset + start, len(part), self._vulkan.ffi.from_buffer(part)
            )

    def copy(self, commands: Handle, source: Buffer, offset: int, target: Buffer, at: int, size: int) -> None:
        """Copy between buffers."""
        region = self._region
        region.srcOffset, region.dstOffset, region.size = offset, at, size
        self._vulkan.lib.vkCmdCopyBuffer(commands, source.handle, target.handle, 1, region)

    def zero(self, commands: Handle, buffer: Buffer) -> None:
        """Fill a whole buffer with zeros."""
        size = max(4, buffer.bytes + -buffer.bytes % 4)
        self._vulkan.lib.vkCmdFillBuffer(commands, buffer.handle, 0, size, 0)

    # ---- what the host sees ----

    def write(self, buffer: Buffer, offset: int, data: npt.NDArray[np.uint8]) -> None:
        """Write into a buffer that the host sees and that no work under way uses."""
        ffi = self._vulkan.ffi
        ffi.memmove(buffer.mapped + offset, ffi.from_buffer(data), len(data))

    def read(self, buffer: Buffer, offset: int, size: int) -> bytes:
        """Return bytes of a buffer that the host sees; the work that wrote them must be done."""
        return bytes(self._vulkan.ffi.buffer(buffer.mapped + offset, size))
