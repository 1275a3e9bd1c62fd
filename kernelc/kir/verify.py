"""Checks that a traced kernel is valid on the strictest target before any text is made of it.

- the signature: names that differ, buffers of types that a host can share, sizes above zero;
- types of every operation (`kernelc.kir.type_rules`), assignment, store and condition;
- definitions before uses, in scope, of values and of registers;
- loads from and stores into this kernel's memory, stores only where it is writable, no constant index out of
  bounds;
- barriers and subgroup operations only in uniform control flow (WGSL specification, section "Uniformity"):
  the branch or loop around them must depend on constants, step parameters, workgroup ids and read-only data
  at uniform indices alone;
- tiles: the same, and offset and stride are one for each subgroup, in kernels made for subgroups of the
  tiles' size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kernelc.errors import InternalError
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Buffer,
    Declare,
    For,
    If,
    Kernel,
    Let,
    Memory,
    Shared,
    SourceLine,
    Statement,
    Store,
    TileStore,
    Value,
    Variable,
    operands,
)
from kernelc.kir.simplify import constant_of
from kernelc.kir.text import kernel_text
from kernelc.kir.tile_types import TileType
from kernelc.kir.type_rules import TILE_OPERATIONS, type_problem
from kernelc.kir.types import Type, boolean, u32


def verify(kernel: Kernel) -> Kernel:
    """Return the kernel unchanged.

    Raises: InternalError that names the broken rule and the kernel's Python line, with the kernel's text
    attached.
    """
    checker = _Checker(kernel)
    checker.signature()
    checker.block(kernel.body, SHARED_BY_ALL)
    return kernel


SUBGROUP = frozenset({"subgroup_sum", "subgroup_max"})
# How far a value is the same: in the workgroup, in each subgroup, in one invocation alone. Control flow is
# shared as far as the values that decide it.
SHARED_BY_ALL, SHARED_BY_SUBGROUP, OWN = range(3)


@dataclass
class _Checker:
    kernel: Kernel
    scopes: list[set[Value | Variable]] = field(default_factory=lambda: [set[Value | Variable]()])
    levels: dict[Value | Variable, int] = field(default_factory=lambda: dict[Value | Variable, int]())

    def fail(self, place: SourceLine | str, message: str) -> InternalError:
        return InternalError(f"kernel {self.kernel.name}: {place}: {message}", ir=kernel_text(self.kernel))

    def signature(self) -> None:
        names: set[str] = set()
        for memory in (*self.kernel.buffers, *self.kernel.shared):
            if memory.name in names:
                raise self.fail("signature", f"two memories are called {memory.name}")
            names.add(memory.name)
        for buffer in self.kernel.buffers:
            if buffer.type.scalar == "bool" or buffer.access not in ("read", "read_write"):
                raise self.fail("signature", f"{buffer.name} is a {buffer.access} buffer of {buffer.type}")
        for name, size in (
            ("workgroup", self.kernel.workgroup),
            *((s.name, s.length) for s in self.kernel.shared),
        ):
            if size < 1:
                raise self.fail("signature", f"{name} has size {size}")

    def block(self, block: Block, flow: int, *defined: Value) -> None:
        """`flow`: how far the control flow is shared in which the block stands."""
        self.scopes.append(set(defined))
        for statement in block.statements:
            self.statement(statement, flow)
        self.scopes.pop()

    def statement(self, statement: Statement, flow: int) -> None:
        for value in operands(statement):
            self.used(value, statement.where)
        match statement:
            case Let():
                self.let(statement.value, flow)
            case Declare():
                self.same(statement.init.type, statement.variable.type, statement.where, "a declaration")
                self.define(statement.variable)
                self.mark(statement.variable, max(flow, self.level(statement.init)))
            case Assign():
                self.same(statement.value.type, statement.variable.type, statement.where, "an assignment")
                self.used(statement.variable, statement.where)
                self.mark(statement.variable, max(flow, self.level(statement.value)))
            case Store():
                self.store(statement)
            case TileStore():
                self.tile_store(statement, flow)
            case For():
                self.loop(statement, flow)
            case If():
                self.same(statement.condition.type, boolean, statement.where, "a condition")
                inner = max(flow, self.level(statement.condition))
                self.block(statement.then, inner)
                self.block(statement.orelse, inner)
            case Barrier():
                if flow != SHARED_BY_ALL:
                    raise self.fail(
                        statement.where, "barrier in control flow that differs between invocations"
                    )

    def loop(self, statement: For, flow: int) -> None:
        bounds = (statement.start, statement.stop, statement.step)
        for bound in bounds:
            self.same(bound.type, u32, statement.where, "a loop bound")
        if statement.step.op == "const" and statement.step.attr == 0:
            raise self.fail(statement.where, "loop with step 0")
        inner = max(flow, *map(self.level, bounds))
        self.mark(statement.index, inner)
        # What the body assigns may vary in its next round, and what depends on it in the round after: until
        # no more does.
        before = -1
        while before != sum(self.levels.values()):
            before = sum(self.levels.values())
            self.block(statement.body, inner, statement.index)

    def store(self, statement: Store) -> None:
        memory = statement.memory
        self.same(statement.index.type, u32, statement.where, "an index")
        self.same(statement.value.type, memory.type, statement.where, f"a store to {memory.name}")
        self.access(memory, statement.index, statement.where)
        if isinstance(memory, Buffer) and memory.access != "read_write":
            raise self.fail(statement.where, f"store to the read-only buffer {memory.name}")

    def tile_store(self, statement: TileStore, flow: int) -> None:
        memory, type, place = statement.memory, statement.value.type, statement.where
        for value, what in ((statement.offset, "an offset"), (statement.stride, "a stride")):
            self.same(value.type, u32, place, what)
        if not isinstance(type, TileType) or type.role != "sum" or not isinstance(memory, Shared):
            raise self.fail(place, f"tile_store takes a sum to shared memory, not {type} to {memory.name}")
        if not type.fits(memory.type, transposed=False):
            raise self.fail(place, f"tile_store of {type} to {memory.name}: {memory.type}")
        self.together("tile_store", type, (statement.offset, statement.stride), place, flow)
        self.access(memory, statement.offset, place)

    def together(
        self, op: str, type: TileType, places: tuple[Value, ...], where: SourceLine, flow: int
    ) -> None:
        """Check that whole subgroups do this operation on tiles, all at the same places."""
        kernel, lanes = self.kernel, type.kind.lanes
        if flow != SHARED_BY_ALL:
            raise self.fail(where, f"{op} in control flow that differs between invocations")
        if any(self.level(value) == OWN for value in places):
            raise self.fail(where, f"{op} at an offset that differs between invocations of a subgroup")
        if kernel.subgroup_size != lanes or kernel.workgroup % lanes:
            raise self.fail(where, f"{op} of {type} needs whole subgroups of {lanes} invocations")

    def access(self, memory: Memory, index: Value, place: SourceLine) -> None:
        if memory not in self.kernel.buffers and memory not in self.kernel.shared:
            raise self.fail(place, f"{memory.name} is not this kernel's memory")
        constant = constant_of(index)
        if isinstance(memory, Shared) and constant is not None and constant >= memory.length:
            raise self.fail(place, f"{memory.name}[{constant}] is out of bounds (length {memory.length})")

    def let(self, value: Value, flow: int) -> None:
        if value.op in SUBGROUP and flow != SHARED_BY_ALL:
            raise self.fail(value.where, f"{value.op} in control flow that differs between invocations")
        problem = type_problem(value)
        if problem:
            raise self.fail(value.where, f"{value.op} {problem}")
        if value.op in TILE_OPERATIONS and isinstance(value.type, TileType):
            places = value.args if value.op.startswith("tile_load") else ()
            self.together(value.op, value.type, places, value.where, flow)
        if isinstance(value.attr, Buffer | Shared):
            self.access(value.attr, value.args[0], value.where)
        elif isinstance(value.attr, Variable):
            self.used(value.attr, value.where)
        elif value.op == "param" and (value.attr, value.type) not in self.kernel.params:
            raise self.fail(value.where, f"the step block has no {value.type} {value.attr}")
        self.define(value)
        self.mark(value, self.shared(value))

    def level(self, item: Value | Variable) -> int:
        return self.levels.get(item, SHARED_BY_ALL)

    def shared(self, value: Value) -> int:
        """How far a value is the same."""
        if value.op in ("local_id", "subgroup_lane"):
            return OWN
        if value.op == "load" and not (isinstance(value.attr, Buffer) and value.attr.access == "read"):
            return OWN
        if isinstance(value.attr, Variable):
            return self.level(value.attr)
        if value.op in SUBGROUP or value.op in TILE_OPERATIONS or self.is_subgroup_id(value):
            return SHARED_BY_SUBGROUP
        return max(map(self.level, value.args), default=SHARED_BY_ALL)

    def is_subgroup_id(self, value: Value) -> bool:
        """Whether this is the number of the subgroup, or of several."""
        if value.op != "div" or value.args[0].op != "local_id" or self.kernel.subgroup_size is None:
            return False
        divisor = constant_of(value.args[1])
        return isinstance(divisor, int) and divisor % self.kernel.subgroup_size == 0

    def define(self, item: Value | Variable) -> None:
        self.scopes[-1].add(item)

    def mark(self, item: Value | Variable, level: int) -> None:
        self.levels[item] = max(level, self.level(item))

    def used(self, item: Value | Variable, place: SourceLine) -> None:
        if isinstance(item, Value) and item.op == "const":
            if not isinstance(item.attr, int | float) or not item.type.holds(item.attr):
                raise self.fail(place, f"{item.attr!r} is no {item.type}")
        elif not any(item in scope for scope in self.scopes):
            name = item.name or (item.op if isinstance(item, Value) else "")
            raise self.fail(place, f"{name} is used outside the block that defines it")

    def same(self, got: Type, wanted: Type, place: SourceLine, what: str) -> None:
        if got != wanted:
            raise self.fail(place, f"{what} needs {wanted}, got {got}")
