"""Measure how fast a Vulkan device copies memory: the yardstick for decoding speed."""

from __future__ import annotations

from functools import partial
from time import perf_counter

from runtime.device.bandwidth import copies_per_second
from runtime.vulkan.device import Buffer
from runtime.vulkan.native import translated
from runtime.vulkan.opened import OpenedDevice

BYTES = 128 << 20  # far beyond caches of most devices


def copy_bandwidth(opened: OpenedDevice, size: int = BYTES) -> float:
    """Return bytes read plus bytes written per second, of copies between two buffers of `size` bytes.

    Takes about a second, and twice `size` of the device's memory meanwhile. Raises: DeviceError where there
    is none.
    """
    buffers: list[Buffer] = []
    try:
        for name in ("copy source", "copy target"):
            buffers.append(opened.device.create_buffer(name, size))
        return 2 * size * copies_per_second(partial(_seconds, opened, buffers, size))
    finally:
        for buffer in buffers:
            opened.device.release(buffer)


def _seconds(opened: OpenedDevice, buffers: list[Buffer], size: int, repeats: int) -> float:
    """Return how long `repeats` copies in one submission take, from submitting to being done."""
    queue, (source, target) = opened.queue, buffers
    with translated("measuring the bandwidth"):
        frame = queue.take_frame()
        queue.begin(frame.before)
        for _ in range(repeats):
            queue.copy(frame.before, source, 0, target, 0, size)
            queue.barrier(frame.before)
        queue.end(frame.before)
        began = perf_counter()
        queue.submit([frame.before], frame)
        queue.flush()
        return perf_counter() - began
