"""Runs one kernel by itself on wgpu, for `verify` and the property tests of kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from runtime.device.program import Extent
from runtime.wgpu.device import KernelSource, WgpuDevice
from runtime.wgpu.native import Handle, native

Arrays = Sequence[npt.NDArray[np.generic]]


def run_source(
    device: WgpuDevice, source: KernelSource, grid: Extent, arrays: Arrays, step: bytes = b""
) -> list[npt.NDArray[np.generic]]:
    """Run a kernel once on copies of `arrays`, one per binding, and return them as the kernel left them.

    `step` is the step block, for a kernel that takes one. Raises: WorkFailed where the kernel does not
    compile; DeviceError.
    """
    pipeline = device.compile(source)
    buffers: list[Handle] = []
    try:
        for binding, array in enumerate(arrays):
            buffers.append(_filled(device, f"binding {binding}", array.tobytes()))
        if source.params:
            buffers.append(_filled(device, "step", step, uniform=True))
        group = device.bind(source, source.name, [(buffer, 0, buffer.size) for buffer in buffers])
        data = _run(device, pipeline, group, grid, buffers[: len(arrays)])
    finally:
        for buffer in buffers:
            buffer.destroy()
    return [
        np.frombuffer(raw[: array.nbytes], array.dtype).reshape(array.shape).copy()
        for raw, array in zip(data, arrays, strict=True)
    ]


def _filled(device: WgpuDevice, name: str, data: bytes, *, uniform: bool = False) -> Handle:
    padded = data + bytes(-len(data) % 4)  # an odd number of f16 is not a whole number of words
    buffer = device.create_buffer(name, len(padded), uniform=uniform)
    device.write_buffer(buffer, 0, padded)
    return buffer


def _run(
    device: WgpuDevice, pipeline: Handle, group: Handle, grid: Extent, buffers: list[Handle]
) -> list[bytes]:
    library = device.library
    staging = device.create_staging(sum(buffer.size for buffer in buffers))
    starts = [sum(buffer.size for buffer in buffers[:i]) for i in range(len(buffers))]
    with device.translated("running a kernel"):
        encoder = library.begin_encoder(device.native_device)
        compute_pass = library.begin_pass(encoder)
        library.set_pipeline(compute_pass, native(pipeline))
        library.set_bind_group(compute_pass, 0, native(group), 0, library.null)
        library.dispatch(compute_pass, *grid)
        library.end_pass(compute_pass)
        for start, buffer in zip(starts, buffers, strict=True):
            library.copy(encoder, native(buffer), 0, native(staging), start, buffer.size)
        submission = library.submit(device.native_queue, encoder)
        data = library.read(device.native_device, native(staging), staging.size, submission)
    staging.destroy()
    return [data[start : start + buffer.size] for start, buffer in zip(starts, buffers, strict=True)]
