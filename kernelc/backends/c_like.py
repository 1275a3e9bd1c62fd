"""The printer that C-like languages share. It handles statements, names and brackets; a dialect supplies the
spelling."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kernelc.backends.base import Places
from kernelc.backends.dialect import (
    AND,
    BITS,
    COMPARE,
    FALLBACKS,
    INFIX,
    OR,
    PRODUCT,
    SUM,
    UNARY,
    Dialect,
    Text,
)
from kernelc.backends.layout import laid_out
from kernelc.kir.memory import Buffer, Memory, Shared, SourceLine, Stages
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
)
from kernelc.kir.operation_table import GIVEN
from kernelc.kir.passes.inline import inlined
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageStatement, StageWait
from kernelc.kir.types import u32
from kernelc.kir.values import Value, Variable

_CHAINS = frozenset({"&", "|", "^", "&&", "||"})  # associative: a & b & c needs no brackets
_COMPOUND = frozenset(
    {"add", "sub", "mul", "or", "and", "xor"}
)  # operations with an assignment such as x += y


Named = Value | Variable | Memory | Stages


@dataclass
class BodyPrinter:
    """Prints the statements of one kernel."""

    kernel: Kernel
    dialect: Dialect
    lines: list[str] = field(default_factory=lambda: list[str]())
    names: dict[Named, str] = field(default_factory=lambda: dict[Named, str]())

    def __post_init__(self) -> None:
        self.placed = inlined(self.kernel)
        self.indices = _indices(self.kernel)
        self.taken: Counter[str] = Counter(dict.fromkeys(self.dialect.reserved, 1))
        self.last_place: SourceLine | None = None
        self.places: list[Places] = []  # of each line; see `Rendered`
        self.written: dict[SourceLine, None] = {}  # of the values that the next line holds
        self.equal: dict[Places, Places] = {}  # so that equal ones are one object
        for memory in (*self.kernel.buffers, *self.kernel.shared):
            self.name(memory, memory.name)

    def name(self, item: Named, wish: str) -> str:
        """Choose a name for `item`: the wished one where it is free, else the same with a number."""
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
        new = place is not None and place != self.last_place
        lines = laid_out(depth, text, str(place) if new else "")
        self.lines += lines
        self.last_place = place or self.last_place
        found = tuple(self.written if place is None else {place: None, **self.written})
        self.places += [self.equal.setdefault(found, found)] * len(lines)
        self.written.clear()

    def block(self, block: Block, depth: int) -> None:
        outside = self.taken.copy()  # a name is free again where its scope has ended
        for statement in block.statements:
            self.statement(statement, depth)
        self.taken = outside

    def statement(self, statement: Statement, depth: int) -> None:
        place = statement.where
        match statement:
            case Let(value=value):
                if value not in self.placed:
                    text = self.expression(value).text
                    name = self.name(value, value.name or value.hint or self.fallback(value))
                    self.emit(depth, self.dialect.let(value.type, name, text), place)
            case Declare():
                init = self.ref(statement.init).text
                name = self.name(statement.variable, statement.variable.name)
                self.emit(depth, self.dialect.declare(statement.variable.type, name, init), place)
            case Assign():
                self.emit(depth, self.assignment(self.names[statement.variable], statement), place)
            case Store():
                target = self.element(statement.memory, statement.index)
                self.emit(depth, self.assignment(target, statement), place)
            case TileStore():
                cell = f"{self.names[statement.memory]}[{self.ref(statement.offset).text}]"
                stride, tile = self.ref(statement.stride).text, self.ref(statement.value).text
                self.emit(depth, self.dialect.tile_store(statement, cell, stride, tile), place)
            case For():
                self.loop(statement, depth)
            case If():
                self.branch(statement, depth)
            case Barrier():
                self.emit(depth, self.dialect.barrier(), place)
            case StageRequest() | StageWait() | StageRelease():
                self.staged(statement, depth)
            case InputsReady():
                if text := self.dialect.inputs_ready():
                    self.emit(depth, text, place)
            case Fence():
                self.emit(depth, self.dialect.fence(), place)
            case Probe():  # of the interpreter alone
                pass

    def staged(self, statement: StageStatement, depth: int) -> None:
        """Print a statement on stages that bulk copies fill."""
        raise NotImplementedError("this language is printed without bulk copies")

    def assignment(self, target: str, statement: Assign | Store) -> str:
        """`acc += x` where the value is `acc + x` and the read of `acc` (or the load of the cell) is written
        in place; otherwise a plain assignment."""
        value = statement.value
        in_place = {value, *value.args[:1]} <= self.placed and value.op in _COMPOUND
        if in_place and _overwritten(statement) and not self.replaced(value):
            return f"{target} {INFIX[value.op][0]}= {self.ref(value.args[1]).text};"
        return f"{target} = {self.ref(value).text};"

    def loop(self, statement: For, depth: int) -> None:
        start, stop, step = (self.ref(v).text for v in (statement.start, statement.stop, statement.step))
        name = self.name(statement.index, statement.index.name)
        self.emit(depth, self.dialect.loop(name, start, stop, step), statement.where)
        self.block(statement.body, depth + 1)
        self.emit(depth, "}")
        self.taken[name] -= 1

    def branch(self, statement: If, depth: int, opening: str = "") -> None:
        self.emit(
            depth, opening + self.dialect.condition(self.ref(statement.condition).text), statement.where
        )
        self.block(statement.then, depth + 1)
        inner = self.only_branch(statement.orelse)
        if inner is not None:
            self.branch(inner, depth, "} else ")
            return
        if statement.orelse.statements:
            self.emit(depth, "} else {")
            self.block(statement.orelse, depth + 1)
        self.emit(depth, "}")

    def only_branch(self, block: Block) -> If | None:
        """The `If` that is all that a block prints, so that `else if` can be written; else None."""
        shown = [s for s in block.statements if not (isinstance(s, Let) and s.value in self.placed)]
        return shown[0] if len(shown) == 1 and isinstance(shown[0], If) else None

    # Expressions

    def ref(self, value: Value) -> Text:
        """The text of a value where it is used: its name, or its expression if it is written in place."""
        if value.op == "const":
            return self.dialect.constant(value)
        if value not in self.placed:
            return Text(self.names[value])
        self.written[value.where] = None
        return self.expression(value)

    def expression(self, value: Value) -> Text:
        match value.op:
            case op if op in GIVEN:
                return self.dialect.builtin(value)
            case "read":
                assert isinstance(value.attr, Variable)
                return Text(self.names[value.attr])
            case "load" | "uniform_load" | "atomic_add":
                assert isinstance(value.attr, Buffer | Shared)
                cell = self.element(value.attr, value.args[0])
                if value.op == "load":
                    return Text(cell)
                if value.op == "uniform_load":
                    return self.dialect.uniform_load(cell)
                return self.dialect.atomic_add(cell, self.ref(value.args[1]))
            case "tile_load" | "tile_load_transposed":
                assert isinstance(value.attr, Shared)
                offset, stride = (self.ref(arg).text for arg in value.args)
                return self.dialect.tile_load(value, f"{self.names[value.attr]}[{offset}]", stride)
            case "tile_mma_shared":
                assert isinstance(value.attr, Shared)
                offset, stride, *tiles = (self.ref(arg).text for arg in value.args)
                return self.dialect.tile_mma_shared(
                    value, f"{self.names[value.attr]}[{offset}]", stride, tiles
                )
            case "extract":
                assert isinstance(value.attr, int)
                return self.dialect.lane(self.ref(value.args[0]), value.attr)
            case _:
                args = [self.ref(arg) for arg in value.args]
        if value.op in INFIX:
            return self.dialect.infix(value, args) or self.infix(value, args)
        if value.op in self.dialect.functions:
            return self.dialect.call(self.dialect.functions[value.op], args)
        return self.dialect.special(value, args)

    def replaced(self, value: Value) -> bool:
        """Whether the dialect has a text of its own for this infix operation."""
        return self.dialect.infix(value, [self.ref(arg) for arg in value.args]) is not None

    def infix(self, value: Value, args: list[Text]) -> Text:
        symbol, level = INFIX[value.op]
        left, right = args if not self.dialect.mixes_scalars else self.scalars(value, args)
        if level == BITS:
            left, right = (self.dialect.mask(v) if v.op == "const" else self.ref(v) for v in value.args)
        loose, tight = _levels(value, level)
        if symbol in _CHAINS:
            loose = level if left.symbol == symbol else loose
            tight = level if right.symbol == symbol else tight
        elif left.symbol == "%" and level == PRODUCT:
            loose = UNARY
        return Text(f"{left.within(loose)} {symbol} {right.within(tight)}", level, symbol)

    def element(self, memory: Memory, index: Value) -> str:
        """An element of an array."""
        return f"{self.names[memory]}[{self.ref(index).text}]"

    def scalars(self, value: Value, args: list[Text]) -> list[Text]:
        """The operands without the spreading of a scalar over lanes, where the language multiplies vectors by
        scalars itself."""
        spread = [arg.op == "splat" and arg in self.placed for arg in value.args]
        if sum(spread) != 1 or value.op not in ("add", "sub", "mul", "div"):
            return args
        return [
            self.ref(v.args[0]) if bare else t for v, t, bare in zip(value.args, args, spread, strict=True)
        ]

    def fallback(self, value: Value) -> str:
        """A name for a value that the kernel's Python did not name: what the value is, or what it is used
        for."""
        if isinstance(value.attr, Buffer | Shared):
            return f"{value.attr.name}_value"
        return "index" if value in self.indices else FALLBACKS.get(value.op, "t")


def _overwritten(statement: Assign | Store) -> bool:
    """Whether the first operand is the current content of the register or cell that is being written."""
    first = statement.value.args[0]
    if isinstance(statement, Assign):
        return first.op == "read" and first.attr is statement.variable
    return first.op == "load" and first.attr is statement.memory and first.args[0] is statement.index


def _levels(value: Value, level: int) -> tuple[int, int]:
    """The loosest precedence at which the two operands of an infix operator need no brackets."""
    if level == BITS:
        return UNARY, UNARY
    if level == COMPARE:
        return SUM, SUM
    if level in (AND, OR):
        return COMPARE, COMPARE
    # for integers, which wrap, a + (b - c) may be written a + b - c; floats would round differently
    return level, level if value.op == "add" and value.type.is_integer else level - 1


def _indices(kernel: Kernel) -> set[Value]:
    """Values that are used as an index, and the whole numbers that those are computed from."""
    found = {s.index for s in kernel.statements if isinstance(s, Store)}
    for value in reversed(kernel.values):
        if value.op == "load" or (value in found and value.type == u32):
            found.update(value.args)
    return found


def used_builtins(kernel: Kernel) -> frozenset[str]:
    """Names of the built-in values that the printed body mentions."""
    return kernel.operations & GIVEN - {"param"}
