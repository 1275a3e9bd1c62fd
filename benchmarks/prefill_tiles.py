"""Prefill's matrix product without matrix units, with tiles of several shapes: what each schedule is worth.

    python -m benchmarks.prefill_tiles --device wgpu --out tiles.json
    python -m benchmarks.prefill_tiles --device wgpu 8x16,1x1,d32,ahead 16x16,2x2,d16,ahead

A schedule is written as the invocations of a workgroup along tokens and rows, the 4 x 4 tiles of each, the
columns staged at once, and the names of its flags. Each is compared with numpy at full size before it is
timed, by the device's own clock where it has one.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from kernelc.errors import KernelcError
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.measure.facts import commit, today
from kernelc.native import Library
from kernelc.switches import target_with_less
from kernelc.target import TARGETS, Capabilities
from kernelc.tuning.candidates import capabilities_of
from kernelc.tuning.tasks import Task
from kernelc.tuning.trial import Case, Trial, loaded_trial
from runtime.devices import open_device

MATRICES = ((22016, 4096), (4096, 4096), (4096, 11008), (2048, 2048))  # of a 7B, and the smallest of a 1B
SCHEDULES = (
    "8x16,1x1,d32,ahead",  # sixteen sums an invocation
    "8x8,2x2,d16,ahead",  # 64: half the loads from shared memory for each product
    "8x16,2x2,d16,ahead",
    "8x8,2x2,d16,ahead,unrolled",
    "8x8,2x2,d16",
)
PIECE_ROWS = 256  # that are drawn and packed; the rows of the matrix are these, in a random order
WARM_SECONDS = 0.3


def parsed(text: str, f16: bool) -> MatmulSchedule:
    """The schedule that a word of the command line means. Raises: ValueError."""
    teams, tiles, depth, *flags = text.split(",")
    lines, columns = (int(number) for number in teams.split("x"))
    down, across = (int(number) for number in tiles.split("x"))
    schedule = MatmulSchedule((lines, columns), (down, across), depth=int(depth.removeprefix("d")), f16=f16)
    return replace(schedule, **dict.fromkeys(flags, True))


def case_of(problem: LinearProblem, tokens: int) -> Case:
    """Inputs and results: of a few rows that are packed, and shuffled into a whole matrix."""
    rng, step = np.random.default_rng(11), {"seq": tokens, "past": 0}
    rows = min(PIECE_ROWS, problem.rows)
    piece = replace(problem, rows=rows, epilogue=replace(problem.epilogue, width=rows))
    small, params = MATMUL.inputs(piece, rng, {**step, "context": tokens}), MATMUL.params(piece, rng, step)
    MATMUL.reference(piece, small, params)
    order = rng.integers(0, rows, problem.rows)
    arrays: dict[str, Any] = {"x": small["x"]}
    for name in (binding.name for binding in MATMUL.bindings(problem) if binding.name not in ("x", "out")):
        mine = small[name]
        by_row = np.ascontiguousarray(mine).reshape(-1).view(np.uint8).reshape(rows, -1)[order]
        arrays[name] = by_row.reshape(-1).view(mine.dtype).reshape(-1, *mine.shape[1:])
    out = np.ascontiguousarray(small["out"].reshape(tokens, rows)[:, order])
    shape = (-1, *small["out"].shape[1:])
    arrays["out"] = np.zeros_like(out).reshape(shape)
    task = Task(MATMUL.name, MATMUL, problem, (step,), step)
    return Case(task, arrays, (params,), ({"out": out.reshape(shape)},), {**step, "context": tokens})


def seconds(trial: Trial, most: float) -> float:
    """Of one dispatch: the lower quartile of as many as fit into `most` seconds, once clocks are up."""
    times: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < WARM_SECONDS:
        trial.seconds(0)
    began = time.perf_counter()
    while time.perf_counter() - began < most or len(times) < 3:
        times.append(trial.seconds(0)[0])
    return sorted(times)[len(times) // 4]


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every schedule on every matrix; what fails is skipped and says why."""
    tried: dict[str, Any] = {}
    library = Library(choose=lambda name, family, problem: tried[name])
    executor = open_device(args.device, references={}, library=library)
    result: dict[str, Any] = {
        "device": f"{executor.info.kind}: {executor.info.name}",
        "driver": executor.info.driver,
        "date": today(),
        "commit": commit(),
        "command": shlex.join(["python", "-m", "benchmarks.prefill_tiles", *sys.argv[1:]]),
        "tokens": args.tokens,
        "rows": [],
    }
    began = time.monotonic()
    for rows, cols in args.matrix or MATRICES:
        problem = LinearProblem(args.format, rows, cols, RowEpilogue(rows))
        case, capabilities = case_of(problem, args.tokens), without_units(executor.info, problem)
        usual = MATMUL.default(capabilities, problem)
        choices = {"the rules'": usual} if args.usual else {}
        choices |= {text: parsed(text, capabilities.f16) for text in args.schedules or SCHEDULES}
        for text, schedule in choices.items():
            if time.monotonic() - began > args.budget:
                break
            row: dict[str, Any] = {"matrix": [rows, cols], "schedule": text, **asdict(schedule)}
            try:
                if not schedule.fits(capabilities, problem):
                    raise LookupError("it is beyond what every such device has")
                started = time.monotonic()
                with loaded_trial(executor, case, [schedule], capabilities, 0) as trial:
                    row["load_seconds"] = time.monotonic() - started
                    fault = "" if args.unchecked else trial.fault(0)
                    if fault:
                        raise ArithmeticError(f"wrong results: {fault}")
                    taken = seconds(trial, args.seconds)
                row |= {"us": 1e6 * taken, "tflops": 2e-12 * args.tokens * rows * cols / taken}
                print(
                    f"{rows:6} x {cols:5}  {text:44} {1e6 * taken:9.0f} us {row['tflops']:7.2f} TFLOP/s"
                    f"  (loaded in {row['load_seconds']:.1f} s)",
                    flush=True,
                )
            except (ArithmeticError, LookupError, KernelcError) as error:
                row["skipped"] = str(error)
                print(f"{rows:6} x {cols:5}  {text:44} skipped: {error}", flush=True)
            result["rows"].append(row)
            if args.out:
                args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    executor.close()
    return result


