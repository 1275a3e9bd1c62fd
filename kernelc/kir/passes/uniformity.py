"""Which values and which control flow are the same for all invocations of a workgroup, or of a subgroup.

Barriers and operations that a subgroup does together must be reached by every invocation of the workgroup
(WGSL specification, section "Uniformity"): the branches and loops around them may depend on constants, fields
of the step block, workgroup ids and read-only data at uniform indices alone.

Each value has a scope, the group of invocations for which it is the same. Control flow has the narrowest
scope of the values that decide it, a register that of all values assigned to it and of the control flow
around each assignment. Since a loop's body may read a register before it assigns it, this is a fixed point:
the analysis runs over the kernel until no register that was read turns out to have a narrower scope than was
assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.kir.memory import Buffer, SourceLine
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    For,
    If,
    Kernel,
    Let,
    Statement,
    TileStore,
    operands,
)
from kernelc.kir.operation_table import OPERATIONS, Scope
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageWait
from kernelc.kir.tile_types import TileType
from kernelc.kir.values import Value, Variable

Problem = tuple[SourceLine, str]
_DIFFERS = "in control flow that differs between invocations"


def uniformity_problems(kernel: Kernel) -> Iterator[Problem]:
    """The problems of a kernel whose types and definitions are right, each as a place and a reason."""
    analysis = _Analysis(kernel)
    analysis.run()
    for meeting in analysis.meetings:
        yield from analysis.problems(meeting)


@dataclass(frozen=True)
class _Meeting:
    """What several invocations do together: a barrier, a reduction, an operation on tiles or stages.

    `flow`: how far the control flow around it is shared. `places`: indices, offsets and strides that all who
    meet, a subgroup's invocations or the workgroup's, must agree on. `lanes`: the size that subgroups must
    have, 0 for any.
    """

    what: str
    where: SourceLine
    flow: Scope
    tile: TileType | None = None
    places: tuple[Value, ...] = ()
    who: Scope = Scope.SUBGROUP
    lanes: int = 0


class _Analysis:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        # The invocations that meet as a subgroup: where several subgroups hold a tile, those of them all.
        self.together = max((kind.lanes for kind in kernel.tile_kinds()), default=kernel.subgroup_size or 1)
        self.values: dict[Value, Scope] = {}
        self.registers: dict[Variable, Scope] = {}
        self.meetings: list[_Meeting] = []
        self._read: set[Variable] = set()
        self._settled = False

    def run(self) -> None:
        """Find the scope of every value and register, and everything that invocations do together."""
        while not self._settled:
            self._settled = True
            self.meetings.clear()
            self.block(self.kernel.body, Scope.WORKGROUP)

    def block(self, block: Block, flow: Scope) -> None:
        for statement in block.statements:
            if isinstance(statement, Let):
                self.let(statement.value, flow)
            else:
                self.statement(statement, flow)

    def statement(self, statement: Statement, flow: Scope) -> None:
        match statement:
            case Declare(variable=variable, init=value) | Assign(variable=variable, value=value):
                self.assigned(variable, max(flow, self.scope(value)))
            case For():
                inner = max(flow, *map(self.scope, (statement.start, statement.stop, statement.step)))
                self.values[statement.index] = inner
                self.block(statement.body, inner)
            case If():
                inner = max(flow, self.scope(statement.condition))
                self.block(statement.then, inner)
                self.block(statement.orelse, inner)
            case Barrier():
                self.meetings.append(_Meeting("barrier", statement.where, flow))
            case StageRequest() | StageWait() | StageRelease():
                places = operands(statement)
                self.meetings.append(
                    _Meeting("a stage", statement.where, flow, None, places, Scope.WORKGROUP)
                )
            case Fence():
                self.meetings.append(_Meeting("fence", statement.where, flow))
            case TileStore(offset=offset, stride=stride, value=value):
                assert isinstance(value.type, TileType)
                places = (offset, stride)
                self.meetings.append(_Meeting("tile_store", statement.where, flow, value.type, places))
            case _:  # a Store needs nothing: what is loaded from memory that changes has the scope INVOCATION
                pass

    def let(self, value: Value, flow: Scope) -> None:
        row = OPERATIONS[value.op]
        if row.collective:
            tile = value.type if isinstance(value.type, TileType) else None
            places = value.args if row.reads else ()
            self.meetings.append(
                _Meeting(value.op, value.where, flow, tile, places, row.participants, row.lanes)
            )
        self.values[value] = self.result(value)

    def result(self, value: Value) -> Scope:
        """For which invocations a value is the same."""
        if isinstance(value.attr, Variable):
            self._read.add(value.attr)
            return self.registers[value.attr]
        if (known := OPERATIONS[value.op].result) is not None:
            return known
        if value.op == "load" and not (isinstance(value.attr, Buffer) and value.attr.access == "read"):
            return Scope.INVOCATION
        if self.numbers_subgroups(value):
            return Scope.SUBGROUP
        return max(map(self.scope, value.args), default=Scope.WORKGROUP)

    def scope(self, value: Value) -> Scope:
        return self.values.get(value, Scope.WORKGROUP)  # constants have no Let

    def numbers_subgroups(self, value: Value) -> bool:
        """Whether this is the number of the subgroup, or of a group of whole subgroups."""
        if value.op != "div" or value.args[0].op != "local_id" or self.kernel.subgroup_size is None:
            return False
        divisor = constant_of(value.args[1])
        return isinstance(divisor, int) and divisor % self.together == 0

    def assigned(self, variable: Variable, scope: Scope) -> None:
        """Record the scope of what a register is assigned. If it was read with a wider one, run once more."""
        before = self.registers.get(variable, Scope.WORKGROUP)
        self.registers[variable] = max(before, scope)
        if scope > before and variable in self._read:
            self._settled = False

    def problems(self, meeting: _Meeting) -> Iterator[Problem]:
        """What would keep the invocations from meeting here."""
        if meeting.flow != Scope.WORKGROUP:
            yield meeting.where, f"{meeting.what} {_DIFFERS}"
        if any(self.scope(value) > meeting.who for value in meeting.places):
            who = meeting.who.name.lower()
            yield meeting.where, f"{meeting.what} at an offset that differs between invocations of a {who}"
        if meeting.lanes and (
            self.kernel.subgroup_size != meeting.lanes or self.kernel.workgroup % meeting.lanes
        ):
            yield meeting.where, f"{meeting.what} needs whole subgroups of {meeting.lanes} invocations"
        if (tile := meeting.tile) is not None:
            lanes, size = tile.kind.lanes, self.kernel.subgroup_size
            whole = size is not None and (lanes % size == 0 if tile.kind.b_shared else lanes == size)
            if not whole or self.kernel.workgroup % lanes:
                yield meeting.where, f"{meeting.what} of {tile} needs whole subgroups of {lanes} invocations"
