"""Opens a device by the name that --device gives."""

from __future__ import annotations

from collections.abc import Mapping

from kernelc.errors import DeviceError, UsageError
from runtime.cpu_executor import CpuExecutor
from runtime.executor import Executor, Reference

DEVICES = ("auto", "wgpu", "cuda", "vulkan", "opencl", "cpu")
_NOT_BUILT = ("opencl",)


def open_device(name: str = "auto", *, references: Mapping[str, Reference] | None = None) -> Executor:
    """Open a device by its name, or for "auto" wgpu where there is an adapter and else the cpu.

    `references` are the numpy kernels by spec name; the cpu device runs nothing else.
    Raises: DeviceError where it cannot be opened, UsageError for another name.
    """
    if name not in DEVICES:
        raise UsageError(f"--device is {name!r}, wanted one of {', '.join(DEVICES)}")
    if name in _NOT_BUILT:
        raise DeviceError(f"device {name} is not in this build", help="use --device wgpu or --device cpu")
    if name == "cpu":
        return _open_cpu(references)
    if name == "cuda":
        return _open_cuda()
    if name == "vulkan":
        return _open_vulkan()
    try:
        return _open_wgpu()
    except DeviceError:
        if name == "auto" and references is not None:
            return _open_cpu(references)
        raise


def _open_wgpu() -> Executor:
    from runtime.wgpu_executor import WgpuExecutor  # loads a native library: only where it is asked for

    return WgpuExecutor()


def _open_cuda() -> Executor:
    from runtime.cuda_executor import CudaExecutor

    return CudaExecutor()


def _open_vulkan() -> Executor:
    from runtime.vulkan_executor import VulkanExecutor

    return VulkanExecutor()


def _open_cpu(references: Mapping[str, Reference] | None) -> Executor:
    if references is None:
        raise DeviceError("device cpu needs the numpy kernels, and was given none")
    return CpuExecutor(references)
