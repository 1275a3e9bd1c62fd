"""The printer that C-like languages share: statements, precedence, names; a dialect supplies the spelling.

A dialect is a table of operator and function texts plus a few methods for declarations. Expressions carry their
precedence so that brackets appear only where the language needs them or a reader would want them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kernelc.kir.inline import inlined
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
from kernelc.kir.types import Type

ATOM, UNARY, PRODUCT, SUM, SHIFT, COMPARE, AND, OR = range(8)
INFIX: dict[str, tuple[str, int]] = {
    "mul": ("*", PRODUCT),
    "div": ("/", PRODUCT),
    "mod": ("%", PRODUCT),
    "add": ("+", SUM),
    "sub": ("-", SUM),
    "shl": ("<<", SHIFT),
    "shr": (">>", SHIFT),
    "and": ("&", SHIFT),
    "or": ("|", SHIFT),
    "xor": ("^", SHIFT),
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "gt": (">", COMPARE),
    "ge": (">=", COMPARE),
    "eq": ("==", COMPARE),
    "ne": ("!=", COMPARE),
    "logical_and": ("&&", AND),
    "logical_or": ("||", OR),
}
_ASSOCIATIVE = frozenset({"add", "mul", "logical_and", "logical_or"})
_MARGIN = 96


@dataclass(frozen=True)
class Text:
    """An expression's text and how tightly it binds (the smaller, the tighter)."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        return self.text if self.level <= level else f"({self.text})"


class Dialect:
    """The spelling of one language. Subclasses fill the tables and methods."""

    functions: dict[str, str] = {}  # op -> name of a function taking all arguments
    reserved: frozenset[str] = frozenset()
    mixes_scalars = False  # vector * scalar is an operator of the language

    def type_name(self, type: Type) -> str:
        raise NotImplementedError

    def constant(self, value: Value) -> Text:
        raise NotImplementedError

    def builtin(self, value: Value) -> Text:
        """Text of param, workgroup_id, local_id, subgroup_lane, subgroup_size."""
        raise NotImplementedError

    def special(self, value: Value, args: list[Text]) -> Text:
        """Any operation that is neither infix nor a function of `functions`."""
        raise NotImplementedError

    def let(self, type: Type, name: str, value: str) -> str:
        raise NotImplementedError

    def declare(self, type: Type, name: str, value: str) -> str:
        raise NotImplementedError

    def loop(self, name: str, start: str, stop: str, step: str) -> str:
        raise NotImplementedError

    def condition(self, text: str) -> str:
        return f"if ({text}) {{"

    def barrier(self) -> str:
        raise NotImplementedError


