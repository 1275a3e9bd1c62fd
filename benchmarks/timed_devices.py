"""Devices that time one kernel alone, on copies of its arrays: for the scripts that choose schedules."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.backends import backend_named
from kernelc.kir.nodes import Kernel
from kernelc.target import TARGETS, Capabilities
from runtime.cuda.compile import CudaSource, architecture, compile_kernel
from runtime.cuda.device import CudaDevice
from runtime.cuda.graph import capture, destroy, start
from runtime.vulkan.device import VulkanDevice
from runtime.vulkan.kernels import BindingSets, KernelBinary, Kernels
from runtime.vulkan.loaded import VulkanLaunch
from runtime.vulkan.opened import OpenedDevice
from runtime.vulkan.queue import Queue
from runtime.vulkan.timing import time_launches
from runtime.wgpu.device import KernelSource, WgpuDevice

WARM_SECONDS = 0.5
MOST_TIMED = 2000  # dispatches with timestamps around them; WebGPU takes 4096 timestamps at once
Grid = tuple[int, int, int]
Arrays = Mapping[str, npt.NDArray[Any]]
Step = Mapping[str, int | float]


class TimedDevice(ABC):
    """A device, and copies of a problem's arrays on it."""

    target: str
    device: Any

    def __init__(self) -> None:
        self.sets: list[dict[str, Any]] = []

    @property
    def info(self) -> Any:
        """What the device is."""
        return self.device.info

    def variant(self) -> Capabilities:
        """The target's first variant that the device satisfies."""
        for variant in TARGETS[self.target].variants:
            wanted = [name for name in ("f16", "subgroups", "dot4") if getattr(variant, name)]
            wanted += [kind.feature for kind in variant.tiles]
            if set(wanted) <= self.info.features and variant.subgroup_size in (None, self.info.subgroup_size):
                return variant
        raise SystemExit(f"{self.info.name} satisfies no variant of {self.target}")

    def load(self, arrays: Arrays, copies: int = 1) -> None:
        """Put the arrays on the device, so many times over, instead of those before."""
        self.unload()
        for _ in range(copies):
            self.sets.append({name: self.upload(name, array.tobytes()) for name, array in arrays.items()})

    def unload(self) -> None:
        """Free what was loaded."""
        for each in self.sets:
            for memory in each.values():
                self.free(memory)
        self.sets = []

    def warm(self, kernel: Kernel, grid: Grid, repeats: int, step: Step | None = None) -> None:
        """Run for a while: a graphics card clocks up only under work."""
        until = time.perf_counter() + WARM_SECONDS
        while time.perf_counter() < until:
            self.time(kernel, grid, repeats, step)

    def time(self, kernel: Kernel, grid: Grid, repeats: int, step: Step | None = None) -> float:
        """Seconds of one run, the mean over all copies and `repeats`, the best of three."""
        values = step or {}
        block = b"".join(np.array([values[p.name]], p.type.dtype).tobytes() for p in kernel.params)
        bound = self.upload("step", block, uniform=True) if block else None
        names = [buffer.name for buffer in kernel.buffers]
        bindings = [
            [*(each[name] for name in names), *([bound] if bound is not None else [])] for each in self.sets
        ]
        try:
            return self.time_bound(kernel, grid, repeats, bindings)
        finally:
            if bound is not None:
                self.free(bound)

    @abstractmethod
    def upload(self, name: str, data: bytes, *, uniform: bool = False) -> Any:
        """Put data on the device; returns what `time_bound` binds."""

    @abstractmethod
    def free(self, memory: Any) -> None:
        """Free what was uploaded."""

    @abstractmethod
    def time_bound(self, kernel: Kernel, grid: Grid, repeats: int, bindings: list[list[Any]]) -> float:
        """As `time`, with what each copy binds."""


