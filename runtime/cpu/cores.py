"""How many threads the cpu gets: the cores that this process may run on, and the time that it may take.

A container often sees all cores of its machine and may use a part of their time. Threads beyond that only
wait for each other. Source: the Linux kernel's documentation of control groups, v2 `cpu.max` and v1
`cpu.cfs_quota_us`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS, _OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return how many threads of this process can run at once, at least 1."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = os.cpu_count() or 1
    return max(1, math.ceil(min(cores, quota(_CGROUPS, _OWN))))


def quota(cgroups: Path, own: Path) -> float:
    """Return the processor time that a process may take, in cores; infinite where nothing limits it.

    `cgroups` is where control groups are mounted, `own` the file that says which of them the process is in.
    """
    limits = [_limit(folder) for folder in _folders(cgroups, own)]
    return min([limit for limit in limits if limit > 0], default=math.inf)


def _folders(cgroups: Path, own: Path) -> Iterator[Path]:
    """The process's groups and those around them: each of them limits it."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = cgroups / controllers if controllers else cgroups
        group = mount / path.lstrip("/")
        yield from (each for each in (group, *group.parents) if each.is_relative_to(cgroups))
    yield from (cgroups, cgroups / "cpu")  # in a container, where the groups around it do not show


def _limit(folder: Path) -> float:
    """The cores of a group; infinite where it has no limit."""
    words = _words(folder / "cpu.max")
    if not words:
        words = [*_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")]
    try:
        return float(words[0]) / float(words[1])
    except (IndexError, ValueError, ZeroDivisionError):  # "max", or no such file
        return math.inf


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []
