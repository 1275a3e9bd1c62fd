"""Makes a kernel that fails smaller, as long as it fails: delta debugging on the nodes of the kernel IR.

Source of the method: A. Zeller, R. Hildebrandt, Simplifying and Isolating Failure-Inducing Input (IEEE
Transactions on Software Engineering, 2002). Statements are left out, many at a time and then one by one;
branches and loops become what is in them; values become an operand of theirs, or a number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kernelc.errors import InternalError
from kernelc.kir.memory import Buffer, Memory, Shared
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
    operands,
    walk,
)
from kernelc.kir.passes import dead
from kernelc.kir.passes.verify import verify
from kernelc.kir.values import Value, Variable

Fails = Callable[[Kernel], bool]
"""Whether a kernel, which is valid, still fails. It must not raise."""

_DROPPED = (Store, Assign, Barrier, For, If)


def reduced(kernel: Kernel, fails: Fails, *, seconds: float = 30.0) -> Kernel:
    """Return the smallest kernel found within `seconds` that still fails, the kernel itself where none is.

    Buffers and workgroup memory that it does not use any more are left out, too.
    """
    reducer = _Reducer(fails, time.monotonic() + seconds)
    while True:
        before = size_of(kernel)
        for step in (reducer.drop, reducer.unwrap, reducer.replace_values):
            kernel = step(kernel)
        if size_of(kernel) >= before:
            return reducer.without_unused(kernel)


def size_of(kernel: Kernel) -> int:
    """How many statements a kernel has."""
    return sum(1 for _ in walk(kernel.body))


@dataclass(frozen=True)
class _Edit:
    """What to change in a copy: statements by their place in `walk`'s order.

    `dropped` are left out with all that is in them; of `unwrapped` branches and loops the first block stays,
    of `turned` branches the second; `values` become operand number n, or where that is None a number.
    """

    dropped: frozenset[int] = frozenset()
    unwrapped: frozenset[int] = frozenset()
    turned: frozenset[int] = frozenset()
    values: tuple[tuple[int, int | None], ...] = ()


class _Reducer:
    def __init__(self, fails: Fails, until: float) -> None:
        self._fails, self._until = fails, until

    def drop(self, kernel: Kernel) -> Kernel:
        """Leave out statements, in pieces that become smaller."""
        size = max(1, len(_places(kernel, _DROPPED)) // 2)
        while size:
            at = 0
            while at < len(places := _places(kernel, _DROPPED)):
                smaller = self._tried(kernel, _Edit(dropped=frozenset(places[at : at + size])))
                kernel, at = (kernel, at + size) if smaller is None else (smaller, at)
            size //= 2
        return kernel

    def unwrap(self, kernel: Kernel) -> Kernel:
        """Take branches and loops away around what is in them."""
        at = 0
        while at < len(places := _places(kernel, (For, If))):
            place = frozenset({places[at]})
            edits = (_Edit(unwrapped=place), _Edit(turned=place))
            kernel, at = self._first(kernel, edits, at)
        return kernel

    def replace_values(self, kernel: Kernel) -> Kernel:
        """Put numbers or operands in the place of values: of many at a time, and then of one after the other,
        the last first."""
        size = len(_places(kernel, (Let,))) // 2
        while size > 1:
            at = 0
            while at < len(places := _numbers(kernel)):
                values = tuple((place, None) for place in places[at : at + size])
                smaller = self._tried(kernel, _Edit(values=values))
                kernel, at = (kernel, at + size) if smaller is None else (smaller, at)
            size //= 2
        done = 0
        while done < len(places := _places(kernel, (Let,))):
            place = places[-1 - done]
            value = _value_at(kernel, place)
            choices: list[int | None] = [at for at, arg in enumerate(value.args) if arg.type == value.type]
            if _may_be_number(value):
                choices.insert(0, None)
            edits = [_Edit(values=((place, choice),)) for choice in choices]
            kernel, done = self._first(kernel, edits, done)
        return kernel

    def without_unused(self, kernel: Kernel) -> Kernel:
        """Leave out memory that no statement accesses."""
        used = {id(each) for each in _memories(kernel)}
        smaller = replace(
            kernel,
            buffers=tuple(each for each in kernel.buffers if id(each) in used),
            shared=tuple(each for each in kernel.shared if id(each) in used),
        )
        return smaller if self._fails(smaller) else kernel

    def _first(self, kernel: Kernel, edits: Sequence[_Edit], at: int) -> tuple[Kernel, int]:
        """The first edit that still fails, else the kernel and the next place."""
        for edit in edits:
            smaller = self._tried(kernel, edit)
            if smaller is not None:
                return smaller, at
        return kernel, at + 1

    def _tried(self, kernel: Kernel, edit: _Edit) -> Kernel | None:
        smaller = _Copy(kernel, edit).kernel()
        shrunk = size_of(smaller) < size_of(kernel)
        return smaller if shrunk and self._is_failing(smaller) else None

    def _is_failing(self, kernel: Kernel) -> bool:
        if time.monotonic() > self._until:
            return False
        try:
            verify(kernel)
        except InternalError:
            return False
        return self._fails(kernel)


def _places(kernel: Kernel, kinds: tuple[type, ...]) -> list[int]:
    return [at for at, each in enumerate(walk(kernel.body)) if isinstance(each, kinds)]


def _numbers(kernel: Kernel) -> list[int]:
    """The places of values that may become numbers."""
    lets = ((at, each) for at, each in enumerate(walk(kernel.body)) if isinstance(each, Let))
    return [at for at, each in lets if _may_be_number(each.value)]


def _may_be_number(value: Value) -> bool:
    """Whether a number says less than the value: it is computed of something, or loaded."""
    return value.type.lanes == 1 and value.op not in ("local_id", "workgroup_id", "splat")


def _value_at(kernel: Kernel, place: int) -> Value:
    statement = next(each for at, each in enumerate(walk(kernel.body)) if at == place)
    assert isinstance(statement, Let)
    return statement.value


def _memories(kernel: Kernel) -> Iterator[Memory]:
    for statement in walk(kernel.body):
        if isinstance(statement, Store):
            yield statement.memory
        if isinstance(statement, Let) and isinstance(statement.value.attr, Buffer | Shared):
            yield statement.value.attr


@dataclass
class _Copy:
    """A copy of a kernel with an edit; what has no effect any more is left out."""

    of: Kernel
    edit: _Edit
    values: dict[Value, Value] = field(default_factory=dict[Value, Value])
    registers: dict[Variable, Variable] = field(default_factory=dict[Variable, Variable])
    place: int = -1

    def kernel(self) -> Kernel:
        body = self.block(self.of.body)
        dead.remove(body)
        return replace(self.of, body=body)

    def block(self, block: Block) -> Block:
        return Block([kept for statement in block.statements for kept in self.statement(statement)])

    def statement(self, statement: Statement) -> list[Statement]:
        self.place += 1
        place, edit = self.place, self.edit
        if place in edit.dropped:
            self.place += sum(1 for _ in walk(Block([statement]))) - 1
            return []
        match statement:
            case Let(value=value):
                return self.let(value, place)
            case Declare(variable=variable):
                self.registers[variable] = Variable(variable.name, variable.type)
                return [Declare(self.registers[variable], self.value(statement.init), statement.where)]
            case Assign(variable=variable, value=value):
                return [Assign(self.registers[variable], self.value(value), statement.where)]
            case Store():
                index, value = self.value(statement.index), self.value(statement.value)
                return [Store(statement.memory, index, value, statement.where)]
            case For():
                return self.loop(statement, place)
            case If():
                condition = self.value(statement.condition)
                then, orelse = self.block(statement.then), self.block(statement.orelse)
                if place in edit.unwrapped:
                    return then.statements
                if place in edit.turned:
                    return orelse.statements
                return [If(condition, then, orelse, statement.where)]
            case _:
                assert not operands(statement), f"{type(statement).__name__} cannot be copied"
                return [statement]

    def let(self, value: Value, place: int) -> list[Statement]:
        for at, choice in self.edit.values:
            if at == place:
                number: int | float | bool = 1.0 if value.type.is_float else 1
                number = number if value.type.scalar != "bool" else True
                constant = Value("const", value.type, (), number, value.where)
                self.values[value] = constant if choice is None else self.value(value.args[choice])
                return []
        attr = self.registers[value.attr] if isinstance(value.attr, Variable) else value.attr
        copy = replace(value, args=tuple(map(self.value, value.args)), attr=attr)
        self.values[value] = copy
        return [Let(copy)]

    def loop(self, statement: For, place: int) -> list[Statement]:
        start, stop, step = map(self.value, (statement.start, statement.stop, statement.step))
        index = replace(statement.index)
        self.values[statement.index] = start if place in self.edit.unwrapped else index
        body = self.block(statement.body)
        if place in self.edit.unwrapped:
            return body.statements
        return [For(index, start, stop, step, body, statement.where)]

    def value(self, value: Value) -> Value:
        return self.values.get(value, value)
