"""A wgpu device: its capabilities, buffers, pipelines and submissions, and its errors as ours."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kernelc.errors import DeviceError, KernelcError, WorkFailed
from runtime.device.executor import DeviceInfo, Limits, physical_memory_bytes
from runtime.device.failures import device_lost, kernel_refused, out_of_memory
from runtime.wgpu.native import Handle, NativeLibrary, import_wgpu, native, request_adapter, request_device

BASELINE_VARIABLE = "KERNELC_WGPU_BASELINE"
"""Environment variable: "1" opens devices with WebGPU's guaranteed limits and no features, as browsers do."""

# The names that wgpu-py has for the features that variants may require.
FEATURES = {"f16": "shader-f16", "subgroups": "subgroup"}
LANGUAGE_FEATURES = frozenset({"dot4"})  # naga has these on every adapter

# What WebGPU guarantees without asking (https://www.w3.org/TR/webgpu/#limits).
GUARANTEED_LIMITS = {
    "max-buffer-size": 256 << 20,
    "max-storage-buffer-binding-size": 128 << 20,
    "max-compute-workgroup-storage-size": 16 << 10,
    "max-compute-invocations-per-workgroup": 256,
    "max-compute-workgroup-size-x": 256,
    "max-compute-workgroup-size-y": 256,
    "max-compute-workgroup-size-z": 64,
    "max-compute-workgroups-per-dimension": 65535,
    "max-storage-buffers-per-shader-stage": 8,
    "min-storage-buffer-offset-alignment": 256,
    "min-uniform-buffer-offset-alignment": 256,
}

# Usage flags of buffers, as WebGPU numbers them (https://www.w3.org/TR/webgpu/#buffer-usage).
_MAP_READ, _COPY_SRC, _COPY_DST, _UNIFORM, _STORAGE, _QUERY_RESOLVE = 0x1, 0x4, 0x8, 0x40, 0x80, 0x200


@dataclass(frozen=True)
class KernelSource:
    """A kernel's WGSL.

    `access` is "read" or "read_write" for each binding; the step block, if the kernel takes it, is the last
    binding.
    """

    name: str
    text: str
    entry: str
    access: tuple[str, ...]
    params: bool


