"""Where tables of schedules lie: this package's own, a person's own, and any file that is named.

A person's own are in the cache folder, one file for each class of devices, where `kernelc tune` puts them.
They come before the package's. KERNELC_TUNED=off in the environment leaves all tables out, and
KERNELC_TUNED=FILE puts one before the others.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from kernelc.cache_place import cache_place, cache_place_if_any
from kernelc.errors import UsageError
from kernelc.tuned.table import Table, read_table

VARIABLE = "KERNELC_TUNED"
OFF = "off"
_PACKAGED = Path(__file__).parent / "classes"
_CLASS = re.compile(r"[a-z0-9][a-z0-9_.-]{0,100}")


def own_folder() -> Path:
    """Return the folder of a person's own tables, which need not exist yet.

    Raises: UsageError where there is no home folder.
    """
    return cache_place() / "tuned"


def _own_files() -> list[Path]:
    """Return a person's own tables; none where there is no home folder to keep them in."""
    return [] if cache_place_if_any() is None else sorted(own_folder().glob("*.json"))


def own_file(device_class: str) -> Path:
    """Return the file of a person's own table for a class of devices, which need not exist yet."""
    return own_folder() / f"{device_class}.json"


def packaged_classes() -> list[str]:
    """Return the classes for which this package has a table."""
    return sorted(file.stem for file in _PACKAGED.glob("*.json"))


def tables_of(device_class: str) -> tuple[Table, ...]:
    """Return the tables for a class of devices, those that count first in front.

    Raises: UsageError for a file that is no table, or is one for another class.
    """
    given = os.environ.get(VARIABLE, "")
    if given == OFF or not _CLASS.fullmatch(device_class):
        return ()
    found: list[Table] = []
    if given:
        named = read_table(Path(given))
        found += [named] if named.device_class == device_class else []
    own = [file for file in _own_files() if file.stem == device_class]
    for file in (*own, _PACKAGED / f"{device_class}.json"):
        if file.is_file():
            found.append(_of_class(file, device_class))
    return tuple(found)


def _of_class(file: Path, device_class: str) -> Table:
    table = read_table(file)
    if table.device_class != device_class:
        raise UsageError(
            f"the table is for {table.device_class}, wanted one for {device_class}",
            where=str(file),
            help="take the file away, or give it the name of its class",
        )
    return table


def named_tables(name: str) -> tuple[Table, ...]:
    """Return the tables that the setting `tuned` names: of a class of devices, or of a file.

    Raises: UsageError where there is none of this name, or a file is no table.
    """
    if os.path.isfile(name):
        return (read_table(Path(name)),)
    found = tables_of(name)
    if not found:
        own = {file.stem for file in _own_files()}
        known = ", ".join(sorted({*packaged_classes(), *own})) or "none"
        raise UsageError(
            f"got {name!r}, wanted a file or a class of devices that has a table: {known}",
            where="`tuned`",
            help="make one with `kernelc tune ARTIFACT`; `kernelc devices` shows the class of each device",
        )
    return found


def own_stamp() -> str:
    """Return a text that changes with a person's own tables."""
    files = _own_files()
    named = os.environ.get(VARIABLE, "")
    if named and os.path.isfile(named):
        files.append(Path(named))
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(files)]
    return hashlib.sha256(repr((named, facts)).encode()).hexdigest()
