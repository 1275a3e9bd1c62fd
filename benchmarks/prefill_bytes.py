"""Prefill's matrix product with four bytes at a time against f32 tiles: what each schedule is worth.

    python -m benchmarks.prefill_bytes --device wgpu --limit 240 --out bytes.json

For each matrix the rules' f32 tiles are timed, on rows of f32 and on coded rows, then schedules that multiply
bytes, then the first once more. On the first two matrices all shapes are tried, on the others those that were
best there. Every schedule is compared with numpy at full size before it is timed,
by the device's own clock where it has one. Where the device has matrix units, they are timed on both sorts of
rows, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.prefill_tiles import case_of, matrix, without_units
from kernelc.errors import KernelcError
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule, usual_schedule
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kir.tile_types import BYTES
from kernelc.measure.facts import commit, today
from kernelc.native import Library
from kernelc.target import Capabilities
from kernelc.tuning.candidates import capabilities_of
from kernelc.tuning.trial import loaded_trial
from runtime.devices import open_device

MATRICES = (  # of a 7B and of a 1B
    (4096, 4096), (2048, 2048), (22016, 4096), (16384, 2048), (4096, 11008), (2048, 8192), (12288, 4096),
    (3072, 2048),
)  # fmt: skip
SHAPES = (  # invocations along tokens and rows, and the 4 x 4 tiles of each
    ((8, 16), (2, 1)), ((4, 16), (2, 1)), ((16, 16), (1, 1)), ((8, 8), (1, 2)), ((8, 16), (1, 1)),
    ((8, 8), (2, 2)), ((8, 16), (2, 2)),
)  # fmt: skip
AT_ONCE, RUNS, WARM_SECONDS = 64, 11, 1.5  # clocks fall while a driver compiles, and take a second to rise


def shapes() -> Iterator[MatmulSchedule]:
    """Every schedule that is tried on the first two matrices."""
    for depth, (teams, tiles) in itertools.product((64, 32), SHAPES):
        yield MatmulSchedule(teams, tiles, BYTES, depth, True, unrolled=True)
    for (teams, tiles), depth in itertools.product(SHAPES[:2], (32, 64)):
        yield MatmulSchedule(teams, tiles, BYTES, depth, True)


def label(schedule: MatmulSchedule) -> str:
    """A schedule in a few words."""
    (lines, columns), (down, across) = schedule.teams, schedule.tiles
    flags = [name for name in ("ahead", "unrolled") if getattr(schedule, name)]
    kind = "bytes" if schedule.bytes else schedule.kind.operand
    return ",".join([kind, f"{lines}x{columns}", f"{down}x{across}", f"d{schedule.depth}", *flags])


@dataclass
class Bench:
    """A device, and what was measured on it until `ends` on the monotonic clock."""

    args: argparse.Namespace
    ends: float
    tried: dict[str, Any] = field(default_factory=dict[str, Any])
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        library = Library(choose=lambda name, family, problem: self.tried[name])
        self.executor = open_device(self.args.device, references={}, library=library)

    def left(self) -> bool:
        """Whether there is time for more."""
        return time.monotonic() < self.ends

    def measure(
        self,
        what: str,
        problem: LinearProblem,
        schedules: Sequence[MatmulSchedule],
        device: Capabilities,
    ) -> dict[MatmulSchedule, float]:
        """Seconds of each schedule that fits and is right."""
        case = case_of(problem, self.args.tokens)
        fitting = [each for each in schedules if each.fits(device, problem)]
        found: dict[MatmulSchedule, float] = {}
        for first in range(0, len(fitting), AT_ONCE):
            if self.left():
                found |= self._part(what, problem, fitting[first : first + AT_ONCE], device, case)
        return found

    def _part(
        self,
        what: str,
        problem: LinearProblem,
        part: Sequence[MatmulSchedule],
        device: Capabilities,
        case: Any,
    ) -> dict[MatmulSchedule, float]:
        self.tried.clear()
        self.tried.update({f"schedule_{at}": schedule for at, schedule in enumerate(part)})
        times: dict[int, list[float]] = {}
        began = time.monotonic()
        try:
            with loaded_trial(self.executor, case, part, device, 0) as trial:
                loading = time.monotonic() - began
                for at, schedule in enumerate(part):
                    if fault := trial.fault(at):
                        print(f"{what} {label(schedule)}: WRONG {fault}", flush=True)
                        self.rows.append({"what": what, "schedule": label(schedule), "wrong": fault})
                    else:
                        times[at] = []
                began = time.monotonic()
                while times and time.monotonic() - began < WARM_SECONDS:
                    trial.seconds(min(times))
                for _, at in itertools.product(range(RUNS), times):  # by turns
                    times[at].append(trial.seconds(at)[0])
        except KernelcError as error:
            print(f"{what}: {error}", flush=True)
            return {}
        return {part[at]: self._row(what, problem, part[at], loading / len(part), times[at]) for at in times}

    def _row(
        self,
        what: str,
        problem: LinearProblem,
        schedule: MatmulSchedule,
        loading: float,
        times: Sequence[float],
    ) -> float:
        taken = sorted(times)[len(times) // 4]
        rate = 2e-12 * self.args.tokens * problem.rows * problem.cols / taken
        row = {
            "what": what,
            "matrix": [problem.rows, problem.cols],
            "terms": problem.terms,
            "us": 1e6 * taken,
        }
        row |= {"tflops": rate, "load_seconds": loading, "schedule": label(schedule), **asdict(schedule)}
        self.rows.append(row)
        size = f"{problem.rows:6} x {problem.cols:5} t{problem.terms}"
        print(f"{size} {1e6 * taken:8.0f} us {rate:6.2f} TFLOP/s  {what:9} {label(schedule)}", flush=True)
        self.save()
        return taken

    def save(self) -> None:
        """Write what there is."""
        if self.args.out is None:
            return
        facts = {"date": today(), "commit": commit(), "tokens": self.args.tokens, "format": self.args.format}
        device = f"{self.executor.info.kind}: {self.executor.info.name}"
        facts |= {"device": device, "driver": self.executor.info.driver}
        facts["command"] = shlex.join(["python", "-m", "benchmarks.prefill_bytes", *sys.argv[1:]])
        self.args.out.write_text(json.dumps({**facts, "rows": self.rows}, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Measure; return 1 where nothing ran, or something was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="wgpu", help="wgpu, vulkan or cuda")
    parser.add_argument("--matrix", type=matrix, action="append", help="such as 22016x4096; may be repeated")
    parser.add_argument("--terms", type=int, action="append", choices=(1, 2))
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--format", default="q4")
    parser.add_argument("--best", type=int, default=8, help="schedules that are tried on the other matrices")
    parser.add_argument("--limit", type=float, default=240, help="seconds after which nothing is begun")
    parser.add_argument("--out", type=Path, help="a JSON file, written anew after each schedule")
    args = parser.parse_args()
    bench = Bench(args, time.monotonic() + args.limit)
    chosen: dict[int, list[MatmulSchedule]] = {}
    for terms, (rows, cols) in itertools.product(args.terms or (2, 1), args.matrix or MATRICES):
        if bench.left():
            matrix_with(bench, LinearProblem(args.format, rows, cols, RowEpilogue(rows)), terms, chosen)
    bench.save()
    bench.executor.close()
    return 0 if bench.rows and not any("wrong" in row for row in bench.rows) else 1


def matrix_with(
    bench: Bench, plain: LinearProblem, terms: int, chosen: dict[int, list[MatmulSchedule]]
) -> None:
    """Measure a matrix with rows of f32 and with coded rows."""
    coded = replace(plain, terms=terms)
    device = without_units(bench.executor.info, plain)
    usual = [usual_schedule(device, plain)]
    whole = capabilities_of(bench.executor.info, MATMUL, plain)
    if whole is not None and whole.tiles and bench.left():
        bench.measure("units", plain, [usual_schedule(whole, plain)], whole)
        bench.measure("units", coded, [usual_schedule(whole, coded)], whole)
    before = bench.measure("f32 rows", plain, usual, device)
    bench.measure("f32 tiles", coded, usual, device)
    searched = chosen.setdefault(terms, [])
    new = len(searched) < bench.args.best
    found = bench.measure("bytes", coded, list(shapes()) if new else searched, device)
    best = sorted(found, key=lambda each: found[each])
    if new:
        more = [each for each in best if each not in searched]
        searched += more[: bench.args.best // 2]
    if before and best:
        after = bench.measure("f32 rows", plain, usual, device) or before
        seconds = (before[usual[0]] + after[usual[0]]) / 2
        gain = seconds / found[best[0]]
        print(f"{plain.rows} x {plain.cols} t{terms}: {gain:.3f} times as fast, {label(best[0])}", flush=True)
        bench.rows.append(
            {"what": "gain", "matrix": [plain.rows, plain.cols], "terms": terms, "gain": gain,
             "schedule": label(best[0]), "f32_us": 1e6 * seconds, "us": 1e6 * found[best[0]]}
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