class WgpuDevice:
    """An open device. To the rest of the runtime, objects of wgpu-py are `Handle`s."""

    def __init__(self, *, baseline: bool | None = None) -> None:
        """Open the fastest adapter. `baseline` clamps it to the guaranteed limits (default:
        $KERNELC_WGPU_BASELINE).

        Raises: DeviceError where there is no adapter.
        """
        clamp = os.environ.get(BASELINE_VARIABLE) == "1" if baseline is None else baseline
        self._wgpu = import_wgpu()
        adapter = request_adapter(self._wgpu)
        wanted = ["timestamp-query"] if clamp else [*FEATURES.values(), "timestamp-query"]
        features = [name for name in wanted if name in adapter.features]
        self._device = request_device(adapter, features, GUARANTEED_LIMITS if clamp else {})
        self.library = NativeLibrary()
        self.native_device: Handle = native(self._device)
        self.native_queue: Handle = native(self._device.queue)
        self.has_timestamps = "timestamp-query" in features
        size = self.library.subgroup_size(native(adapter))
        self.info = _device_info(adapter, self._device, features, size)
        self._layouts: dict[tuple[str, ...], Handle] = {}

    def close(self) -> None:
        """Destroy the device with everything on it."""
        self._device.destroy()
        self.library.close()

    # ---- buffers ----

    def create_buffer(self, name: str, size: int, *, uniform: bool = False) -> Handle:
        """Return a zero-filled buffer for kernels to use. Raises: DeviceError where memory runs out."""
        usage = _STORAGE | _COPY_SRC | _COPY_DST
        return self._create(name, size, usage | _UNIFORM if uniform else usage)

    def create_staging(self, size: int) -> Handle:
        """Return a buffer that the host can map to read."""
        return self._create("staging", size, _MAP_READ | _COPY_DST)

    def create_resolve(self, size: int) -> Handle:
        """Return a buffer that timestamps can be resolved into."""
        return self._create("timestamps", size, _QUERY_RESOLVE | _COPY_SRC)

    def _create(self, name: str, size: int, usage: int) -> Handle:
        with self.translated(f"allocating {size} bytes for buffer {name}"):
            return self._device.create_buffer(label=name, size=size, usage=usage)

    def write_buffer(self, buffer: Handle, offset: int, data: object) -> None:
        """Queue a write of anything with the buffer protocol. It takes effect before later submissions."""
        with self.translated("writing a buffer"):
            self._device.queue.write_buffer(buffer, offset, data)

    def flush(self) -> None:
        """Wait until all submitted work is done and the host-side copies of writes are freed."""
        with self.translated("waiting for the device"):
            self.library.wait(self.native_device, self.library.submit_nothing(self.native_queue))

    # ---- kernels ----

    def compile(self, kernel: KernelSource) -> Handle:
        """Return the pipeline of a kernel. Raises: WorkFailed with the source around the error; DeviceError
        for a device that was lost, or has no memory left.
        """
        code, doing = without_subgroups_line(kernel.text), f"compiling kernel {kernel.name}"
        with self.translated(doing):
            layout = self._device.create_pipeline_layout(bind_group_layouts=[self._layout(kernel)])
        try:
            module = self.library.unchecked_module(self._device, kernel.name, code)
            module = module or self._device.create_shader_module(label=kernel.name, code=code)
            stage = {"module": module, "entry_point": kernel.entry}
            return self._device.create_compute_pipeline(label=kernel.name, layout=layout, compute=stage)
        except self._wgpu.GPUError as error:
            if isinstance(error, self._wgpu.GPUOutOfMemoryError):
                raise out_of_memory(doing, _short(str(error))) from error
            if "device is lost" in str(error):
                raise device_lost(doing, _short(str(error))) from error
            raise compile_error(kernel.name, code, str(error)) from error

    def bind(self, kernel: KernelSource, name: str, ranges: Sequence[tuple[Handle, int, int]]) -> Handle:
        """Return the bind group of a kernel from (buffer, offset, bytes) by binding, the step block
        included.
        """
        entries = [
            {"binding": binding, "resource": {"buffer": buffer, "offset": offset, "size": size}}
            for binding, (buffer, offset, size) in enumerate(ranges)
        ]
        with self.translated(f"binding the buffers of {name}"):
            return self._device.create_bind_group(label=name, layout=self._layout(kernel), entries=entries)

    def _layout(self, kernel: KernelSource) -> Handle:
        storage = {"read": "read-only-storage", "read_write": "storage"}
        types = (*(storage[access] for access in kernel.access), *(["uniform"] if kernel.params else []))
        if types not in self._layouts:
            visibility = self._wgpu.ShaderStage.COMPUTE
            entries = [
                {"binding": binding, "visibility": visibility, "buffer": {"type": kind}}
                for binding, kind in enumerate(types)
            ]
            self._layouts[types] = self._device.create_bind_group_layout(entries=entries)
        return self._layouts[types]

    # ---- timing ----

    def time_dispatches(
        self, dispatches: Sequence[tuple[Handle, Handle, tuple[int, int, int]]]
    ) -> list[float]:
        """Run (pipeline, bind group, grid) in order, each in its own pass, and return the seconds of each.

        Raises: DeviceError where the device has no timestamps.
        """
        if not self.has_timestamps:
            raise DeviceError(f"{self.info.name} has no timestamps", help="leave out `profile`")
        with self.translated("timing a step"):
            queries = self._device.create_query_set(type="timestamp", count=2 * len(dispatches))
        size = 16 * len(dispatches)
        resolved, staging = self.create_resolve(size), self.create_staging(size)
        with self.translated("timing a step"):
            encoder = self._device.create_command_encoder()
            for number, (pipeline, group, grid) in enumerate(dispatches):
                writes = {
                    "query_set": queries,
                    "beginning_of_pass_write_index": 2 * number,
                    "end_of_pass_write_index": 2 * number + 1,
                }
                compute_pass = encoder.begin_compute_pass(timestamp_writes=writes)
                compute_pass.set_pipeline(pipeline)
                compute_pass.set_bind_group(0, group)
                compute_pass.dispatch_workgroups(*grid)
                compute_pass.end()
            encoder.resolve_query_set(queries, 0, 2 * len(dispatches), resolved, 0)
            encoder.copy_buffer_to_buffer(resolved, 0, staging, 0, size)
            self._device.queue.submit([encoder.finish()])
            submission = self.library.submit_nothing(self.native_queue)
            data = self.library.read(self.native_device, native(staging), size, submission)
        ticks = memoryview(data).cast("Q")
        seconds = 1e-9 * self.library.timestamp_period(self.native_queue)
        return [(ticks[2 * i + 1] - ticks[2 * i]) * seconds for i in range(len(dispatches))]

    # ---- errors ----

    @contextmanager
    def translated(self, doing: str) -> Generator[None]:
        """Turn what wgpu-py raises inside into a DeviceError or WorkFailed."""
        try:
            yield
        except self._wgpu.GPUError as error:
            no_memory = isinstance(error, self._wgpu.GPUOutOfMemoryError)
            raise _as_kernelc_error(doing, str(error), no_memory) from error
        except RuntimeError as error:
            raise _as_kernelc_error(doing, str(error), no_memory=False) from error


