"""Which schedule a kernel gets: one that a search found fastest on such a device, else what the rules say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kernelc.errors import UsageError
from kernelc.kernels.spec import KernelSpec
from kernelc.switches import Without, schedule_with_less
from kernelc.target import TARGETS, Capabilities
from kernelc.tuned.places import named_tables, tables_of
from kernelc.tuned.schedules import legal_schedule, means, problem_key
from kernelc.tuned.table import Table


@dataclass(frozen=True)
class Schedules:
    """Chooses schedules: the first of `tables` that has an entry for the problem decides, else the rules.

    `without` names optimisations that are left out (see `kernelc.switches`), but for targets that are printed
    where they run: what an artifact has of these stays the rules' own.
    """

    tables: tuple[Table, ...] = ()
    without: Without = ()

    def choose(
        self, target: str, spec: KernelSpec[Any, Any], problem: Any, capabilities: Capabilities
    ) -> Any:
        """Return the schedule of a family's kernel for a problem, on devices with these capabilities.

        An entry that was made when the rules chose something else, or that names a schedule that the family
        does not list, is passed over. Kernels of several rows follow what is chosen for one row, so that an
        answer does not depend on who is answered beside it.
        """
        found = self._found(target, spec, problem, capabilities)
        if not self.without or TARGETS[target].printed_where_run:
            return found
        return schedule_with_less(found, self.without)

    def _found(
        self, target: str, spec: KernelSpec[Any, Any], problem: Any, capabilities: Capabilities
    ) -> Any:
        single = spec.alone(problem)
        if single is not None:
            return spec.following(capabilities, problem, self._found(target, *single, capabilities))
        rule = spec.default(capabilities, problem)
        tables = [table for table in self.tables if table.target == target]
        key = (spec.name, problem_key(spec.problem_json(problem))) if tables else ("", "")
        for table in tables:
            entry = table.entries.get(key)
            if entry is None or not means(entry.rule, rule):
                continue
            if entry.schedule is None:
                return rule
            found = legal_schedule(spec, problem, capabilities, entry.schedule)
            if found is not None:
                return found
        return rule


RULES = Schedules()
"""The families' own choices, which are good without measuring: see `KernelSpec.default`."""


def class_schedules(device_class: str) -> Schedules:
    """Return what chooses for a class of devices. Raises: UsageError for a malformed table."""
    return Schedules(tables_of(device_class))


def named_schedules(tuned: str | None, targets: Collection[str]) -> Schedules:
    """Return what chooses for a build for these targets: the table that the setting `tuned` names, or rules.

    Raises: UsageError where there is no such table, or none of its kernels are built.
    """
    if tuned is None:
        return RULES
    tables = named_tables(tuned)
    of = sorted({table.target for table in tables})
    if all(TARGETS[target].printed_where_run for target in of):
        help_ = "leave `tuned` out: `device` cpu looks into the tables of its own class when it opens a model"
        message = f"kernels of the target {of[0]} are printed where they run, not in a build"
        raise UsageError(message, where=f"`tuned` {tuned}", help=help_)
    if not set(of) & set(targets):
        raise UsageError(
            f"the table is of {', '.join(of)} kernels, the build has {', '.join(targets)}",
            where=f"`tuned` {tuned}",
            help=f"build with `target` {of[0]} or all",
        )
    return Schedules(tables)
