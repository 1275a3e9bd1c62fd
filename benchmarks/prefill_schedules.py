"""Times the schedules of prefill's kernels on a device: which of them `default` should choose.

    python benchmarks/prefill_schedules.py --device cuda --shapes 4096x4096 22016x4096 --sample 60
    python benchmarks/prefill_schedules.py --device wgpu --heads 32x8x64 --past 0

For each shape (rows x columns) of matmul, or (heads x key/value heads x head size) of attention, it prints
the fastest schedules and the default. Kernels run back to back on one copy of the data: the activations of a
prefill are in the cache too. Where the device has matrix units, `--registers` looks at what it would do
without.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.timed_devices import DEVICES, TimedDevice
from kernelc.errors import KernelcError
from kernelc.ir.dim import evaluate
from kernelc.ir.expression import Expression
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.linear.epilogues import PairEpilogue, RowEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.spec import KernelSpec

_ADDED = Expression(("y", "residual", "add"))
EPILOGUES: dict[str, Callable[[int], Any]] = {
    "none": RowEpilogue,
    "residual": lambda rows: RowEpilogue(rows, _ADDED, ("residual",)),
    "gated": lambda rows: PairEpilogue(rows // 2),
}


def measure(
    device: TimedDevice, spec: KernelSpec[Any, Any], problem: Any, operations: float, args: argparse.Namespace
) -> None:
    """Print one table; `operations`: floating-point operations of a run."""
    env = {"seq": args.tokens, "past": args.past, "context": args.past + args.tokens}
    variant, rng = device.variant(), np.random.default_rng(0)
    if args.registers:
        variant = replace(variant, tiles=())
    if args.shared:
        variant = replace(variant, shared_bytes=args.shared << 10)
    device.load(spec.inputs(problem, rng, env))
    step, default = spec.params(problem, rng, env), spec.default(variant, problem)
    found: list[tuple[float, Any]] = []
    for schedule in [default, *others(spec, variant, problem, default, args)]:
        kernel = spec.kernel(problem, schedule, variant, "timed")
        x, y, z = (evaluate(size, env) for size in spec.grid(problem, schedule))
        try:
            if not found:
                device.warm(kernel, (x, y, z), args.repeats, step)
            found.append((device.time(kernel, (x, y, z), args.repeats, step), schedule))
        except KernelcError as error:
            print(f"{schedule}: {error.message}")
    best, usual = sorted(found, key=lambda each: each[0]), [each for each in found if each[1] == default]
    print(f"\n{spec.name} {problem} on {device.info.name}, {args.tokens} tokens after {args.past}")
    for seconds, schedule in [*best[: args.top], *usual]:
        mark = "default" if schedule == default else ""
        rate = 1e-12 * operations / seconds
        print(f"{1e6 * seconds:9.2f} us {rate:7.1f} TFLOP/s  {schedule}  {mark}", flush=True)


def others(
    spec: KernelSpec[Any, Any], variant: Any, problem: Any, default: Any, args: argparse.Namespace
) -> list[Any]:
    """Schedules beside the default, at random; on matrix units where the device has them."""
    found = [each for each in spec.space(variant, problem) if each != default and hasattr(each, "kind")]
    found = [each for each in found if (each.kind.lanes > 1) == bool(variant.tiles)]
    found = [each for each in found if min(each.rows, getattr(each, "tokens", each.rows)) >= args.least]
    order = np.random.default_rng(0).permutation(len(found))
    return [found[int(at)] for at in order[: args.sample]]


def main() -> None:
    """Measure what the command line asks for."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--device", choices=DEVICES, required=True)
    parser.add_argument("--shapes", nargs="*", default=[], help="of matmul")
    parser.add_argument("--heads", nargs="*", default=[], help="of attention")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--epilogue", default="residual", choices=tuple(EPILOGUES))
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--past", type=int, default=0)
    parser.add_argument("--sample", type=int, default=60, help="schedules beside the default, at random")
    parser.add_argument("--least", type=int, default=32, help="rows and tokens of a workgroup's tile")
    parser.add_argument("--registers", action="store_true", help="leave matrix units out")
    parser.add_argument("--shared", type=int, metavar="KIB", help="what a workgroup's tile may take")
    parser.add_argument("--top", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    device = DEVICES[args.device]()
    for shape in args.shapes:
        rows, cols = map(int, shape.split("x"))
        problem = LinearProblem(args.quant, rows, cols, EPILOGUES[args.epilogue](rows))
        measure(device, MATMUL, problem, 2.0 * rows * cols * args.tokens, args)
    for shape in args.heads:
        heads, kv_heads, dim = map(int, shape.split("x"))
        problem = AttentionPrefillProblem(heads, kv_heads, dim, "f16", dim**-0.5)
        pairs = args.tokens * args.past + args.tokens * (args.tokens + 1) / 2
        measure(device, ATTENTION_PREFILL, problem, 4.0 * heads * dim * pairs, args)


if __name__ == "__main__":
    main()
