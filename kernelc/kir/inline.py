"""Which values a printer writes in place and which get a line of their own.

A value used once is written where it is used; one used more often, or named by the kernel's Python, gets a `let`.
Moving an expression to its use must not move it past what changes its meaning: a load past a store, a register read
past an assignment, anything into a loop (it would be computed in every round).
"""

from __future__ import annotations

from collections import Counter

from kernelc.kir.nodes import Block, For, If, Kernel, Let, Statement, Value, operands, walk

_ALWAYS = frozenset({"const", "param", "workgroup_id", "local_id", "subgroup_lane", "subgroup_size"})
_ORDERED = frozenset({"load", "read"})
_LARGEST = 12  # nodes of an expression written in one piece: about a line of text


def inlined(kernel: Kernel) -> tuple[set[Value], set[Value]]:
    """(values written in place, values nobody uses and that are left out)."""
    uses: Counter[Value] = Counter()
    for statement in walk(kernel.body):
        uses.update(operands(statement))
    dead = _dead(kernel, uses)
    placed: set[Value] = set()
    weight: dict[Value, int] = {}
    for block in _blocks(kernel.body):
        _place(block, uses, dead, placed, weight)
    return placed, dead


def _blocks(block: Block) -> list[Block]:
    found = [block]
    for statement in walk(block):
        if isinstance(statement, For):
            found.append(statement.body)
        elif isinstance(statement, If):
            found += [statement.then, statement.orelse]
    return found


def _dead(kernel: Kernel, uses: Counter[Value]) -> set[Value]:
    dead: set[Value] = set()
    lets = [s.value for s in walk(kernel.body) if isinstance(s, Let)]
    for value in reversed(lets):  # a user stands after what it uses, so one pass backwards finds chains
        if uses[value] == 0:
            dead.add(value)
            uses.subtract(value.args)
    return dead


def _place(block: Block, uses: Counter[Value], dead: set[Value], placed: set[Value], weight: dict[Value, int]) -> None:
    """Decide for one block, last value first: a user's own place is known before that of what it uses."""
    user, final = _users(block, dead), dict[Value, int]()
    hazards = [at for at, statement in enumerate(block.statements) if not isinstance(statement, Let)]
    for at in range(len(block.statements) - 1, -1, -1):
        statement = block.statements[at]
        if not isinstance(statement, Let) or statement.value in dead:
            continue
        value = statement.value
        final[value] = at
        if value.op in _ALWAYS or (value.op == "splat" and value.args[0].op == "const"):
            placed.add(value)
            continue
        using = user.get(value)
        if uses[value] != 1 or using is None or not _movable(value, using[1]):
            continue
        position, into = using
        root = final[into.value] if isinstance(into, Let) else position
        if value.op in _ORDERED and any(at < hazard < root for hazard in hazards):
            continue
        size = 1 + sum(weight.get(arg, 1) for arg in value.args)
        total = size + (weight.get(into.value, 1) if isinstance(into, Let) else 1)
        if total > _LARGEST:
            continue
        placed.add(value)
        final[value] = root
        _grow(into, size, weight)


def _grow(into: Statement, size: int, weight: dict[Value, int]) -> None:
    if isinstance(into, Let):
        weight[into.value] = weight.get(into.value, 1) + size


def _movable(value: Value, into: Statement) -> bool:
    if value.name or value.op.startswith("subgroup_"):
        return False
    # a C-like `for` evaluates its bound in every round
    return not (isinstance(into, For) and (value.op in _ORDERED or value is into.stop))


def _users(block: Block, dead: set[Value]) -> dict[Value, tuple[int, Statement]]:
    """For each value, the last statement directly in this block that uses it."""
    found: dict[Value, tuple[int, Statement]] = {}
    for at, statement in enumerate(block.statements):
        if isinstance(statement, Let) and statement.value in dead:
            continue
        for value in operands(statement):
            found[value] = (at, statement)
    return found
