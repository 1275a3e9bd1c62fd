from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.kir.functions import dot4_i8, logical_and, maximum, minimum, select, to_u32, vector
from kernelc.kir.nodes import Assign, Block, Declare, If, Store, walk
from kernelc.kir.trace import Tracer
from kernelc.kir.types import boolean, f16, f32, f32x4, i32, u32, u32x4
from kernelc.kir.values import Value
from tests.kir.tracing import lets, operations, run, traced, zeros


def expression(make: Callable[[Value, Value, Value], Any], type: Any = u32) -> Value:
    """The value stored by a kernel of one expression over x, u32 and y, i32 and z, f32."""

    def body(k: Tracer) -> None:
        x, y, z = k.input("x", u32), k.input("y", i32), k.input("z", f32)
        k.output("out", type)[0] = make(x[k.local_id], y[k.local_id], z[k.local_id])

    kernel = traced(body)
    return next(s for s in walk(kernel.body) if isinstance(s, Store)).value


# Common values, constants


def test_equal_expressions_are_one_value() -> None:
    value = expression(lambda x, y, z: (x * 3 + 1) * (x * 3 + 1))
    assert value.args[0] is value.args[1]


def test_loads_and_reads_are_never_shared() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        register = k.var(out[k.local_id])
        first = register.value()
        register += 1
        out[k.local_id] = out[k.local_id] + first
        out[k.local_id] = out[k.local_id] + register.value()

    kernel = traced(body)
    assert operations(kernel).count("load") == 3
    assert operations(kernel).count("read") == 3  # one for the +=
    assert list(run(kernel, out=np.arange(8, dtype=np.uint32))["out"]) == [3 * i + 1 for i in range(8)]


def test_values_of_a_closed_block_are_not_shared_with_what_follows() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.when(k.local_id > 3):
            out[k.local_id] = k.local_id * 7
        out[k.local_id + 8] = k.local_id * 7

    kernel = traced(body)
    assert operations(kernel).count("mul") == 2
    outside = traced(lambda k: _product_before_branch(k))
    assert operations(outside).count("mul") == 1


def _product_before_branch(k: Tracer) -> None:
    out = k.output("out", u32)
    out[k.local_id] = k.local_id * 7
    with k.when(k.local_id > 3):
        out[k.local_id + 8] = k.local_id * 7


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda c: c(7) * 3 + 2, 23),
        (lambda c: c(7) // 2, 3),
        (lambda c: c(7) % 4, 3),
        (lambda c: c(0) - 1, 0xFFFFFFFF),
        (lambda c: c(0xFFFFFFFF) + 2, 1),
        (lambda c: c(1) << 31, 0x80000000),
        (lambda c: c(12) >> 2, 3),
        (lambda c: (c(12) & 10) | 1, 9),
        (lambda c: c(5) ^ 1, 4),
        (lambda c: minimum(c(5), 3), 3),
        (lambda c: 100 // c(7), 14),
        (lambda c: 1 << c(4), 16),
    ],
)
def test_u32_constants_fold_and_wrap(make: Callable[[Any], Value], wanted: int) -> None:
    kernel = traced(lambda k: k.output("out", u32).__setitem__(0, make(lambda n: k.constant(n, u32))))
    store = next(s for s in walk(kernel.body) if isinstance(s, Store))
    assert (store.value.op, store.value.attr) == ("const", wanted)
    assert operations(kernel) == []


@pytest.mark.parametrize(("a", "b", "quotient", "rest"), [(7, -2, -3, 1), (-7, 2, -3, -1), (-7, -2, 3, -1)])
def test_i32_constants_truncate(a: int, b: int, quotient: int, rest: int) -> None:
    for op, wanted in (("floordiv", quotient), ("mod", rest)):
        kernel = traced(lambda k, op=op: k.output("out", i32).__setitem__(0, _constants(k, op, a, b)))
        assert next(s for s in walk(kernel.body) if isinstance(s, Store)).value.attr == wanted


def _constants(k: Tracer, op: str, a: int, b: int) -> Value:
    return k.binary(op, k.constant(a, i32), k.constant(b, i32))


