"""A whole search on a device and a clock that the tests make up: budgets, ends, going on, and refusals."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from kernelc.errors import WorkFailed
from kernelc.kernels.registry import SPECS
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.target import Capabilities
from kernelc.tuned.table import Run, Table
from kernelc.tuning.session import ROUND, Tuning
from kernelc.tuning.tasks import Task

STEP = {"seq": 1, "past": 0}
PLAIN = Capabilities()
START = Table("a-class", "wgsl", (Run("today", "a device", "a command"),), {})


def a_task(family: str = "matvec", weight: float = 0.0, rows: int = 64) -> Task:
    spec = SPECS[family]
    data = {"format": "f32", "rows": rows, "cols": 64, "epilogue": {"kind": "row", "width": rows}}
    problem = RmsNormProblem(rows, 1e-5, False) if spec is RMS_NORM else spec.problem_from_json(data)
    return Task(f"{family}_{rows}", spec, problem, (STEP,), STEP, weight)


class FakeDevice:
    """A device on which a round takes a second, and a schedule as long as its `threads` say."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.rounds: list[tuple[str, int]] = []
        self.refuses: set[Any] = set()
        self.wrong: set[Any] = set()
        self.interrupt_after = 1 << 30

    def capabilities(self, task: Task) -> Capabilities | None:
        return PLAIN

    def candidates(self, task: Task) -> Sequence[Any]:
        rule = task.spec.default(PLAIN, task.problem)
        return [each for each in task.spec.space(PLAIN, task.problem) if each != rule]

    @contextmanager
    def trial(self, task: Task, schedules: Sequence[Any]) -> Generator[FakeTrial]:
        if self.refuses & set(schedules):
            raise WorkFailed("the driver refuses a kernel")
        if len(self.rounds) >= self.interrupt_after:
            raise KeyboardInterrupt
        self.rounds.append((task.kernel, len(schedules)))
        self.clock += 1
        yield FakeTrial(self, schedules)

    def warm(self, trial: Any) -> int:
        return 3


class FakeTrial:
    def __init__(self, device: FakeDevice, schedules: Sequence[Any]) -> None:
        self._device, self._schedules = device, schedules

    def fault(self, at: int) -> str:
        return "it is wrong" if self._schedules[at] in self._device.wrong else ""

    def seconds(self, at: int) -> tuple[float, ...]:
        return (float(self._schedules[at].threads),)


def tune(
    device: FakeDevice, tasks: Sequence[Task], table: Table = START, **options: Any
) -> tuple[Tuning, list[Table]]:
    saved: list[Table] = []
    tuning = Tuning(device, table, now=lambda: device.clock, save=saved.append, **options)
    tuning.run(tasks)
    return tuning, saved


def only(table: Table) -> Any:
    (entry,) = table.entries.values()
    return entry


def test_the_fastest_of_all_schedules_is_found_and_saved_after_every_round() -> None:
    device, task = FakeDevice(), a_task()
    tuning, saved = tune(device, [task])
    entry, of = only(tuning.table), len(device.candidates(task))
    assert (entry.tried, entry.of) == (of, of)
    assert entry.schedule["threads"] == 32 and entry.rule["threads"] == 64 and entry.gain == 2
    assert [only(each).tried for each in saved] == [min(of, ROUND * n) for n in range(1, 1 + -(-of // ROUND))]


def test_wrong_schedules_are_never_chosen() -> None:
    device, task = FakeDevice(), a_task()
    device.wrong = {each for each in device.candidates(task) if each.threads == 32}
    tuning, _ = tune(device, [task])
    assert only(tuning.table).schedule is None
    assert tuning.searched[0].wrong == len(device.wrong)


def test_what_is_costly_comes_first_and_a_budget_is_shared() -> None:
    tasks = [a_task(rows=64, weight=0.1), a_task(rows=96, weight=0.9), a_task(rows=128, weight=0.5)]
    device = FakeDevice()
    tuning, _ = tune(device, tasks, budget=6)
    assert list(dict.fromkeys(name for name, _ in device.rounds)) == ["matvec_96", "matvec_128", "matvec_64"]
    assert device.clock == 6 and all(each.entry.tried for each in tuning.searched)


def test_a_search_goes_on_where_it_ended() -> None:
    whole, _ = tune(FakeDevice(), [a_task()])
    device, table = FakeDevice(), START
    for _ in range(100):
        tuning, _ = tune(device, [a_task()], table, budget=1)
        table = tuning.table
    assert only(table) == only(whole.table)
    before = len(device.rounds)
    tune(device, [a_task()], table)
    assert len(device.rounds) == before, "all had been tried"
    tune(device, [a_task()], table, again=True)
    assert len(device.rounds) > before


def test_ctrl_c_keeps_what_was_found() -> None:
    device, saved = FakeDevice(), list[Table]()
    device.interrupt_after = 2
    tuning = Tuning(device, START, now=lambda: device.clock, save=saved.append)
    with pytest.raises(KeyboardInterrupt):
        tuning.run([a_task()])
    assert only(saved[-1]).tried == 2 * ROUND == only(tuning.table).tried


def test_an_entry_of_other_rules_or_another_space_is_searched_for_anew() -> None:
    import dataclasses

    done, _ = tune(FakeDevice(), [a_task()])
    entry = only(done.table)
    for changed in (
        dataclasses.replace(entry, rule={"type": "Older"}),
        dataclasses.replace(entry, of=entry.of + 1),
    ):
        tuning, _ = tune(FakeDevice(), [a_task()], START.with_entry(changed))
        assert only(tuning.table) == entry


def test_what_the_driver_refuses_is_left_out() -> None:
    device, task = FakeDevice(), a_task()
    device.refuses = set(device.candidates(task)[:2])
    tuning, _ = tune(device, [task])
    assert tuning.searched[0].refused == 2 and only(tuning.table).tried == len(device.candidates(task))


def test_a_kernel_of_the_rules_that_does_not_run_or_is_wrong_gets_no_entry() -> None:
    for hinder in ("refuses", "wrong"):
        device, task = FakeDevice(), a_task()
        rule = task.spec.default(PLAIN, task.problem)
        setattr(device, hinder, {rule})
        tuning, saved = tune(device, [task, a_task("rms_norm")])
        first, second = tuning.searched
        assert first.fault and not first.left and not second.fault
        assert [key[0] for key in tuning.table.entries] == ["rms_norm"] and saved


def test_the_remaining_time_follows_the_pace_and_ends_with_the_budget() -> None:
    told: list[tuple[str, int, int]] = []
    report = lambda *each: told.append(each)  # noqa: E731
    device, task = FakeDevice(), a_task()
    of = len(device.candidates(task))
    tune(device, [task], report=report)
    assert told[0] == (f"matvec_64, 0 of {of} tried", 0, 0)
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert all(total == int(done * of / (ROUND * done)) for _, done, total in told[1:])
    told.clear()
    tune(FakeDevice(), [task], report=report, budget=2)
    assert [total for *_, total in told] == [2, 2]


def test_every_schedule_of_a_family_can_be_stored() -> None:
    from kernelc.tuned.schedules import legal_schedule, schedule_json

    def some() -> Iterator[Any]:
        yield from FakeDevice().candidates(a_task())[:5]

    task = a_task()
    for schedule in some():
        assert legal_schedule(task.spec, task.problem, PLAIN, schedule_json(schedule)) == schedule
