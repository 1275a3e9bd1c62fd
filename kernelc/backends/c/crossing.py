"""What has to be known of a kernel before it is printed as phases: where they begin and end, and what crosses
the barriers between them.

A value or register that is needed in another phase than it was made in is one of three things. Where it
follows from the step and the grid, all invocations have the same, and it is *shared*: it stands outside of
their loops. Where it follows from the invocation's number too, it is computed *again*. All else is *kept* in
an array with a cell for each invocation.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from kernelc.kir.memory import Buffer
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    For,
    If,
    Let,
    Statement,
    operands,
    walk,
)
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.values import Value, Variable

Kept = Value | Variable


@dataclass(eq=False)
class Phase:
    """Statements between barriers, and which values and registers they make and use."""

    statements: list[Statement] = field(default_factory=lambda: list[Statement]())
    made: dict[Kept, None] = field(default_factory=lambda: dict[Kept, None]())
    used: dict[Kept, None] = field(default_factory=lambda: dict[Kept, None]())
    assigned: dict[Kept, None] = field(default_factory=lambda: dict[Kept, None]())


def holds_barrier(statement: Statement) -> bool:
    """Whether a statement is a barrier or has one inside."""
    if isinstance(statement, For):
        return any(isinstance(each, Barrier) for each in walk(statement.body))
    if isinstance(statement, If):
        return any(
            isinstance(each, Barrier) for block in (statement.then, statement.orelse) for each in walk(block)
        )
    return isinstance(statement, Barrier)


class Crossing:
    """How values and registers get from one phase to another; nothing crosses before `cut`.

    `placed` are the values that are written where they are used, and so have no name of their own.
    """

    def __init__(self, placed: Set[Value]) -> None:
        self.placed = placed
        self.phases: dict[Block, list[Phase | Statement]] = {}
        self.shared: set[Value] = set()
        self.again: set[Value] = set()
        self.kept: set[Kept] = set()
        self._indices: set[Value] = set()  # of the loops around phases
        self._outside: dict[Kept, None] = {}  # what control flow around phases uses

    def cut(self, body: Block) -> None:
        """Find the phases of every block that holds barriers, and what has to cross them."""
        self._cut(body)
        every = [part for parts in self.phases.values() for part in parts if isinstance(part, Phase)]
        makers = {made: phase for phase in every for made in phase.made}
        crossing = {used for phase in every for used in phase.used if makers.get(used, phase) is not phase}
        crossing |= set(self._outside) & set(makers)
        for each in [made for made in makers if made in crossing]:
            self._place(each)

    def _place(self, crossing: Kept) -> None:
        if isinstance(crossing, Value) and self._computable(crossing, by_all=True):
            self._share(crossing)
        elif (
            isinstance(crossing, Value)
            and crossing not in self._outside
            and self._computable(crossing, by_all=False)
        ):
            self._repeat(crossing)
        else:
            self.kept.add(crossing)

    def _computable(self, value: Value, *, by_all: bool) -> bool:
        """Whether a value follows from the step and the place in the grid (and, unless it is to be the same
        for all, from the invocation's number)."""
        if value.op == "index":
            return value in self._indices
        if value.op == "local_id":
            return not by_all
        if value.op == "load":
            fixed = isinstance(value.attr, Buffer) and value.attr.access == "read"
            return by_all and fixed and self._computable(value.args[0], by_all=True)
        known = value.op == "const" or not (OPERATIONS[value.op].reads or OPERATIONS[value.op].collective)
        return known and all(self._computable(arg, by_all=by_all) for arg in value.args)

    def _share(self, value: Value) -> None:
        if value.op in ("const", "index") or value in self.shared:
            return
        if value not in self.placed:
            self.shared.add(value)
        for arg in value.args:
            self._share(arg)

    def _repeat(self, value: Value) -> None:
        if value.op in ("const", "index") or value in self.again:
            return
        if value not in self.placed:
            if self._computable(value, by_all=True):
                self._share(value)
                return
            self.again.add(value)
        for arg in value.args:
            self._repeat(arg)

    def _cut(self, block: Block) -> None:
        parts = self.phases[block] = []
        for statement in block.statements:
            if not holds_barrier(statement):
                if not parts or not isinstance(parts[-1], Phase):
                    parts.append(Phase())
                self._add(parts[-1], statement)
                continue
            parts.append(statement)
            for value in operands(statement):
                self._uses(value, self._outside)
            if isinstance(statement, For):
                self._indices.add(statement.index)
                self._cut(statement.body)
            elif isinstance(statement, If):
                self._cut(statement.then)
                self._cut(statement.orelse)

    def _add(self, phase: Phase | Statement, statement: Statement) -> None:
        assert isinstance(phase, Phase)
        phase.statements.append(statement)
        for each in walk(Block([statement])):
            if isinstance(each, Let) and each.value in self.placed:
                continue
            for value in operands(each):
                self._uses(value, phase.used)
            match each:
                case Let(value=value):
                    phase.made[value] = None
                    if isinstance(value.attr, Variable):
                        phase.used[value.attr] = None
                case Declare(variable=variable):
                    phase.made[variable] = None
                    phase.assigned[variable] = None
                case Assign(variable=variable):
                    phase.used[variable] = None
                    phase.assigned[variable] = None
                case _:
                    pass

    def _uses(self, value: Value, used: dict[Kept, None]) -> None:
        """Note what the text of a value mentions."""
        if value not in self.placed:
            used[value] = None
            return
        if isinstance(value.attr, Variable):
            used[value.attr] = None
        for arg in value.args:
            self._uses(arg, used)
