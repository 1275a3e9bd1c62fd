"""How a C-like language spells operations: a table of operators and functions, and a few methods.

Expressions carry their precedence, so that brackets appear only where the languages need them or a reader
would want them. The languages agree on arithmetic and comparisons; bitwise operations always get brackets,
since their precedence differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kernelc.kir.nodes import TileStore
from kernelc.kir.types import Type
from kernelc.kir.values import Value

ATOM, UNARY, PRODUCT, SUM, BITS, COMPARE, AND, OR, CHOICE = range(9)
INFIX: dict[str, tuple[str, int]] = {
    "mul": ("*", PRODUCT),
    "div": ("/", PRODUCT),
    "mod": ("%", PRODUCT),
    "add": ("+", SUM),
    "sub": ("-", SUM),
    "shl": ("<<", BITS),
    "shr": (">>", BITS),
    "and": ("&", BITS),
    "or": ("|", BITS),
    "xor": ("^", BITS),
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "gt": (">", COMPARE),
    "ge": (">=", COMPARE),
    "eq": ("==", COMPARE),
    "ne": ("!=", COMPARE),
    "logical_and": ("&&", AND),
    "logical_or": ("||", OR),
}


@dataclass(frozen=True)
class Text:
    """The text of an expression, its precedence (small numbers bind tightly), and the infix symbol at its
    top."""

    text: str
    level: int = ATOM
    symbol: str = ""

    def within(self, level: int) -> str:
        return self.text if self.level <= level else f"({self.text})"


class Dialect:
    """The spelling of one language. Subclasses fill in the tables and methods."""

    functions: ClassVar[Mapping[str, str]] = {}  # operation -> the function that takes all of its operands
    reserved: frozenset[str] = frozenset()
    mixes_scalars = False  # whether vector * scalar is an operator of the language
    suffixes: ClassVar[Mapping[str, str]] = {"u32": "u"}  # of whole numbers, by their scalar type
    counter: ClassVar[str]  # what declares a loop's index

    def type_name(self, type: Type) -> str:
        raise NotImplementedError

    def constant(self, value: Value) -> Text:
        raise NotImplementedError

    def mask(self, value: Value) -> Text:
        """A constant next to a bitwise operator."""
        number = value.attr
        if isinstance(number, int) and number > 255:
            return Text(f"0x{number:08x}{self.suffixes.get(value.type.scalar, '')}")
        return self.constant(value)

    def call(self, function: str, args: Sequence[Text]) -> Text:
        return Text(f"{function}({', '.join(arg.text for arg in args)})")

    def lane(self, vector: Text, lane: int) -> Text:
        """The text of one lane of a vector."""
        return Text(f"{vector.within(ATOM)}.{'xyzw'[lane]}")

    def builtin(self, value: Value) -> Text:
        """The text of a number that the invocation is given: see `operation_table.GIVEN`."""
        raise NotImplementedError

    def infix(self, value: Value, args: list[Text]) -> Text | None:
        """A different text for an infix operation that the language lacks or does not define for all
        operands; else None."""
        return None

    def special(self, value: Value, args: list[Text]) -> Text:
        """The text of any operation that is neither infix nor listed in `functions`."""
        raise NotImplementedError

    def tile_load(self, value: Value, place: str, stride: str) -> Text:
        """A tile loaded from shared memory; `place` is an lvalue, the tile's first element."""
        raise NotImplementedError("this language is printed without matrix units")

    def tile_mma_shared(self, value: Value, place: str, stride: str, tiles: list[str]) -> Text:
        """A sum (the first of `tiles`) with products of tiles a (the others) and of b's in shared memory;
        `place` is an lvalue, the first cell of the b's."""
        raise NotImplementedError("this language multiplies no tiles from shared memory")

    def tile_store(self, statement: TileStore, place: str, stride: str, value: str) -> str:
        """The statement that stores a tile to shared memory."""
        raise NotImplementedError("this language is printed without matrix units")

    def let(self, type: Type, name: str, value: str) -> str:
        raise NotImplementedError

    def declare(self, type: Type, name: str, value: str) -> str:
        raise NotImplementedError

    def loop(self, name: str, start: str, stop: str, step: str) -> str:
        advance = f"{name}++" if step == "1u" else f"{name} += {step}"
        return f"for ({self.counter} {name} = {start}; {name} < {stop}; {advance}) {{"

    def condition(self, text: str) -> str:
        return f"if ({text}) {{"

    def barrier(self) -> str:
        raise NotImplementedError

    def inputs_ready(self) -> str:
        """What waits for the kernel before; nothing where a kernel starts only when that one has ended."""
        return ""

    def fence(self) -> str:
        raise NotImplementedError("this language does not order memory between workgroups")

    def atomic_add(self, cell: str, amount: Text) -> Text:
        """What an element of a buffer held before it was added to; `cell` is an lvalue."""
        raise NotImplementedError("this language is printed without atomic operations")

    def uniform_load(self, cell: str) -> Text:
        """An element of shared memory that the whole workgroup loads."""
        return Text(cell)


def float_digits(number: float, type: Type) -> str:
    """The shortest decimal, with a point or an exponent, that reads back as the same number of `type` and
    does not exceed the type's largest (Tint refuses that).

    Raises: ValueError for an infinity or a NaN, which not every target can write.
    """
    exact = np.float16(number) if type.scalar == "f16" else np.float32(number)
    if not np.isfinite(exact):
        raise ValueError(f"a kernel has no text for {number}")
    if 1e-4 <= abs(number) < 1e7 or number == 0:
        text = np.format_float_positional(exact, trim="-")
        return text if "." in text else f"{text}.0"
    text = np.format_float_scientific(exact, trim="-", exp_digits=1)
    beyond = abs(float(text)) > float(np.finfo(exact.dtype).max)
    return (repr(float(exact)) if beyond else text).replace("e+", "e")


def choice(condition: Text, yes: Text, no: Text) -> Text:
    """C's conditional operator, which binds more loosely than all others."""
    return Text(f"{condition.within(OR)} ? {yes.within(OR)} : {no.within(OR)}", CHOICE)


def c_constant(value: Value, false: str, true: str) -> Text:
    """A constant as C and the languages that come from it write it."""
    number, scalar = value.attr, value.type.scalar
    assert isinstance(number, int | float)
    if scalar == "bool":
        return Text(true if number else false)
    if scalar == "i32" and number == -(1 << 31):
        return Text("-2147483647 - 1", SUM)  # its digits alone are a long
    if scalar == "u32":
        return Text(f"{number}u")
    digits = f"{number}" if scalar == "i32" else f"{float_digits(float(number), value.type)}f"
    return Text(digits, UNARY if math.copysign(1, number) < 0 else ATOM)


FALLBACKS = {
    "read": "previous",
    "dot": "product",
    "select": "chosen",
    "unpack_half2": "halves",
    "subgroup_sum": "subgroup_total",
    "subgroup_max": "subgroup_greatest",
    "subgroup_shuffle_xor": "partner",
}
"""By operation, the names of values that the kernel's Python did not name."""
