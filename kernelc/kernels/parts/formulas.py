"""Elementwise expressions in a kernel: the functions of `kernelc.ir.expression` in the kernel language.

Each takes f32 scalars or vectors, and any finite argument; of a NaN each makes a NaN, so that none is
lost on the way to the scores. SiLU and the sigmoid are as exact as the target's exp; the others keep to the
errors they state on every target.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from kernelc.ir.expression import Expression
from kernelc.kernels.parts.precise_math import exponential, exponential_tail, log, normal_tail, tanh
from kernelc.kir.functions import absolute, at_least, at_most, exp, named
from kernelc.kir.values import Value

TRACED_AS_ITS_CALLER = True  # lines in emitted text are those of the kernels that compute an expression


def silu(x: Value) -> Value:
    """x / (1 + exp(-x)): for large negative x the quotient is a zero, as it should be."""
    return x / (1.0 + exp(-x))


def sigmoid(x: Value) -> Value:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


def gelu(x: Value) -> Value:
    """x * Phi(x) = max(x, 0) - |x| Phi(-|x|), which cancels nowhere. Relative error below 2e-6 above -6."""
    size = at_most(absolute(x), 13.0)  # beyond 13 the second term is below 1e-37
    return at_least(x, 0.0) - size * normal_tail(size)


def gelu_tanh(x: Value) -> Value:
    """0.5 x (1 + tanh(u)) = x / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3): cancels nowhere.

    Relative error below 2e-6 above -6. At -10 the result is 1e-37, at 10 it is x: u need not go further.
    """
    above = named("above", at_least(x, -10.0))
    near = named("near", at_most(above, 10.0))
    twice = near * (near * near * 0.044715 + 1.0) * (2 * math.sqrt(2 / math.pi))
    return above / (1.0 + exponential(at_least(-twice, -87.0)))


def relu(x: Value) -> Value:
    """max(x, 0)."""
    return at_least(x, 0.0)


def relu2(x: Value) -> Value:
    """max(x, 0)^2."""
    positive = at_least(x, 0.0)
    return positive * positive


def soft_cap(x: Value, cap: float) -> Value:
    """cap * tanh(x / cap), relative error below 1e-6."""
    return tanh(x * (1 / cap)) * cap


def clip(x: Value, bound: float) -> Value:
    """x within -bound..bound."""
    return at_most(at_least(x, -bound), bound)


def softplus(x: Value) -> Value:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)); off by at most 3e-7, and 2e-7 of itself."""
    return at_least(x, 0.0) + log(1.0 + exponential(-at_most(absolute(x), 80.0)))


def exp_tail(x: Value) -> Value:
    """exp(x) - 1 - x for x below 0, else 0; relative error below 4e-6. Below -80 it is -1 - x."""
    below = named("below", at_most(x, 0.0))
    near = named("near", at_least(below, -80.0))
    return exponential_tail(near) + (near - below)


FORMULAS: Mapping[str, Callable[..., Value]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "scale": operator.mul,
    "shift": operator.add,
    "silu": silu,
    "sigmoid": sigmoid,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "relu": relu,
    "relu2": relu2,
    "tanh": tanh,
    "soft_cap": soft_cap,
    "clip": clip,
    "softplus": softplus,
    "exp_tail": exp_tail,
}


def computed(expression: Expression, inputs: Mapping[str, Value]) -> Value:
    """The expression's value for f32 scalars or vectors of one width, by input name."""
    return expression.evaluate(inputs, FORMULAS)
