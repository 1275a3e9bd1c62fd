"""Elementwise expressions: what the tensor IR's elementwise operations mean, alone and composed.

An `Expression` is a formula over named inputs, kept as tokens in postfix order, so that it is plain JSON and
composing two formulas is splicing one into the other:

    silu(gate) * up          ("gate", "silu", "up", "mul")
    30 * tanh(x / 30)        ("x", "soft_cap(30.0)")

`FUNCTIONS` is the table of what a token may apply, with its meaning in numpy. Kernels have a table of the
same names (`kernelc.kernels.parts.formulas`), so a new function is a row in each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from kernelc.errors import ShapeError

TRACED_AS_ITS_CALLER = True  # kernels evaluate expressions too: lines in emitted text are theirs

F32: TypeAlias = NDArray[np.float32]
T = TypeVar("T")

_TOKEN = re.compile(r"([a-z][a-z0-9_]*)(?:\(([^()]+)\))?")


@dataclass(frozen=True)
class Function:
    """`arity`: how many operands; `parameter`: what its constant is called, or None where it takes none.

    `meaning` takes the float32 operands, then the constant.
    """

    arity: int
    meaning: Callable[..., F32]
    parameter: str | None = None


def scale(x: F32, factor: float) -> F32:
    """x * factor."""
    return x * np.float32(factor)


def shift(x: F32, by: float) -> F32:
    """x + by."""
    return x + np.float32(by)


def silu(x: F32) -> F32:
    """x * sigmoid(x). Source: Elfwing et al. 2017, arXiv 1702.03118."""
    return (x * sigmoid(x)).astype(np.float32)


def sigmoid(x: F32) -> F32:
    """1 / (1 + exp(-x)), without overflow for large negative x."""
    small = np.exp(-np.abs(x))
    return (np.where(x >= 0, np.float32(1), small) / (1 + small)).astype(np.float32)


def gelu(x: F32) -> F32:
    """x * Phi(x), Phi the normal distribution. Source: Hendrycks & Gimpel 2016, arXiv 1606.08415."""
    phi = 0.5 * _erfc(x.astype(np.float64) / -math.sqrt(2))
    return (x * phi).astype(np.float32)


def gelu_tanh(x: F32) -> F32:
    """0.5 x (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3): the same paper's approximation of GELU.

    Models call it "gelu_new" or "gelu_pytorch_tanh". Computed as x / (1 + exp(-2u)), the same without
    cancellation.
    """
    wide = x.astype(np.float64)
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)
    return (wide / (1 + np.exp(np.minimum(-2 * inner, 700.0)))).astype(np.float32)


def relu(x: F32) -> F32:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0))


def relu2(x: F32) -> F32:
    """max(x, 0)^2. Source: So et al. 2021 (Primer), arXiv 2109.08668."""
    return np.square(relu(x))


def soft_cap(x: F32, cap: float) -> F32:
    """cap * tanh(x / cap), which stays within -cap..cap. Source: Gemma 2 report, arXiv 2408.00118."""
    return (cap * np.tanh(x.astype(np.float64) / cap)).astype(np.float32)


def clip(x: F32, bound: float) -> F32:
    """x within -bound..bound."""
    return np.clip(x, np.float32(-bound), np.float32(bound))


def softplus(x: F32) -> F32:
    """log(1 + exp(x)), without overflow."""
    return (np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))).astype(np.float32)


def exp_tail(x: F32) -> F32:
    """exp(x) - 1 - x for x below 0, else 0: xIELU's curve. Source: Huang & Schlag 2024, arXiv 2411.13010."""
    below = np.minimum(x, 0).astype(np.float64)
    series = below**2 * (1 / 2 + below * (1 / 6 + below * (1 / 24 + below / 120)))  # where all else cancels
    return np.where(below > -1e-3, series, np.expm1(below) - below).astype(np.float32)


def _erfc(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.vectorize(math.erfc, otypes=[np.float64])(x))


FUNCTIONS: dict[str, Function] = {
    "add": Function(2, np.add),
    "sub": Function(2, np.subtract),
    "mul": Function(2, np.multiply),
    "scale": Function(1, scale, "factor"),
    "shift": Function(1, shift, "by"),
    "silu": Function(1, silu),
    "sigmoid": Function(1, sigmoid),
    "gelu": Function(1, gelu),
    "gelu_tanh": Function(1, gelu_tanh),
    "relu": Function(1, relu),
    "relu2": Function(1, relu2),
    "tanh": Function(1, np.tanh),
    "soft_cap": Function(1, soft_cap, "cap"),
    "clip": Function(1, clip, "bound"),
    "softplus": Function(1, softplus),
    "exp_tail": Function(1, exp_tail),
}