def test_float_constants_fold_in_their_own_type() -> None:
    kernel = traced(
        lambda k: k.output("out", f32).__setitem__(0, k.constant(0.1, f32) + k.constant(0.2, f32))
    )
    stored = next(s for s in walk(kernel.body) if isinstance(s, Store)).value
    assert stored.attr == float(np.float32(0.1) + np.float32(0.2)) != 0.1 + 0.2


def test_division_by_a_constant_zero_does_not_fold() -> None:
    assert expression(lambda x, y, z: k_constant(x, 3) // 0).op == "div"


def k_constant(like: Value, number: int) -> Value:
    from kernelc.kir.values import current

    return current().constant(number, like.type)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x + 0,
        lambda x: 0 + x,
        lambda x: x - 0,
        lambda x: x * 1,
        lambda x: 1 * x,
        lambda x: x // 1,
        lambda x: x << 0,
        lambda x: x >> 0,
        lambda x: x | 0,
        lambda x: x ^ 0,
    ],
)
def test_operations_that_change_nothing_vanish(make: Callable[[Value], Value]) -> None:
    assert expression(lambda x, y, z: make(x)).op == "load"
    assert expression(lambda x, y, z: make(y), i32).op == "load"


def test_times_zero_is_zero_for_integers_alone() -> None:
    assert expression(lambda x, y, z: x * 0 + 0).op == "const"
    assert expression(lambda x, y, z: x % 1).op == "const"
    assert expression(lambda x, y, z: z * 0.0, f32).op == "mul"  # NaN and infinity stay what they are


def test_zero_is_only_dropped_on_the_right_of_a_difference() -> None:
    assert expression(lambda x, y, z: 0 - x).op == "sub"
    assert expression(lambda x, y, z: 1 // x).op == "div"


def test_constants_of_different_sign_of_zero_or_type_are_different() -> None:
    both = expression(lambda x, y, z: maximum(z, 0.0) + maximum(z, -0.0), f32)
    assert both.args[0] is not both.args[1]


# Types


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, y, z: x + y, "expected u32, got i32 (load)"),
        (lambda x, y, z: x + z, "expected u32, got f32 (load)"),
        (lambda x, y, z: x / 2, "integers divide with //, not /"),
        (lambda x, y, z: z // 2.0, "floats divide with /, not //"),
        (lambda x, y, z: x - (-1), "-1 does not fit u32"),
        (lambda x, y, z: x + (1 << 32), "4294967296 does not fit u32"),
        (lambda x, y, z: x * 0.5, "0.5 does not fit u32"),
        (lambda x, y, z: x * True, "True does not fit u32"),
        (lambda x, y, z: y + (1 << 31), "2147483648 does not fit i32"),
        (lambda x, y, z: z * float("inf"), "inf does not fit f32"),
        (lambda x, y, z: z * float("nan"), "nan does not fit f32"),
        (lambda x, y, z: z + 4e38, "does not fit f32"),
        (lambda x, y, z: vector(x, y), "expected u32, got i32"),
        (lambda x, y, z: vector(x, x, x), "a vector has 2 or 4 lanes, not 3"),
        (lambda x, y, z: vector(x, x).lane(2), "lane 2 of a u32x2"),
        (lambda x, y, z: minimum(1, 2), "two Python numbers"),
        (lambda x, y, z: select(x > 1, 1, 2), "two Python numbers"),
        (lambda x, y, z: select(x == 1, x, 2), "compare values with equals()"),
        (lambda x, y, z: logical_and(x == 1, x > 2), "compare values with equals()"),
        (lambda x, y, z: select(x, x, 2), "expected bool, got u32"),
        (lambda x, y, z: 2 if x else 1, "no truth at trace time"),
    ],
)
def test_type_errors_name_the_line(make: Callable[[Value, Value, Value], Any], message: str) -> None:
    with pytest.raises((TypeError, IndexError)) as caught:
        expression(make)
    assert message in str(caught.value)
    if "truth" not in message:
        assert "test_trace.py:" in str(caught.value)


def test_a_condition_that_python_decided_is_refused() -> None:
    def body(k: Tracer) -> None:
        with k.when(k.local_id == 0):  # pyright: ignore[reportArgumentType]  (the mistake under test)
            k.output("out", u32)[0] = 1

    with pytest.raises(TypeError, match="compare values with equals"):
        traced(body)


