"""Measure how fast a CUDA device copies memory: the yardstick for decoding speed."""

from __future__ import annotations

from functools import partial
from time import perf_counter

from runtime.cuda.device import CudaDevice, Handle
from runtime.device.bandwidth import copies_per_second

BYTES = 512 << 20  # far beyond the caches


def copy_bandwidth(device: CudaDevice, size: int = BYTES) -> float:
    """Return bytes read plus bytes written per second, of copies between two buffers of `size` bytes.

    Takes about a second, and twice `size` of the device's memory meanwhile. Raises: DeviceError where there
    is none.
    """
    with device.using("measuring the bandwidth"):
        source = device.allocate(size)
        try:
            target = device.allocate(size)
            try:
                return 2 * size * copies_per_second(partial(_seconds, device, source, target, size))
            finally:
                target.free()
        finally:
            source.free()


def _seconds(device: CudaDevice, source: Handle, target: Handle, size: int, repeats: int) -> float:
    """Return how long `repeats` copies take, from handing over to being done."""
    device.stream.synchronize()
    began = perf_counter()
    for _ in range(repeats):
        device.driver.memcpy_dtod_async(target, source, size, device.stream)
    device.stream.synchronize()
    return perf_counter() - began
