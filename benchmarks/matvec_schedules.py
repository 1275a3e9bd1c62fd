"""Times the schedules of the matvec families on a device: which of them `default` should choose.

    python benchmarks/matvec_schedules.py --device cuda --shapes 4096x4096 11008x4096 --sample 200

For each shape (rows x columns) and family it prints the fastest schedules and the default. Weights are
random, in as many copies as it takes to be far beyond the caches; the bandwidth is that of their
bytes alone. Kernels run back to back: in one CUDA graph, or in one submission with timestamps.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.timed_devices import DEVICES, TimedDevice
from kernelc.ir.dim import evaluate
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.registry import SPECS
from kernelc.target import Capabilities

ENV = {"seq": 1, "past": 0, "context": 1}


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


def measure(args: argparse.Namespace, device: TimedDevice, family: str, rows: int, cols: int) -> None:
    """Print one table."""
    spec = SPECS[family]
    problem = LinearProblem(args.quant, rows, cols, RowEpilogue(rows), norm_eps=1e-5 if args.norm else None)
    arrays = spec.inputs(problem, np.random.default_rng(0), ENV)
    weights = sum(arrays[name].nbytes for name in ("quants", "scales") if name in arrays)
    copies = max(1, min(64, (args.beyond << 20) // weights))
    device.load(arrays, copies)
    variant = device.variant()
    found: list[tuple[float, Any]] = []
    for schedule in schedules(family, variant, problem, args.sample):
        kernel = spec.kernel(problem, schedule, variant, "timed")
        x, y, z = (evaluate(size, ENV) for size in spec.grid(problem, schedule))
        if not found:
            device.warm(kernel, (x, y, z), args.repeats)
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
