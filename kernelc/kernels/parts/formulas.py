"""Elementwise expressions in a kernel: the functions of `kernelc.ir.expression` in the kernel language."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from kernelc.ir.expression import Expression
from kernelc.kir.functions import exp, maximum
from kernelc.kir.nodes import Value

TRACED_AS_ITS_CALLER = True  # lines in emitted text are those of the kernels that compute an expression


def silu(x: Value) -> Value:
    """x / (1 + exp(-x)): for large negative x the quotient is a zero, as it should be."""
    return x / (1.0 + exp(-x))


def relu2(x: Value) -> Value:
    """max(x, 0)^2."""
    positive = maximum(x, 0.0)
    return positive * positive


def sigmoid(x: Value) -> Value:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


def relu(x: Value) -> Value:
    """max(x, 0)."""
    return maximum(x, 0.0)


FORMULAS: Mapping[str, Callable[..., Value]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "scale": operator.mul,
    "shift": operator.add,
    "silu": silu,
    "sigmoid": sigmoid,
    "relu": relu,
    "relu2": relu2,
}


def computed(expression: Expression, inputs: Mapping[str, Value]) -> Value:
    """The expression's value for f32 scalars or vectors of one width, by input name."""
    return expression.evaluate(inputs, FORMULAS)