@dataclass(frozen=True)
class Expression:
    """A formula in postfix order: input names, and functions as "name" or "name(constant)"."""

    tokens: tuple[str, ...]

    @staticmethod
    def of(name: str) -> Expression:
        """The input of this name, as it is. Raises: ShapeError for a function's name."""
        if name in FUNCTIONS:
            raise ShapeError(f"expression: {name} is a function, so no input may be called that")
        return Expression((name,))

    @staticmethod
    def apply(function: str, *operands: Expression, parameter: float | None = None) -> Expression:
        """A function of expressions."""
        written = function if parameter is None else f"{function}({float(parameter)!r})"
        tokens = (token for operand in operands for token in operand.tokens)
        return Expression((*tokens, written)).checked()

    def with_inputs(self, inputs: Mapping[str, Expression]) -> Expression:
        """The formula with some inputs replaced by expressions (or renamed, by `Expression.of`)."""
        replaced = (inputs[t].tokens if t in inputs else (t,) for t in self.tokens)
        return Expression(tuple(token for tokens in replaced for token in tokens))

    def led_by(self, name: str) -> Expression:
        """The same formula with the operands of sums and products swapped where that brings the part with
        the input `name` to the front: how equal formulas are written alike."""

        def function(written: str, commutes: bool) -> Callable[..., Expression]:
            def made(*operands: Any) -> Expression:
                parts = [each for each in operands if isinstance(each, Expression)]
                if commutes and name in parts[1].inputs and name not in parts[0].inputs:
                    parts.reverse()
                constants = [each for each in operands if not isinstance(each, Expression)]
                return Expression.apply(written, *parts, parameter=constants[0] if constants else None)

            return made

        functions = {written: function(written, written in ("add", "mul")) for written in FUNCTIONS}
        return self.evaluate({each: Expression.of(each) for each in self.inputs}, functions)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, each once, in the order of their first use."""
        names = (token for token in self.tokens if _parsed(token)[0] not in FUNCTIONS)
        return tuple(dict.fromkeys(names))

    @property
    def is_input(self) -> bool:
        """Whether the formula is one input and computes nothing."""
        return len(self.tokens) == 1

    @property
    def short_name(self) -> str:
        """The functions in order, for a kernel's name: "silu_mul"."""
        functions = (_parsed(token)[0] for token in self.tokens)
        return "_".join(name for name in functions if name in FUNCTIONS)

    def checked(self) -> Expression:
        """Itself. Raises: ShapeError unless the tokens are one well-formed formula."""

        def unknown(*_: Any) -> str:
            return ""

        self.evaluate(dict.fromkeys(self.inputs, ""), dict.fromkeys(FUNCTIONS, unknown))
        return self

    def evaluate(self, inputs: Mapping[str, T], functions: Mapping[str, Callable[..., T]]) -> T:
        """The value, with each function given as Python code of (operands..., constant)."""
        stack: list[T] = []
        for token in self.tokens:
            name, constant = _parsed(token)
            if name not in FUNCTIONS:
                stack.append(inputs[name])
                continue
            function = FUNCTIONS[name]
            if len(stack) < function.arity or (function.parameter is None) != (constant is None):
                raise ShapeError(f"expression {' '.join(self.tokens)}: {token} lacks an operand or constant")
            operands = stack[len(stack) - function.arity :]
            del stack[len(stack) - function.arity :]
            stack.append(functions[name](*operands, *(() if constant is None else (constant,))))
        if len(stack) != 1:
            raise ShapeError(f"expression {' '.join(self.tokens)}: wanted one value, got {len(stack)}")
        return stack[0]

    def reference(self, inputs: Mapping[str, F32]) -> F32:
        """The meaning in numpy, float32 (functions that need it go through float64)."""
        return self.evaluate(inputs, {name: function.meaning for name, function in FUNCTIONS.items()})


def _parsed(token: str) -> tuple[str, float | None]:
    """("soft_cap", 30.0) of "soft_cap(30.0)"; a name alone has no constant."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise ShapeError(f"expression: {token!r} is neither a name nor a function with its constant")
    return match[1], None if match[2] is None else float(match[2])
