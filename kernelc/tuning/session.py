"""Tunes all problems of an artifact on a device, the costly first, within a budget, and keeps a table.

The table is written after every round of a few schedules, so whatever ends the search costs at most a round,
and the same command goes on where it ended: an entry says how many of the schedules have been tried, and
their order is the same every time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kernelc.errors import KernelcError
from kernelc.target import Capabilities
from kernelc.tuned.schedules import legal_schedule, means, schedule_json, stored_problem
from kernelc.tuned.table import Entry, Table
from kernelc.tuning.search import MARGIN, Timed, best_of
from kernelc.tuning.tasks import Task

ROUND = 12
"""Schedules of a round."""

Report = Callable[[str, int, int], None]


class Bench(Protocol):
    """A device on which tasks are tried."""

    def capabilities(self, task: Task) -> Capabilities | None:
        """What kernels for the task may rely on there; None where it runs none."""
        ...

    def candidates(self, task: Task) -> Sequence[Any]:
        """The schedules to try beside the rules' own, in an order that is the same every time."""
        ...

    def trial(self, task: Task, schedules: Sequence[Any]) -> contextlib.AbstractContextManager[Timed]:
        """Load schedules. Raises: KernelcError where the device does not take one of them."""
        ...

    def warm(self, trial: Timed) -> int:
        """Work for a moment, since clocks rise only under work; returns how many pairs to measure."""
        ...


@dataclass
class Progress:
    """How far the search for one task is."""

    task: Task
    capabilities: Capabilities
    rule: Any
    others: Sequence[Any]
    entry: Entry
    refused: int = 0  # schedules that the device does not take
    wrong: int = 0  # schedules whose results are wrong
    fault: str = ""  # what is wrong with the rules' own, beside which nothing can be timed then

    @property
    def left(self) -> int:
        """How many schedules are still to be tried."""
        return 0 if self.fault else len(self.others) - self.entry.tried


class Tuning:
    """A search. `now` is a clock in seconds; `save` is told the table after every round."""

    def __init__(
        self,
        bench: Bench,
        table: Table,
        *,
        now: Callable[[], float],
        save: Callable[[Table], None],
        budget: float | None = None,
        report: Report | None = None,
        again: bool = False,
    ) -> None:
        self._bench, self.table, self._now, self._save = bench, table, now, save
        self._began, self._budget, self._report = now(), budget, report
        self._again = again
        self.searched: list[Progress] = []
        self._done = 0  # schedules tried by this search

    def run(self, tasks: Sequence[Task]) -> None:
        """Search for all tasks, those of the largest weight first. Ctrl-C passes through; the table has what
        was found."""
        for task in sorted(tasks, key=lambda task: -task.weight):
            if (started := self._start(task)) is not None:
                self.searched.append(started)
        pending: list[Progress] = [each for each in self.searched if each.left]
        while pending and not self._over:
            for at, each in enumerate(pending):
                self._spend(each, len(pending) - at)
            pending = [each for each in pending if each.left]

    def _start(self, task: Task) -> Progress | None:
        capabilities = self._bench.capabilities(task)
        if capabilities is None:
            return None
        rule = task.spec.default(capabilities, task.problem)
        others = self._bench.candidates(task)
        known = self.table.entries.get(task.key)
        current = known is not None and means(known.rule, rule) and known.of == len(others)
        if known is None or not current or self._again:
            problem = stored_problem(task.spec, task.problem)
            known = Entry(task.spec.name, problem, schedule_json(rule), None, 1.0, 0, len(others))
        return Progress(task, capabilities, rule, others, known)

    @property
    def _over(self) -> bool:
        return self._budget is not None and self._now() - self._began >= self._budget

    def _spend(self, progress: Progress, sharers: int) -> None:
        """Search for one task: to its end, or for its share of the time that is left."""
        share = None
        if self._budget is not None:
            share = self._now() + (self._began + self._budget - self._now()) / sharers
        while progress.left and not self._over:
            self._tell(progress)
            self._round(progress)
            if share is not None and self._now() >= share:
                return

    def _round(self, progress: Progress) -> None:
        tried = progress.entry.tried
        some = progress.others[tried : tried + ROUND]
        schedules = [progress.rule, *self._incumbent(progress), *some]
        try:
            schedule, gain = self._outcome(progress, list(dict.fromkeys(schedules)))
        except KernelcError as error:  # the device does not even take the rules' own
            schedule, gain, progress.fault = None, 1.0, str(error)
        self._done += len(some)
        if progress.fault:
            return
        run = len(self.table.runs) - 1
        progress.entry = replace(
            progress.entry, schedule=schedule, gain=gain, tried=tried + len(some), run=run
        )
        self.table = self.table.with_entry(progress.entry)
        self._save(self.table)

    def _incumbent(self, progress: Progress) -> list[Any]:
        stored = progress.entry.schedule
        if stored is None:
            return []
        task = progress.task
        found = legal_schedule(task.spec, task.problem, progress.capabilities, stored)
        return [] if found is None else [found]

    def _outcome(self, progress: Progress, schedules: list[Any]) -> tuple[Any, float]:
        """The best schedule as JSON with its gain, or None where it is the rules' own."""
        with self._loaded(progress, schedules) as (trial, loaded):
            found = best_of(trial, len(loaded), warm=lambda: self._bench.warm(trial))
        progress.wrong += len(found.wrong)
        progress.fault = found.wrong.get(0, "")
        if found.best == 0 or found.gain < MARGIN:
            return None, 1.0
        return schedule_json(loaded[found.best]), round(found.gain, 3)

    @contextmanager
    def _loaded(self, progress: Progress, schedules: list[Any]) -> Generator[tuple[Timed, list[Any]]]:
        """A trial of all schedules, or of those that the device takes where it refuses one."""
        with contextlib.ExitStack() as stack:
            try:
                trial = stack.enter_context(self._bench.trial(progress.task, schedules))
            except KernelcError:
                taken = [schedules[0], *(each for each in schedules[1:] if self._takes(progress, each))]
                progress.refused += len(schedules) - len(taken)
                schedules = taken
                trial = stack.enter_context(self._bench.trial(progress.task, schedules))
            yield trial, schedules

    def _takes(self, progress: Progress, schedule: Any) -> bool:
        try:
            with self._bench.trial(progress.task, [schedule]):
                return True
        except KernelcError:
            return False

    def _tell(self, progress: Progress) -> None:
        """Report in seconds: what has passed, and what all of it will take at the pace so far."""
        if self._report is None:
            return
        passed = self._now() - self._began
        left = sum(each.left for each in self.searched)
        whole = passed + passed * left / self._done if self._done else 0.0
        if self._budget is not None:
            whole = min(whole or self._budget, self._budget)
        tried = f"{progress.entry.tried} of {len(progress.others)}"
        self._report(f"{progress.task.kernel}, {tried} tried", int(passed), int(whole))
