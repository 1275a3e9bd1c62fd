"""The matrix times one row, from the first thing that comes to mind to what decoding runs, step by step.

    python -m benchmarks.matvec_story --device cuda --out story.json

Every version (`benchmarks/matvec_versions.py`) computes the same product of a packed matrix, is checked
against numpy first, and is timed as decoding runs it: one dispatch after the other, each on a matrix that no
cache holds any more, since there are as many copies as make up --footprint. The share is of what a kernel
that only reads gets on the same device (`kernelc.measure.bandwidth`). docs/performance.md tells the story.

A version that a device cannot run, or computes wrongly, is skipped and says why. The JSON is written anew
after each version, so what was measured stays whatever happens later.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.matvec_versions import FAMILIES, VERSIONS, Version
from kernelc.errors import KernelcError
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.spec import KernelSpec
from kernelc.measure.bandwidth import Bandwidth, again, bandwidth_of, share_of
from kernelc.measure.clock import WARM_SECONDS
from kernelc.measure.facts import commit, today
from kernelc.native import Library
from kernelc.printing import render
from kernelc.target import Capabilities
from kernelc.tuning.candidates import capabilities_of
from kernelc.tuning.tasks import Task
from kernelc.tuning.trial import Case, Trial, loaded_trial
from runtime.device.executor import Executor
from runtime.device.program import StepBlock
from runtime.devices import open_device

STEP = {"seq": 1, "past": 0}
PIECE_ROWS = 256  # that are drawn and packed; the rows of the matrix are these, in a random order
ROUNDS = 5


def case_of(family: KernelSpec[Any, Any], problem: LinearProblem) -> Case:
    """Inputs and results: of a few rows that are packed, and shuffled into a whole matrix."""
    rng = np.random.default_rng(11)
    rows = min(PIECE_ROWS, problem.rows)
    piece = replace(problem, rows=rows, epilogue=replace(problem.epilogue, width=rows))
    small, step = family.inputs(piece, rng, {**STEP, "context": 1}), family.params(piece, rng, STEP)
    family.reference(piece, small, step)
    order = rng.integers(0, rows, problem.rows)
    arrays: dict[str, Any] = {"x": small["x"]}
    for binding in family.bindings(problem):
        if binding.name != "x":
            mine = small[binding.name]
            by_row = np.ascontiguousarray(mine).reshape(-1).view(np.uint8).reshape(rows, -1)[order]
            arrays[binding.name] = by_row.reshape(-1).view(mine.dtype).reshape(-1, *mine.shape[1:])
    wanted = {"out": arrays["out"]}
    arrays["out"] = np.zeros_like(arrays["out"])
    task = Task(family.name, family, problem, (STEP,), STEP)
    return Case(task, arrays, (step,), (wanted,), {**STEP, "context": 1})


class Story:
    """A device, and what was measured on it so far."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.began = args, time.monotonic()
        self.problem = LinearProblem(args.format, args.rows, args.cols, RowEpilogue(args.rows))
        self.tried: dict[str, Any] = {}
        families = {family.name: family for family in FAMILIES}
        library = Library(choose=lambda name, family, problem: self.tried[name], families=families)
        self.bandwidth: Bandwidth | None = None
        with suppress(KernelcError):
            self.bandwidth = bandwidth_of(args.device)
        self.executor: Executor = open_device(args.device, references={}, library=library)
        self.result: dict[str, Any] = {
            "device": f"{self.executor.info.kind}: {self.executor.info.name}",
            "driver": self.executor.info.driver,
            "date": today(),
            "commit": commit(),
            "command": shlex.join(["python", "-m", "benchmarks.matvec_story", *sys.argv[1:]]),
            "format": args.format,
            "rows": args.rows,
            "cols": args.cols,
            "bandwidth": asdict(self.bandwidth) if self.bandwidth else None,
            "versions": [],
            "skipped": {},
        }

    def tell(self) -> None:
        """Measure all versions, those of a family together."""
        kinds = dict.fromkeys((version.family, version.terms) for version in VERSIONS)
        for kind in kinds:
            self.alike([version for version in VERSIONS if (version.family, version.terms) == kind])
        order = [version.name for version in VERSIONS]
        self.result["versions"].sort(key=lambda row: order.index(row["version"]))
        self.write()

    def alike(self, versions: Sequence[Version]) -> None:
        """Measure the versions of one family and its activations; whatever fails is skipped."""
        family, problem = versions[0].family, versions[0].problem(self.problem)
        case = case_of(family, problem)
        capabilities = capabilities_of(self.executor.info, family, problem)
        for version in versions:
            try:
                if time.monotonic() - self.began > self.args.budget:
                    raise TimeoutError(f"the budget of {self.args.budget} s is used up")
                schedule = version.schedule(capabilities, problem) if capabilities else None
                if schedule is None:
                    raise LookupError("this device has no use for it, or lacks what it takes")
                self.version(version, schedule, case, capabilities or Capabilities())
            except Exception as error:  # the others are worth measuring whatever this one did
                said = (
                    error.render() if isinstance(error, KernelcError) else f"{type(error).__name__}: {error}"
                )
                self.result["skipped"][version.name] = said
                print(f"{version.name}: skipped, {said}", file=sys.stderr, flush=True)
            self.write()

    def version(self, version: Version, schedule: Any, case: Case, capabilities: Capabilities) -> None:
        """Check and time one version."""
        executor, problem = self.executor, version.problem(self.problem)
        self.tried = {"schedule_0": schedule}
        with loaded_trial(executor, case, [schedule], capabilities, self.args.footprint << 20) as trial:
            if fault := trial.fault(0):
                raise ArithmeticError(f"wrong results: {fault}")
            seconds = self.seconds(trial, case)
        read = sum(case.arrays[b.name].nbytes for b in version.family.bindings(problem) if b.access == "read")
        rate = read / seconds
        text = render(
            executor.info.target, version.family.kernel(problem, schedule, capabilities)
        ).rendered.text
        self.result["versions"].append({
            "version": version.name, "what": version.what, "why": version.why,
            "family": version.family.name, "schedule": repr(schedule), "microseconds": 1e6 * seconds,
            "bytes": read, "bytes_per_second": rate,
            "share": self.share(rate), "text": text,
        })  # fmt: skip
        print(line(self.result["versions"][-1]), flush=True)

    def share(self, rate: float) -> float | None:
        """Of the bandwidth, which is measured again and for longer where a version got more.

        None where it still did: the one or the other is wrong then, and a sentence says so.
        """
        if self.bandwidth is None:
            return None
        if share_of(rate, self.bandwidth) is None:
            self.bandwidth = again(self.args.device, self.bandwidth, None)
            self.result["bandwidth"] = asdict(self.bandwidth)
        if (share := share_of(rate, self.bandwidth)) is None:
            most = self.bandwidth.most / 1e9
            print(
                f"That reads more than the {most:.1f} GB/s of kernels that only read, which were timed twice."
            )
        return share

    def seconds(self, trial: Trial, case: Case) -> float:
        """Of one dispatch, in the best of some rounds of many that run one after the other."""
        executor, program = self.executor, ["all_0"]
        block, env = StepBlock(trial.artifact.manifest.params).encode(case.steps[0]), case.env(0)
        dispatches = executor.dispatch_count(program)

        def run(count: int) -> float:
            began = time.perf_counter()
            for _ in range(count - 1):
                executor.run(program, env, block).discard()
            executor.run(program, env, block).result()
            return (time.perf_counter() - began) / count

        run(1)  # whatever a first run has to do
        once = run(1)
        run(max(1, round(WARM_SECONDS / once)))
        count = max(1, min(1000, round(self.args.seconds / ROUNDS / run(1))))
        return min(run(count) for _ in range(ROUNDS)) / dispatches

    def write(self) -> None:
        """Write down what there is so far."""
        if self.args.out:
            self.args.out.write_text(json.dumps(self.result, indent=1) + "\n", encoding="utf-8")


