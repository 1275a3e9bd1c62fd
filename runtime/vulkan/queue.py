"""The queue of a Vulkan device: numbered submissions, and the command buffers for them.

A submission runs after all submissions before it; `wait` takes its number. Commands that are submitted only
once are recorded in *frames*, which are reused when their submission is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.errors import DeviceError
from runtime.device.program import Extent
from runtime.vulkan.device import Buffer, VulkanDevice
from runtime.vulkan.kernels import Pipeline
from runtime.vulkan.native import Handle

_FRAMES = 8
_WAIT_SLICE_NS = 50_000_000  # longer waits are split into slices, so that Ctrl-C is noticed in between
_UPDATE_BYTES = 65536  # the most that one vkCmdUpdateBuffer takes


@dataclass(eq=False)
class Frame:
    """Two command buffers, submitted before and after recorded ones, and the number of their last
    submission.
    """

    before: Handle
    after: Handle
    number: int = 0


@dataclass(eq=False)
class Recording:
    """Commands that are replayed, and the number of the submission that last did so."""

    commands: Handle
    number: int = 0


@dataclass(frozen=True, eq=False)
class _Barrier:
    """Commands of the stages `after` wait for those of the stages `before`, and see what these wrote."""

    before: int
    after: int
    memory: Handle


class Queue:
    """Hands work to a device. Its methods raise VulkanError, which callers translate."""

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
        """Prepare the structures for calls that every step makes."""
        vulkan = self._vulkan
        one_time = vulkan.COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT
        replayed = vulkan.COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT
        self._begin_one_time = vulkan.make("VkCommandBufferBeginInfo", flags=one_time)
        self._begin_replayed = vulkan.make("VkCommandBufferBeginInfo", flags=replayed)
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
        self._prepare_barriers()

    def _prepare_barriers(self) -> None:
        vulkan = self._vulkan
        kernels, copies = vulkan.PIPELINE_STAGE_COMPUTE_SHADER_BIT, vulkan.PIPELINE_STAGE_TRANSFER_BIT
        write, read = vulkan.ACCESS_MEMORY_WRITE_BIT, vulkan.ACCESS_MEMORY_READ_BIT
        stored, loaded = vulkan.ACCESS_SHADER_WRITE_BIT, vulkan.ACCESS_SHADER_READ_BIT
        self._work = _Barrier(
            kernels | copies,
            kernels | copies,
            vulkan.make("VkMemoryBarrier", srcAccessMask=write, dstAccessMask=read | write),
        )
        self._kernels = _Barrier(
            kernels,
            kernels,
            vulkan.make("VkMemoryBarrier", srcAccessMask=stored, dstAccessMask=loaded | stored),
        )
        self._host = _Barrier(
            kernels | copies,
            vulkan.PIPELINE_STAGE_HOST_BIT,
            vulkan.make("VkMemoryBarrier", srcAccessMask=write, dstAccessMask=vulkan.ACCESS_HOST_READ_BIT),
        )

    # ---- submissions ----

    def submit(self, commands: Sequence[Handle], *users: Frame | Recording) -> int:
        """Submit commands and return the number of the submission, which is noted in their `users`."""
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
            self._signal_anyway(number)
            raise
        return number

    def _signal_anyway(self, number: int) -> None:
        """Signal a submission that may not have been made, so that no one waits for it forever."""
        vulkan, device = self._vulkan, self._device
        vulkan.lib.vkQueueWaitIdle(device.queue)
        if self.done() < number:
            signal = vulkan.make("VkSemaphoreSignalInfo", semaphore=self._timeline, value=number)
            vulkan.lib.vkSignalSemaphore(device.device, signal)

    def done(self) -> int:
        """Return the number of the last submission that is done, together with all before it."""
        self._vulkan.lib.vkGetSemaphoreCounterValue(self._device.device, self._timeline, self._counter)
        return int(self._counter[0])

    def wait(self, number: int) -> None:
        """Wait for a submission and all before it. Raises: DeviceError on a device that was closed, where a
        driver ends the process."""
        if self._device.closed:
            raise DeviceError("the device was closed", help="open it again")
        vulkan, timeout = self._vulkan, self._vulkan.TIMEOUT
        self._awaited[0] = number
        while (
            result := vulkan.lib.vkWaitSemaphores(self._device.device, self._waiting, _WAIT_SLICE_NS)
        ) != 0:
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
            self.wait(self._frames[0].number)  # the least recently used one
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
        """Free a command buffer that no work in flight uses."""
        array = self._vulkan.ffi.new("VkCommandBuffer[]", [commands])
        self._vulkan.lib.vkFreeCommandBuffers(self._device.device, self._pool, 1, array)

    def begin(self, commands: Handle, *, replayed: bool = False) -> None:
        """Start recording from scratch. `replayed` commands may be in flight several times at once."""
        self._vulkan.call("vkResetCommandBuffer", commands, 0)  # an interrupt may have left it half recorded
        self._vulkan.call(
            "vkBeginCommandBuffer", commands, self._begin_replayed if replayed else self._begin_one_time
        )

    def end(self, commands: Handle) -> None:
        """End recording."""
        self._vulkan.call("vkEndCommandBuffer", commands)

    # ---- commands ----

    def barrier(self, commands: Handle) -> None:
        """Record a barrier: later kernels and copies wait for earlier ones and see what they wrote."""
        self._record(commands, self._work)

    def barrier_between_kernels(self, commands: Handle) -> None:
        """Record a barrier: later kernels wait for earlier ones and see what they stored. That is all that a
        kernel needs of the one before it, and a device waits longer where it is asked for more.
        """
        self._record(commands, self._kernels)

    def barrier_to_host(self, commands: Handle) -> None:
        """Record a barrier: the host sees what earlier commands wrote, once they are waited for."""
        self._record(commands, self._host)

    def _record(self, commands: Handle, barrier: _Barrier) -> None:
        null, record = self._vulkan.null, self._vulkan.lib.vkCmdPipelineBarrier
        record(commands, barrier.before, barrier.after, 0, 1, barrier.memory, 0, null, 0, null)

    def dispatch(self, commands: Handle, pipeline: Pipeline, bound: Handle, grid: Extent) -> None:
        """Record a kernel that runs on the buffers of a descriptor set."""
        lib, null, compute = self._vulkan.lib, self._vulkan.null, self._vulkan.PIPELINE_BIND_POINT_COMPUTE
        sets = self._vulkan.ffi.new("VkDescriptorSet[]", [bound])
        lib.vkCmdBindPipeline(commands, compute, pipeline.handle)
        lib.vkCmdBindDescriptorSets(commands, compute, pipeline.layout.pipeline, 0, 1, sets, 0, null)
        lib.vkCmdDispatch(commands, *grid)

    def update(self, commands: Handle, buffer: Buffer, offset: int, data: bytes) -> None:
        """Record a write of bytes that the command itself carries."""
        for start in range(0, len(data), _UPDATE_BYTES):
            part = data[start : start + _UPDATE_BYTES]
            self._vulkan.lib.vkCmdUpdateBuffer(
                commands, buffer.handle, offset + start, len(part), self._vulkan.ffi.from_buffer(part)
            )

    def copy(self, commands: Handle, source: Buffer, offset: int, target: Buffer, at: int, size: int) -> None:
        """Record a copy between buffers."""
        region = self._region
        region.srcOffset, region.dstOffset, region.size = offset, at, size
        self._vulkan.lib.vkCmdCopyBuffer(commands, source.handle, target.handle, 1, region)

    def zero(self, commands: Handle, buffer: Buffer) -> None:
        """Record filling a whole buffer with zeros."""
        size = max(4, buffer.bytes + -buffer.bytes % 4)
        self._vulkan.lib.vkCmdFillBuffer(commands, buffer.handle, 0, size, 0)

    # ---- what the host sees ----

    def write(self, buffer: Buffer, offset: int, data: npt.NDArray[np.uint8]) -> None:
        """Write into a host-visible buffer that no work in flight uses."""
        ffi = self._vulkan.ffi
        ffi.memmove(buffer.mapped + offset, ffi.from_buffer(data), len(data))

    def read(self, buffer: Buffer, offset: int, size: int) -> bytes:
        """Return bytes of a host-visible buffer. The work that wrote them must be done."""
        return bytes(self._vulkan.ffi.buffer(buffer.mapped + offset, size))
