"""Times the schedules of the matvec families on a device: which of them `default` should choose.

    python benchmarks/matvec_schedules.py --device cuda --shapes 4096x4096 11008x4096 --sample 200

For each shape (rows x columns) and family it prints the fastest schedules and the default. Weights are
random, in as many copies as it takes to be far beyond the caches; the bandwidth is that of their
bytes alone. Kernels run back to back: in one CUDA graph, or in one submission with timestamps.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kernelc.backends import backend_named
from kernelc.ir.dim import evaluate
from kernelc.kernels.linear import LinearProblem
from kernelc.kernels.registry import SPECS
from kernelc.kir.nodes import Kernel
from kernelc.target import TARGETS, Capabilities
from runtime.cuda_compile import CudaSource, architecture, compile_kernel
from runtime.cuda_device import CudaDevice
from runtime.cuda_graph import capture, destroy, start
from runtime.vulkan_device import VulkanDevice
from runtime.vulkan_kernels import BindingSets, KernelBinary, Kernels
from runtime.vulkan_loaded import Launch
from runtime.vulkan_queue import On, Queue
from runtime.vulkan_timing import time_launches
from runtime.wgpu_device import KernelSource, WgpuDevice

ENV = {"seq": 1, "past": 0, "context": 1}
WARM_SECONDS = 0.5
MOST_TIMED = 2000  # dispatches with timestamps around them; WebGPU takes 4096 timestamps at once
Arrays = dict[str, Any]


class Cuda:
    """Copies of the arrays on a GPU."""

    target = "cuda"

    def __init__(self) -> None:
        self.device = CudaDevice()
        self.info = self.device.info
        self.sets: list[dict[str, Any]] = []

    def load(self, arrays: Arrays, copies: int) -> None:
        """Put the arrays on the device, so many times over."""
        with self.device.using("uploading"):
            for _ in range(copies):
                self.sets.append({name: self._upload(array) for name, array in arrays.items()})

    def unload(self) -> None:
        """Free what was loaded."""
        with self.device.using("freeing"):
            for each in self.sets:
                for memory in each.values():
                    memory.free()
        self.sets = []

    def _upload(self, array: Any) -> Any:
        memory = self.device.allocate(array.nbytes)
        self.device.upload(int(memory), array.tobytes())
        return memory

    def time(self, kernel: Kernel, grid: tuple[int, int, int], repeats: int) -> float:
        """Seconds of one run, the mean over all copies and repeats, the best of three."""
        device, rendered = self.device, backend_named("cuda").render(kernel)
        source = CudaSource(kernel.name, rendered.text, rendered.entry)
        image = compile_kernel(source, architecture(device.capability))
        names = [buffer.name for buffer in kernel.buffers]
        with device.using("timing"):
            loaded = device.function(image, rendered.entry, len(names))
            addresses = [tuple(int(each[name]) for name in names) for each in self.sets]

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


class Vulkan:
    """Copies of the arrays on a Vulkan device."""

    target = "spirv"

    def __init__(self) -> None:
        device = VulkanDevice()
        self.info = device.info
        self.on = On(device, Queue(device), Kernels(device))
        self.sets: list[dict[str, Any]] = []

    def load(self, arrays: Arrays, copies: int) -> None:
        """Put the arrays on the device, so many times over."""
        for _ in range(copies):
            self.sets.append({name: self._upload(name, array) for name, array in arrays.items()})

    def unload(self) -> None:
        """Free what was loaded."""
        for each in self.sets:
            for buffer, _, _ in each.values():
                self.on.device.release(buffer)
        self.sets = []

    def _upload(self, name: str, array: Any) -> Any:
        """In the device's own memory, by way of a buffer that the host sees."""
        size = max(4, array.nbytes)
        buffer, staging = (self.on.device.create_buffer(name, size, host=host) for host in (False, True))
        queue = self.on.queue
        queue.write(staging, 0, np.frombuffer(array.tobytes(), np.uint8))
        frame = queue.take_frame()
        queue.begin(frame.before)
        queue.copy(frame.before, staging, 0, buffer, 0, size)
        queue.barrier(frame.before)
        queue.end(frame.before)
        queue.submit([frame.before], frame)
        queue.flush()
        self.on.device.release(staging)
        return buffer, 0, size

    def time(self, kernel: Kernel, grid: tuple[int, int, int], repeats: int) -> float:
        """As `Cuda.time`."""
        words = backend_named("spirv").render(kernel).file
        binary = KernelBinary(kernel.name, words, "main", len(kernel.buffers), bool(kernel.params))
        pipeline = self.on.kernels.compile(binary)
        ranges = [[each[buffer.name] for buffer in kernel.buffers] for each in self.sets]
        bound = BindingSets(self.on.device, [(pipeline, each) for each in ranges])
        launches = [Launch(None, pipeline, each, grid) for each in bound.sets] * repeats  # type: ignore[arg-type]
        best = min(sum(time_launches(self.on, launches, ENV)) for _ in range(3))
        bound.release()
        self.on.kernels.release(pipeline)
        return best / len(launches)


