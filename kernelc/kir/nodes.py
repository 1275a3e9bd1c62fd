"""Statements of the kernel IR: a tree that holds an expression DAG, and the kernel that they make up.

Values (`kernelc.kir.values`) are single-assignment and live where their `Let` stands; what changes is a
declared `Variable` (a register), a `Shared` array or a `Buffer`. So no target needs a phi, and every printer
walks one small tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from kernelc.kir.memory import Buffer, Memory, Shared, SourceLine, Stages
from kernelc.kir.operation_table import OPERATIONS, features
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageStatement, StageWait
from kernelc.kir.tile_types import TileKind, TileType
from kernelc.kir.types import Type
from kernelc.kir.values import Value, Variable


@dataclass(eq=False)
class Let:
    value: Value

    @property
    def where(self) -> SourceLine:
        return self.value.where


@dataclass(eq=False)
class Declare:
    variable: Variable
    init: Value
    where: SourceLine


@dataclass(eq=False)
class Assign:
    variable: Variable
    value: Value
    where: SourceLine


@dataclass(eq=False)
class Store:
    memory: Memory
    index: Value
    value: Value
    where: SourceLine


@dataclass(eq=False)
class TileStore:
    """Write the subgroup's tile `value` to `memory`: its rows, or if `transposed` its columns, `stride`
    elements apart, from element `offset` on. `columns`: the range of a large tile's columns to store."""

    memory: Memory
    offset: Value
    stride: Value
    value: Value
    where: SourceLine
    transposed: bool = False
    columns: tuple[int, int] | None = None


@dataclass(eq=False)
class For:
    """`for index in start, start+step, ... while index < stop`; each invocation has its own bounds."""

    index: Value
    start: Value
    stop: Value
    step: Value
    body: Block
    where: SourceLine


@dataclass(eq=False)
class If:
    condition: Value
    then: Block
    orelse: Block
    where: SourceLine


@dataclass(eq=False)
class Barrier:
    """Wait for all invocations of the workgroup; shared memory that was written before is visible after."""

    where: SourceLine


@dataclass(eq=False)
class InputsReady:
    """From here on the kernel reads what the dispatches before it write. Before, it reads constants of the
    step alone: constant buffers, and of `earlier_steps` what was there before the step began.

    A target that starts a kernel while the one before it still runs waits here; a kernel that does not say
    it waits at its start. So it stands once, at the top of the kernel's body.
    """

    earlier_steps: tuple[Memory, ...]
    where: SourceLine


@dataclass(eq=False)
class Fence:
    """What the workgroup wrote to buffers before comes before what it does after, for all workgroups."""

    where: SourceLine


@dataclass(eq=False)
class Probe:
    """Where the interpreter prints values, or stops with them (see `kernelc.kir.probes`); targets print
    nothing of it."""

    labels: tuple[str, ...]
    values: tuple[Value, ...]
    stops: bool
    where: SourceLine


Statement = (
    Let
    | Declare
    | Assign
    | Store
    | TileStore
    | For
    | If
    | Barrier
    | InputsReady
    | StageStatement
    | Fence
    | Probe
)


@dataclass(eq=False)
class Block:
    statements: list[Statement] = field(default_factory=lambda: list[Statement]())


class Param(NamedTuple):
    """A field of the step block: the few numbers that differ from one step to the next."""

    name: str
    type: Type


BULK_COPIES = "bulk_copies"
_FEATURES = ("f16", "subgroups", "dot4", BULK_COPIES)  # in the order in which kernels list them


