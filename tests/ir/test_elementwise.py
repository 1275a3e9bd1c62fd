"""Elementwise operations: what each computes, a number at a time, and which types they take."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from kernelc.errors import ShapeError
from kernelc.ir import trace
from kernelc.ir.dim import Var
from kernelc.ir.expression import FUNCTIONS, Expression
from kernelc.ir.ops import OPS
from kernelc.ir.trace import ModelShapeError, Tracer
from kernelc.ir.types import DType, TensorType

SEQ = Var("seq", 1, 8)
ROWS = TensorType((SEQ, 2, 4))

FORMULAS: dict[str, Callable[..., float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "scale": lambda x, factor: x * factor,
    "shift": lambda x, by: x + by,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: max(x, 0.0),
    "relu2": lambda x: max(x, 0.0) ** 2,
    "tanh": math.tanh,
    "soft_cap": lambda x, cap: cap * math.tanh(x / cap),
    "clip": lambda x, bound: max(min(x, bound), -bound),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "exp_tail": lambda x: math.exp(x) - 1 - x if x < 0 else 0.0,
}


def parameters(name: str, value: float = 2.5) -> dict[str, float]:
    parameter = FUNCTIONS[name].parameter
    return {} if parameter is None else {parameter: value}


def operands(name: str, x: TensorType, y: TensorType) -> dict[str, TensorType]:
    return dict(zip(OPS[name].roles, (x, y), strict=False))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_is_its_formula(name: str) -> None:
    rng = np.random.default_rng(5)
    x, y = (rng.normal(size=(3, 2, 4)).astype(np.float32) * 3 for _ in range(2))
    roles = OPS[name].roles
    (got,) = OPS[name].reference(dict(zip(roles, (x, y), strict=False)), parameters(name))
    columns = (x.flat, y.flat)[: len(roles)]
    wanted = [
        FORMULAS[name](*map(float, row), *parameters(name).values()) for row in zip(*columns, strict=True)
    ]
    assert got.dtype == np.float32 and got.shape == x.shape
    assert np.allclose(got.reshape(-1), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_definition_says_which_function_it_is(name: str) -> None:
    assert OPS[name].function == name
    parameter = FUNCTIONS[name].parameter
    assert OPS[name].attrs == (() if parameter is None else (parameter,))
    assert len(OPS[name].roles) == FUNCTIONS[name].arity
    assert [op.name for op in OPS.values() if op.function == name] == [name]


@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_a_vector_meets_every_row(name: str) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(3, 2, 4)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    assert OPS[name].check({"x": ROWS, "y": TensorType((4,))}, {}) == (ROWS,)
    (got,) = OPS[name].reference({"x": x, "y": y}, {})
    (same,) = OPS[name].reference({"x": x, "y": np.broadcast_to(y, x.shape)}, {})
    assert np.array_equal(got, same)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (TensorType((3,)), r"add: y is f32\[3\]; wanted f32\[seq, 2, 4\], as x is, or f32\[4\]"),
        (TensorType((2, 4)), r"add: y is f32\[2, 4\]; wanted"),
        (TensorType((SEQ, 2, 4), DType.F16), r"add: y is f16\[seq, 2, 4\]; wanted"),
    ],
)
def test_other_shapes_are_refused(y: TensorType, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        OPS["add"].check({"x": ROWS, "y": y}, {})


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [TensorType((4,), DType.F16), TensorType((4,), DType.U32), TensorType(())])
def test_only_f32_with_dimensions(name: str, x: TensorType) -> None:
    with pytest.raises(ShapeError, match=f"{name}: x is .*; wanted f32 with at least one dimension"):
        OPS[name].check(operands(name, x, x), parameters(name))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e39, True, "2"])
@pytest.mark.parametrize("name", ["scale", "shift", "soft_cap"])
def test_constants_are_numbers_of_f32(name: str, value: float) -> None:
    with pytest.raises(ShapeError, match=f"{name}: attribute .* wanted a finite number"):
        OPS[name].check({"x": ROWS}, parameters(name, value))


@pytest.mark.parametrize("cap", [0.0, -1.0])
def test_a_cap_is_positive(cap: float) -> None:
    with pytest.raises(ShapeError, match=r"soft_cap: attribute cap is .* wanted a positive number"):
        OPS["soft_cap"].check({"x": ROWS}, {"cap": cap})
    assert OPS["scale"].check({"x": ROWS}, {"factor": cap}) == (ROWS,)
    with pytest.raises(ShapeError, match=r"clip: attribute bound is .* wanted a positive number"):
        OPS["clip"].check({"x": ROWS}, {"bound": cap})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_models_call_each_by_its_name(name: str) -> None:
    with Tracer("one", {"seq": (1, 8)}) as tracer:
        x = tracer.weight("x", (1, 4))
        inputs = [x] * FUNCTIONS[name].arity
        y = getattr(trace, name)(*inputs, **parameters(name))
    (op,) = tracer.graph({"y": y}).ops
    assert (op.name, op.attrs) == (name, parameters(name))
    assert list(op.inputs.values()) == inputs


def test_a_vector_of_the_wrong_width_is_refused_with_the_models_line() -> None:
    with Tracer("one", {"seq": (1, 8)}) as tracer:
        x, bias = tracer.weight("x", (2, 4)), tracer.weight("bias", (5,))
        with pytest.raises(ModelShapeError, match=r"y is f32\[5\].*\n  at tests/ir/test_elementwise.py:\d+"):
            trace.add(x, bias)


def test_both_ends_of_the_range_are_reached_without_overflow() -> None:
    x = np.array([-3e38, -1000, -90, 90, 1000, 3e38], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        for name in ("silu", "gelu", "gelu_tanh"):
            assert np.array_equal(
                Expression.apply(name, Expression.of("x")).reference({"x": x})[[0, 5]], [0, x[5]]
            )
        assert np.array_equal(FUNCTIONS["sigmoid"].meaning(x)[[0, 5]], [0, 1])
        assert np.array_equal(FUNCTIONS["soft_cap"].meaning(x, 30.0)[[0, 5]], [-30, 30])
