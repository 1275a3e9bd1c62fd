"""Which values a printer writes in place, and which get a line of their own.

A value that is used once is written where it is used; one that is used more often, or that the kernel's
Python named, gets a `let`. An expression must not move past anything that changes its meaning: a load past a
store, a register's read past an assignment, or anything into a loop, which would compute it in every round.
"""

from __future__ import annotations

from collections import Counter

from kernelc.kir.memory import Memory
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    For,
    If,
    InputsReady,
    Kernel,
    Let,
    Probe,
    Statement,
    Store,
    TileStore,
    blocks_of,
    operands,
)
from kernelc.kir.operation_table import GIVEN, OPERATIONS
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageWait
from kernelc.kir.values import Value

_ALWAYS = GIVEN | {"const", "tile_zero"}
_LARGEST = 12  # values in one expression: about a line of text


def inlined(kernel: Kernel) -> set[Value]:
    """The values that are written in place."""
    uses = Counter(value for statement in kernel.statements for value in operands(statement))
    placed: set[Value] = set()
    blocks = [kernel.body, *(inner for statement in kernel.statements for inner in blocks_of(statement))]
    for block in blocks:
        _Placement(block, uses, placed).run()
    return placed


class _Placement:
    """Decides for one block, from its end: where a value's user is written is known before the value's turn
    comes."""

    def __init__(self, block: Block, uses: Counter[Value], placed: set[Value]) -> None:
        self.block, self.uses, self.placed = block, uses, placed
        self.users = self._users()
        self.hazards = [at for at, statement in enumerate(block.statements) if _changes(statement)]
        self.root: dict[Value, int] = {}  # for each value the statement in whose text it is written
        self.size: Counter[int] = Counter()  # for each statement the number of values written in its text
        self.pinned: set[Value] = set()  # values that are mentioned several times and so need a name

    def run(self) -> None:
        for at in range(len(self.block.statements) - 1, -1, -1):
            statement = self.block.statements[at]
            if isinstance(statement, Let):
                self.root[statement.value] = at
                self._decide(statement.value, at)

    def _decide(self, value: Value, at: int) -> None:
        if value.op in _ALWAYS or (value.op == "splat" and value.args[0].op == "const"):
            self.placed.add(value)
        elif value.op == "extract" and not value.name and self.uses[value] > 1:
            self.placed.add(value)
            self.pinned.add(value.args[0])
        elif (root := self._place_at_use(value, at)) is not None:
            self.placed.add(value)
            self.root[value] = root
            self.size[root] += 1

    def _place_at_use(self, value: Value, at: int) -> int | None:
        """The statement in which to write `value`, or None if it needs a line of its own."""
        using = self.users.get(value)
        if self.uses[value] != 1 or using is None or value in self.pinned or not _movable(value, using[1]):
            return None
        position, into = using
        root = self.root[into.value] if isinstance(into, Let) else position
        if OPERATIONS[value.op].reads and self._changes_between(value, at, root):
            return None
        return root if self.size[root] < _LARGEST else None

    def _changes_between(self, value: Value, at: int, root: int) -> bool:
        """Whether a load or a register's read may give something else at statement `root` than at `at`."""
        return any(self._disturbs(hazard, value) for hazard in self.hazards if at < hazard < root)

    def _disturbs(self, at: int, value: Value) -> bool:
        """Whether a load or a register's read may give something else after statement `at` than before it."""
        match self.block.statements[at]:
            case Assign(variable=variable):
                return value.attr is variable
            case Store(memory=memory) | TileStore(memory=memory):
                return value.attr is memory
            case Let(value=atomic):
                return value.attr is atomic.attr
            case Declare() | Probe():
                return False
            case Barrier() | Fence() | InputsReady() | StageRequest() | StageWait() | StageRelease():
                return isinstance(value.attr, Memory)
            case For() | If():
                return True

    def _users(self) -> dict[Value, tuple[int, Statement]]:
        """For each value, the last statement directly in this block that uses it."""
        found: dict[Value, tuple[int, Statement]] = {}
        for at, statement in enumerate(self.block.statements):
            for value in operands(statement):
                found[value] = (at, statement)
        return found


def _changes(statement: Statement) -> bool:
    """Whether a load or a register's read may give something else after a statement."""
    return not isinstance(statement, Let) or OPERATIONS[statement.value.op].writes


def _movable(value: Value, into: Statement) -> bool:
    row = OPERATIONS[value.op]
    if value.name or row.writes or (row.collective and not row.on_tiles):
        return False  # `?:` and `&&` compute an operand for some invocations only; they take no tiles
    # a C-like `for` evaluates its bound and its step in every iteration
    return not (isinstance(into, For) and (value is into.stop or value is into.step))