@dataclass(eq=False)
class Kernel:
    """A traced kernel. `params` is the whole step block, or empty if the kernel reads none of it.

    `loads_ahead`: it loads much before it uses any of it, for which compilers should spend registers even
    where fewer invocations run at once then. `asks_subgroup_size`: whether no device but those with subgroups
    of this size is to run it, though it does nothing that depends on it.
    """

    name: str
    buffers: tuple[Buffer, ...]
    shared: tuple[Shared, ...]
    params: tuple[Param, ...]
    workgroup: int
    body: Block
    subgroup_size: int | None = None
    stages: tuple[Stages, ...] = ()  # their parts are among `shared`
    loads_ahead: bool = False
    asks_subgroup_size: bool = False

    @property
    def shared_bytes(self) -> int:
        """Bytes of workgroup memory."""
        barriers = sum(stages.barrier_bytes for stages in self.stages)
        return sum(shared.bytes for shared in self.shared) + barriers

    def features(self) -> tuple[str, ...]:
        """What the device must offer: "f16", "subgroups", "dot4", "bulk_copies", and the kinds of tiles that
        matrix units multiply, in this order."""
        types, operations = self.types(), self.operations
        halves = any(type.scalar == "f16" for type in types if not isinstance(type, TileType))
        asked = {*features(operations), *(("f16",) if halves else ())}
        asked |= {BULK_COPIES} if self.stages else set[str]()
        tiles = sorted(kind.feature for kind in self.tile_kinds())
        return (*(feature for feature in _FEATURES if feature in asked), *tiles)

    def asked_subgroup_size(self) -> int | None:
        """The size that the device's subgroups must have, or None if the kernel does nothing that depends on
        it, and suits other devices as well."""
        depends = any(OPERATIONS[op].depends_on_subgroups for op in self.operations)
        return self.subgroup_size if depends or self.stages or self.asks_subgroup_size else None

    def tile_kinds(self) -> frozenset[TileKind]:
        """The kinds of tiles that the kernel multiplies on matrix units."""
        return frozenset(type.kind for type in self.types() if isinstance(type, TileType))

    def types(self) -> frozenset[Type]:
        """The types of all memory, registers and values."""
        return self._types

    @property
    def inputs_ready(self) -> InputsReady | None:
        """Where the kernel's inputs are ready; None where they are from its start."""
        return next((each for each in self.body.statements if isinstance(each, InputsReady)), None)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement in order, those of nested blocks included."""
        return tuple(walk(self.body))

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """Every value that a `Let` defines, in order."""
        return tuple(each.value for each in self.statements if isinstance(each, Let))

    @cached_property
    def operations(self) -> frozenset[str]:
        """The operations of all values."""
        return frozenset({value.op for value in self.values})

    @cached_property
    def fences(self) -> bool:
        """Whether the kernel orders memory between workgroups."""
        return any(isinstance(each, Fence) for each in self.statements)

    @cached_property
    def _types(self) -> frozenset[Type]:
        memory = {memory.type for memory in (*self.buffers, *self.shared)}
        registers = {s.variable.type for s in self.statements if isinstance(s, Declare)}
        return frozenset(memory | registers | {value.type for value in self.values})


def operands(statement: Statement) -> tuple[Value, ...]:
    """The values that a statement itself uses, without those of its nested blocks."""
    match statement:
        case Let():
            return statement.value.args
        case Declare():
            return (statement.init,)
        case Assign():
            return (statement.value,)
        case Store():
            return (statement.index, statement.value)
        case TileStore():
            return (statement.offset, statement.stride, statement.value)
        case For():
            return (statement.start, statement.stop, statement.step)
        case If():
            return (statement.condition,)
        case StageRequest():
            return (statement.number, *(copy.first for copy in statement.copies))
        case StageWait() | StageRelease():
            return (statement.number,)
        case Probe():
            return statement.values
        case Barrier() | InputsReady() | Fence():
            return ()


def blocks_of(statement: Statement) -> tuple[Block, ...]:
    """The blocks nested directly in a statement."""
    if isinstance(statement, Let):  # the most frequent
        return ()
    if isinstance(statement, For):
        return (statement.body,)
    if isinstance(statement, If):
        return (statement.then, statement.orelse)
    return ()


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of a block and of the blocks nested in it, in order."""
    pending = [iter(block.statements)]
    while pending:
        for statement in pending[-1]:
            yield statement
            if inner := blocks_of(statement):
                pending.extend(iter(each.statements) for each in reversed(inner))
                break
        else:
            pending.pop()


def values_of(block: Block) -> Iterator[Value]:
    """Every value that a `Let` defines, in order."""
    for statement in walk(block):
        if isinstance(statement, Let):
            yield statement.value
