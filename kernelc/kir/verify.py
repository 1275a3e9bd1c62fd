"""Checks that a traced kernel is valid on the strictest target before any text is made of it.

- types of every operation, assignment, store and condition;
- definitions before uses, in scope;
- stores only into writable memory;
- barriers and subgroup operations only in uniform control flow (WGSL specification, section "Uniformity"): the branch
  or loop around them must depend on constants, step parameters, workgroup ids and read-only data at uniform indices alone.
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
    Shared,
    SourceLine,
    Statement,
    Store,
    Value,
    Variable,
    operands,
)
from kernelc.kir.types import Type, boolean, u32

ARITHMETIC = frozenset({"add", "sub", "mul", "div", "mod", "min", "max"})
BITWISE = frozenset({"and", "or", "xor", "shl", "shr"})
COMPARE = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
LOGICAL = frozenset({"logical_and", "logical_or"})
FLOAT_UNARY = frozenset({"exp", "exp2", "log", "sqrt", "rsqrt", "floor"})
SUBGROUP = frozenset({"subgroup_sum", "subgroup_max"})
BUILTIN = frozenset({"workgroup_id", "local_id", "subgroup_lane", "subgroup_size", "param", "const", "index"})


def verify(kernel: Kernel) -> Kernel:
    """Return the kernel unchanged, or raise InternalError naming the rule, the kernel's Python line, and the kernel text."""
    _Checker(kernel).block(kernel.body, uniform=True)
    return kernel


@dataclass
class _Checker:
    kernel: Kernel
    scopes: list[set[Value | Variable]] = field(default_factory=lambda: [set[Value | Variable]()])
    varying: set[Value | Variable] = field(default_factory=lambda: set[Value | Variable]())

    def fail(self, place: SourceLine, message: str) -> InternalError:
        from kernelc.kir.text import kernel_text

        return InternalError(f"kernel {self.kernel.name}: {place}: {message}", ir=kernel_text(self.kernel))

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
                self.scopes[-1].add(statement.variable)
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
                    raise self.fail(statement.where, "barrier in control flow that differs between invocations")

    def loop(self, statement: For, uniform: bool) -> None:
        bounds = (statement.start, statement.stop, statement.step)
        for bound in bounds:
            self.same(bound.type, u32, statement.where, "a loop bound")
        if statement.step.op == "const" and statement.step.attr == 0:
            raise self.fail(statement.where, "loop with step 0")
        varying = any(bound in self.varying for bound in bounds)
        self.mark(statement.index, varying or not uniform)
        # Variables assigned in the body may vary from the second round on: one extra pass finds what the first could not.
        before = len(self.varying)
        self.block(statement.body, uniform and not varying, statement.index)
        if len(self.varying) != before:
            self.block(statement.body, uniform and not varying, statement.index)

    def store(self, statement: Store) -> None:
        self.same(statement.index.type, u32, statement.where, "an index")
        self.same(statement.value.type, statement.memory.type, statement.where, f"a store to {statement.memory.name}")
        memory = statement.memory
        known = self.kernel.buffers if isinstance(memory, Buffer) else self.kernel.shared
        if memory not in known:
            raise self.fail(statement.where, f"{memory.name} is not this kernel's memory")
        if isinstance(memory, Buffer) and memory.access != "read_write":
            raise self.fail(statement.where, f"store to the read-only buffer {memory.name}")

    def let(self, value: Value, uniform: bool) -> None:
        if value.op in SUBGROUP and not uniform:
            raise self.fail(value.where, f"{value.op} in control flow that differs between invocations")
        problem = type_problem(value)
        if problem:
            raise self.fail(value.where, f"{value.op}: {problem}")
        self.scopes[-1].add(value)
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

    def mark(self, item: Value | Variable, varying: bool) -> None:
        if varying:
            self.varying.add(item)

    def used(self, item: Value | Variable, place: SourceLine) -> None:
        if isinstance(item, Value) and item.op == "const":
            return
        if not any(item in scope for scope in self.scopes):
            raise self.fail(place, f"{item.name or getattr(item, 'op', '')} is used outside the block that defines it")

    def same(self, got: Type, wanted: Type, place: SourceLine, what: str) -> None:
        if got != wanted:
            raise self.fail(place, f"{what} needs {wanted}, got {got}")


def type_problem(value: Value) -> str | None:
    """Why the types of an expression are wrong, or None."""
    op, type, args = value.op, value.type, value.args
    if op in ARITHMETIC | BITWISE:
        if any(arg.type != type for arg in args):
            return f"operands {[str(arg.type) for arg in args]} and result {type} differ"
        if op in BITWISE and not type.is_integer:
            return f"needs integers, got {type}"
        if op == "mod" and not type.is_integer:
            return f"needs integers, got {type}"
    elif op in COMPARE:
        if args[0].type != args[1].type or type.scalar != "bool":
            return f"compares {args[0].type} with {args[1].type}"
    elif op in LOGICAL:
        if any(arg.type != boolean for arg in args):
            return "needs conditions"
    elif op in FLOAT_UNARY:
        if args[0].type != type or not type.is_float:
            return f"needs a float, got {args[0].type}"
    elif op == "load":
        if not isinstance(value.attr, Buffer | Shared) or args[0].type != u32:
            return "needs a memory and a u32 index"
    elif op == "bitcast":
        if args[0].type.bytes != type.bytes or "f16" in (type.scalar, args[0].type.scalar):
            return f"from {args[0].type} to {type}"
    elif op == "dot":
        if args[0].type != args[1].type or not type.is_float or args[0].type.lanes == 1:
            return f"of {args[0].type} and {args[1].type}"
    elif op == "concat":
        if any(arg.type != type.with_lanes(2) for arg in args):
            return f"of {args[0].type} and {args[1].type}"
    elif op == "select":
        if args[0].type != boolean or args[1].type != type or args[2].type != type:
            return f"between {args[1].type} and {args[2].type}"
    elif op in SUBGROUP and (args[0].type != type or type.lanes != 1):
        return f"needs a scalar, got {args[0].type}"
    return None
