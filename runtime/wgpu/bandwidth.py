"""Measure how fast a wgpu device copies memory: the yardstick for decoding speed."""

from __future__ import annotations

from functools import partial
from time import perf_counter

from runtime.device.bandwidth import copies_per_second
from runtime.wgpu.device import WgpuDevice
from runtime.wgpu.native import native

BYTES = 128 << 20  # far beyond caches of most devices, within WebGPU's guaranteed buffer size


def copy_bandwidth(device: WgpuDevice, size: int = BYTES) -> float:
    """Return bytes read plus bytes written per second, of copies between two buffers of `size` bytes.

    Takes about a second, and twice `size` of the device's memory meanwhile. Raises: DeviceError where there
    is none.
    """
    source, target = device.create_buffer("copy source", size), device.create_buffer("copy target", size)
    try:
        return 2 * size * copies_per_second(partial(_seconds, device, source, target, size))
    finally:
        source.destroy()
        target.destroy()


def _seconds(device: WgpuDevice, source: object, target: object, size: int, repeats: int) -> float:
    """Return how long `repeats` copies in one submission take, from submitting to being done."""
    library = device.library
    with device.translated("measuring the bandwidth"):
        encoder = library.begin_encoder(device.native_device)
        for _ in range(repeats):
            library.copy(encoder, native(source), 0, native(target), 0, size)
        began = perf_counter()
        library.wait(device.native_device, library.submit(device.native_queue, encoder))
        return perf_counter() - began
