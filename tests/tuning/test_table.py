"""Tables of schedules: what is written is read again, and a file that is no table is refused in words."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import UsageError
from kernelc.tuned.schedules import means, problem_key, schedule_json
from kernelc.tuned.table import FORMAT, MAX_BYTES, Entry, Run, Table, parse_table, read_table

names = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
plain = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20))
values = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    texts = st.text(max_size=30)
    runs = tuple(draw(st.lists(st.builds(Run, texts, texts, texts), min_size=1, max_size=3)))
    table = Table(draw(names), draw(st.sampled_from(["c", "wgsl", "opencl"])), runs, {})
    for _ in range(draw(st.integers(0, 4))):
        of = draw(st.integers(0, 1000))
        gain = draw(st.floats(0.001, 1000))
        schedule = draw(st.one_of(st.none(), objects))
        tried, run = draw(st.integers(0, of)), draw(st.integers(0, len(runs) - 1))
        entry = Entry(draw(names), draw(objects), draw(objects), schedule, gain, tried, of, run)
        table = table.with_entry(entry)
    return table


@given(tables())
def test_what_is_written_is_read(table: Table) -> None:
    assert parse_table(table.text(), "a table") == table


@given(tables(), st.data())
def test_a_run_is_kept_as_long_as_an_entry_is_of_it(table: Table, data: st.DataObject) -> None:
    last = Run("today", "a device", "a command")
    later = table.with_run(last)
    assert later.runs[-1] == last
    assert len(later.runs) == 1 + len({entry.run for entry in table.entries.values()})
    for key, entry in table.entries.items():
        assert later.runs[later.entries[key].run] == table.runs[entry.run]
    assert parse_table(later.text(), "a table") == later


def a_table(**changes: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": 1,
        "class": "cpu-x",
        "target": "c",
        "runs": [{"date": "2026-11-29", "device": "d", "command": "c"}],
        "entries": [an_entry()],
        **changes,
    }


def an_entry(**changes: Any) -> dict[str, Any]:
    rule = {"type": "S", "rows": 1}
    entry = {"family": "matvec", "problem": {"rows": 1}, "rule": rule, "schedule": None, "gain": 1.0}
    return {**entry, "tried": 1, "of": 2, "run": 0, **changes}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"format": "a recipe"}, "format: got"),
        ({"version": 2}, "version: got 2, wanted an integer of 1..1"),
        ({"target": "fortran"}, "target: got"),
        ({"class": "../x"}, "class: got"),
        ({"more": 1}, "more: got 1, wanted no such field"),
        ({"entries": {}}, "entries: got an object, wanted a list"),
        ({"entries": [an_entry(gain=-1)]}, "entries[0].gain: got -1, wanted a factor above 0"),
        ({"entries": [an_entry(gain=True)]}, "entries[0].gain: got true, wanted a number"),
        ({"entries": [an_entry(tried=3)]}, "entries[0].tried: got 3, wanted an integer of 0..2"),
        ({"entries": [an_entry(run=1)]}, "entries[0].run: got 1"),
        ({"entries": [an_entry(rule=[])]}, "entries[0].rule: got a list of 0, wanted an object"),
        ({"entries": [an_entry(schedule=7)]}, "entries[0].schedule: got 7"),
        ({"entries": [an_entry(problem={"a": [[[[[[[[1]]]]]]]]})]}, "wanted nothing nested this deeply"),
        ({"entries": [an_entry(), an_entry()]}, "there are two entries for matvec"),
    ],
)
def test_what_is_no_table_is_refused_in_words(changes: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_table(json.dumps(a_table(**changes)), "t.json")
    said = refused.value.render()
    assert wanted in said and said.startswith("error: t.json") and "\n" not in said
    assert "make it again with `kernelc tune`" in (refused.value.help or "")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": 1, "format": 2}', "NaN"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_table(text, "t.json")


def test_files_that_cannot_be_tables(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(file)
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8 at byte 0"):
        read_table(file)
    with file.open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    with pytest.raises(UsageError, match="more than"):
        read_table(file)
    with pytest.raises(UsageError, match="cannot be written"):
        Table("c", "c", (), {}).write(file / "below" / "t.json")


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, file = parse_table(json.dumps(a_table()), "t"), tmp_path / "new" / "t.json"
    table.write(file)
    before = file.read_text()
    monkeypatch.setattr(Table, "text", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        table.write(file)
    assert file.read_text() == before and [each.name for each in file.parent.iterdir()] == ["t.json"]


# ---- names of schedules and problems


@dataclasses.dataclass(frozen=True)
class Old:
    teams: tuple[int, int] = (1, 2)
    rows: int = 4


@dataclasses.dataclass(frozen=True)
class Schedule:
    teams: tuple[int, int]
    rows: int
    added_later: bool = False


def test_a_stored_schedule_means_one_that_had_fewer_fields() -> None:
    stored = {**schedule_json(Schedule((1, 2), 4)), "added_later": False}
    assert means(stored, Schedule((1, 2), 4)) and not means(stored, Schedule((1, 2), 8))
    del stored["added_later"]
    assert means(stored, Schedule((1, 2), 4)) and not means(stored, Schedule((1, 2), 4, True))
    assert not means({**stored, "removed_since": 1}, Schedule((1, 2), 4))
    assert not means(schedule_json(Old()), Schedule((1, 2), 4))


def test_factors_of_formulas_do_not_tell_problems_apart_but_sizes_do() -> None:
    problem = {"rows": 4, "eps": 1e-5, "cap": 0.0, "tokens": ("y", 0.5, "scale"), "factors": [1.0, 2.0]}
    same = {**problem, "eps": 1e-6, "tokens": ["y", 0.25, "scale"], "factors": [1.5, 1.0]}
    assert problem_key(problem) == problem_key(same)
    for other in ({"rows": 5}, {"eps": None}, {"cap": 30.0}, {"tokens": ("y",)}, {"factors": [1.0]}):
        assert problem_key(problem) != problem_key({**problem, **other})
