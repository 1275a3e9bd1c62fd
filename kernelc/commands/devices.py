"""`kernelc devices`: what there is to run on, what each device can do or lacks, and which `auto` takes."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelc.commands.shared.options import FLAGS, add_json, artifact_path, print_json
from kernelc.errors import spell_settings

if TYPE_CHECKING:
    from runtime.device.executor import DeviceInfo, Limits
    from runtime.devices import Survey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "artifact", nargs="?", metavar="ARTIFACT", help="say what `--device auto` would take for it"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print every kind of device, in the order in which `auto` tries them."""
    folder = None if args.artifact is None else artifact_path(args.artifact)

    from runtime.devices import survey

    targets = _targets(folder)
    found = list(survey())
    auto, why = pick(found, targets)
    if args.json:
        print_json({"devices": [_as_json(each) for each in found], "auto": auto, "why": why})
    else:
        _show(found, why)
    return 0


def _targets(folder: Path | None) -> Collection[str] | None:
    """Return the targets of an artifact; None, which means any, if no artifact was named."""
    if folder is None:
        return None
    from kernelc.artifact import Artifact
    from runtime.devices import targets_of

    return targets_of(Artifact.open(folder).manifest)


def pick(found: Sequence[Survey], targets: Collection[str] | None) -> tuple[str, str]:
    """Return the kind that `auto` takes among those found, and the line that explains it."""
    from runtime.devices import choice_line

    passed: dict[str, str] = {}
    for each in found:
        if each.info is not None and (each.anything or targets is None or each.target in targets):
            return each.kind, choice_line(each.kind, each.info.name, passed)
        lacks = not each.anything and targets is not None and each.target not in targets
        there = each.info is not None or lacks
        passed[each.kind] = f"the artifact has no {each.target} kernels" if there else each.missing
    raise AssertionError("numpy is always there")


def _as_json(each: Survey) -> dict[str, Any]:
    from runtime.device.classes import class_of

    info = each.info
    result: dict[str, Any] = {
        "device": each.kind,
        "target": each.target or None,
        "available": info is not None,
    }
    if info is None:
        return {**result, "missing": each.missing, "help": spell_settings(each.help, FLAGS)}
    return {
        **result,
        "class": class_of(info) or None,
        "name": info.name,
        "driver": info.driver,
        "features": sorted(info.features),
        "subgroup_size": info.subgroup_size,
        "memory_bytes": info.memory_bytes,
        "limits": None if info.limits is None else asdict(info.limits),
    }


def _show(found: Sequence[Survey], why: str) -> None:
    for each in found:
        if each.info is None:
            print(f"{each.kind:8} missing: {each.missing}")
            if each.help:
                print(f"{'':8} help: {spell_settings(each.help, FLAGS)}")
            continue
        print(f"{each.kind:8} {each.info.name}")
        for line in _facts(each, each.info):
            print(f"{'':8} {line}")
    print(f"auto     {why}")


def _facts(each: Survey, info: DeviceInfo) -> list[str]:
    from kernelc.commands.shared.table import size

    runs = f"runs {each.target} kernels"
    if each.anything:
        runs = "runs every artifact, " + ("in compiled C" if each.target else "by numpy's references")
    can = [*sorted(info.features), *([f"subgroups of {info.subgroup_size}"] if info.subgroup_size else [])]
    has = "" if info.memory_bytes is None else f"; {size(info.memory_bytes)} of memory"
    lines = [info.driver, f"{runs}{has}"]
    lines += _class(info)
    if each.target and not each.anything:
        lines.append(f"can: {', '.join(can) or 'what every device can'}")
    return lines if info.limits is None else [*lines, _limits(info.limits)]


def _class(info: DeviceInfo) -> list[str]:
    """The class by which tuned schedules are kept, and whether there are some."""
    from kernelc.tuned.places import tables_of
    from runtime.device.classes import class_of

    name = class_of(info)
    tuned = sum(len(table.entries) for table in tables_of(name))
    return [f"class {name}, {tuned or 'no'} tuned problems"] if name else []


def _limits(limits: Limits) -> str:
    from kernelc.commands.shared.table import size

    return (
        f"{limits.threads} threads and {limits.shared_bytes >> 10} KiB of shared memory in a workgroup, "
        f"{limits.storage_buffers} buffers of at most {size(limits.binding_bytes)} in a kernel"
    )
