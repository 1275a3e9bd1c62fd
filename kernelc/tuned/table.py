"""A table of schedules, its JSON form, and the proof that a file is one.

    {"format": "kernelc-schedules", "version": 1, "class": "cpu-x86_64-avx2-2t", "target": "c",
     "runs": [{"date": "2026-11-29", "device": "...", "command": "kernelc tune ..."}],
     "entries": [{"family": "matvec", "problem": {...}, "rule": {...}, "schedule": {...}, "gain": 1.31,
                  "tried": 20, "of": 20, "run": 0}]}

`rule` is the schedule that the family's rules chose when the entry was made, `schedule` the one that was
faster by the factor `gain`, or null where none was clearly. An entry holds as long as the rules still choose
`rule` and the family still has `schedule`; after that the rules decide again (`kernelc.schedules`).
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kernelc.artifact import Json
from kernelc.artifact.json_node import Node, parse_json
from kernelc.artifact.schema import TARGETS
from kernelc.errors import ArtifactError, UsageError
from kernelc.regular import NO_FILE, open_regular, replaceable
from kernelc.tuned.schedules import problem_key

FORMAT, VERSION = "kernelc-schedules", 1
MAX_BYTES = 16 << 20
MAX_ENTRIES = 20_000
MAX_RUNS = 1_000
_HELP = "make it again with `kernelc tune`, or take the file away"
_MOST_TRIED = 1 << 24


@dataclass(frozen=True)
class Run:
    """Where entries come from: the day (ISO 8601), the device and its driver in words, the command."""

    date: str
    device: str
    command: str


@dataclass(frozen=True)
class Entry:
    """What a search found for one problem of a family: see the module.

    `tried` of the `of` schedules that there were to try have been tried. `run` is the number of its `Run`.
    """

    family: str
    problem: Mapping[str, Json]
    rule: Mapping[str, Json]
    schedule: Mapping[str, Json] | None
    gain: float
    tried: int
    of: int
    run: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the other entries of a table."""
        return self.family, problem_key(self.problem)


@dataclass(frozen=True)
class Table:
    """The entries of a class of devices, which run the kernels of one target."""

    device_class: str
    target: str
    runs: tuple[Run, ...]
    entries: Mapping[tuple[str, str], Entry]

    def with_entry(self, entry: Entry) -> Table:
        """Return this table with an entry added or replaced."""
        return replace(self, entries={**self.entries, entry.key: entry})

    def with_run(self, run: Run) -> Table:
        """Return this table with one more run, without those that no entry comes from any more."""
        kept = sorted({entry.run for entry in self.entries.values()})
        entries = {key: replace(entry, run=kept.index(entry.run)) for key, entry in self.entries.items()}
        return replace(self, runs=(*(self.runs[at] for at in kept), run), entries=entries)

    def text(self) -> str:
        """Return the JSON form: an entry a line, sorted, so that changes can be reviewed."""
        head = {"format": FORMAT, "version": VERSION, "class": self.device_class, "target": self.target}
        lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
        for name, rows in (
            ("runs", [vars(run) for run in self.runs]),
            ("entries", [_entry_json(self.entries[key]) for key in sorted(self.entries)]),
        ):
            inner = ",\n".join(f"  {json.dumps(row, sort_keys=True)}" for row in rows)
            lines.append(f' "{name}": [\n{inner}\n ]' if rows else f' "{name}": []')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def write(self, file: Path) -> None:
        """Write the JSON form to `file`, whole or not at all. Raises: UsageError where that cannot be."""
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            if not replaceable(file):
                raise OSError(errno.EINVAL, NO_FILE)
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                beside.write_text(self.text(), encoding="utf-8")
                os.replace(beside, file)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"the table cannot be written: {error.strerror}", where=str(file)) from error


def _entry_json(entry: Entry) -> dict[str, Json]:
    schedule = None if entry.schedule is None else dict(entry.schedule)
    objects = {"problem": dict(entry.problem), "rule": dict(entry.rule), "schedule": schedule}
    return {**vars(entry), **objects}


def read_table(file: Path) -> Table:
    """Read a table. Raises: UsageError saying what is wrong with the file, and where in it."""
    try:
        with open_regular(file) as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the table cannot be read: {error.strerror}", where=str(file)) from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"the table has more than {MAX_BYTES} bytes", where=str(file), help=_HELP)
    try:
        return parse_table(data.decode("utf-8"), str(file))
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 at byte {error.start}", where=str(file), help=_HELP) from None


def parse_table(text: str, where: str) -> Table:
    """Read a table's JSON form; every field is checked. Raises: UsageError, as `read_table`."""
    try:
        return _table(parse_json(text, where))
    except ArtifactError as error:  # the helps of the artifact's reader are about artifacts
        raise UsageError(error.message, where=error.where, help=_HELP) from None


def _table(node: Node) -> Table:
    fields = node.record("format version class target runs entries")
    fields["format"].one_of((FORMAT,))
    fields["version"].integer(VERSION, VERSION)
    runs = fields["runs"].items(_run, 0, MAX_RUNS)
    found: dict[tuple[str, str], Entry] = {}
    for entry in fields["entries"].items(lambda each: _entry(each, len(runs)), 0, MAX_ENTRIES):
        if entry.key in found:
            twice = f"there are two entries for {entry.family} {entry.key[1]}"
            raise ArtifactError(twice, where=node.file)
        found[entry.key] = entry
    return Table(fields["class"].name(), fields["target"].one_of(TARGETS), runs, found)


def _run(node: Node) -> Run:
    fields = node.record("date device command")
    return Run(fields["date"].text(40), fields["device"].text(400), fields["command"].text(2000))


def _entry(node: Node, runs: int) -> Entry:
    fields = node.record("family problem rule schedule gain tried of run")
    of = fields["of"].integer(0, _MOST_TRIED)
    gain = fields["gain"].number()
    if not 0 < gain < 1e6:
        fields["gain"].fail("a factor above 0")
    return Entry(
        fields["family"].name(),
        _object(fields["problem"]),
        _object(fields["rule"]),
        fields["schedule"].optional(_object),
        float(gain),
        fields["tried"].integer(0, of),
        of,
        fields["run"].integer(0, max(0, runs - 1)),
    )


def _object(node: Node) -> Mapping[str, Json]:
    """A JSON object as deep and wide as a manifest's problems may be."""
    return node.mapping(lambda item: item.plain(6, 256), 64)
