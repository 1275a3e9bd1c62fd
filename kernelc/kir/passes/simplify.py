"""The few identities applied while tracing, so that index arithmetic reads as a person would write it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.operations import evaluate
from kernelc.kir.types import Type
from kernelc.kir.values import Recorder, Value

_INTEGERS_FOLD = frozenset(
    {"add", "sub", "mul", "div", "mod", "min", "max", "and", "or", "xor", "shl", "shr"}
)
_FLOATS_FOLD = frozenset({"add", "sub", "mul", "div"})
_RIGHT_IDENTITY = {"add": 0, "sub": 0, "mul": 1, "div": 1, "shl": 0, "shr": 0, "or": 0, "xor": 0}
_LEFT_IDENTITY = {"add": 0, "mul": 1, "or": 0, "xor": 0}


def constant_of(value: Value) -> int | float | None:
    """The number of a scalar constant, else None."""
    if value.op == "const" and isinstance(value.attr, int | float) and not isinstance(value.attr, bool):
        return value.attr
    return None


def binary(recorder: Recorder, op: str, type: Type, left: Value, right: Value) -> Value:
    """`left op right`, simplified where the result is exactly the same number.

    Two constants are folded in their own type, as the target would compute them. Arithmetic on floats is
    kept, except multiplication or division by 1 and addition or subtraction of 0, which are exact but for the
    sign of a zero (no kernel here depends on it).
    """
    a, b = constant_of(left), constant_of(right)
    if a is not None and b is not None and _folds(op, left.type, b):
        return recorder.constant(_folded(op, type, left.type, a, b), type)
    if b is not None and op in _RIGHT_IDENTITY and _keeps(op, type, left, b, _RIGHT_IDENTITY):
        return left
    if a is not None and op in _LEFT_IDENTITY and _keeps(op, type, right, a, _LEFT_IDENTITY):
        return right
    if type.is_integer and ((op == "mul" and 0 in (a, b)) or (op == "mod" and b == 1)):
        return recorder.constant(0, type)
    return recorder.emit(op, type, (left, right))


def _folds(op: str, type: Type, right: int | float) -> bool:
    if OPERATIONS[op].comparison:
        return True
    if type.is_float:
        return op in _FLOATS_FOLD and not (op == "div" and right == 0)
    return (
        op in _INTEGERS_FOLD
        and not (op in ("div", "mod") and right == 0)
        and not (op[:2] == "sh" and right > 31)
    )


def _folded(op: str, type: Type, operands: Type, a: int | float, b: int | float) -> int | float:
    with np.errstate(all="ignore"):
        return evaluate(op, type, [np.array([x], operands.dtype) for x in (a, b)], None)[0].item()


def _keeps(op: str, type: Type, value: Value, other: int | float, identity: Mapping[str, int]) -> bool:
    integers_only = op in ("shl", "shr", "or", "xor")
    return value.type == type and (type.is_integer or not integers_only) and identity[op] == other
