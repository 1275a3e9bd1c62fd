"""Workgroups as loops: what lies between two barriers runs for one invocation after the other.

A processor has no invocations that wait for each other. So a kernel's body is cut at its barriers into
*phases*, each a loop over all invocations, and control flow that holds a barrier, which is the same for the
whole workgroup (`kernelc.kir.passes.uniformity` proves it), stands around such loops:

    let a = f(local_id)                   for each local_id:  a = f(local_id); cells[local_id] = a; a_all[local_id] = a
    cells[local_id] = a
    barrier
    loop i:                               for i:
      use a, cells; barrier                 for each local_id:  a = a_all[local_id]; use a, cells

What is needed in another phase than it was made in is *kept* in an array with a cell for each invocation, but
for values that follow from the invocation's number and the step alone, which are computed again, and for those
that are the same for all invocations, which stand outside the loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kernelc.backends.c_like import BodyPrinter
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
        return any(isinstance(each, Barrier) for block in (statement.then, statement.orelse) for each in walk(block))
    return isinstance(statement, Barrier)


class PhasedBody(BodyPrinter):
    """Prints a kernel's body as phases; `local_id` is the loops' variable."""

    def body(self) -> str:
        self.alone = self.kernel.workgroup == 1
        self.arrays: dict[Kept, str] = {}
        if self.alone or not any(isinstance(each, Barrier) for each in self.kernel.statements):
            self.kept: set[Kept] = set()
            self.shared_by_all: set[Value] = set()
            self.phase(Phase(list(self.kernel.body.statements)), 2)
        else:
            self.plan()
            self.outer(self.kernel.body, 2)
        return "\n".join(self.lines)

    def statement(self, statement: Statement, depth: int) -> None:
        if not isinstance(statement, Barrier):  # one invocation waits for nobody
            super().statement(statement, depth)

    # ---- what crosses barriers

    def plan(self) -> None:
        """Find the phases of every block, and what has to be kept between them."""
        self.indices_outside: set[Value] = set()
        self.phases: dict[Block, list[Phase | Statement]] = {}
        self.outside: dict[Kept, None] = {}  # what control flow around phases uses
        self._cut(self.kernel.body)
        every = [part for parts in self.phases.values() for part in parts if isinstance(part, Phase)]
        makers = {made: phase for phase in every for made in phase.made}
        crossing = {used for phase in every for used in phase.used if makers.get(used, phase) is not phase}
        crossing |= set(self.outside) & set(makers)
        self.shared_by_all = set()
        self.again: set[Value] = set()
        self.kept = set()
        for each in [made for made in makers if made in crossing]:
            self._place(each)

    def _place(self, crossing: Kept) -> None:
        if isinstance(crossing, Value) and self._computable(crossing, by_all=True):
            self._share(crossing)
        elif isinstance(crossing, Value) and crossing not in self.outside and self._computable(crossing, by_all=False):
            self._repeat(crossing)
        else:
            self.kept.add(crossing)

    def _computable(self, value: Value, *, by_all: bool) -> bool:
        """Whether a value follows from the step and the place in the grid (and, unless it is to be the same
        for all, from the invocation's number)."""
        if value.op == "index":
            return value in self.indices_outside
        if value.op == "local_id":
            return not by_all
        if value.op == "load":
            fixed = isinstance(value.attr, Buffer) and value.attr.access == "read"
            return by_all and fixed and self._computable(value.args[0], by_all=True)
        known = value.op == "const" or not (OPERATIONS[value.op].reads or OPERATIONS[value.op].collective)
        return known and all(self._computable(arg, by_all=by_all) for arg in value.args)

    def _share(self, value: Value) -> None:
        if value.op in ("const", "index") or value in self.shared_by_all:
            return
        if value not in self.placed:
            self.shared_by_all.add(value)
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
                self._uses(value, self.outside)
            if isinstance(statement, For):
                self.indices_outside.add(statement.index)
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

    # ---- printing

    def outer(self, block: Block, depth: int) -> None:
        """Print a block that holds barriers: loops over invocations, and control flow around them."""
        outside = self.taken.copy()
        for part in self.phases[block]:
            match part:
                case Phase():
                    self.phase(part, depth)
                case For():
                    start, stop, step = (self.ref(v).text for v in (part.start, part.stop, part.step))
                    name = self.name(part.index, part.index.name)
                    self.emit(depth, self.dialect.loop(name, start, stop, step), part.where)
                    self.outer(part.body, depth + 1)
                    self.emit(depth, "}")
                    self.taken[name] -= 1
                case If():
                    self.emit(depth, self.dialect.condition(self.ref(part.condition).text), part.where)
                    self.outer(part.then, depth + 1)
                    if part.orelse.statements:
                        self.emit(depth, "} else {")
                        self.outer(part.orelse, depth + 1)
                    self.emit(depth, "}")
                case _:
                    pass
        self.taken = outside

    def phase(self, phase: Phase, depth: int) -> None:
        """Print the statements of a phase for every invocation."""
        inner = [s for s in phase.statements if not self._stands_outside(s, depth)]
        if all(isinstance(s, Let) and s.value in self.placed for s in inner):
            return
        kept = [made for made in phase.made if made in self.kept]
        for made in kept:
            wish = made.name or (made.hint if isinstance(made, Value) else "") or "value"
            self.arrays[made] = self._array(f"{wish}_all")
            self.emit(depth, f"{self.dialect.type_name(made.type)} {self.arrays[made]}[{self.kernel.workgroup}];")
        outside = self.taken.copy()
        if self.alone:
            self.emit(depth, "{")
            if "local_id" in self.kernel.operations:
                self.emit(depth + 1, "const u32 local_id = 0;")
        else:
            count = self.kernel.workgroup
            self.emit(depth, f"for (u32 local_id = 0; local_id < {count}u; local_id++) {{")
        self.fetch(phase, depth + 1)
        for statement in inner:
            self.statement(statement, depth + 1)
        for each in self._to_keep(phase):
            self.emit(depth + 1, f"{self.arrays[each]}[local_id] = {self.names[each]};")
        self.emit(depth, "}")
        self.taken = outside
        for each in self.arrays:
            self.names[each] = f"{self.arrays[each]}[0]"  # for the control flow around phases

    def _stands_outside(self, statement: Statement, depth: int) -> bool:
        """Print a value that is the same for all invocations, before the loop over them."""
        if not isinstance(statement, Let) or statement.value not in self.shared_by_all:
            return False
        self.statement(statement, depth)
        return True

    def fetch(self, phase: Phase, depth: int) -> None:
        """Print what the phase needs of others."""
        needed = [each for each in phase.used if each not in phase.made]
        known = set(phase.made)
        for each in needed:
            if isinstance(each, Value):
                self._compute_again(each, depth, known)
        for each in needed:
            if each in self.kept:
                name = self.name(each, each.name or (each.hint if isinstance(each, Value) else "") or "value")
                cell = f"{self.arrays[each]}[local_id]"
                declare = self.dialect.let if isinstance(each, Value) else self.dialect.declare
                self.emit(depth, declare(each.type, name, cell))

    def _compute_again(self, value: Value, depth: int, known: set[Kept]) -> None:
        for each in self._in_order(value, known):
            text = self.expression(each).text
            name = self.name(each, each.name or each.hint or self.fallback(each))
            self.emit(depth, self.dialect.let(each.type, name, text))

    def _in_order(self, value: Value, known: set[Kept]) -> Iterator[Value]:
        """The values to compute again for `value`, each after those that it needs and once."""
        if value in known or value in self.shared_by_all or not (value in self.again or value in self.placed):
            return
        known.add(value)
        for arg in value.args:
            yield from self._in_order(arg, known)
        if value in self.again:
            yield value

    def _to_keep(self, phase: Phase) -> list[Kept]:
        made = [each for each in phase.made if each in self.kept and isinstance(each, Value)]
        return [*made, *(each for each in phase.assigned if each in self.kept)]

    def _array(self, wish: str) -> str:
        chosen, number = wish, 0
        while self.taken[chosen] or chosen in self.arrays.values():
            number += 1
            chosen = f"{wish}_{number}"
        self.taken[chosen] += 1
        return chosen

