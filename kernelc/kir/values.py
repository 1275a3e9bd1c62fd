"""What a kernel's Python computes with: values and registers, and the recorder that their operators call.

An operator on a value computes nothing: it asks the active `Recorder` to add an operation to the kernel that
is being traced. This module knows neither the tracer (`kernelc.kir.trace`), which is that recorder, nor the
statements that it records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Union

from kernelc.kir.memory import Memory, SourceLine
from kernelc.kir.types import Type

Number = Union[int, float, "Operators"]  # a forward reference cannot stand in `|` at run time


class Recorder(ABC):
    """What the kernel language needs of the tracer: ways to add operations, registers and assignments."""

    @abstractmethod
    def where(self) -> SourceLine:
        """The kernel's own line of Python that is running."""

    @abstractmethod
    def emit(self, op: str, type: Type, args: tuple[Value, ...], attr: object = None) -> Value:
        """Add one value to the kernel, or return an equal one that is known already."""

    @abstractmethod
    def constant(self, value: int | float | bool, type: Type) -> Value:
        """A Python number as a value. Raises TypeError for one that `type` cannot hold."""

    @abstractmethod
    def condition(self, condition: Operators | bool, lanes: int = 1) -> Value:
        """A condition, or one for each of a vector's `lanes`. Raises TypeError for Python's True or False."""

    @abstractmethod
    def coerce(self, operand: Number, type: Type) -> Value:
        """A number or a scalar as a value of `type`. Raises TypeError where the types do not fit."""

    @abstractmethod
    def splat(self, value: Value, lanes: int) -> Value:
        """A vector with a scalar in every lane."""

    @abstractmethod
    def binary(self, op: str, left: Number, right: Number) -> Value:
        """An operation on two operands. Raises TypeError where their types do not fit."""

    @abstractmethod
    def unary(self, op: str, operand: Operators) -> Value:
        """An operation on one value, of its type."""

    @abstractmethod
    def extract(self, operand: Operators, lane: int) -> Value:
        """One lane of a vector. Raises IndexError for a lane that it does not have."""

    @abstractmethod
    def var(self, init: Number, type: Type | None = None, name: str = "") -> Variable:
        """A new register. Raises TypeError for a Python number without a type."""

    @abstractmethod
    def read(self, variable: Variable) -> Value:
        """What a register holds now."""

    @abstractmethod
    def assign(self, variable: Variable, value: Number) -> None:
        """Change what a register holds."""

    @abstractmethod
    def store_tile(
        self,
        memory: Memory,
        offset: Number,
        stride: Number,
        tile: Value,
        transposed: bool = False,
        columns: tuple[int, int] | None = None,
    ) -> None:
        """Write a subgroup's tile from `offset` on: rows `stride` apart, or `columns` where `transposed`."""


_active: ContextVar[Recorder] = ContextVar("kernelc_kir_recorder")


def current() -> Recorder:
    """The recorder in whose `with recording(...)` the caller runs. Raises LookupError outside of one."""
    return _active.get()


@contextmanager
def recording(recorder: Recorder) -> Generator[None]:
    """Make `recorder` the one that operators add to."""
    token = _active.set(recorder)
    try:
        yield
    finally:
        _active.reset(token)


