"""Times the schedules of prefill's kernels on an NVIDIA GPU: which of them `default` should choose.

    python benchmarks/prefill_schedules.py --shapes 4096x4096 22016x4096 --sample 60
    python benchmarks/prefill_schedules.py --heads 32x8x64 --past 0

For each shape (rows x columns) of matmul, or (heads x key/value heads x head size) of attention, it prints
the fastest schedules and the default. Kernels run back to back in one CUDA graph, on one copy of the data:
the activations of a prefill are in the cache too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kernelc.backends import backend_named
from kernelc.errors import KernelcError
from kernelc.ir.dim import evaluate
from kernelc.kernels.attention_prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.linear import LinearProblem
from kernelc.kernels.matmul import MATMUL
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.nodes import Kernel
from kernelc.target import TARGETS, Capabilities
from runtime.cuda_compile import CudaSource, compile_all
from runtime.cuda_device import CudaDevice
from runtime.cuda_graph import capture, destroy, start

WARM_SECONDS = 0.5
Arrays = dict[str, Any]


class Timed:
    """A problem's arrays and step block on the GPU."""

    def __init__(self, device: CudaDevice, arrays: Arrays, step: dict[str, int | float]) -> None:
        self.device, self.step = device, step
        with device.using("uploading"):
            self.memory = {name: self._upload(array.tobytes()) for name, array in arrays.items()}

    def _upload(self, data: bytes) -> Any:
        memory = self.device.allocate(max(len(data), 16))
        self.device.upload(int(memory), data)
        return memory

    def seconds(self, kernel: Kernel, image: bytes, grid: tuple[int, int, int], repeats: int) -> float:
        """One run, the best of three graphs of `repeats`."""
        device = self.device
        block = b"".join(np.array([self.step[p.name]], p.type.dtype).tobytes() for p in kernel.params)
        with device.using("timing"):
            bound = [int(self.memory[buffer.name]) for buffer in kernel.buffers]
            step = self._upload(block) if block else None
            addresses = (*bound, int(step)) if step is not None else tuple(bound)
            _module, function = device.function(image, kernel.name, len(addresses))

            def record() -> None:
                for _ in range(repeats):
                    device.launch(function, grid, kernel.workgroup, addresses)

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
        return 1e-3 * best / repeats


def variant_of(device: CudaDevice) -> Capabilities:
    """The first variant whose matrix units the GPU has."""
    has = device.info.features
    return next(v for v in TARGETS["cuda"].variants if all(kind.feature in has for kind in v.tiles))


def source_of(kernel: Kernel) -> CudaSource:
    """The kernel as CUDA C."""
    rendered = backend_named("cuda").render(kernel)
    return CudaSource(kernel.name, rendered.text, rendered.entry)


def measure(
    device: CudaDevice, spec: KernelSpec[Any, Any], problem: Any, operations: float, args: argparse.Namespace
) -> None:
    """Print one table; `operations`: floating-point operations of a run."""
    env = {"seq": args.tokens, "past": args.past, "context": args.past + args.tokens}
    variant, rng = variant_of(device), np.random.default_rng(0)
    arrays, step = spec.inputs(problem, rng, env), spec.params(problem, rng, env)
    timed, default = Timed(device, arrays, step), spec.default(variant, problem)
    others = [each for each in spec.space(variant, problem) if each != default and hasattr(each, "kind")]
    others = [each for each in others if each.kind.lanes > 1 and each.rows >= args.least]
    chosen = [others[int(at)] for at in rng.permutation(len(others))[: args.sample]]
    kernels = {each: spec.kernel(problem, each, variant, "timed") for each in [default, *chosen]}
    sources = {each: source_of(kernel) for each, kernel in kernels.items()}
    images = compile_all(sources.values(), device.capability)
    found: list[tuple[float, Any]] = []
    for schedule, kernel in kernels.items():
        image = images[sources[schedule]]
        x, y, z = (evaluate(size, env) for size in spec.grid(problem, schedule))
        try:
            if not found:  # a graphics card clocks up only under work
                until = time.perf_counter() + WARM_SECONDS
                while time.perf_counter() < until:
                    timed.seconds(kernel, image, (x, y, z), args.repeats)
            found.append((timed.seconds(kernel, image, (x, y, z), args.repeats), schedule))
        except KernelcError as error:
            print(f"{schedule}: {error.message}")
    best = sorted(found, key=lambda each: each[0])
    print(f"\n{spec.name} {problem} on {device.info.name}, {args.tokens} tokens after {args.past}")
    for seconds, schedule in [*best[: args.top], found[0]]:
        mark = "default" if schedule == default else ""
        rate = 1e-12 * operations / seconds
        print(f"{1e6 * seconds:9.2f} us {rate:7.1f} TFLOP/s  {schedule}  {mark}", flush=True)


def main() -> None:
    """Measure what the command line asks for."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--shapes", nargs="*", default=[], help="of matmul")
    parser.add_argument("--heads", nargs="*", default=[], help="of attention")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--epilogue", default="residual", choices=("none", "residual", "gated"))
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--past", type=int, default=0)
    parser.add_argument("--sample", type=int, default=60, help="schedules beside the default, at random")
    parser.add_argument("--least", type=int, default=32, help="rows of a workgroup's tile")
    parser.add_argument("--top", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    device = CudaDevice()
    for shape in args.shapes:
        rows, cols = map(int, shape.split("x"))
        width = rows // 2 if args.epilogue == "gated" else rows
        problem = LinearProblem(args.quant, rows, cols, width, args.epilogue)
        measure(device, MATMUL, problem, 2.0 * rows * cols * args.tokens, args)
    for shape in args.heads:
        heads, kv_heads, dim = map(int, shape.split("x"))
        problem = AttentionPrefillProblem(heads, kv_heads, dim, "f16", dim**-0.5)
        pairs = args.tokens * args.past + args.tokens * (args.tokens + 1) / 2
        measure(device, ATTENTION_PREFILL, problem, 4.0 * heads * dim * pairs, args)
    device.close()


if __name__ == "__main__":
    main()