def line(row: Mapping[str, Any]) -> str:
    """A version in one line."""
    share = "" if row["share"] is None else f"  {100 * row['share']:5.1f} %"
    rate = row["bytes_per_second"] / 1e9
    return f"{row['version']:9}  {row['microseconds']:10.1f} us  {rate:8.1f} GB/s{share}  {row['what']}"


def markdown(result: Mapping[str, Any]) -> str:
    """The table of docs/performance.md, of what a run wrote down."""
    rows = ["| | what is new | us | GB/s | of the bandwidth |", "|---|---|---|---|---|"]
    for row in result["versions"]:
        share = "-" if row["share"] is None else f"{100 * row['share']:.0f} %"
        rate = f"{row['bytes_per_second'] / 1e9:,.1f}"
        rows.append(f"| {row['version']} | {row['what']} | {row['microseconds']:.1f} | {rate} | {share} |")
    read = f"{result['bandwidth']['read'] / 1e9:,.0f} GB/s" if result["bandwidth"] else "not measured"
    said = f"{result['device']} ({result['driver']}), {result['date']}, commit {result['commit']}"
    return "\n".join([*rows, "", f"{said}; reading alone: {read}. `{result['command']}`"])


def main() -> int:
    """Tell the story of one device; return 1 where no version ran."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cuda, vulkan, wgpu, opencl or cpu")
    parser.add_argument(
        "--rows", type=int, default=22016, help="of the matrix (default: gate and up of a 7B)"
    )
    parser.add_argument("--cols", type=int, default=4096)
    parser.add_argument("--format", default="q4")
    parser.add_argument("--footprint", type=int, default=512, help="MiB of copies of the matrix")
    parser.add_argument("--seconds", type=float, default=1.0, help="of timing for each version")
    parser.add_argument("--budget", type=float, default=400, help="seconds after which no version is begun")
    parser.add_argument("--out", type=Path, help="a JSON file, written anew after each version")
    parser.add_argument("--table", type=Path, help="print the table of what a run wrote down, and no more")
    args = parser.parse_args()
    if args.table:
        print(markdown(json.loads(args.table.read_text(encoding="utf-8"))))
        return 0
    story = Story(args)
    bandwidth = story.bandwidth
    if bandwidth:
        read, copy = bandwidth.read / 1e9, bandwidth.copy / 1e9
        print(f"{story.result['device']}: reads {read:.1f} GB/s, copies {copy:.1f} GB/s")
    try:
        story.tell()
    finally:
        story.executor.close()
    return 0 if story.result["versions"] else 1


if __name__ == "__main__":
    sys.exit(main())