@dataclass
class BodyPrinter:
    """Prints the statements of one kernel."""

    kernel: Kernel
    dialect: Dialect
    lines: list[str] = field(default_factory=lambda: list[str]())
    names: dict[Value | Variable | Buffer | Shared, str] = field(default_factory=lambda: {})

    def __post_init__(self) -> None:
        self.placed, self.dead = inlined(self.kernel)
        self.taken: Counter[str] = Counter(dict.fromkeys(self.dialect.reserved, 1))
        self.last_place: SourceLine | None = None
        for memory in (*self.kernel.buffers, *self.kernel.shared):
            self.name(memory, memory.name)

    def name(self, item: Value | Variable | Buffer | Shared, wish: str) -> str:
        """A name for `item`, its Python name where that is free, else with a number."""
        chosen = wish
        while self.taken[chosen]:
            self.taken[wish] += 1
            chosen = f"{wish}_{self.taken[wish] - 1}"
        self.taken[chosen] += 1
        self.names[item] = chosen
        return chosen

    def body(self) -> str:
        self.block(self.kernel.body, 1)
        return "\n".join(self.lines)

    def emit(self, depth: int, text: str, place: SourceLine | None = None) -> None:
        line = "  " * depth + text
        if place is not None and place != self.last_place:
            line = f"{line:<{_MARGIN - 24}}  // {place}"
            self.last_place = place
        self.lines.append(line)

    def block(self, block: Block, depth: int) -> None:
        outside = self.taken.copy()  # a name is free again where its scope has ended
        for statement in block.statements:
            self.statement(statement, depth)
        self.taken = outside

    def statement(self, statement: Statement, depth: int) -> None:
        place = statement.where
        match statement:
            case Let(value=value):
                if value not in self.placed and value not in self.dead:
                    text = self.expression(value).text
                    self.emit(depth, self.dialect.let(value.type, self.name(value, value.name or _fallback(value)), text), place)
            case Declare():
                init = self.ref(statement.init).text
                name = self.name(statement.variable, statement.variable.name)
                self.emit(depth, self.dialect.declare(statement.variable.type, name, init), place)
            case Assign():
                self.emit(depth, self.assignment(self.names[statement.variable], statement), place)
            case Store():
                target = f"{self.names[statement.memory]}[{self.ref(statement.index).text}]"
                self.emit(depth, f"{target} = {self.ref(statement.value).text};", place)
            case For():
                self.loop(statement, depth)
            case If():
                self.branch(statement, depth)
            case Barrier():
                self.emit(depth, self.dialect.barrier(), place)

    def assignment(self, name: str, statement: Assign) -> str:
        """`acc += x` where the value is `acc + x` with acc read in place."""
        value = statement.value
        if value in self.placed and value.op in ("add", "sub", "mul", "or", "and", "xor"):
            first = value.args[0]
            if first in self.placed and first.op == "read" and first.attr is statement.variable:
                return f"{name} {INFIX[value.op][0]}= {self.ref(value.args[1]).text};"
        return f"{name} = {self.ref(value).text};"

    def loop(self, statement: For, depth: int) -> None:
        start, stop, step = (self.ref(v).text for v in (statement.start, statement.stop, statement.step))
        name = self.name(statement.index, statement.index.name)
        self.emit(depth, self.dialect.loop(name, start, stop, step), statement.where)
        self.block(statement.body, depth + 1)
        self.emit(depth, "}")
        self.taken[name] -= 1

    def branch(self, statement: If, depth: int) -> None:
        self.emit(depth, self.dialect.condition(self.ref(statement.condition).text), statement.where)
        self.block(statement.then, depth + 1)
        if statement.orelse.statements:
            self.emit(depth, "} else {")
            self.block(statement.orelse, depth + 1)
        self.emit(depth, "}")

    # Expressions

    def ref(self, value: Value) -> Text:
        """A value where it is used: its name, or the whole expression when it is written in place."""
        if value.op == "const":
            return self.dialect.constant(value)
        return self.expression(value) if value in self.placed else Text(self.names[value])

    def expression(self, value: Value) -> Text:
        match value.op:
            case "param" | "workgroup_id" | "local_id" | "subgroup_lane" | "subgroup_size":
                return self.dialect.builtin(value)
            case "read":
                assert isinstance(value.attr, Variable)
                return Text(self.names[value.attr])
            case "load":
                assert isinstance(value.attr, Buffer | Shared)
                return Text(f"{self.names[value.attr]}[{self.ref(value.args[0]).text}]")
            case "extract":
                assert isinstance(value.attr, int)
                return Text(f"{self.ref(value.args[0]).within(ATOM)}.{'xyzw'[value.attr]}")
            case _:
                args = [self.ref(arg) for arg in value.args]
        if value.op in INFIX:
            return self.infix(value, args)
        if value.op in self.dialect.functions:
            return Text(f"{self.dialect.functions[value.op]}({', '.join(arg.text for arg in args)})")
        return self.dialect.special(value, args)

    def infix(self, value: Value, args: list[Text]) -> Text:
        symbol, level = INFIX[value.op]
        left, right = args if not self.dialect.mixes_scalars else self.scalars(value, args)
        if level in (SHIFT, COMPARE, AND, OR):  # languages disagree on these: bracket whatever is not an atom
            return Text(f"{left.within(UNARY)} {symbol} {right.within(UNARY)}", level)
        tight = right.within(level if value.op in _ASSOCIATIVE and level == SUM else level - 1)
        return Text(f"{left.within(level)} {symbol} {tight}", level)


    def scalars(self, value: Value, args: list[Text]) -> list[Text]:
        """Where a language multiplies vectors by scalars itself, spreading one side over the lanes first is noise."""
        spread = [arg.op == "splat" and arg in self.placed for arg in value.args]
        if sum(spread) != 1 or value.op not in ("add", "sub", "mul", "div"):
            return args
        return [self.ref(arg.args[0]) if is_spread else text for arg, text, is_spread in zip(value.args, args, spread, strict=True)]


def _fallback(value: Value) -> str:
    """A name for a value the kernel's Python did not name: what it is."""
    names = {"load": "loaded", "read": "previous", "dot": "product", "select": "chosen", "unpack_half2": "halves"}
    return names.get(value.op, "t")


def used_builtins(kernel: Kernel) -> frozenset[str]:
    """Names of the built-in values that the printed body mentions."""
    found: set[str] = set()

    def look(block: Block) -> None:
        for statement in block.statements:
            for value in (*operands(statement), *([statement.value] if isinstance(statement, Let) else [])):
                found.add(value.op)
            if isinstance(statement, For):
                look(statement.body)
            elif isinstance(statement, If):
                look(statement.then)
                look(statement.orelse)

    look(kernel.body)
    return frozenset(found & {"workgroup_id", "local_id", "subgroup_lane", "subgroup_size"})