class Operators:
    """Python's operators on values and registers; each adds one operation to the kernel being traced."""

    def value(self) -> Value:
        """The operand as a value: itself, or what a register holds now."""
        raise NotImplementedError

    def __add__(self, other: Number) -> Value:
        return current().binary("add", self, other)

    def __radd__(self, other: Number) -> Value:
        return current().binary("add", other, self)

    def __sub__(self, other: Number) -> Value:
        return current().binary("sub", self, other)

    def __rsub__(self, other: Number) -> Value:
        return current().binary("sub", other, self)

    def __mul__(self, other: Number) -> Value:
        return current().binary("mul", self, other)

    def __rmul__(self, other: Number) -> Value:
        return current().binary("mul", other, self)

    def __truediv__(self, other: Number) -> Value:
        return current().binary("div", self, other)

    def __rtruediv__(self, other: Number) -> Value:
        return current().binary("div", other, self)

    def __floordiv__(self, other: Number) -> Value:
        return current().binary("floordiv", self, other)

    def __rfloordiv__(self, other: Number) -> Value:
        return current().binary("floordiv", other, self)

    def __mod__(self, other: Number) -> Value:
        return current().binary("mod", self, other)

    def __rmod__(self, other: Number) -> Value:
        return current().binary("mod", other, self)

    def __and__(self, other: Number) -> Value:
        return current().binary("and", self, other)

    def __rand__(self, other: Number) -> Value:
        return current().binary("and", other, self)

    def __or__(self, other: Number) -> Value:
        return current().binary("or", self, other)

    def __ror__(self, other: Number) -> Value:
        return current().binary("or", other, self)

    def __xor__(self, other: Number) -> Value:
        return current().binary("xor", self, other)

    def __rxor__(self, other: Number) -> Value:
        return current().binary("xor", other, self)

    def __lshift__(self, other: Number) -> Value:
        """The amount is u32, whatever is shifted, and less than the width."""
        return current().binary("shl", self, other)

    def __rlshift__(self, other: Number) -> Value:
        return current().binary("shl", other, self)

    def __rshift__(self, other: Number) -> Value:
        return current().binary("shr", self, other)

    def __rrshift__(self, other: Number) -> Value:
        return current().binary("shr", other, self)

    def __lt__(self, other: Number) -> Value:
        return current().binary("lt", self, other)

    def __le__(self, other: Number) -> Value:
        return current().binary("le", self, other)

    def __gt__(self, other: Number) -> Value:
        return current().binary("gt", self, other)

    def __ge__(self, other: Number) -> Value:
        return current().binary("ge", self, other)

    def equals(self, other: Number) -> Value:
        """`==` stays Python's identity, so that values can be keys; this is the kernel's comparison."""
        return current().binary("eq", self, other)

    def differs(self, other: Number) -> Value:
        """The opposite of `equals`."""
        return current().binary("ne", self, other)

    def __neg__(self) -> Value:
        return current().unary("neg", self)

    def __invert__(self) -> Value:
        return current().unary("not", self)

    def __bool__(self) -> bool:
        raise TypeError(
            "a kernel value has no truth at trace time: use k.when(...) or select(...), not if/and/or"
        )

    def lane(self, index: int) -> Value:
        """Component `index` of a vector."""
        return current().extract(self, index)

    @property
    def x(self) -> Value:
        return self.lane(0)

    @property
    def y(self) -> Value:
        return self.lane(1)

    @property
    def z(self) -> Value:
        return self.lane(2)

    @property
    def w(self) -> Value:
        return self.lane(3)


@dataclass(eq=False)
class Value(Operators):
    """One expression: `op` applied to `args`, with `attr` for what is no value (a number, a memory, a lane).

    `name` is the Python name that the kernel gave it, "" for none; `hint` is what a printer calls it where it
    needs a name and has none.
    """

    op: str
    type: Type
    args: tuple[Value, ...]
    attr: object
    where: SourceLine
    name: str = ""
    hint: str = ""

    def value(self) -> Value:
        return self


@dataclass(eq=False)
class Variable(Operators):
    """A register that statements may assign. Using it in an expression reads it at that point.

    Every augmented assignment has a method: without one, Python would take the plain operator and rebind the
    name instead of changing the register.
    """

    name: str
    type: Type

    def value(self) -> Value:
        return current().read(self)

    def _assign(self, value: Value) -> Variable:
        current().assign(self, value)
        return self

    def __iadd__(self, other: Number) -> Variable:
        return self._assign(self + other)

    def __isub__(self, other: Number) -> Variable:
        return self._assign(self - other)

    def __imul__(self, other: Number) -> Variable:
        return self._assign(self * other)

    def __itruediv__(self, other: Number) -> Variable:
        return self._assign(self / other)

    def __ifloordiv__(self, other: Number) -> Variable:
        return self._assign(self // other)

    def __imod__(self, other: Number) -> Variable:
        return self._assign(self % other)

    def __iand__(self, other: Number) -> Variable:
        return self._assign(self & other)

    def __ior__(self, other: Number) -> Variable:
        return self._assign(self | other)

    def __ixor__(self, other: Number) -> Variable:
        return self._assign(self ^ other)

    def __ilshift__(self, other: Number) -> Variable:
        return self._assign(self << other)

    def __irshift__(self, other: Number) -> Variable:
        return self._assign(self >> other)