def test_a_register_of_a_python_number_needs_a_type() -> None:
    with pytest.raises(TypeError, match=r"test_trace.py:\d+: k.var of a Python number needs a type"):
        traced(lambda k: k.var(1))


def test_numbers_take_the_type_of_the_other_side_and_spread() -> None:
    def body(k: Tracer) -> None:
        quad = k.input("x", f32x4)[0]
        k.output("out", f32x4)[0] = 2.0 * quad + quad.x

    assert [value.type for value in lets(traced(body)) if value.op in ("mul", "add")] == [f32x4, f32x4]


def test_numpy_numbers_are_numbers() -> None:
    third: Any = np.int64(3)
    factor: Any = np.float32(1.5)
    kernel = traced(lambda k: k.output("out", f32).__setitem__(0, k.input("x", f32)[third] * factor))
    constants = [v.attr for value in lets(kernel) for v in value.args if v.op == "const"]
    assert [type(c) for c in constants] == [int, float]


def test_shift_amounts_are_u32() -> None:
    value = expression(lambda x, y, z: y >> 3, i32)
    assert [arg.type for arg in value.args] == [i32, u32]
    lanes = expression(lambda x, y, z: vector(x, x, x, x) << x, u32x4)
    assert lanes.args[1].type == u32x4
    with pytest.raises(TypeError, match="expected u32, got i32"):
        expression(lambda x, y, z: x << y)


# Registers


