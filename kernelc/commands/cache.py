"""`kernelc cache`: what is kept under $XDG_CACHE_HOME/kernelc, how large and how old; and its removal."""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelc.artifact.leftovers import clear_all
from kernelc.commands.shared.options import add_json, print_json
from kernelc.commands.shared.paths import cache_folder
from kernelc.commands.shared.table import print_table, size
from kernelc.errors import UsageError

KINDS = {
    "artifacts": "models that `chat`, `serve` and `web` built",
    "models": "models that were downloaded and that the hub's own cache does not keep",
    "prefixes": "beginnings of prompts that `serve` kept",
    "native": "kernels that the C compiler made for the processor",
    "cubins": "kernels that were compiled for CUDA",
    "vulkan": "kernels that Vulkan's drivers made",
    "tuned": "tables of schedules that `tune` found here",
}
_MADE_BY_HAND = ("tuned",)  # a search of hours: goes only where it is named
_DAY = 24 * 3600


@dataclass(frozen=True)
class Entry:
    """Something in the cache: a file, or a folder with all that is in it."""

    kind: str
    path: Path
    bytes: int
    used: float

    @property
    def days(self) -> float:
        """How long it was not used."""
        return max(0.0, (time.time() - self.used) / _DAY)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "action", nargs="?", choices=("list", "clear"), default="list", help="what to do (default: list)"
    )
    parser.add_argument(
        "--kind",
        action="append",
        choices=sorted(KINDS),
        help="only these (default: all, but clear keeps tuned)",
    )
    parser.add_argument(
        "--older", type=float, default=0.0, metavar="DAYS", help="only what was not used for so many days"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what there is, or remove it and print what went."""
    if not args.older >= 0:
        raise UsageError(f"got {args.older}, wanted 0 or more days", where="`older`")
    clearing = args.action == "clear"
    kinds = args.kind or [kind for kind in KINDS if not (clearing and kind in _MADE_BY_HAND)]
    chosen = [entry for entry in entries() if entry.kind in kinds and entry.days >= args.older]
    if clearing:
        if "artifacts" in kinds:
            clear_all(cache_folder())
        chosen = [entry for entry in chosen if _removed(entry.path)]
    if args.json:
        print_json({"folder": str(cache_folder().parent), "entries": [_as_json(each) for each in chosen]})
        return 0
    _print(chosen, "removed" if clearing else "kept")
    return 0


def entries() -> list[Entry]:
    """Return everything that is kept, by kind and then by how long it was not used."""
    found = [Entry(kind, path, *_measured(path)) for kind, path in _places()]
    return sorted(found, key=lambda entry: (list(KINDS).index(entry.kind), -entry.used))


def _places() -> Iterator[tuple[str, Path]]:
    base = cache_folder().parent
    for kind in KINDS:
        if kind == "vulkan":  # earlier releases had no folder for them
            yield from (("vulkan", path) for path in _listed(base) if path.name.startswith("vulkan-"))
        yield from ((kind, path) for path in _listed(base / kind))


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, if it is one; hidden folders are of builds that may still run."""
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _measured(path: Path) -> tuple[int, float]:
    """Return the bytes of a file, or of all files of a folder, and when it was last used."""
    try:
        status = path.lstat()
        files = [] if path.is_symlink() or not path.is_dir() else list(path.rglob("*"))
        inner = [each.lstat().st_size for each in files if each.is_file() and not each.is_symlink()]
    except OSError:
        return 0, time.time()  # it has just gone
    return (sum(inner) if files else status.st_size), status.st_mtime


def _removed(path: Path) -> bool:
    """Remove a file or folder, and never what a link leads to; whether it has gone."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return not os.path.lexists(path)  # somebody else removes it
    except OSError as error:
        raise UsageError(
            f"cannot be removed: {error.strerror}", where=str(path), help="remove it yourself"
        ) from error
    return True


def _as_json(entry: Entry) -> dict[str, str | int | float]:
    return {
        "kind": entry.kind,
        "path": str(entry.path),
        "bytes": entry.bytes,
        "days": round(entry.days, 2),
    }


def _print(chosen: Sequence[Entry], verb: str) -> None:
    """Large things by their names, and small ones, such as compiled kernels, by their kind."""
    rows: list[list[str]] = []
    for kind, what in KINDS.items():
        of_kind = [entry for entry in chosen if entry.kind == kind]
        if not of_kind:
            continue
        total = sum(entry.bytes for entry in of_kind)
        rows.append([kind, str(len(of_kind)), size(total), f"{max(each.days for each in of_kind):.0f}", what])
        if kind in ("artifacts", "models"):
            rows += [["", "", size(each.bytes), f"{each.days:.0f}", each.path.name] for each in of_kind]
    print(f"{verb} in {cache_folder().parent}: {size(sum(entry.bytes for entry in chosen))}")
    if rows:
        print_table(["kind", "entries", "size", "days", "what"], rows, right=(1, 2, 3))
