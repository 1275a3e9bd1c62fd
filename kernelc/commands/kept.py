"""Artifacts that `chat` built, kept under $XDG_CACHE_HOME so that the next chat opens at once.

The name of an entry ends in a hash of everything that decides its contents: the model's files (by name, size
and time), the compile options, a person's own tables of schedules, and kernelc's own sources. So an entry is
never out of date. Old entries are removed.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.artifact.leftovers import clear_all
from kernelc.cache_place import note_use
from kernelc.commands import build
from kernelc.commands.shared.options import is_artifact
from kernelc.commands.shared.paths import cache_folder
from kernelc.inputs import inputs_stamp
from kernelc.switches import asked as asked_to_leave_out
from kernelc.tuned.places import own_stamp

if TYPE_CHECKING:
    from model.hub.locate import Located

KEPT = 3  # entries per model; each may take gigabytes


def built(model: Located, args: argparse.Namespace) -> Path:
    """Return the artifact of a model, building it if the cache does not have it."""
    build.settle_quant(model.path, args)
    stem = f"{model.name or model.path.resolve().name}-{args.quant}-{args.target}"
    entry = cache_folder() / f"{stem}-{_key(model.path, args)}"
    if not is_artifact(entry):
        _remove_old(entry.parent, stem)
        args.tuned = _tuned(args)
        build.build(model, args, entry)
    note_use(entry)
    return entry


def _key(path: Path, args: argparse.Namespace) -> str:
    asked = (str(path.resolve()), args.target, args.quant, args.context, args.kv, args.activations)
    of_serve = (getattr(args, "embeddings", False), getattr(args, "sequences", 1), getattr(args, "rows", 1))
    tuned = (getattr(args, "device", None), own_stamp(), asked_to_leave_out(None))
    return hashlib.sha256(repr((asked, of_serve, inputs_stamp(path), tuned)).encode()).hexdigest()[:16]


def _tuned(args: argparse.Namespace) -> str | None:
    """Return the class of the device that is built for, where there is a table of schedules for it.

    A command without a device builds for any.
    """
    from kernelc.target import targets_named
    from kernelc.tuned.places import tables_of
    from runtime.device.classes import class_of
    from runtime.devices import info_for

    device = getattr(args, "device", None)
    targets = {target.name for target in targets_named(args.target) if not target.printed_where_run}
    if device is None or not targets:
        return None
    info = info_for(device)
    known = () if info is None else tables_of(class_of(info))
    return class_of(info) if info is not None and targets & {table.target for table in known} else None


def _remove_old(cache: Path, stem: str) -> None:
    """Make room for one more entry of a model: remove all but its newest KEPT - 1."""
    entries = [path for path in cache.glob("*") if path.name.rpartition("-")[0] == stem and is_artifact(path)]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
    clear_all(cache)
