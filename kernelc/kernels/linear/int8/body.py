"""The int8 matrix times vector whose invocations load the weights that they multiply.

Invocation `lane` of a team takes groups lane, lane + team, lane + 2 * team, ... of `rows` rows at a time. A
step of `unroll` such groups is loaded at once, and where a team has few steps, each while the one before it
is multiplied. `parts` says what is done with the sums.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.kernels.linear.int8.parts import CodedProduct
from kernelc.kernels.parts.packed_rows import LoadedGroup
from kernelc.kir.functions import minimum, named
from kernelc.kir.values import Operators, Value, Variable


@dataclass(frozen=True)
class _Step:
    """Groups of `rows` rows that are loaded together: `groups[u]` and for each row `loaded[u]`."""

    batch: int
    groups: list[Value]
    inside: list[Value | None]  # whether a group is one of the row's, where that is not sure
    loaded: list[list[LoadedGroup]]


class Int8Product(CodedProduct):
    """A kernel while it is traced."""

    def trace(self) -> None:
        if self.schedule.steps(self.groups) * self.schedule.batches <= self.schedule.most_steps:
            self._in_steps()
        else:
            self._in_loops()
        self.finish()

    def _in_steps(self) -> None:
        """All steps, spelled out; each is loaded before the one before it is multiplied."""
        schedule = self.schedule
        order = [(b, s) for b in range(schedule.batches) for s in range(schedule.steps(self.groups))]
        ahead = schedule.early_steps if schedule.early else 0
        loaded = [self._load(*each) for each in order[:ahead]]
        self.load_constants()
        self.k.inputs_ready()
        self.load_rows()
        square = None
        sums: list[Variable] = []
        for at in range(len(order)):
            needed = at + 2 if schedule.early else at + 1
            loaded += [self._load(*each) for each in order[len(loaded) : needed]]
            if at == 0 and self.square_cells is not None:
                square = self.squares(self.lane, self.schedule.team)
            if order[at][1] == 0:
                sums = self.new_sums()
            step = loaded[at]
            for group, inside, rows in zip(step.groups, step.inside, step.loaded, strict=True):
                self._group(group, inside, rows, sums)
            if order[at][1] == schedule.steps(self.groups) - 1:
                self.write_parts(sums, order[at][0], square)
                square = None

    def _load(self, batch: int, step: int) -> _Step:
        team, unroll = self.schedule.team, self.schedule.unroll
        groups: list[Value] = []
        inside: list[Value | None] = []
        for u in range(step * unroll, (step + 1) * unroll):
            if u * team >= self.groups:
                break
            group = self.lane + u * team if u else self.lane
            sure = (u + 1) * team <= self.groups
            inside.append(None if sure else group < self.groups)
            groups.append(group if sure else minimum(group, self.groups - 1))
        return _Step(batch, groups, inside, [self._rows(group, batch) for group in groups])

    def _in_loops(self) -> None:
        """Batch by batch, a step at a time, and then what is left of each row."""
        k, schedule = self.k, self.schedule
        step = schedule.team * schedule.unroll
        whole = self.groups if schedule.unroll == 1 else self.groups // step * step
        first = self._load(0, 0) if schedule.early and whole >= step else None
        self.load_constants()
        k.inputs_ready()
        self.load_rows()
        square = self.squares(self.lane, self.schedule.team) if self.square_cells is not None else None
        for batch in range(schedule.batches):
            sums = self.new_sums()
            start = self.lane
            if first is not None and batch == 0:
                for group, rows in zip(first.groups, first.loaded, strict=True):
                    self._group(group, None, rows, sums)
                start = self.lane + step
            if whole > (step if first is not None and batch == 0 else 0):
                with k.loop(start, whole, step) as group:
                    groups = [group + u * schedule.team if u else group for u in range(schedule.unroll)]
                    loaded = [self._rows(each, batch) for each in groups]
                    for each, rows in zip(groups, loaded, strict=True):
                        self._group(each, None, rows, sums)
            if whole < self.groups:
                with k.loop(self.lane + whole, self.groups, schedule.team) as group:
                    self._group(group, None, self._rows(group, batch), sums)
            self.write_parts(sums, batch, square if batch == 0 else None)

    def _rows(self, group: Operators, batch: int) -> list[LoadedGroup]:
        """A group of each of the team's rows of a batch."""
        found: list[LoadedGroup] = []
        for r in range(self.schedule.rows):
            row = named("row", self.first_row + self.place(batch, r))
            if self.problem.rows % self.schedule.rows_per_workgroup:
                row = minimum(row, self.problem.rows - 1)
            found.append(self.linear.weights.loaded(row, group))
        return found

    def _group(
        self, group: Value, inside: Value | None, rows: list[LoadedGroup], sums: list[Variable]
    ) -> None:
        """Add the products of a group of the row and that group of each of the matrix's rows to the sums."""
        self.add(self.numbers(group, inside), rows, sums)
