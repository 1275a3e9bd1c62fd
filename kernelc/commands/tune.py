"""`kernelc tune`: find the schedules that are fastest on this device, and keep them in a table."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelc.commands.shared.options import add_device, add_json, artifact_path, positive, print_json
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table
from kernelc.errors import DeviceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernelc.artifact import Artifact
    from kernelc.tuned.table import Table
    from kernelc.tuning.bench import DeviceBench
    from kernelc.tuning.session import Progress, Report, Tuning
    from kernelc.tuning.tasks import Task
    from runtime.device.executor import DeviceInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", metavar="ARTIFACT", help="what `kernelc build` wrote")
    add_device(parser)
    parser.add_argument(
        "--table",
        metavar="FILE",
        help="the table to write, or to go on with (default: your own of the device's class)",
    )
    parser.add_argument(
        "--budget", type=positive, metavar="SECONDS", help="stop after this long (default: when all is tried)"
    )
    parser.add_argument(
        "--only", action="append", metavar="FAMILY", help="tune the kernels of this family; may be repeated"
    )
    parser.add_argument(
        "--again", action="store_true", help="try what the table has already been tried for, too"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Search, write the table after every few schedules, and print what got faster.

    Ctrl-C ends the search; what was found until then is kept and printed.
    """
    from kernelc.artifact import Artifact
    from kernelc.tuning.bench import DeviceBench
    from kernelc.tuning.tasks import tasks_of

    artifact = Artifact.open(artifact_path(args.artifact))
    bench = DeviceBench(args.device, artifact.manifest)
    try:
        tasks = _asked(tasks_of(artifact.manifest, bench.long_prompt), args.only)
        info = bench.executor.info
        file, table = _table(args, info)
        with progress_bar("tuning") as report:
            tuning = _tuning(bench, table, file, args, report)
            ended = _run(tuning, bench, artifact, tasks)
    finally:
        bench.close()
    _show(tuning, file, info, ended=ended, as_json=args.json)
    if ended:
        raise KeyboardInterrupt
    return 0


def _tuning(
    bench: DeviceBench, table: Table, file: Path, args: argparse.Namespace, report: Report | None
) -> Tuning:
    from kernelc.tuning.session import Tuning

    return Tuning(
        bench,
        table,
        now=time.monotonic,
        save=lambda found: found.write(file),
        budget=args.budget,
        report=report,
        again=args.again,
    )


def _run(tuning: Tuning, bench: DeviceBench, artifact: Artifact, tasks: Sequence[Task]) -> bool:
    """Search; whether Ctrl-C ended it."""
    try:
        with contextlib.suppress(DeviceError):  # no clock, or too little memory: in the order of use then
            bench.weigh(artifact, tasks)
        tuning.run(tasks)
    except KeyboardInterrupt:
        return True
    return False


def _asked(tasks: list[Task], only: Sequence[str] | None) -> list[Task]:
    known = sorted({task.spec.name for task in tasks})
    for name in only or ():
        if name not in known:
            raise UsageError(f"got {name!r}, wanted one of: {', '.join(known)}", where="--only")
    return [task for task in tasks if not only or task.spec.name in only]


def _table(args: argparse.Namespace, info: DeviceInfo) -> tuple[Path, Table]:
    """The table's file, and the table to go on with: a new run is noted in it."""
    from kernelc.tuned.places import own_file
    from kernelc.tuned.table import Run, Table, read_table
    from runtime.device.classes import class_of

    own = class_of(info)
    if not own:
        help_ = "install a C compiler for the cpu, or use another `device`"
        raise UsageError("numpy's references have no schedules", where=f"`device` {info.kind}", help=help_)
    file = own_file(own) if args.table is None else Path(args.table)
    table = read_table(file) if file.exists() else Table(own, info.target, (), {})
    if (table.device_class, table.target) != (own, info.target):
        raise UsageError(
            f"the table is for {table.device_class}, this device is {own}",
            where=str(file),
            help="name another --table",
        )
    command = shlex.join(["kernelc", "tune", Path(args.artifact).name, *_options(args)])
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    run = Run(today, f"{info.name}; {info.driver}"[:400], command[:2000])
    return file, table.with_run(run)


def _options(args: argparse.Namespace) -> list[str]:
    """The options that decide the result, as they were given."""
    found = ["--device", args.device]
    found += ["--budget", str(args.budget)] if args.budget is not None else []
    found += [part for name in args.only or () for part in ("--only", name)]
    return found + (["--again"] if args.again else [])


def _show(tuning: Tuning, file: Path, info: DeviceInfo, *, ended: bool, as_json: bool) -> None:
    rows = [_row(each) for each in tuning.searched]
    if as_json:
        result = {"class": tuning.table.device_class, "table": str(file), "ended": ended, "kernels": rows}
        print_json(result)
        return
    print(f"{info.kind}: {info.name}, class {tuning.table.device_class}")
    cells = [
        [
            row["kernel"],
            f"{100 * row['share']:.1f} %",
            f"{row['tried']} of {row['of']}",
            f"{row['gain']:.2f} x" if row["gain"] > 1 else "-",
            _words(row),
        ]
        for row in rows
    ]
    print_table(["kernel", "of a step", "tried", "faster", ""], cells, right=(1, 2, 3))
    if any(row["tried"] for row in rows):
        print(f"the table is {file}")
    left = sum(row["of"] - row["tried"] for row in rows)
    if left:
        print(f"{left} schedules are left to try: the same command goes on", file=sys.stderr)


def _row(each: Progress) -> dict[str, Any]:
    entry = each.entry
    return {
        "kernel": each.task.kernel,
        "share": each.task.weight,
        "tried": entry.tried,
        "of": entry.of,
        "gain": entry.gain,
        "rule": dict(entry.rule),
        "schedule": None if entry.schedule is None else dict(entry.schedule),
        "wrong": each.wrong,
        "refused": each.refused,
        "fault": each.fault,
    }


def _words(row: dict[str, Any]) -> str:
    """What a schedule has otherwise than the rules' one, and what went wrong."""
    said: list[str] = []
    if row["fault"]:
        said.append(f"not tuned, since the device computes it wrongly: {row['fault']}")
    if row["schedule"] is not None:
        old, new = row["rule"], row["schedule"]
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        said.append(", ".join(f"{name} {value}" for name, value in changed.items()))
    said += [f"{row['wrong']} wrong"] if row["wrong"] and not row["fault"] else []
    said += [f"{row['refused']} refused by the driver"] if row["refused"] else []
    return "; ".join(said)
