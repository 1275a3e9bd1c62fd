"""Artifacts that `chat` built, kept under $XDG_CACHE_HOME so that the next chat opens at once.

The name of an entry ends in a hash of everything that decides its contents: the model's files (by name, size
and time), the compile options, and kernelc's own sources. So an entry is never out of date. Old entries are
removed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import kernelc
import model
from kernelc.commands import build
from kernelc.commands.shared.options import is_artifact
from kernelc.commands.shared.paths import cache_folder
from model.gguf.splits import files_of

if TYPE_CHECKING:
    from model.hub.locate import Located

KEPT = 3  # entries per model; each may take gigabytes


def built(model: Located, args: argparse.Namespace) -> Path:
    """Return the artifact of a model, building it if the cache does not have it."""
    build.settle_quant(model, args)
    stem = f"{model.name or model.path.resolve().name}-{args.quant}-{args.target}"
    entry = cache_folder() / f"{stem}-{_key(model.path, args)}"
    if not is_artifact(entry):
        _remove_old(entry.parent, stem)
        build.build(model, args, entry)
    os.utime(entry)
    return entry


def _key(path: Path, args: argparse.Namespace) -> str:
    asked = (str(path.resolve()), args.target, args.quant, args.context, args.kv, args.activations)
    digest = hashlib.sha256(repr(asked).encode())
    for file in [*_files(path), *_sources()]:
        stat = file.stat()
        digest.update(repr((str(file), stat.st_size, stat.st_mtime_ns)).encode())
    return digest.hexdigest()[:16]


def _files(path: Path) -> list[Path]:
    """Return the files of a model folder, without subfolders; or those of a .gguf file and its parts."""
    if path.is_file():
        return files_of(path)
    return sorted(file for file in path.iterdir() if file.is_file())


def _sources() -> Iterator[Path]:
    for package in (kernelc, model):
        yield from sorted(Path(package.__file__ or "").parent.rglob("*.py"))
        yield from sorted(Path(package.__file__ or "").parent.rglob("*.j2"))


def _remove_old(cache: Path, stem: str) -> None:
    """Make room for one more entry of a model: remove all but its newest KEPT - 1."""
    entries = [path for path in cache.glob("*") if path.name.rpartition("-")[0] == stem and is_artifact(path)]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
