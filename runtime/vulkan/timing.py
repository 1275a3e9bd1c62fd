"""Measures how long each dispatch takes on a Vulkan device, with a timestamp between each two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from kernelc.errors import DeviceError
from runtime.vulkan.loaded import VulkanLaunch
from runtime.vulkan.native import Handle, translated
from runtime.vulkan.opened import OpenedDevice


def time_launches(
    opened: OpenedDevice, launches: Sequence[VulkanLaunch], env: Mapping[str, int]
) -> list[float]:
    """Run the launches in order and return the seconds of each, including the device's pause after it.

    Raises: DeviceError where the device has no timestamps.
    """
    chosen, vulkan = opened.device.chosen, opened.device.vulkan
    if not chosen.timestamp_bits:
        raise DeviceError(f"{opened.device.info.name} has no timestamps", help="leave out `profile`")
    count = len(launches) + 1
    create = vulkan.make("VkQueryPoolCreateInfo", queryType=vulkan.QUERY_TYPE_TIMESTAMP, queryCount=count)
    with translated("timing a step"):
        queries = vulkan.create("vkCreateQueryPool", "VkQueryPool", opened.device.device, create, vulkan.null)
        try:
            _run(opened, launches, env, queries)
            ticks = _read(opened, queries, count)
        finally:
            opened.queue.flush()
            vulkan.lib.vkDestroyQueryPool(opened.device.device, queries, vulkan.null)
    mask = (1 << chosen.timestamp_bits) - 1
    return [((end - start) & mask) * chosen.timestamp_seconds for start, end in pairwise(ticks)]


def _run(
    opened: OpenedDevice, launches: Sequence[VulkanLaunch], env: Mapping[str, int], queries: Handle
) -> None:
    queue, vulkan = opened.queue, opened.device.vulkan
    stamp, done = vulkan.lib.vkCmdWriteTimestamp, vulkan.PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT
    frame = queue.take_frame()
    commands = frame.before
    queue.begin(commands)
    vulkan.lib.vkCmdResetQueryPool(commands, queries, 0, len(launches) + 1)
    queue.barrier(commands)
    stamp(commands, done, queries, 0)
    for number, launch in enumerate(launches, 1):
        queue.dispatch(commands, launch.pipeline, launch.bound, launch.extent(env))
        queue.barrier_between_kernels(commands)
        stamp(commands, done, queries, number)
    queue.end(commands)
    queue.submit([commands], frame)


def _read(opened: OpenedDevice, queries: Handle, count: int) -> list[int]:
    vulkan = opened.device.vulkan
    ticks = vulkan.ffi.new("uint64_t[]", count)
    flags = vulkan.QUERY_RESULT_64_BIT | vulkan.QUERY_RESULT_WAIT_BIT
    opened.queue.flush()
    vulkan.call("vkGetQueryPoolResults", opened.device.device, queries, 0, count, 8 * count, ticks, 8, flags)
    return list(ticks)
