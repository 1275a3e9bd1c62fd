"""Checks that a traced kernel is valid on the strictest target before any text is made of it.

- the signature: names that differ, buffers of types that a host can share, sizes above zero;
- types of every operation (`kernelc.kir.type_rules`), assignment, store and condition;
- definitions before uses, in scope, of values and of registers;
- loads from and stores into this kernel's memory, stores only where it is writable, no constant index out of
  bounds;
- barriers and subgroup operations only in uniform control flow (WGSL specification, section "Uniformity"):
  the branch or loop around them must depend on constants, step parameters, workgroup ids and read-only data
  at uniform indices alone.
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
    Value,
    Variable,
    operands,
)
from kernelc.kir.simplify import constant_of
from kernelc.kir.text import kernel_text
from kernelc.kir.type_rules import type_problem
from kernelc.kir.types import Type, boolean, u32


def verify(kernel: Kernel) -> Kernel:
    """Return the kernel unchanged.

    Raises: InternalError that names the broken rule and the kernel's Python line, with the kernel's text
    attached.
    """
    checker = _Checker(kernel)
    checker.signature()
    checker.block(kernel.body, uniform=True)
    return kernel


SUBGROUP = frozenset({"subgroup_sum", "subgroup_max"})


@dataclass
class _Checker:
    kernel: Kernel
    scopes: list[set[Value | Variable]] = field(default_factory=lambda: [set[Value | Variable]()])
    varying: set[Value | Variable] = field(default_factory=lambda: set[Value | Variable]())

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

    def block(self, block: Block, uniform: bool, *defined: Value) -> None:
        self.scopes.append(set(defined))
        for statement in block.statements:
            self.statement(statement, uniform)
        self.scopes.pop()

    def statement(self, statement: Statement, uniform: bool) -> None:
        for value in operands(statement):
            self.used(value, statement.where)
        match statement:
            case Let():
                self.let(statement.value, uniform)
            case Declare():
                self.same(statement.init.type, statement.variable.type, statement.where, "a declaration")
                self.define(statement.variable)
                self.mark(statement.variable, statement.init in self.varying or not uniform)
            case Assign():
                self.same(statement.value.type, statement.variable.type, statement.where, "an assignment")
                self.used(statement.variable, statement.where)
                self.mark(statement.variable, statement.value in self.varying or not uniform)
            case Store():
                self.store(statement)
            case For():
                self.loop(statement, uniform)
            case If():
                self.same(statement.condition.type, boolean, statement.where, "a condition")
                inner = uniform and statement.condition not in self.varying
                self.block(statement.then, inner)
                self.block(statement.orelse, inner)
            case Barrier():
                if not uniform:
                    raise self.fail(
                        statement.where, "barrier in control flow that differs between invocations"
                    )

    def loop(self, statement: For, uniform: bool) -> None:
        bounds = (statement.start, statement.stop, statement.step)
        for bound in bounds:
            self.same(bound.type, u32, statement.where, "a loop bound")
        if statement.step.op == "const" and statement.step.attr == 0:
            raise self.fail(statement.where, "loop with step 0")
        varying = any(bound in self.varying for bound in bounds)
        self.mark(statement.index, varying or not uniform)
        # What the body assigns may vary in its next round, and what depends on it in the round after: until
        # no more does.
        before = -1
        while before != len(self.varying):
            before = len(self.varying)
            self.block(statement.body, uniform and not varying, statement.index)

    def store(self, statement: Store) -> None:
        memory = statement.memory
        self.same(statement.index.type, u32, statement.where, "an index")
        self.same(statement.value.type, memory.type, statement.where, f"a store to {memory.name}")
        self.access(memory, statement.index, statement.where)
        if isinstance(memory, Buffer) and memory.access != "read_write":
            raise self.fail(statement.where, f"store to the read-only buffer {memory.name}")

    def access(self, memory: Memory, index: Value, place: SourceLine) -> None:
        if memory not in self.kernel.buffers and memory not in self.kernel.shared:
            raise self.fail(place, f"{memory.name} is not this kernel's memory")
        constant = constant_of(index)
        if isinstance(memory, Shared) and constant is not None and constant >= memory.length:
            raise self.fail(place, f"{memory.name}[{constant}] is out of bounds (length {memory.length})")

    def let(self, value: Value, uniform: bool) -> None:
        if value.op in SUBGROUP and not uniform:
            raise self.fail(value.where, f"{value.op} in control flow that differs between invocations")
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
        self.mark(value, self.varies(value))

    def varies(self, value: Value) -> bool:
        if value.op in ("local_id", "subgroup_lane"):
            return True
        if value.op == "load" and not (isinstance(value.attr, Buffer) and value.attr.access == "read"):
            return True
        if value.op == "read":
            return value.attr in self.varying
        if value.op in SUBGROUP:
            return True  # uniform in the subgroup only
        return any(arg in self.varying for arg in value.args)

    def define(self, item: Value | Variable) -> None:
        self.scopes[-1].add(item)

    def mark(self, item: Value | Variable, varying: bool) -> None:
        if varying:
            self.varying.add(item)

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