class Wgpu:
    """Copies of the arrays on a WebGPU device; each run is a pass of its own."""

    target = "wgsl"

    def __init__(self) -> None:
        self.device = WgpuDevice()
        self.info = self.device.info
        self.sets: list[dict[str, Any]] = []

    def load(self, arrays: Arrays, copies: int) -> None:
        """Put the arrays on the device, so many times over."""
        for _ in range(copies):
            self.sets.append({name: self._upload(name, array) for name, array in arrays.items()})

    def unload(self) -> None:
        """Free what was loaded."""
        for each in self.sets:
            for buffer, _, _ in each.values():
                buffer.destroy()
        self.sets = []

    def _upload(self, name: str, array: Any) -> Any:
        buffer = self.device.create_buffer(name, array.nbytes)
        self.device.write_buffer(buffer, 0, array.tobytes())
        return buffer, 0, array.nbytes

    def time(self, kernel: Kernel, grid: tuple[int, int, int], repeats: int) -> float:
        """As `Cuda.time`."""
        rendered = backend_named("wgsl").render(kernel)
        access = tuple(buffer.access for buffer in kernel.buffers)
        source = KernelSource(kernel.name, rendered.text, rendered.entry, access, bool(kernel.params))
        pipeline = self.device.compile(source)
        groups = [
            self.device.bind(source, "copy", [each[buffer.name] for buffer in kernel.buffers])
            for each in self.sets
        ]
        dispatches = ([(pipeline, group, grid) for group in groups] * repeats)[:MOST_TIMED]
        best = min(sum(self.device.time_dispatches(dispatches)) for _ in range(3))
        return best / len(dispatches)


DEVICES = {"cuda": Cuda, "vulkan": Vulkan, "wgpu": Wgpu}


def capabilities(target: str, info: Any) -> Capabilities:
    """The target's first variant that the device satisfies."""
    for variant in TARGETS[target].variants:
        wanted = [name for name in ("f16", "subgroups", "dot4") if getattr(variant, name)]
        wanted += [kind.feature for kind in variant.tiles]
        if set(wanted) <= info.features and variant.subgroup_size in (None, info.subgroup_size):
            return variant
    raise SystemExit(f"{info.name} satisfies no variant of {target}")


def schedules(family: str, variant: Capabilities, problem: LinearProblem, sample: int) -> Iterator[Any]:
    """The default, then others, all of the activations staged at once where they fit."""
    spec = SPECS[family]
    default = spec.default(variant, problem)
    yield default
    others = [each for each in spec.space(variant, problem) if each != default]
    staged = getattr(default, "staged", None)
    others = [each for each in others if getattr(each, "staged", None) == staged and each.team > 2]
    rng = np.random.default_rng(0)
    for at in rng.permutation(len(others))[:sample]:
        yield others[int(at)]


def measure(args: argparse.Namespace, device: Any, family: str, rows: int, cols: int) -> None:
    """Print one table."""
    spec = SPECS[family]
    problem = LinearProblem(args.quant, rows, cols, rows, norm_eps=1e-5 if args.norm else None)
    arrays = spec.inputs(problem, np.random.default_rng(0), ENV)
    weights = sum(arrays[name].nbytes for name in ("quants", "scales") if name in arrays)
    copies = max(1, min(64, (args.beyond << 20) // weights))
    device.load(arrays, copies)
    variant = capabilities(device.target, device.info)
    found: list[tuple[float, Any]] = []
    for schedule in schedules(family, variant, problem, args.sample):
        kernel = spec.kernel(problem, schedule, variant, "timed")
        x, y, z = (evaluate(size, ENV) for size in spec.grid(problem, schedule))
        if not found:  # a graphics card clocks up only under work
            until = time.perf_counter() + WARM_SECONDS
            while time.perf_counter() < until:
                device.time(kernel, (x, y, z), args.repeats)
        found.append((device.time(kernel, (x, y, z), args.repeats), schedule))
    default = found[0]
    found.sort(key=lambda each: each[0])
    print(f"\n{family} {args.quant} {rows}x{cols} on {device.info.name}, {copies} copies")
    for seconds, schedule in [*found[: args.top], default]:
        mark = "default" if schedule == default[1] else ""
        print(f"{1e6 * seconds:9.2f} us {1e-9 * weights / seconds:8.1f} GB/s  {schedule}  {mark}", flush=True)
    device.unload()


def main() -> None:
    """Measure what the command line asks for."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--device", choices=DEVICES, required=True)
    parser.add_argument("--families", nargs="+", default=["matvec", "matvec_int8"])
    parser.add_argument("--shapes", nargs="+", default=["4096x4096", "11008x4096", "4096x11008"])
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--norm", action="store_true", help="with the RMSNorm before it")
    parser.add_argument("--sample", type=int, default=100, help="schedules beside the default, at random")
    parser.add_argument("--top", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=5, help="of all copies")
    parser.add_argument("--beyond", type=int, default=400, metavar="MIB", help="of weights, all copies")
    args = parser.parse_args()
    device = DEVICES[args.device]()
    for shape in args.shapes:
        rows, cols = map(int, shape.split("x"))
        for family in args.families:
            measure(args, device, family, rows, cols)


if __name__ == "__main__":
    main()
