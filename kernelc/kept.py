"""Artifacts that are built where they are first asked for, and kept under $XDG_CACHE_HOME from then on.

The name of an entry ends in a hash of everything that decides its contents: the model's files (by name, size
and time), the compile options, a person's own tables of schedules, kernelc's own sources, and what a family
that was registered computes. So an entry is never out of date. Old entries are removed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kernelc.artifact import MANIFEST
from kernelc.artifact.leftovers import clear_all
from kernelc.cache_place import cache_place, note_use
from kernelc.compile_options import CompileOptions
from kernelc.inputs import inputs_stamp
from kernelc.pipeline import KEEP, Note, Progress, build_artifact
from kernelc.switches import asked
from kernelc.target import targets_named
from kernelc.tuned.places import own_stamp, tables_of
from model.hub.locate import Located
from model.opening import stores_codes
from runtime.device.classes import class_of
from runtime.devices import info_for

KEPT = 3
"""Entries for each model and target; each may take gigabytes."""

Build = Callable[[CompileOptions, Path], object]
"""Builds the model with these options into this folder."""


@dataclass(frozen=True)
class Entry:
    """A place in the cache: of which model, built how, and for which device (None: for any)."""

    model: Located
    options: CompileOptions
    device: str | None

    @property
    def folder(self) -> Path:
        """Where the artifact lies, or will."""
        return cache_place() / "artifacts" / f"{self._stem}-{self._key}"

    def made(self, build: Build) -> Path:
        """Return the artifact's folder, after building it where the cache does not have it.

        Raises: what `build` raises; UsageError where there is no place for a cache.
        """
        folder = self.folder
        if not _is_artifact(folder):
            self._make_room(folder.parent)
            build(replace(self.options, tuned=self._tuned()), folder)
        note_use(folder)
        return folder

    @property
    def _stem(self) -> str:
        name = self.model.name or self.model.path.resolve().name
        return f"{name}-{self.options.quant}-{self.options.target}"

    @property
    def _key(self) -> str:
        path, own = self.model.path, (self.device, own_stamp(), asked(None))
        stated = (str(path.resolve()), replace(self.options, tuned=None), inputs_stamp(path), own)
        return hashlib.sha256(repr(stated).encode()).hexdigest()[:16]

    def _tuned(self) -> str | None:
        """The class of the device that is built for, where there is a table of schedules for it."""
        targets = {each.name for each in targets_named(self.options.target) if not each.printed_where_run}
        if self.device is None or not targets:
            return None
        info = info_for(self.device)
        known = () if info is None else tables_of(class_of(info))
        return class_of(info) if info is not None and targets & {table.target for table in known} else None

    def _make_room(self, cache: Path) -> None:
        """Remove all but the newest KEPT - 1 entries of a model."""
        entries = [
            path
            for path in cache.glob("*")
            if path.name.rpartition("-")[0] == self._stem and _is_artifact(path)
        ]
        entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in entries[KEPT - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
        clear_all(cache)


def kept_artifact(
    model: Located,
    options: CompileOptions,
    device: str | None,
    *,
    progress: Progress | None = None,
    note: Note | None = None,
) -> Path:
    """Return the folder of a model's artifact, built into the cache unless it is there.

    `device` is what it is for, None for any. Raises: as `kernelc.pipeline.build_artifact`.
    """

    def build(chosen: CompileOptions, out: Path) -> None:
        build_artifact(model.path, chosen, out=out, name=model.name, progress=progress, note=note)

    return Entry(model, options, device).made(build)


def usual_quant(model: Path) -> str:
    """Return the weight format of a build that names none: weights that are quantised already are kept."""
    return KEEP if stores_codes(model) else "q4"


def _is_artifact(path: Path) -> bool:
    return (path / MANIFEST).is_file()
