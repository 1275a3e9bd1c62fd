"""Which values a printer writes in place and which get a line of their own.

A value used once is written where it is used; one used more often, or named by the kernel's Python, gets a
`let`. Moving an expression to its use must not move it past what changes its meaning: a load past a store, a
register read past an assignment, anything into a loop (it would be computed in every round).
"""

from __future__ import annotations

from collections import Counter

from kernelc.kir.memory import Memory
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    For,
    If,
    Kernel,
    Let,
    Statement,
    Store,
    TileStore,
    blocks_of,
    operands,
)
from kernelc.kir.operation_table import GIVEN, OPERATIONS
from kernelc.kir.values import Value

_ALWAYS = GIVEN | {"const", "tile_zero"}
_LARGEST = 12  # nodes of an expression written in one piece: about a line of text


def inlined(kernel: Kernel) -> set[Value]:
    """The values written in place."""
    uses = Counter(value for statement in kernel.statements for value in operands(statement))
    placed: set[Value] = set()
    blocks = [kernel.body, *(inner for statement in kernel.statements for inner in blocks_of(statement))]
    for block in blocks:
        _Placement(block, uses, placed).run()
    return placed


class _Placement:
    """Decides for one block, last value first: a user's own place is known before that of what it uses."""

    def __init__(self, block: Block, uses: Counter[Value], placed: set[Value]) -> None:
        self.block, self.uses, self.placed = block, uses, placed
        self.users = self._users()
        self.hazards = [at for at, statement in enumerate(block.statements) if not isinstance(statement, Let)]
        self.root: dict[Value, int] = {}  # the statement in whose text a value is written
        self.size: Counter[int] = Counter()  # values written in a statement's text
        self.pinned: set[Value] = set()  # what is mentioned several times and so needs a name

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
        """The statement to write `value` in, or None where it needs a line of its own."""
        using = self.users.get(value)
        if self.uses[value] != 1 or using is None or value in self.pinned or not _movable(value, using[1]):
            return None
        position, into = using
        root = self.root[into.value] if isinstance(into, Let) else position
        if OPERATIONS[value.op].reads and self._changes_between(value, at, root):
            return None
        return root if self.size[root] < _LARGEST else None

    def _changes_between(self, value: Value, at: int, root: int) -> bool:
        """Whether a load or register read may give something else at statement `root` than at `at`."""
        return any(self._disturbs(hazard, value) for hazard in self.hazards if at < hazard < root)

    def _disturbs(self, at: int, value: Value) -> bool:
        """Whether a load or register read may give something else after statement `at` than before it."""
        match self.block.statements[at]:
            case Assign(variable=variable):
                return value.attr is variable
            case Store(memory=memory) | TileStore(memory=memory):
                return value.attr is memory
            case Declare() | Let():
                return False
            case Barrier():
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


def _movable(value: Value, into: Statement) -> bool:
    row = OPERATIONS[value.op]
    if value.name or (row.collective and not row.on_tiles):
        return False  # `?:` and `&&` compute an operand for some invocations only; they take no tiles
    # a C-like `for` evaluates its bound and its step in every round
    return not (isinstance(into, For) and (value is into.stop or value is into.step))
