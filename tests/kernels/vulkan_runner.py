"""Runs one kernel's SPIR-V on the fastest Vulkan device there is."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.errors import DeviceError
from kernelc.kir.nodes import Kernel
from kernelc.target import Capabilities
from runtime.vulkan.device import VulkanDevice
from runtime.vulkan.kernels import KernelBinary, Kernels, Pipeline
from runtime.vulkan.opened import OpenedDevice
from runtime.vulkan.queue import Queue
from runtime.vulkan.single import run_pipeline


@functools.cache
def opened() -> OpenedDevice | str:
    """The device, or why there is none."""
    try:
        device = VulkanDevice()
    except DeviceError as error:
        return error.message
    return OpenedDevice(device, Queue(device), Kernels(device))


def lacking(capabilities: Capabilities) -> str | None:
    """What the device lacks for kernels of these capabilities."""
    on = opened()
    if isinstance(on, str):
        return on
    info = on.device.info
    size = capabilities.subgroup_size
    if size is not None and not info.has_subgroups_of(size):
        return f"{info.name} has subgroups of {info.subgroup_size}, not {size}"
    wanted = {"f16": capabilities.f16, "subgroups": capabilities.subgroups, "dot4": capabilities.dot4}
    wanted |= {kind.feature: True for kind in capabilities.tiles}
    missing = [name for name, needed in wanted.items() if needed and name not in info.features]
    return f"{info.name} has no {missing[0]}" if missing else None


@functools.lru_cache(maxsize=512)
def _pipeline(words: bytes, buffers: int, params: bool, subgroup_size: int | None) -> Pipeline:
    on = opened()
    assert isinstance(on, OpenedDevice)
    return on.kernels.compile(KernelBinary("kernel", words, "main", buffers, params, subgroup_size))


def run_vulkan(
    kernel: Kernel,
    grid: tuple[int, int, int],
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
) -> dict[str, npt.NDArray[Any]]:
    """The arrays as the kernel left them."""
    on = opened()
    assert isinstance(on, OpenedDevice)
    words = SpirvBackend().render(kernel).file
    pipeline = _pipeline(words, len(kernel.buffers), bool(kernel.params), kernel.subgroup_size)
    step = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
    bound = [arrays[buffer.name] for buffer in kernel.buffers]
    after = run_pipeline(on, pipeline, grid, bound, step)
    return dict(zip((buffer.name for buffer in kernel.buffers), after, strict=True))