class Cuda(TimedDevice):
    """Runs back to back in one CUDA graph."""

    target = "cuda"

    def __init__(self) -> None:
        super().__init__()
        self.device = CudaDevice()

    def upload(self, name: str, data: bytes, *, uniform: bool = False) -> Any:
        with self.device.using(f"uploading {name}"):
            memory = self.device.allocate(max(len(data), 16))
            self.device.upload(int(memory), data)
        return memory

    def free(self, memory: Any) -> None:
        with self.device.using("freeing"):
            memory.free()

    def time_bound(self, kernel: Kernel, grid: Grid, repeats: int, bindings: list[list[Any]]) -> float:
        device, rendered = self.device, backend_named("cuda").render(kernel)
        source = CudaSource(kernel.name, rendered.text, rendered.entry)
        image = compile_kernel(source, architecture(device.capability))
        with device.using("timing"):
            addresses = [tuple(int(memory) for memory in each) for each in bindings]
            loaded = device.function(image, rendered.entry, len(addresses[0]))

            def record(function: Any = loaded[1]) -> None:
                for _ in range(repeats):
                    for each in addresses:
                        device.launch(function, grid, kernel.workgroup, each)

            graph = capture(device, record)
            begin, end = device.driver.Event(), device.driver.Event()
            best = np.inf
            for _ in range(3):
                begin.record(device.stream)
                start(device, graph)
                end.record(device.stream)
                end.synchronize()
                best = min(best, end.time_since(begin))
            destroy(device, graph)
            del record, loaded  # inside, since a module is unloaded where its context is current
        return 1e-3 * best / repeats / len(addresses)


class Vulkan(TimedDevice):
    """Runs with timestamps between them."""

    target = "spirv"

    def __init__(self) -> None:
        super().__init__()
        self.device = VulkanDevice()
        self.opened = OpenedDevice(self.device, Queue(self.device), Kernels(self.device))

    def upload(self, name: str, data: bytes, *, uniform: bool = False) -> Any:
        """In the device's own memory, by way of a buffer that the host sees."""
        device, queue, size = self.device, self.opened.queue, max(4, len(data))
        buffer = device.create_buffer(name, size, uniform=uniform)
        staging = device.create_buffer(name, size, host=True)
        queue.write(staging, 0, np.frombuffer(data, np.uint8))
        frame = queue.take_frame()
        queue.begin(frame.before)
        queue.copy(frame.before, staging, 0, buffer, 0, size)
        queue.barrier(frame.before)
        queue.end(frame.before)
        queue.submit([frame.before], frame)
        queue.flush()
        device.release(staging)
        return buffer, 0, size

    def free(self, memory: Any) -> None:
        self.device.release(memory[0])

    def time_bound(self, kernel: Kernel, grid: Grid, repeats: int, bindings: list[list[Any]]) -> float:
        words = backend_named("spirv").render(kernel).file
        buffers, size = len(kernel.buffers), kernel.asked_subgroup_size()
        binary = KernelBinary(kernel.name, words, "main", buffers, bool(kernel.params), size)
        pipeline = self.opened.kernels.compile(binary)
        bound = BindingSets(self.device, [(pipeline, each) for each in bindings])
        launches = [VulkanLaunch(None, grid, pipeline, each) for each in bound.sets] * repeats  # type: ignore[arg-type]
        best = min(sum(time_launches(self.opened, launches, {})) for _ in range(3))
        bound.release()
        self.opened.kernels.release(pipeline)
        return best / len(launches)


class Wgpu(TimedDevice):
    """Each run is a pass of its own, with timestamps around it."""

    target = "wgsl"

    def __init__(self) -> None:
        super().__init__()
        self.device = WgpuDevice()

    def upload(self, name: str, data: bytes, *, uniform: bool = False) -> Any:
        buffer = self.device.create_buffer(name, max(16, len(data)), uniform=uniform)
        self.device.write_buffer(buffer, 0, data)
        return buffer, 0, buffer.size

    def free(self, memory: Any) -> None:
        memory[0].destroy()

    def time_bound(self, kernel: Kernel, grid: Grid, repeats: int, bindings: list[list[Any]]) -> float:
        rendered = backend_named("wgsl").render(kernel)
        access = tuple(buffer.access for buffer in kernel.buffers)
        source = KernelSource(kernel.name, rendered.text, rendered.entry, access, bool(kernel.params))
        pipeline = self.device.compile(source)
        groups = [self.device.bind(source, "copy", each) for each in bindings]
        dispatches = ([(pipeline, group, grid) for group in groups] * repeats)[:MOST_TIMED]
        best = min(sum(self.device.time_dispatches(dispatches)) for _ in range(3))
        return best / len(dispatches)


DEVICES: dict[str, type[TimedDevice]] = {"cuda": Cuda, "vulkan": Vulkan, "wgpu": Wgpu}
