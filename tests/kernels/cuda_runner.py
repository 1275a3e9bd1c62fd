"""Runs one kernel as CUDA C on the first NVIDIA GPU."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends.cuda.printer import WARP, CudaBackend
from kernelc.errors import DeviceError
from kernelc.kir.nodes import BULK_COPIES, Kernel
from kernelc.kir.operation_table import MMA_I8
from kernelc.target import Capabilities
from runtime.cuda.compile import CudaSource, architecture, compile_kernel
from runtime.cuda.device import CudaDevice, Function
from runtime.cuda.single import run_function
from tests.gpu.launches import record


@functools.cache
def cuda_device() -> CudaDevice | str:
    """The first GPU, or why there is none."""
    try:
        return CudaDevice()
    except DeviceError as error:
        return error.message


def lacking(capabilities: Capabilities) -> str | None:
    """Why kernels of these capabilities do not run here."""
    device = cuda_device()
    if isinstance(device, str):
        return f"no CUDA device: {device}"
    if capabilities.f16:
        return "kernels of the cuda target use no 16-bit arithmetic"
    if capabilities.subgroup_size not in (None, WARP):
        return f"CUDA's subgroups have {WARP} invocations"
    wanted = [k.feature for k in capabilities.tiles] + [BULK_COPIES] * bool(capabilities.stage_bytes)
    wanted += [MMA_I8] * capabilities.mma_i8
    missing = [feature for feature in wanted if feature not in device.info.features]
    return f"{device.info.name} has no {missing[0]}" if missing else None


@functools.lru_cache(maxsize=512)
def _loaded(source: CudaSource, parameters: int, shared_bytes: int) -> Function:
    """The kernel; its module is loaded as long as this is remembered."""
    device = cuda_device()
    assert isinstance(device, CudaDevice)
    image = compile_kernel(source, architecture(device.capability))
    with device.using(f"loading kernel {source.name}"):
        return device.function(image, source.entry, parameters, shared_bytes)


def run_cuda(
    kernel: Kernel,
    grid: tuple[int, int, int],
    arrays: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float],
) -> dict[str, npt.NDArray[Any]]:
    """Copies of the arrays as the kernel leaves them."""
    device, rendered = cuda_device(), CudaBackend().render(kernel)
    assert isinstance(device, CudaDevice)
    source = CudaSource(kernel.name, rendered.text, rendered.entry)
    block = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
    bound = [arrays[buffer.name] for buffer in kernel.buffers]
    function = _loaded(source, len(bound) + bool(block), kernel.shared_bytes)
    left = run_function(device, function, rendered.entry, grid, kernel.workgroup, bound, block)
    record(source, grid, kernel.workgroup, bound, block, left, kernel.shared_bytes)
    return {buffer.name: array for buffer, array in zip(kernel.buffers, left, strict=True)}
