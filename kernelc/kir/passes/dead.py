"""Removes what has no effect: registers never read, loads never used, empty loops, decided branches."""

from __future__ import annotations

from kernelc.kir.nodes import Assign, Block, Declare, For, If, Let, Statement, blocks_of, operands
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.values import Value, Variable


def remove(body: Block) -> None:
    """Keep what has an effect (stores, atomic operations, barriers, fences, waits), what that depends on, and
    the loops and branches around it."""
    _decide(body)
    _prune(body, _live(body))


def _decide(block: Block) -> None:
    """Replace each branch whose condition is a constant by the statements that it chooses."""
    for statement in block.statements:
        for inner in blocks_of(statement):
            _decide(inner)
    block.statements = [kept for statement in block.statements for kept in _decided(statement)]


def _decided(statement: Statement) -> list[Statement]:
    if isinstance(statement, If) and statement.condition.op == "const":
        return (statement.then if statement.condition.attr else statement.orelse).statements
    return [statement]


def _live(body: Block) -> set[Statement]:
    """The statements that have an effect or are needed for one: found from the end, since what a statement
    needs stands before it. A register's writers may stand after what reads it, in a loop; they take a second
    look."""
    marks = _Marks()
    while True:
        marks.mark(body)
        if not marks.skipped & marks.read:
            return marks.live
        marks.skipped.clear()


class _Marks:
    """What is known to be needed: `read` are registers whose every writer is, `skipped` those of writers that
    were passed by."""

    def __init__(self) -> None:
        self.live: set[Statement] = set()
        self.values: set[Value] = set()
        self.read: set[Variable] = set()
        self.skipped: set[Variable] = set()

    def mark(self, block: Block) -> bool:
        """Mark what is needed of a block; returns whether anything is."""
        some = False
        for statement in reversed(block.statements):
            if self._is_needed(statement):
                self.live.add(statement)
                self.values.update(operands(statement))
                some = True
        return some

    def _is_needed(self, statement: Statement) -> bool:
        match statement:
            case Let(value=value):
                if value not in self.values and not OPERATIONS[value.op].writes:
                    return False
                if isinstance(value.attr, Variable):
                    self.read.add(value.attr)
                return True
            case Declare(variable=variable) | Assign(variable=variable):
                if variable in self.read:
                    return True
                self.skipped.add(variable)
                return False
            case For() | If():
                marked = [self.mark(inner) for inner in reversed(blocks_of(statement))]
                return any(marked)
            case _:  # stores, barriers, fences, waits, stages
                return True


def _prune(block: Block, live: set[Statement]) -> None:
    block.statements = [statement for statement in block.statements if statement in live]
    for statement in block.statements:
        for inner in blocks_of(statement):
            _prune(inner, live)
