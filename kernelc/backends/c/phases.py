"""Workgroups as loops: what lies between two barriers runs for one invocation after the other.

A processor has no invocations that wait for each other. So a kernel's body is cut at its barriers into
*phases*, each a loop over all invocations, and control flow that holds a barrier, which is the same for the
whole workgroup (`kernelc.kir.passes.uniformity` proves it), stands around such loops:

    let a = x[local_id]             for each local_id:  a = x[local_id]; cells[local_id] = a
    cells[local_id] = a                                 a_all[local_id] = a
    barrier
    loop i:                         for i:
      use a, cells; barrier           for each local_id:  a = a_all[local_id]; use a, cells

`kernelc.backends.c.crossing` finds the phases, and what one needs of another.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernelc.backends.c.crossing import Crossing, Kept, Phase
from kernelc.backends.c_like import BodyPrinter
from kernelc.kir.nodes import Barrier, Block, For, If, Let, Statement
from kernelc.kir.values import Value


class PhasedBody(BodyPrinter):
    """Prints a kernel's body as phases; `local_id` is the loops' variable."""

    def body(self) -> str:
        self.alone = self.kernel.workgroup == 1
        self.arrays: dict[Kept, str] = {}
        self.crossing = Crossing(self.placed)
        if self.alone or not any(isinstance(each, Barrier) for each in self.kernel.statements):
            self.phase(Phase(list(self.kernel.body.statements)), 2)
        else:
            self.crossing.cut(self.kernel.body)
            self.outer(self.kernel.body, 2)
        return "\n".join(self.lines)

    def statement(self, statement: Statement, depth: int) -> None:
        if not isinstance(statement, Barrier):  # one invocation waits for nobody
            super().statement(statement, depth)

    def outer(self, block: Block, depth: int) -> None:
        """Print a block that holds barriers: loops over invocations, and control flow around them."""
        outside = self.taken.copy()
        for part in self.crossing.phases[block]:
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
        kept = [made for made in phase.made if made in self.crossing.kept]
        for made in kept:
            wish = made.name or (made.hint if isinstance(made, Value) else "") or "value"
            self.arrays[made] = self._array(f"{wish}_all")
            self.emit(
                depth, f"{self.dialect.type_name(made.type)} {self.arrays[made]}[{self.kernel.workgroup}];"
            )
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
        if not isinstance(statement, Let) or statement.value not in self.crossing.shared:
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
            if each in self.crossing.kept:
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
        again = value in self.crossing.again
        if value in known or value in self.crossing.shared or not (again or value in self.placed):
            return
        known.add(value)
        for arg in value.args:
            yield from self._in_order(arg, known)
        if again:
            yield value

    def _to_keep(self, phase: Phase) -> list[Kept]:
        made = [each for each in phase.made if each in self.crossing.kept and isinstance(each, Value)]
        return [*made, *(each for each in phase.assigned if each in self.crossing.kept)]

    def _array(self, wish: str) -> str:
        chosen, number = wish, 0
        while self.taken[chosen] or chosen in self.arrays.values():
            number += 1
            chosen = f"{wish}_{number}"
        self.taken[chosen] += 1
        return chosen
