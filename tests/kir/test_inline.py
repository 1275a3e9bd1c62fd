"""What may be written where it is used and what may not; test_random_kernels.py is the stronger test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernelc.kir.functions import named, subgroup_sum, vector
from kernelc.kir.passes.inline import inlined
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32, u32x2
from tests.kir.tracing import lets, traced


def placed(body: Callable[[Tracer], object], op: str) -> list[bool]:
    """For each value of an operation, in order: is it written in place?"""
    kernel = traced(body)
    inside = inlined(kernel)
    return [value in inside for value in lets(kernel) if value.op == op]


def test_used_once_is_in_place_used_twice_is_not() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        out[0] = k.local_id * 3
        out[1] = (k.local_id + 5) // (k.local_id + 5)

    assert placed(body, "mul") == [True]
    assert placed(body, "add") == [False]
    assert placed(body, "local_id") == [True]


def test_named_values_keep_their_line() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[0] = named("row", k.local_id * 3)

    assert placed(body, "mul") == [False]


def test_a_load_stays_before_a_store_to_its_memory() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        for before in (out[0],):
            out[0] = 7
            out[1] = before

    assert placed(body, "load") == [False]


def test_a_load_passes_a_store_elsewhere() -> None:
    def body(k: Tracer) -> None:
        x, out = k.output("x", u32), k.output("out", u32)
        for before in (x[0],):
            out[0] = 7
            out[1] = before

    assert placed(body, "load") == [True]


def test_a_load_inside_an_expression_stays_before_the_store_too() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        for before in (out[0] + 1,):
            out[0] = 7
            out[1] = before * 2

    assert placed(body, "load") == [False]
    assert placed(body, "add") == [True]


def test_a_read_stays_before_an_assignment_of_its_register() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        register, other = k.var(1, u32), k.var(k.local_id)
        for before in (register.value(),):
            k.assign(register, 5)
            out[0] = before
        for before in (register.value(),):
            k.assign(other, 5)
            out[1] = before
        out[2] = register.value() + other

    assert placed(body, "read") == [False, True, True, True]


def test_shared_memory_stays_on_its_side_of_a_barrier() -> None:
    def body(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, 8), k.output("out", u32)
        cells[k.local_id] = k.local_id
        for before in (cells[k.local_id],):
            k.barrier()
            out[k.local_id] = before

    assert placed(body, "load") == [False]


@pytest.mark.parametrize("kind", ["loop", "when"])
def test_nothing_passes_a_block_that_may_change_it(kind: str) -> None:
    def body(k: Tracer) -> None:
        out, register = k.output("out", u32), k.var(0, u32)
        for before, loaded in ((register.value(), out[0]),):
            with k.loop(0, 3) if kind == "loop" else k.when(k.local_id > 2):
                k.assign(register, 4)
                out[0] = 5
            out[1] = before + loaded
        out[2] = register

    assert placed(body, "read")[0] is False
    assert placed(body, "load") == [False]


@pytest.mark.parametrize("kind", ["loop", "when"])
def test_nothing_moves_into_a_block(kind: str) -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        product = [k.local_id * 3]
        with k.loop(0, 3) if kind == "loop" else k.when(k.local_id > 2):
            out[0] = product[0]

    assert placed(body, "mul") == [False]


def test_what_a_loop_evaluates_each_round_has_its_own_line() -> None:
    def body(k: Tracer) -> None:
        x, out = k.output("x", u32), k.output("out", u32)
        with k.loop(x[0] * 3, x[1] * 5, x[2] * 7 + 1):
            x[0] = x[0] + 1
            x[1] = x[1] + 1
            x[2] = x[2] + 1
        out[0] = 1

    start, stop, step = placed(body, "mul")
    assert (start, stop) == (True, False)
    loads = placed(body, "load")[:3]
    assert loads[0] and loads[1]  # the start's in place, the bound's in its own line before the loop
    assert step is True  # within the line of the sum that is the step ...
    assert placed(body, "add")[0] is False  # ... which stands before the loop


def test_subgroup_operations_keep_their_line() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = subgroup_sum(k.local_id * 2) + 1

    assert placed(body, "subgroup_sum") == [False]


def test_lanes_of_a_vector_are_in_place_and_the_vector_is_not() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        pair = [k.input("x", u32x2)[0]]
        out[0] = pair[0].x * pair[0].x + pair[0].y

    assert placed(body, "load") == [False]
    assert placed(body, "extract") == [True, True]


def test_expressions_do_not_grow_without_end() -> None:
    def body(k: Tracer) -> None:
        x = k.input("x", u32)
        sum_ = [x[0]]
        for i in range(1, 60):
            sum_ = [sum_[0] ^ (x[i] * i)]
        k.output("out", u32)[0] = sum_[0]

    assert not all(placed(body, "xor"))


def test_constants_are_always_in_place() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32x2)
        pair = vector(k.local_id, 1)
        out[0] = pair + 7
        out[1] = pair * 7

    assert placed(body, "splat") == [True]
