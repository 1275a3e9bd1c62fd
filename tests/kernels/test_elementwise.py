"""Elementwise kernels: every formula, composed ones too, and every way to lay their inputs out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.expression import FUNCTIONS, Expression
from kernelc.kernels.elementwise import ELEMENTWISE, ElementwiseProblem
from kernelc.kernels.parts.coded_groups import coded_group
from kernelc.kernels.parts.formulas import FORMULAS, computed
from kernelc.kernels.parts.staged_rows import saturated
from kernelc.kir.functions import bitcast, splat, to_f32, vector
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Value
from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.test_math import computed as computed_by

INPUTS = ("x", "y", "z")
CONSTANTS = {"factor": [0.5, -3.0, 11.3137], "by": [1.0, -0.25], "cap": [0.7, 30.0], "bound": [0.5, 2.0]}
BASELINE = Capabilities()


def applied(function: str, *operands: Expression, constant: int = 0) -> Expression:
    parameter = FUNCTIONS[function].parameter
    return Expression.apply(
        function, *operands, parameter=CONSTANTS[parameter][constant] if parameter else None
    )


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> Expression:
    """One to four functions deep; products stay of order one, or rounding would drown what is compared."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return Expression.of(draw(st.sampled_from(INPUTS)))
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    deeper = 0 if function in ("mul", "relu2") else depth - 1
    operands = [draw(expressions(deeper)) for _ in range(FUNCTIONS[function].arity)]
    return applied(function, *operands, constant=draw(st.integers(0, 1)))


@st.composite
def problems(draw: st.DrawFn) -> ElementwiseProblem:
    expression = draw(expressions())
    chosen = st.sets(st.sampled_from(expression.inputs))
    vectors = draw(chosen) if draw(st.booleans()) else set[str]()
    one_position = draw(st.booleans())
    last = draw(chosen) - vectors if one_position else set[str]()
    return ElementwiseProblem(
        expression,
        draw(st.sampled_from([1, 3, 4, 6, 32, 66, 260])),
        tuple(sorted(vectors)),
        draw(st.sampled_from([1, 1, 2, 3])),
        one_position,
        tuple(sorted(last)),
    )


def test_kernels_know_every_function_of_the_tensor_ir() -> None:
    assert FORMULAS.keys() == FUNCTIONS.keys()


@pytest.mark.parametrize("variant", ["baseline", "f16-subgroups"])
@pytest.mark.parametrize("executor", EXECUTORS)
@given(problem=problems(), seq=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_elementwise_equals_its_reference(
    executor: str, variant: str, problem: ElementwiseProblem, seq: int, seed: int, data: st.DataObject
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(ELEMENTWISE.space(capabilities, problem))))
    env = {"seq": seq, "past": 0, "context": 16}
    check_kernel(
        ELEMENTWISE,
        problem,
        executor=executor,
        capabilities=capabilities,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@given(problem=problems())
def test_problems_survive_json(problem: ElementwiseProblem) -> None:
    stored = json.loads(json.dumps(ELEMENTWISE.problem_json(problem)))
    assert ELEMENTWISE.problem_from_json(stored) == problem


def test_a_copy_is_exact_and_the_last_position_is_the_last() -> None:
    problem = ElementwiseProblem(Expression.of("x"), 6, one_position=True, last=("x",))
    x = np.arange(18, dtype=np.float32)
    arrays = {"x": x, "out": np.zeros(6, np.float32)}
    ELEMENTWISE.reference(problem, arrays, {"seq": 3})
    assert arrays["out"].tolist() == x[12:].tolist()
    assert ELEMENTWISE.describe(problem) == "copy_6_last"
    env = {"seq": 3, "past": 0, "context": 3}
    check_kernel(ELEMENTWISE, problem, executor="interpreter", capabilities=BASELINE, seed=0, env=env)


def whole_range() -> np.ndarray:
    """All magnitudes of normal f32 numbers with both signs, the bounds where formulas change, and 0."""
    rng = np.random.default_rng(3)
    sizes = np.concatenate(
        [2.0 ** rng.uniform(-126, 127.9, 4000), rng.uniform(0, 20, 12_000), rng.uniform(0, 1, 4000)]
    )
    bounds = [0.625, 1, 6, 9, 9.02, 10, 13, 87, 88, 89, 103, 104, 3.4e38, 2.0**-126]
    beside = [np.nextafter(np.float32(bound), np.float32(to)) for bound in bounds for to in (0, 1e38)]
    return np.concatenate([[0], sizes, -sizes, bounds, np.negative(bounds), beside, np.negative(beside)])


# (relative, absolute): errors of the target's exp, where a formula uses it, grow with its argument.
LIMITS = {
    "tanh": (5e-7, 0.0),
    "soft_cap": (1e-6, 2.0**-120),  # a device may flush x / cap to zero where that is subnormal
    "gelu": (2e-6, 1e-9),
    "gelu_tanh": (2e-6, 1e-9),
    "silu": (3e-5, 1e-30),
    "sigmoid": (3e-5, 1e-30),
    "softplus": (2e-7, 3e-7),
    "exp_tail": (4e-6, 2.0**-120),  # a device may flush x * x to zero where that is subnormal
}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("function", [name for name, row in FUNCTIONS.items() if row.arity == 1])
def test_functions_over_the_whole_range(executor: str, function: str) -> None:
    expression = applied(function, Expression.of("x"), constant=-1)
    x = whole_range().astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        wanted = expression.reference({"x": x}).astype(np.float64)
        (got,) = computed_by(executor, lambda value: [computed(expression, {"x": value})], x)
    got = got[: len(x)]
    relative, absolute = LIMITS.get(function, (2e-7, 0.0))
    # A device may flush smaller results and subnormal inputs to zero.
    kept = (np.abs(x) >= 2.0**-126) | (x == 0)
    normal = np.isfinite(wanted) & (np.abs(wanted) >= 2.0**-125) & kept
    assert np.isfinite(got[np.isfinite(wanted)]).all()
    with np.errstate(invalid="ignore"):  # inf - inf
        error = np.abs(got - wanted)
    assert np.all(error[normal] <= relative * np.abs(wanted[normal]) + absolute)
    assert np.all(error[np.isfinite(wanted) & ~normal] <= 2.0**-120)


def outcomes(value: Value) -> list[Value]:
    """Every formula of one input, what is staged as halves, and the scale of a coded group."""
    unary = [name for name in sorted(FUNCTIONS) if FUNCTIONS[name].arity == 1]
    formulas = [computed(applied(name, Expression.of("x")), {"x": value}) for name in unary]
    ones = splat(to_f32(bitcast(value, u32) >> 31) + 1.0, 4)
    group = coded_group([ones] * 7 + [vector(1.0, 2.0, value, 3.0)], 1, native=False)
    return [*formulas, saturated(value), bitcast(group.scale, f32)]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_nan_stays_one_whatever_becomes_of_it(executor: str) -> None:
    """Or a damaged weight would give an answer, and no error."""
    x = np.array([np.nan, -np.nan, 1.0, -2.0], np.float32)
    for got in computed_by(executor, outcomes, x):
        assert np.isnan(got[:4]).tolist() == [True, True, False, False]