def without_units(info: Any, problem: LinearProblem) -> Capabilities:
    """The capabilities of the variant that a device takes, without matrix units."""
    target = target_with_less(TARGETS[info.target], ("tiles",))
    for variant in target.variants:
        known = variant.subgroup_size is None or info.has_subgroups_of(variant.subgroup_size)
        if variant.features <= info.features and known and not variant.serial_workgroups:
            return variant
    found = capabilities_of(info, MATMUL, problem)
    assert found is not None
    return found


def matrix(text: str) -> tuple[int, int]:
    """Rows and columns out of "22016x4096"."""
    rows, cols = (int(number) for number in text.split("x"))
    return rows, cols


def main() -> int:
    """Measure; return 1 where no schedule ran."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("schedules", nargs="*")
    parser.add_argument("--device", default="wgpu", help="wgpu, vulkan, opencl or cuda")
    parser.add_argument("--matrix", type=matrix, action="append", help="such as 22016x4096; may be repeated")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--format", default="q4")
    parser.add_argument("--seconds", type=float, default=0.2, help="of timing for each schedule")
    parser.add_argument("--budget", type=float, default=400, help="seconds after which nothing is begun")
    parser.add_argument("--usual", action="store_true", help="time what the rules choose, too")
    parser.add_argument("--unchecked", action="store_true", help="do not compare with numpy first")
    parser.add_argument("--out", type=Path, help="a JSON file, written anew after each schedule")
    result = measured(parser.parse_args())
    return 0 if any("us" in row for row in result["rows"]) else 1


if __name__ == "__main__":
    sys.exit(main())
