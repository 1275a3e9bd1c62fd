"""Ways to run one kernel on given arrays: the interpreter, each target. All fill copies of what is
written."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kernelc.backends.wgsl.printer import WgslBackend
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.nodes import Kernel
from kernelc.target import Capabilities
from runtime.wgpu.native import NativeLibrary, native
from tests.kernels import c_runner, cuda_runner, opencl_runner, vulkan_runner

Arrays = Mapping[str, npt.NDArray[Any]]
Grid = tuple[int, int, int]
Executor = Callable[[Kernel, Grid, Arrays, Mapping[str, int | float]], dict[str, npt.NDArray[Any]]]


def run_interpreter(
    kernel: Kernel,
    grid: Grid,
    arrays: Arrays,
    params: Mapping[str, int | float],
    before: Arrays | None = None,
) -> dict[str, Any]:
    """The kernel IR's own meaning, with bounds and race checks. `before`: what buffers hold until the inputs
    are ready, where that is something else."""
    views = _as_bound(kernel, {name: array.copy() for name, array in arrays.items()})
    early = _as_bound(kernel, {**arrays, **(before or {})})
    interpret(kernel, grid, views, params, before={name: early[name] for name in before or {}})
    return {
        name: view.reshape(-1).view(arrays[name].dtype).reshape(arrays[name].shape)
        for name, view in views.items()
    }


def _as_bound(kernel: Kernel, arrays: dict[str, Any]) -> dict[str, Any]:
    """Variants may bind the same bytes as another element type (f16 pairs for u32)."""
    return {
        b.name: b.type.view(np.ascontiguousarray(arrays[b.name]).reshape(-1).view(np.uint8))
        for b in kernel.buffers
    }


@functools.cache
def wgpu_device() -> Any:
    """The first Vulkan adapter's device with the features kernels may ask for; None without an adapter."""
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    import wgpu

    adapters = [a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] == "Vulkan"]
    if not adapters:
        return None
    wanted = {"shader-f16", "subgroup"}
    return adapters[0].request_device_sync(required_features=sorted(wanted & set(adapters[0].features)))


@functools.cache
def _wgpu_subgroup_size() -> int | None:
    """The one size of the adapter's subgroups; None where it varies."""
    library = NativeLibrary()
    size = library.subgroup_size(native(wgpu_device().adapter))
    library.close()
    return size


def _wgpu_lacks(capabilities: Capabilities) -> str | None:
    device = wgpu_device()
    if device is None:
        return "no wgpu adapter (Vulkan driver)"
    if capabilities.tiles:
        return "wgpu has no matrix units: in WGSL they are an experiment of Chrome's"
    if capabilities.subgroup_size is not None and capabilities.subgroup_size != _wgpu_subgroup_size():
        return f"the wgpu adapter is not known to have subgroups of {capabilities.subgroup_size}"
    wanted = {"shader-f16": capabilities.f16, "subgroup": capabilities.subgroups}
    missing = [feature for feature, needed in wanted.items() if needed and feature not in device.features]
    return f"the wgpu adapter has no {missing[0]}" if missing else None


@functools.lru_cache(maxsize=512)
def _pipeline(text: str) -> Any:
    device = wgpu_device()
    module = device.create_shader_module(code=text.replace("enable subgroups;\n", ""))
    return device.create_compute_pipeline(layout="auto", compute={"module": module, "entry_point": "main"})


def run_wgpu(kernel: Kernel, grid: Grid, arrays: Arrays, params: Mapping[str, int | float]) -> dict[str, Any]:
    """The printed WGSL on the wgpu device."""
    import wgpu

    device = wgpu_device()
    usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
    pipeline = _pipeline(WgslBackend().render(kernel).text)
    bound = {
        b.name: device.create_buffer_with_data(data=_padded(arrays[b.name]), usage=usage)
        for b in kernel.buffers
    }
    entries = [{"binding": at, "resource": {"buffer": bound[b.name]}} for at, b in enumerate(kernel.buffers)]
    if kernel.params:
        block = b"".join(np.array([params[p.name]], p.type.dtype).tobytes() for p in kernel.params)
        step = device.create_buffer_with_data(data=block, usage=wgpu.BufferUsage.UNIFORM)
        entries.append({"binding": len(kernel.buffers), "resource": {"buffer": step}})
    used = [e for e in entries if _mentioned(kernel, int(e["binding"]))]
    group = device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=used)
    encoder = device.create_command_encoder()
    compute = encoder.begin_compute_pass()
    compute.set_pipeline(pipeline)
    compute.set_bind_group(0, group)
    compute.dispatch_workgroups(*grid)
    compute.end()
    device.queue.submit([encoder.finish()])
    return {name: _read(device, bound[name], array) for name, array in arrays.items()}


def _mentioned(kernel: Kernel, binding: int) -> bool:
    """An automatic layout leaves out bindings the text never uses."""
    from kernelc.kir.nodes import Store, values_of, walk

    if binding == len(kernel.buffers):
        return True
    buffer = kernel.buffers[binding]
    stored = any(isinstance(s, Store) and s.memory is buffer for s in walk(kernel.body))
    return stored or any(v.op == "load" and v.attr is buffer for v in values_of(kernel.body))


def _padded(array: npt.NDArray[Any]) -> bytes:
    data = array.tobytes() or b"\0" * 16
    return data + b"\0" * (-len(data) % 4)


def _read(device: Any, buffer: Any, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    data = np.frombuffer(device.queue.read_buffer(buffer), np.uint8)[: like.nbytes]
    return data.view(like.dtype).reshape(like.shape)


EXECUTORS: dict[str, Executor] = {
    "interpreter": run_interpreter,
    "wgpu": run_wgpu,
    "opencl": opencl_runner.run_opencl,
    "c": c_runner.run_c,
    "cuda": cuda_runner.run_cuda,
    "vulkan": vulkan_runner.run_vulkan,
}
# Why an executor cannot run kernels of these capabilities here; None where it can.
LACKING: dict[str, Callable[[Capabilities], str | None]] = {
    "wgpu": _wgpu_lacks,
    "opencl": opencl_runner.lacking,
    "c": c_runner.lacking,
    "cuda": cuda_runner.lacking,
    "vulkan": vulkan_runner.lacking,
}
WIDE_EXECUTORS = ("interpreter", "c")
STREAMING_EXECUTORS = ("interpreter", "cuda")
REQUIRED = frozenset(os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split())


def require(executor: str, capabilities: Capabilities) -> None:
    """Skip the test, saying why, where `executor` cannot run such kernels.

    An executor without any device fails the test instead where $KERNELC_REQUIRED_EXECUTORS names it: a
    machine that installs the driver wants to know that it is gone.
    """
    reason = LACKING[executor](capabilities) if executor in LACKING else None
    if capabilities.serial_workgroups and executor not in WIDE_EXECUTORS:
        reason = "schedules of one invocation with vectors of eight are for processors"
    if capabilities.mma_i8 and executor not in STREAMING_EXECUTORS:
        reason = "matrix units whose tiles invocations hold are CUDA's"
    if capabilities.stage_bytes and executor not in STREAMING_EXECUTORS:
        reason = "bulk copies are CUDA's"
    if reason is None:
        return
    if executor in REQUIRED and LACKING[executor](Capabilities()) is not None:
        pytest.fail(f"{executor} is required here: {reason}")
    pytest.skip(reason)