def without_subgroups_line(text: str) -> str:
    """Return WGSL that naga accepts: Tint needs the line `enable subgroups;`, naga refuses it. Line numbers
    stay.
    """
    return re.sub(r"^[ \t]*enable[ \t]+subgroups[ \t]*;", "", text, flags=re.MULTILINE)


def compile_error(name: str, code: str, message: str) -> WorkFailed:
    """Return the error for a kernel that naga or the driver refuses, from wgpu's message."""
    located = re.search(r"┌─ [^\n]*?:(\d+):(\d+)", message)
    line, column = (int(located[1]), int(located[2])) if located else (None, None)
    return kernel_refused(name, _short(message), text=code, line=line, column=column)


def _as_kernelc_error(doing: str, message: str, no_memory: bool) -> KernelcError:
    short = _short(message)
    if "lost" in short.lower() or "destroyed" in short.lower():
        return device_lost(doing, short)
    if no_memory or "memory" in short.lower():
        return out_of_memory(doing, short)
    return WorkFailed(f"{doing} failed: {short}")


def _short(message: str) -> str:
    """Return the reasons in a message, without the wording that wgpu puts around it and without its source
    excerpt.
    """
    text = re.sub(r"^\s*Validation Error\s*(Caused by:)?", "", message)
    text = re.sub(r"^\s*In wgpu\w+(, label = '[^']*')?\s*", "", text)
    head, drawing, rest = text.partition("┌─")
    reasons = re.findall(r"^\s*= (.*)$", rest, flags=re.MULTILINE) if drawing else []
    return "; ".join(" ".join(part.split()) for part in (head, *reasons)) or "no reason given"


def _device_info(
    adapter: Handle, device: Handle, features: Sequence[str], subgroup_size: int | None
) -> DeviceInfo:
    info: dict[str, Any] = dict(adapter.info)
    ours = LANGUAGE_FEATURES.union(name for name, theirs in FEATURES.items() if theirs in features)
    return DeviceInfo(
        kind="wgpu",
        name=str(info["device"]),
        driver=f"{info['backend_type']}: {info['description']}",
        target="wgsl",
        features=ours,
        subgroup_size=subgroup_size if "subgroups" in ours else None,
        limits=_limits(device.limits),
        memory_bytes=physical_memory_bytes() if info["adapter_type"] == "CPU" else None,
    )


def _limits(limits: Handle) -> Limits:
    return Limits(
        buffer_bytes=limits["max-buffer-size"],
        binding_bytes=limits["max-storage-buffer-binding-size"],
        shared_bytes=limits["max-compute-workgroup-storage-size"],
        threads=limits["max-compute-invocations-per-workgroup"],
        workgroup=(
            limits["max-compute-workgroup-size-x"],
            limits["max-compute-workgroup-size-y"],
            limits["max-compute-workgroup-size-z"],
        ),
        workgroups=limits["max-compute-workgroups-per-dimension"],
        storage_buffers=limits["max-storage-buffers-per-shader-stage"],
        offset_alignment_bytes=limits["min-storage-buffer-offset-alignment"],
    )
