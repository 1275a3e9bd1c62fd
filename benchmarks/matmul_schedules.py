"""The matrix product of a prompt with schedule after schedule: what each way to cut it up is worth.

    python -m benchmarks.matmul_schedules --device cuda 22016x4096 4096x11008

Each schedule that the family lists for a matrix of that size, packed as --format, multiplies --seq rows, of
f32 and of blocks of halves (`kernelc.kernels.linear.half_blocks`). Every result is compared with numpy's
before it is timed, and the best of some runs counts. The rules' own schedule is marked. --large leaves all
others but large tiles out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kernelc.errors import KernelcError
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.native import Library
from kernelc.target import Capabilities
from kernelc.tuning.candidates import candidates, capabilities_of
from kernelc.tuning.tasks import Task
from kernelc.tuning.trial import Case, Trial, loaded_trial
from runtime.device.executor import Executor
from runtime.devices import open_device

PIECE_ROWS = 256  # that are drawn and packed; the rows of the matrix are these, in a random order
AT_ONCE, RUNS, WARM_SECONDS = 16, 8, 0.3


def case_of(problem: LinearProblem, seq: int) -> Case:
    """Inputs and results for `seq` rows: of some rows of weights, shuffled into a whole matrix."""
    rng, env = np.random.default_rng(11), {"seq": seq, "past": 0, "context": seq}
    rows = min(PIECE_ROWS, problem.rows)
    piece = replace(problem, rows=rows, epilogue=RowEpilogue(rows))
    small, step = MATMUL.inputs(piece, rng, env), MATMUL.params(piece, rng, env)
    MATMUL.reference(piece, small, step)
    order = rng.integers(0, rows, problem.rows)
    arrays: dict[str, Any] = {"x": small["x"]}
    for name, mine in small.items():
        if name == "out":
            found = np.ascontiguousarray(mine.reshape(seq, rows)[:, order])
            arrays[name] = found.reshape(-1, *mine.shape[1:])
        elif name != "x":
            by_row = np.ascontiguousarray(mine).reshape(-1).view(np.uint8).reshape(rows, -1)[order]
            arrays[name] = by_row.reshape(-1).view(mine.dtype).reshape(-1, *mine.shape[1:])
    wanted = {"out": arrays["out"]}
    arrays["out"] = np.zeros_like(arrays["out"])
    symbols = {"seq": seq, "past": 0}
    return Case(Task(MATMUL.name, MATMUL, problem, (symbols,), symbols), arrays, (step,), (wanted,), env)


def measured(
    executor: Executor,
    tried: dict[str, Any],
    case: Case,
    part: Sequence[MatmulSchedule],
    device: Capabilities,
) -> list[tuple[float, MatmulSchedule]]:
    """Seconds of schedules with right results; the others are told of."""
    tried.clear()
    tried.update({f"schedule_{at}": schedule for at, schedule in enumerate(part)})
    found: list[tuple[float, MatmulSchedule]] = []
    with loaded_trial(executor, case, part, device, 1) as trial:
        right = [at for at in range(len(part)) if not told_wrong(trial, at, part[at])]
        began = time.monotonic()
        while right and time.monotonic() - began < WARM_SECONDS:
            trial.seconds(right[0])
        for at in right:
            found.append((min(trial.seconds(at)[0] for _ in range(RUNS)), part[at]))
    return found


def told_wrong(trial: Trial, at: int, schedule: MatmulSchedule) -> bool:
    """Whether a schedule's results are wrong, which is printed."""
    if fault := trial.fault(at):
        print(f"{schedule}: wrong results, {fault}", file=sys.stderr, flush=True)
    return bool(fault)


def sweep(device: str, problem: LinearProblem, seq: int, large: bool, budget: float) -> None:
    """Measure what the family lists for a problem, and print the best."""
    tried: dict[str, Any] = {}
    library = Library(choose=lambda name, family, problem: tried[name], families={MATMUL.name: MATMUL})
    executor, case = open_device(device, references={}, library=library), case_of(problem, seq)
    capabilities = capabilities_of(executor.info, MATMUL, problem) or Capabilities()
    rule = MATMUL.default(capabilities, problem)
    every = [rule, *candidates(MATMUL, problem, capabilities, executor.info)]
    chosen = [each for each in every if each == rule or each.large or not large]
    results, began = list[tuple[float, MatmulSchedule]](), time.monotonic()
    for first in range(0, len(chosen), AT_ONCE):
        if time.monotonic() - began < budget:
            part = chosen[first : first + AT_ONCE]
            results += measured(executor, tried, case, part, capabilities)
    for seconds, schedule in sorted(results, key=lambda each: each[0])[:10]:
        operations = 2 * problem.rows * problem.cols * seq / seconds
        mark = "rule" if schedule == rule else ""
        what = f"{problem.rows}x{problem.cols} {'halves' if problem.halves else 'f32':6} {mark:4}"
        rate = f"{seconds * 1e6:8.1f} us {operations * 1e-12:6.1f} TFLOP/s"
        print(f"{what} {rate}  {schedule}", flush=True)


def main() -> int:
    """Measure the matrices named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="+", help="of matrices, ROWSxCOLS")
    parser.add_argument("--device", default="cuda", help="cuda, vulkan, wgpu, opencl or cpu")
    parser.add_argument("--format", default="q4")
    parser.add_argument("--seq", type=int, default=512, help="rows of the prompt")
    parser.add_argument("--large", action="store_true", help="large tiles and the rules' schedule alone")
    parser.add_argument("--budget", type=float, default=30, help="seconds for a matrix and sort of rows")
    args = parser.parse_args()
    for size in args.sizes:
        rows, cols = map(int, size.split("x"))
        for halves in (False, True):
            try:
                problem = LinearProblem(args.format, rows, cols, RowEpilogue(rows), halves=halves)
                sweep(args.device, problem, args.seq, args.large, args.budget)
            except KernelcError as error:
                print(f"{size}: {error.render()}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
