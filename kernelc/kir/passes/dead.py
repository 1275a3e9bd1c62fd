"""Removes what has no effect: registers never read, loads never used, empty loops, decided branches."""

from __future__ import annotations

from collections import defaultdict

from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    If,
    InputsReady,
    Let,
    StageStatement,
    Statement,
    Store,
    TileStore,
    blocks_of,
    operands,
    walk,
)
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
    around: dict[Statement, Statement] = {}
    definition: dict[Value, Statement] = {}
    writers: defaultdict[Variable, list[Statement]] = defaultdict(list)
    for statement in walk(body):
        for block in blocks_of(statement):
            around.update(dict.fromkeys(block.statements, statement))
        if isinstance(statement, Let):
            definition[statement.value] = statement
        elif isinstance(statement, Declare | Assign):
            writers[statement.variable].append(statement)
    live: set[Statement] = set()
    pending = [statement for statement in walk(body) if _acts(statement)]
    while pending:
        statement = pending.pop()
        if statement in live:
            continue
        live.add(statement)
        pending += [around[statement]] if statement in around else []
        pending += [definition[value] for value in operands(statement) if value in definition]
        if isinstance(statement, Let) and isinstance(statement.value.attr, Variable):
            pending += writers[statement.value.attr]
    return live


def _acts(statement: Statement) -> bool:
    """Whether a statement has an effect of its own."""
    if isinstance(statement, Let):
        return OPERATIONS[statement.value.op].writes
    return isinstance(statement, Store | TileStore | Barrier | Fence | InputsReady | StageStatement)


def _prune(block: Block, live: set[Statement]) -> None:
    block.statements = [statement for statement in block.statements if statement in live]
    for statement in block.statements:
        for inner in blocks_of(statement):
            _prune(inner, live)
