"""Measures how fast a CUDA device copies memory: what a decoding speed is a share of."""

from __future__ import annotations

from time import perf_counter

from runtime.cuda_device import CudaDevice, Handle

BYTES = 512 << 20  # far beyond the caches
_WARM_SECONDS = 0.3  # a graphics card clocks up only under work
_MEASURE_SECONDS = 0.3


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
                once = _seconds(device, source, target, size, 1)
                repeats = max(1, min(1000, round(_WARM_SECONDS / max(once, 1e-6))))
                _seconds(device, source, target, size, repeats)
                repeats = max(1, round(repeats * _MEASURE_SECONDS / _WARM_SECONDS))
                return 2 * size * repeats / _seconds(device, source, target, size, repeats)
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
