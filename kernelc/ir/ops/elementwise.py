"""Elementwise operations: one for each function of `kernelc.ir.expression`.

What they mean stands there; here are their shape rules. Unary operations take f32 of any shape. Those of two
operands take two of one type, or as `y` a vector of x's last dimension, which then meets every row (a bias, a
scale for each channel).
"""

from __future__ import annotations

from kernelc.errors import ShapeError
from kernelc.ir.expression import FUNCTIONS
from kernelc.ir.ops.definition import Array, Arrays, Attrs, OpDef, Types, Values, as_f32, finite_attr
from kernelc.ir.types import DType, TensorType


def _checked(name: str, t: Types, a: Attrs) -> tuple[TensorType, ...]:
    x = t["x"]
    if x.dtype != DType.F32 or x.rank == 0:
        raise ShapeError(f"{name}: x is {x}; wanted f32 with at least one dimension")
    if "y" in t and t["y"] not in (x, TensorType(x.shape[-1:])):
        raise ShapeError(
            f"{name}: y is {t['y']}; wanted {x}, as x is, or {TensorType(x.shape[-1:])} for each row of x"
        )
    _check_parameter(name, a)
    return (x,)


def _check_parameter(name: str, a: Attrs) -> None:
    parameter = FUNCTIONS[name].parameter
    if parameter is None:
        return
    value = finite_attr(name, a, parameter)
    if name in ("soft_cap", "clip") and value <= 0:
        raise ShapeError(f"{name}: attribute {parameter} is {value}; wanted a positive number")


def _definition(name: str) -> OpDef:
    function = FUNCTIONS[name]
    roles = ("x", "y")[: function.arity]
    attrs = () if function.parameter is None else (function.parameter,)

    def reference(i: Arrays, a: Values) -> tuple[Array, ...]:
        operands = [as_f32(i[role]) for role in roles]
        return (function.meaning(*operands, *(a[attr] for attr in attrs)),)

    return OpDef(name, roles, lambda t, a: _checked(name, t, a), reference, attrs=attrs, function=name)


OPERATIONS = {name: _definition(name) for name in FUNCTIONS}
DEFINITIONS = tuple(OPERATIONS.values())