@pytest.mark.parametrize(
    ("augment", "wanted"),
    [
        ("r += 5", lambda i: i + 5),
        ("r -= 1", lambda i: i - 1),
        ("r *= 3", lambda i: i * 3),
        ("r //= 2", lambda i: i // 2),
        ("r %= 3", lambda i: i % 3),
        ("r &= 6", lambda i: i & 6),
        ("r |= 9", lambda i: i | 9),
        ("r ^= 5", lambda i: i ^ 5),
        ("r <<= 2", lambda i: i << 2),
        ("r >>= 1", lambda i: i >> 1),
    ],
)
def test_augmented_assignments_assign_the_register(augment: str, wanted: Callable[[int], int]) -> None:
    def body(k: Tracer) -> None:
        register = k.var(k.local_id + 8)
        scope = {"r": register}
        exec(augment, {}, scope)
        assert scope["r"] is register
        k.output("out", u32)[k.local_id] = register

    kernel = traced(body)
    assert sum(isinstance(s, Assign) for s in walk(kernel.body)) == 1
    assert list(run(kernel, out=zeros(8))["out"]) == [wanted(i) for i in range(8, 16)]


def test_augmented_division_assigns_a_float_register() -> None:
    def body(k: Tracer) -> None:
        register = k.var(3.0, f32)
        register /= 2.0
        k.output("out", f32)[k.local_id] = register

    assert list(run(traced(body), out=zeros(8, np.float32))["out"]) == [1.5] * 8


def test_augmented_assignment_of_a_value_only_rebinds() -> None:
    def body(k: Tracer) -> None:
        x = k.local_id * 2
        y = x
        y += 1
        k.output("out", u32)[k.local_id] = x

    assert list(run(traced(body), out=zeros(8))["out"]) == [2 * i for i in range(8)]


# Branches


def _branches(k: Tracer, between: bool = False, twice: bool = False) -> None:
    out = k.output("out", u32)
    with k.when(k.local_id > 3):
        out[k.local_id] = 1
    if between:
        out[k.local_id + 8] = 5
    with k.otherwise():
        out[k.local_id] = 2
    if twice:
        with k.otherwise():
            out[k.local_id] = 3


def test_otherwise_is_the_other_branch() -> None:
    kernel = traced(_branches)
    branch = next(s for s in kernel.body.statements if isinstance(s, If))
    assert branch.then.statements and branch.orelse.statements
    assert list(run(kernel, out=zeros(8))["out"]) == [2, 2, 2, 2, 1, 1, 1, 1]


@pytest.mark.parametrize("options", [{"between": True}, {"twice": True}])
def test_otherwise_must_follow_its_when(options: dict[str, bool]) -> None:
    with pytest.raises(SyntaxError, match=r"test_trace.py:\d+: k.otherwise\(\) must follow"):
        traced(lambda k: _branches(k, **options))


def test_otherwise_without_a_when() -> None:
    def body(k: Tracer) -> None:
        with k.otherwise():
            pass

    with pytest.raises(SyntaxError, match="must follow"):
        traced(body)


def test_otherwise_of_a_branch_in_another_block() -> None:
    def body(k: Tracer) -> None:
        with k.loop(0, 3), k.when(k.local_id > 3):
            pass
        with k.otherwise():
            pass

    with pytest.raises(SyntaxError, match="must follow"):
        traced(body)


def test_an_exception_in_a_branch_closes_its_block() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        try:
            with k.when(k.local_id > 3):
                raise ValueError
        except ValueError:
            pass
        out[k.local_id] = 4

    assert isinstance(traced(body).body.statements[-1], Store)


def test_values_know_the_kernels_own_line() -> None:
    kernel = traced(lambda k: k.output("out", u32).__setitem__(0, k.local_id * 3))
    assert {value.where.file for value in lets(kernel)} == {__file__}
    assert str(lets(kernel)[0].where).startswith("kir/test_trace.py:")


def test_an_unknown_field_of_the_step_block() -> None:
    with pytest.raises(KeyError, match="no field 'sequence' in the step block"):
        traced(lambda k: k.param("sequence"))


def test_operators_outside_of_a_kernel_say_so() -> None:
    value = expression(lambda x, y, z: x)
    with pytest.raises(LookupError):
        _ = value + 1


# What nothing needs


def test_what_nothing_needs_is_left_out() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", u32), k.output("out", u32)
        unused = k.var(x[100])
        k.assign(unused, unused + x[101])
        with k.when(x[102] > 3):
            unused += 1
        with k.loop(0, k.param("seq")) as i:
            unused += i
        out[k.local_id] = x[k.local_id] + 1

    kernel = traced(body)
    assert operations(kernel) == ["local_id", "load", "add"]
    assert kernel.params == ()


def test_what_reaches_memory_only_through_registers_loops_and_branches_is_kept() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        total, last = k.var(0, u32), k.var(0, u32)
        with k.loop(0, k.param("seq")) as i:
            total += last.value() + 1
            with k.when(i > 0):
                k.assign(last, i * 10)
        with k.when(total > 5):
            out[k.local_id] = total

    kernel = traced(body)
    assert [s.variable.name for s in walk(kernel.body) if isinstance(s, Declare)] == ["total", "last"]
    assert kernel.params != ()
    assert list(run(kernel, out=zeros(8))["out"]) == [13] * 8


def test_barriers_stay() -> None:
    kernel = traced(lambda k: k.barrier())
    assert len(kernel.body.statements) == 1


def test_features_are_what_the_kernel_uses() -> None:
    assert traced(lambda k: k.barrier()).features() == ()
    halves = traced(lambda k: k.shared("cells", f16, 8).__setitem__(k.local_id, 1.0))
    assert halves.features() == ("f16",)

    def with_register(k: Tracer) -> None:
        register = k.var(1.0, f16)
        k.output("out", u32)[0] = to_u32(register)

    assert traced(with_register).features() == ("f16",)
    lanes = traced(lambda k: k.output("out", u32).__setitem__(k.subgroup_lane, 1))
    assert lanes.features() == ("subgroups",)
    products = traced(lambda k: k.output("out", i32).__setitem__(0, dot4_i8(k.local_id, 7)))
    assert products.features() == ("dot4",)
    unused = traced(lambda k: (k.subgroup_lane, k.output("out", u32).__setitem__(0, 1)))
    assert unused.features() == ()


def test_a_fixed_subgroup_size_is_a_constant() -> None:
    from kernelc.kir.trace import trace

    def body(k: Tracer) -> None:
        k.output("out", u32)[0] = k.subgroup_size * 2

    kernel = trace("fixed", body, workgroup=8, subgroup_size=32)
    assert lets(kernel) == []
    assert kernel.subgroup_size == 32


def test_booleans_in_registers() -> None:
    def body(k: Tracer) -> None:
        found = k.var(False, boolean)
        k.assign(found, k.local_id > 2)
        k.output("out", u32)[k.local_id] = to_u32(found)

    assert list(run(traced(body), out=zeros(8))["out"]) == [0, 0, 0, 1, 1, 1, 1, 1]


def test_blocks_are_plain_lists() -> None:
    assert Block().statements == []
