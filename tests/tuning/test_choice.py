"""Which schedule a kernel gets: of a table what the family lists, and only while the rules are as then."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from kernelc.errors import UsageError
from kernelc.kernels.registry import SPECS
from kernelc.kernels.several.families import ROWS_OF
from kernelc.schedules import RULES, Schedules, class_schedules, named_schedules
from kernelc.target import TARGETS, Capabilities
from kernelc.tuned import places
from kernelc.tuned.schedules import means, schedule_json, stored_problem
from kernelc.tuned.table import Entry, Run, Table, read_table
from runtime.cpu.instructions import class_from
from runtime.device.classes import class_of, is_software
from runtime.device.executor import DeviceInfo
from tests.golden.cases import CASES
from tests.kernels.harness import VARIANTS
from tests.kernels.several_problems import repeatable, rows_problem

SPEC = SPECS["matvec"]
PROBLEM = SPEC.problem_from_json(
    {"format": "f32", "rows": 64, "cols": 64, "epilogue": {"kind": "row", "width": 64}}
)
PLAIN = TARGETS["wgsl"].variants[-1]
RULE = SPEC.default(PLAIN, PROBLEM)
OTHER = next(each for each in SPEC.space(PLAIN, PROBLEM) if each != RULE)
ENTRY = Entry(
    SPEC.name, stored_problem(SPEC, PROBLEM), schedule_json(RULE), schedule_json(OTHER), 1.5, 9, 9, 0
)
TABLE = Table("a-class", "wgsl", (Run("", "", ""),), {}).with_entry(ENTRY)


def chosen(*tables: Table, target: str = "wgsl", capabilities: Capabilities = PLAIN) -> Any:
    return Schedules(tables).choose(target, SPEC, PROBLEM, capabilities)


def changed(**changes: Any) -> Table:
    return TABLE.with_entry(dataclasses.replace(ENTRY, **changes))


def test_a_table_comes_before_the_rules() -> None:
    assert chosen(TABLE) == OTHER
    assert chosen() == RULES.choose("wgsl", SPEC, PROBLEM, PLAIN) == RULE
    assert chosen(changed(schedule=None)) == RULE


def test_the_first_table_that_knows_the_problem_decides() -> None:
    assert chosen(changed(schedule=None), TABLE) == RULE
    assert chosen(TABLE, changed(schedule=None)) == OTHER
    assert chosen(dataclasses.replace(TABLE, entries={}), TABLE) == OTHER


@pytest.mark.parametrize(
    "stored",
    [
        {"type": "Gone", "threads": 64},
        {**schedule_json(OTHER), "threads": 1 << 20},
        {**schedule_json(OTHER), "threads": "64"},
        {**schedule_json(OTHER), "new": 1},
        {},
    ],
)
def test_a_schedule_that_the_family_does_not_list_leaves_it_to_the_rules(stored: dict[str, Any]) -> None:
    assert chosen(changed(schedule=stored)) == RULE
    assert chosen(changed(schedule=stored), TABLE) == OTHER


def test_an_entry_that_was_measured_against_other_rules_is_out_of_date() -> None:
    assert chosen(changed(rule=schedule_json(OTHER))) == RULE


def test_a_table_is_for_its_target_and_for_capabilities_that_list_its_schedules() -> None:
    assert chosen(TABLE, target="opencl") == RULE
    more = Capabilities(subgroups=True)
    assert chosen(TABLE, capabilities=more) == SPEC.default(more, PROBLEM)


# ---- where tables are


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "kernelc" / "tuned"


def test_a_persons_own_table_is_found_and_may_be_left_out(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.tables_of("a-class") == () and class_schedules("a-class") == RULES
    TABLE.write(own / "a-class.json")
    assert places.tables_of("a-class") == (TABLE,) == places.named_tables("a-class")
    monkeypatch.setenv(places.VARIABLE, "off")
    assert places.tables_of("a-class") == ()
    monkeypatch.setenv(places.VARIABLE, str(own / "a-class.json"))
    assert places.tables_of("a-class") == (TABLE, TABLE) and places.tables_of("another") == ()


def test_a_persons_own_table_that_is_none_is_refused(own: Path) -> None:
    own.mkdir(parents=True)
    (own / "a-class.json").write_text("{}")
    with pytest.raises(UsageError, match="the field is missing"):
        class_schedules("a-class")
    TABLE.write(own / "another.json")
    with pytest.raises(UsageError, match="the table is for a-class, wanted one for another"):
        class_schedules("another")


def test_what_a_build_may_be_tuned_for(own: Path) -> None:
    TABLE.write(own / "a-class.json")
    assert named_schedules(None, ["wgsl"]) == RULES
    assert named_schedules("a-class", ["wgsl", "c"]) == Schedules((TABLE,))
    assert named_schedules(str(own / "a-class.json"), ["wgsl"]) == Schedules((TABLE,))
    with pytest.raises(UsageError, match="the table is of wgsl kernels, the build has spirv"):
        named_schedules("a-class", ["spirv"])
    with pytest.raises(UsageError, match=r"wanted a file or a class of devices that has a table: .*a-class"):
        named_schedules("b-class", ["wgsl"])
    dataclasses.replace(TABLE, target="c").write(own / "c.json")
    with pytest.raises(UsageError, match="kernels of the target c are printed where they run"):
        named_schedules(str(own / "c.json"), ["c"])


def test_a_change_of_ones_own_tables_is_seen(own: Path) -> None:
    stamps = {places.own_stamp()}
    TABLE.write(own / "a-class.json")
    stamps.add(places.own_stamp())
    changed(gain=1.25).write(own / "a-class.json")
    stamps.add(places.own_stamp())
    assert len(stamps) == 3


# ---- the tables of this package


@pytest.mark.parametrize("name", places.packaged_classes())
def test_a_table_of_this_package_is_up_to_date(name: str) -> None:
    """Each entry is about a schedule that the rules choose today, and names one that the family lists."""
    table = read_table(Path(places.__file__).parent / "classes" / f"{name}.json")
    assert table.device_class == name and table.entries
    assert all(run.date and run.device and run.command for run in table.runs)
    for entry in table.entries.values():
        assert entry.schedule is None or entry.gain >= 1.05
        spec = SPECS[entry.family]
        problem = spec.problem_from_json(entry.problem)
        variants = TARGETS[table.target].variants
        held = [each for each in variants if means(entry.rule, spec.default(each, problem))]
        assert held, f"the rules choose otherwise now: tune {entry.family} {entry.problem} again"
        for variant in held[:1]:
            got = Schedules((table,)).choose(table.target, spec, problem, variant)
            assert means(entry.schedule or entry.rule, got)


# ---- classes of devices


def info(kind: str, name: str, driver: str = "", target: str = "wgsl") -> DeviceInfo:
    return DeviceInfo(kind, name, driver, target)


def test_a_class_names_a_sort_of_device_and_no_machine() -> None:
    assert class_of(info("cuda", "NVIDIA H200")) == "cuda-nvidia-h200"
    assert class_of(info("wgpu", "Apple M2 (Pro)")) == "wgpu-apple-m2-pro"
    assert class_of(info("vulkan", "ÄÖ")) == "vulkan-unnamed"
    assert class_of(info("numpy", "numpy", target="")) == ""
    processor = class_of(info("cpu", "AMD EPYC, 2 threads")).removeprefix("cpu-")
    llvmpipe, pocl = (
        info("wgpu", "llvmpipe (LLVM 15.0.6, 256 bits)"),
        info("opencl", "pthread-haswell", "Portable Computing Language: 3.1"),
    )
    assert class_of(llvmpipe) == f"wgpu-llvmpipe-{processor}" and is_software(llvmpipe)
    assert class_of(pocl) == f"opencl-pocl-{processor}" and is_software(pocl)


def test_the_class_of_a_processor_is_its_instructions_and_threads() -> None:
    avx2 = ["avx", "avx2", "fma", "f16c"]
    assert class_from("x86_64", avx2, 2) == "x86_64-avx2-2t"
    assert class_from("x86_64", [*avx2, "avx_vnni"], 12) == "x86_64-avx2-bytes-8t"
    wide = [*avx2, "avx512f", "avx512bw", "avx512vl", "avx512_vnni"]
    assert class_from("x86_64", wide, 64) == "x86_64-avx512-bytes-64t"
    assert class_from("aarch64", ["asimd", "asimddp"], 1) == "aarch64-neon-bytes-1t"
    assert class_from("riscv64", [], 3) == "riscv64-plain-2t"


# ---- kernels of several rows


@pytest.mark.parametrize("name", ["matvec_int8", "argmax"])
def test_kernels_of_several_rows_follow_what_a_table_gives_one_row(name: str) -> None:
    """Else the sums of a row have another order in a batch than alone, and an answer other bits."""
    spec, rows = SPECS[name], ROWS_OF[name]
    problem = next(case.problem for case in CASES if case.spec is spec and repeatable(case.problem))
    warps = VARIANTS["warps"]
    rule, several = spec.default(warps, problem), rows_problem(spec, problem)
    other = next(each for each in spec.space(warps, problem) if _team(each) != _team(rule))
    own_rule, known = rows.default(warps, several), (_team(rule), _team(other))
    theirs = next(each for each in rows.space(warps, several) if _team(each) not in known)
    table = TABLE
    for family, of, usual, found in ((spec, problem, rule, other), (rows, several, own_rule, theirs)):
        stored = stored_problem(family, of)
        entry = Entry(family.name, stored, schedule_json(usual), schedule_json(found), 1.5, 9, 9, 0)
        table = table.with_entry(entry)
    chooser = Schedules((table,))
    assert chooser.choose("wgsl", spec, problem, warps) == other
    assert _team(RULES.choose("wgsl", rows, several, warps)) == _team(rule)
    assert _team(chooser.choose("wgsl", rows, several, warps)) == _team(other)


def _team(schedule: Any) -> int:
    """How many invocations share a sum, or a search."""
    return getattr(schedule, "team", 0) or schedule.threads
