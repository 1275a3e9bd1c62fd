"""Checks that a traced kernel is valid on the strictest target, before any text is made of it.

- the signature: distinct names, buffers of types that a host can share, sizes above zero;
- the types of every operation (`kernelc.kir.type_rules`), assignment, store and condition;
- values and registers are defined before they are used, in a block that is still open;
- loads and stores use this kernel's memory, stores only memory that is writable, and no constant index is out
  of bounds;
- before a kernel's inputs are ready it reads constants alone (`kernelc.kir.passes.early_reads`);
- what bulk copies fill is written by them alone, from constants (`kernelc.kir.passes.stage_rules`);
- barriers, and operations that a subgroup does together, stand where all invocations of the workgroup arrive
  (`kernelc.kir.passes.uniformity`), and tiles belong to whole subgroups of their size.
"""

from __future__ import annotations

from kernelc.errors import InternalError
from kernelc.kir.memory import Buffer, Memory, Shared, SourceLine
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
    operands,
)
from kernelc.kir.passes.early_reads import early_read_problems
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.passes.stage_rules import stage_problems
from kernelc.kir.passes.uniformity import uniformity_problems
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageWait
from kernelc.kir.text import kernel_text
from kernelc.kir.tile_types import TileType
from kernelc.kir.type_rules import type_problem
from kernelc.kir.types import Type, boolean, u32
from kernelc.kir.values import Value, Variable


def verify(kernel: Kernel) -> Kernel:
    """Return the kernel unchanged.

    Raises: InternalError that names the broken rule and the kernel's Python line, with the kernel's text
    attached.
    """
    checker = _Checker(kernel)
    checker.signature()
    checker.block(kernel.body)
    rules = (early_read_problems, stage_problems, uniformity_problems)
    for place, problem in (found for rule in rules for found in rule(kernel)):
        raise checker.fail(place, problem)
    return kernel


class _Checker:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.memory = frozenset((*kernel.buffers, *kernel.shared))
        self.visible: set[Value | Variable] = set()  # what an open block defines
        self.defined: list[Value | Variable] = []  # the same, in the order of the definitions

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
            if buffer.constant and buffer.access != "read":
                raise self.fail(
                    "signature", f"{buffer.name} is constant, so its access is not {buffer.access}"
                )
        for name, size in (
            ("workgroup", self.kernel.workgroup),
            *((s.name, s.length) for s in self.kernel.shared),
        ):
            if size < 1:
                raise self.fail("signature", f"{name} has size {size}")

    def block(self, block: Block, *defined: Value) -> None:
        """Check the statements of a block in which the values `defined` (a loop's index) are known."""
        outside = len(self.defined)
        for value in defined:
            self.define(value)
        for statement in block.statements:
            for value in operands(statement):
                self.used(value, statement.where)
            if isinstance(statement, Let):
                self.let(statement.value)
            else:
                self.statement(statement)
        self.visible.difference_update(self.defined[outside:])
        del self.defined[outside:]

    def statement(self, statement: Statement) -> None:
        match statement:
            case Declare():
                self.same(statement.init.type, statement.variable.type, statement.where, "a declaration")
                self.define(statement.variable)
            case Assign():
                self.same(statement.value.type, statement.variable.type, statement.where, "an assignment")
                self.used(statement.variable, statement.where)
            case Store():
                self.store(statement)
            case TileStore():
                self.tile_store(statement)
            case For():
                self.loop(statement)
            case If():
                self.same(statement.condition.type, boolean, statement.where, "a condition")
                self.block(statement.then)
                self.block(statement.orelse)
            case Let() | Barrier() | Fence() | InputsReady() | Probe():
                pass
            case StageRequest() | StageWait() | StageRelease():
                pass

    def loop(self, statement: For) -> None:
        for bound in (statement.start, statement.stop, statement.step):
            self.same(bound.type, u32, statement.where, "a loop bound")
        if constant_of(statement.step) == 0:
            raise self.fail(statement.where, "loop with step 0")
        self.block(statement.body, statement.index)

    def store(self, statement: Store) -> None:
        memory = statement.memory
        self.same(statement.index.type, u32, statement.where, "an index")
        self.same(statement.value.type, memory.type, statement.where, f"a store to {memory.name}")
        self.access(memory, statement.index, statement.where)
        if isinstance(memory, Buffer) and memory.access != "read_write":
            raise self.fail(statement.where, f"store to the read-only buffer {memory.name}")

    def tile_store(self, statement: TileStore) -> None:
        memory, type, place = statement.memory, statement.value.type, statement.where
        for value, what in ((statement.offset, "an offset"), (statement.stride, "a stride")):
            self.same(value.type, u32, place, what)
        if not isinstance(type, TileType) or type.role != "sum" or not isinstance(memory, Shared):
            raise self.fail(place, f"tile_store takes a sum to shared memory, not {type} to {memory.name}")
        if not type.fits(memory.type, statement.transposed):
            raise self.fail(place, f"tile_store of {type} to {memory.name}: {memory.type}")
        if (columns := statement.columns) is not None:
            first, end = columns
            whole = first % 8 == 0 and end % 8 == 0 and 0 <= first < end <= type.shape[1]
            if not (type.kind.b_shared and statement.transposed and whole):
                raise self.fail(place, f"tile_store of columns {first} to {end} of {type}")
        self.access(memory, statement.offset, place)

    def access(self, memory: Memory, index: Value, place: SourceLine) -> None:
        if memory not in self.memory:
            raise self.fail(place, f"{memory.name} is not this kernel's memory")
        constant = constant_of(index)
        if isinstance(memory, Shared) and constant is not None and constant >= memory.length:
            raise self.fail(place, f"{memory.name}[{constant}] is out of bounds (length {memory.length})")

    def let(self, value: Value) -> None:
        problem = type_problem(value)
        if problem:
            raise self.fail(value.where, f"{value.op} {problem}")
        if isinstance(value.attr, Buffer | Shared):
            self.access(value.attr, value.args[0], value.where)
        elif isinstance(value.attr, Variable):
            self.used(value.attr, value.where)
        elif value.op == "param" and (value.attr, value.type) not in self.kernel.params:
            raise self.fail(value.where, f"the step block has no {value.type} {value.attr}")
        self.define(value)

    def define(self, item: Value | Variable) -> None:
        self.visible.add(item)
        self.defined.append(item)

    def used(self, item: Value | Variable, place: SourceLine) -> None:
        if isinstance(item, Value) and item.op == "const":
            if not isinstance(item.attr, int | float) or not item.type.holds(item.attr):
                raise self.fail(place, f"{item.attr!r} does not fit {item.type}")
        elif item not in self.visible:
            name = item.name or (item.op if isinstance(item, Value) else "")
            raise self.fail(place, f"{name} is used outside the block that defines it")

    def same(self, got: Type, wanted: Type, place: SourceLine, what: str) -> None:
        if got != wanted:
            raise self.fail(place, f"{what} needs {wanted}, got {got}")
