"""The few identities worth applying while tracing, so that emitted index arithmetic reads as a person would write it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from kernelc.kir.nodes import Value
from kernelc.kir.types import Type

if TYPE_CHECKING:
    from kernelc.kir.trace import Tracer

_FOLD: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.floordiv,
    "mod": operator.mod,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "shr": operator.rshift,
}
_RIGHT_IDENTITY = {"add": 0, "sub": 0, "mul": 1, "div": 1, "shl": 0, "shr": 0, "or": 0, "xor": 0}
_LEFT_IDENTITY = {"add": 0, "mul": 1, "or": 0, "xor": 0}


def constant_of(value: Value) -> int | float | None:
    """The number of a scalar constant, else None."""
    if value.op == "const" and isinstance(value.attr, int | float):
        return value.attr
    return None


def binary(tracer: Tracer, op: str, type: Type, left: Value, right: Value) -> Value:
    """`left op right`, simplified where the result is exactly the same number.

    Integers fold only while the result stays in range; floats are left alone but for multiplication by the constant 1
    and addition of 0 (exact but for the sign of a zero, which no kernel here looks at).
    """
    a, b = constant_of(left), constant_of(right)
    if type.is_integer and isinstance(a, int) and isinstance(b, int) and op in _FOLD and not (op in ("div", "mod") and b == 0):
        folded = _FOLD[op](a, b)
        if 0 <= folded < (1 << 32 if type.scalar == "u32" else 1 << 31):
            return tracer.constant(folded, type)
    if b is not None and op in _RIGHT_IDENTITY and b == _RIGHT_IDENTITY[op] and left.type == type:
        return left
    if a is not None and op in _LEFT_IDENTITY and a == _LEFT_IDENTITY[op] and right.type == type:
        return right
    if type.is_integer and ((op == "mul" and 0 in (a, b)) or (op == "mod" and b == 1)):
        return tracer.constant(0, type)
    return tracer.emit(op, type, (left, right))
