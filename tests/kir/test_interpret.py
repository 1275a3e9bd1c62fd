"""What the interpreter refuses, and what invocations share. Values of operations: tests/conformance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kernelc.kir.functions import subgroup_max, subgroup_sum, to_i32, to_u32
from kernelc.kir.interpreter.interpret import ExecutionError, interpret
from kernelc.kir.nodes import Kernel
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type, i32, u32, u32x2
from tests.kir.tracing import PARAMS, run, traced, zeros

N = 8


def refuse(body: Callable[[Tracer], object], message: str, groups: int = 1, **arrays: Any) -> None:
    with pytest.raises(ExecutionError) as caught:
        run(traced(body), groups, **arrays)
    assert message in str(caught.value)
    assert "test_interpret.py:" in str(caught.value)


# Bounds


def test_loads_and_stores_out_of_bounds() -> None:
    refuse(
        lambda k: k.output("out", u32).__setitem__(k.local_id + 1, 1),
        "out[8] is out of bounds (length 8), invocation 7 of workgroup 0",
        out=zeros(N),
    )

    def loads(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = k.input("x", u32)[k.local_id - 1]

    refuse(loads, "x[4294967295] is out of bounds (length 8), invocation 0", x=zeros(N), out=zeros(N))


def test_an_index_out_of_bounds_is_fine_where_nobody_uses_it() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", u32), k.output("out", u32)
        with k.when(k.local_id < 3):
            out[k.local_id] = x[k.local_id]

    assert list(run(traced(body), x=np.arange(3, dtype=np.uint32) + 5, out=zeros(3))["out"]) == [5, 6, 7]


def test_shared_memory_out_of_bounds() -> None:
    refuse(
        lambda k: k.shared("cells", u32, 4).__setitem__(k.local_id, 1), "cells[4] is out of bounds (length 4)"
    )


def test_the_third_workgroup_out_of_bounds() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[k.workgroup_id(0) * N + k.local_id] = 1

    refuse(body, "out[20] is out of bounds (length 20), invocation 4 of workgroup 2", groups=3, out=zeros(20))


def test_an_empty_buffer() -> None:
    def body(k: Tracer) -> None:
        x, out = k.input("x", u32), k.output("out", u32)
        with k.loop(0, k.param("seq") - 3) as i:
            out[k.local_id] = x[i]

    run(traced(body), x=zeros(0), out=zeros(N))


# Races


def test_two_write_one_cell() -> None:
    refuse(
        lambda k: k.output("out", u32).__setitem__(0, 1),
        "race: invocations 0 and 1 write one cell",
        out=zeros(1),
    )


def test_two_write_one_cell_in_two_statements() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.when(k.local_id.equals(2)):
            out[0] = 1
        with k.when(k.local_id.equals(5)):
            out[0] = 2

    refuse(body, "race: invocation 5 writes what invocation 2 wrote, no barrier between", out=zeros(1))


def test_one_reads_what_another_wrote() -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        out[k.local_id] = 1
        sums[k.local_id] = out[(k.local_id + 1) % N]

    refuse(body, "load of out: race: invocation 0 reads what invocation 1 wrote", out=zeros(N), sums=zeros(N))


def test_one_writes_what_another_read() -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        sums[k.local_id] = out[(k.local_id + 1) % N]
        out[k.local_id] = 1

    refuse(body, "race: invocation 0 writes what invocation 7 read", out=zeros(N), sums=zeros(N))


@pytest.mark.parametrize("writer", [0, 3, 7])
def test_one_writes_what_several_read(writer: int) -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        sums[k.local_id] = out[0]
        with k.when(k.local_id.equals(writer)):
            out[0] = 1

    refuse(body, f"invocation {writer} writes what several invocations read", out=zeros(1), sums=zeros(N))


def test_one_writes_what_another_read_before_itself() -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        for reader in (2, 5):
            with k.when(k.local_id.equals(reader)):
                sums[k.local_id] = out[0]
        with k.when(k.local_id.equals(5)):
            out[0] = 1

    refuse(body, "invocation 5 writes what several invocations read", out=zeros(1), sums=zeros(N))


def test_own_cells_may_be_read_and_written_at_will() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        for _ in range(3):
            out[k.local_id] = out[k.local_id] + 1

    assert list(run(traced(body), out=zeros(N))["out"]) == [3] * N


def _exchange(k: Tracer, barrier: bool) -> None:
    cells, out = k.shared("cells", u32, N), k.output("out", u32)
    cells[k.local_id] = k.local_id * 10
    if barrier:
        k.barrier()
    out[k.local_id] = cells[(k.local_id + 1) % N]


def test_a_missing_barrier() -> None:
    refuse(lambda k: _exchange(k, barrier=False), "load of cells: race", out=zeros(N))
    got = run(traced(lambda k: _exchange(k, barrier=True)), out=zeros(N))["out"]
    assert list(got) == [(i + 1) % N * 10 for i in range(N)]


def _rounds(k: Tracer, second_barrier: bool) -> None:
    cells, total = k.shared("cells", u32, N), k.var(0, u32)
    with k.loop(0, 3) as turn:
        cells[k.local_id] = k.local_id + turn
        k.barrier()
        total += cells[(k.local_id + 1) % N]
        if second_barrier:
            k.barrier()
    k.output("out", u32)[k.local_id] = total


def test_a_missing_barrier_from_one_round_to_the_next() -> None:
    refuse(lambda k: _rounds(k, second_barrier=False), "store to cells: race", out=zeros(N))
    got = run(traced(lambda k: _rounds(k, second_barrier=True)), out=zeros(N))["out"]
    assert list(got) == [3 * ((i + 1) % N) + 3 for i in range(N)]


def test_a_barrier_does_not_order_storage_buffers() -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        out[k.local_id] = 1
        k.barrier()
        sums[k.local_id] = out[(k.local_id + 1) % N]

    refuse(body, "load of out: race", out=zeros(N), sums=zeros(N))


def test_workgroups_race_with_each_other_in_storage_buffers() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = 1

    refuse(body, "race: invocations 0 and 8 write one cell", groups=2, out=zeros(N))


# Barriers


def test_a_barrier_that_a_part_reaches() -> None:
    def body(k: Tracer) -> None:
        with k.when(k.local_id > 3):
            k.barrier()

    refuse(body, "barrier reached by part of workgroup 0 only")


def test_a_barrier_that_a_part_of_one_workgroup_reaches() -> None:
    def body(k: Tracer) -> None:
        with k.when(k.workgroup_id(0) * N + k.local_id < 12):
            k.barrier()

    refuse(body, "barrier reached by part of workgroup 1 only", groups=3)


def test_a_barrier_reached_in_different_rounds() -> None:
    def body(k: Tracer) -> None:
        with k.loop(k.local_id, 4):
            k.barrier()

    refuse(body, "barrier reached by part of workgroup 0 only")


def test_workgroups_pass_barriers_as_often_as_they_like() -> None:
    def body(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, N), k.output("out", u32)
        with k.loop(0, k.workgroup_id(0) + 1) as turn:
            cells[k.local_id] = turn
            k.barrier()
            out[k.workgroup_id(0) * N + k.local_id] = cells[N - 1 - k.local_id]
            k.barrier()

    assert list(run(traced(body), 3, out=zeros(3 * N))["out"]) == [0] * N + [1] * N + [2] * N


# Shared memory


def test_shared_memory_that_nobody_wrote() -> None:
    def body(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, N), k.output("out", u32)
        with k.when(k.local_id > 0):
            cells[k.local_id] = 1
        k.barrier()
        out[k.local_id] = cells[k.local_id]

    refuse(body, "load of cells: cell 0 was never written", out=zeros(N))


def test_each_workgroup_has_its_own_shared_memory() -> None:
    def body(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, 1), k.output("out", u32)
        with k.when(k.local_id.equals(0)):
            cells[0] = k.workgroup_id(0) * 5
        k.barrier()
        out[k.workgroup_id(0) * N + k.local_id] = cells[0]

    assert list(run(traced(body), 3, out=zeros(3 * N))["out"]) == [0] * N + [5] * N + [10] * N


def test_a_workgroups_write_does_not_initialise_anothers() -> None:
    def body(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, 1), k.output("out", u32)
        with k.when((k.workgroup_id(0) * N + k.local_id).equals(0)):
            cells[0] = 5
        k.barrier()
        out[k.workgroup_id(0) * N + k.local_id] = cells[0]

    refuse(body, "was never written", groups=2, out=zeros(2 * N))


# Subgroups


def subgroups(
    body: Callable[[Tracer, Any], Any], workgroup: int, size: int, groups: int = 1, type: Type = u32
) -> Any:
    def whole(k: Tracer) -> None:
        k.output("out", type)[k.workgroup_id(0) * workgroup + k.local_id] = body(k, k.local_id)

    out = np.zeros(groups * workgroup, type.dtype)
    return list(run(traced(whole, workgroup), groups, subgroup_size=size, out=out)["out"])


def test_subgroups_of_a_workgroup_that_they_divide() -> None:
    assert subgroups(lambda k, i: subgroup_sum(i), 8, 4) == [6] * 4 + [22] * 4
    assert subgroups(lambda k, i: subgroup_max(i), 8, 4) == [3] * 4 + [7] * 4
    assert subgroups(lambda k, i: k.subgroup_lane + k.subgroup_size * 10, 8, 4) == [40, 41, 42, 43] * 2


def test_the_last_subgroup_may_be_partial() -> None:
    assert subgroups(lambda k, i: subgroup_sum(i + 1), 6, 4, groups=2) == ([10] * 4 + [11] * 2) * 2
    assert subgroups(lambda k, i: subgroup_max(i), 3, 8) == [2] * 3


def test_the_maximum_of_negative_numbers_in_a_partial_subgroup() -> None:
    assert subgroups(lambda k, i: subgroup_max(to_i32(i) - 9), 6, 4, type=i32) == [-6] * 4 + [-4] * 2


def test_subgroups_count_only_who_is_there() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.when(k.workgroup_id(0) > 0):
            out[k.workgroup_id(0) * N + k.local_id] = subgroup_sum(k.local_id)

    assert list(run(traced(body), 2, out=zeros(2 * N))["out"]) == [0] * N + [6] * 4 + [22] * 4


def test_a_fixed_subgroup_size_counts() -> None:
    from kernelc.kir.trace import trace

    def body(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = subgroup_sum(k.local_id)

    kernel = trace("fixed", body, workgroup=N, subgroup_size=2)
    assert list(run(kernel, out=zeros(N), subgroup_size=4)["out"]) == [1, 1, 5, 5, 9, 9, 13, 13]


# Control flow


def test_a_loop_may_not_stand_still_or_wrap() -> None:
    def still(k: Tracer) -> None:
        with k.loop(0, 4, k.param("seq") - 3) as i:
            k.output("out", u32)[k.local_id] = i

    refuse(still, "loop with step 0", out=zeros(N))

    def wraps(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.loop(0xFFFFFFF0, 0xFFFFFFFF, 0x20) as i:
            out[k.local_id] = i

    refuse(wraps, "loop index beyond 32 bits", out=zeros(N))


def test_shifts_by_the_width_or_more() -> None:
    refuse(
        lambda k: k.output("out", u32).__setitem__(k.local_id, k.local_id << (k.local_id + 29)),
        "shift by",
        out=zeros(N),
    )

    def guarded(k: Tracer) -> None:
        with k.when(k.local_id < 3):
            k.output("out", u32)[k.local_id] = k.local_id << (k.local_id + 29)

    assert list(run(traced(guarded), out=zeros(N))["out"]) == [0, 1 << 30, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("divide", [lambda a, b: a // b, lambda a, b: a % b])
def test_divisions_that_targets_disagree_on(divide: Callable[[Any, Any], Any]) -> None:
    by_zero = traced(lambda k: k.output("out", u32).__setitem__(k.local_id, divide(100, k.local_id)))
    with pytest.raises(ExecutionError, match="integer division by zero"):
        run(by_zero, out=zeros(N))

    def guarded(k: Tracer) -> None:
        with k.when(k.local_id > 0):
            k.output("out", u32)[k.local_id] = divide(k.local_id, k.local_id)

    assert list(run(traced(guarded), out=zeros(N))["out"][1:]) == [divide(1, 1)] * (N - 1)
    least = np.full(N, -(1 << 31), np.int32)
    beyond = traced(
        lambda k: k.output("out", i32).__setitem__(k.local_id, divide(k.input("x", i32)[k.local_id], -1))
    )
    with pytest.raises(ExecutionError, match="quotient beyond 32 bits"):
        run(beyond, x=least, out=np.zeros(N, np.int32))


def test_registers_keep_their_value_where_a_branch_is_not_taken() -> None:
    def body(k: Tracer) -> None:
        register = k.var(k.local_id)
        with k.when(k.local_id % 2 > 0):
            k.assign(register, 100)
        k.output("out", u32)[k.local_id] = register

    assert list(run(traced(body), out=zeros(N))["out"]) == [0, 100, 2, 100, 4, 100, 6, 100]


def test_a_register_of_a_loop_starts_anew_each_round() -> None:
    def body(k: Tracer) -> None:
        total = k.var(0, u32)
        with k.loop(0, 3) as i:
            inner = k.var(1, u32)
            inner += i
            total += inner
        k.output("out", u32)[k.local_id] = total

    assert list(run(traced(body), out=zeros(N))["out"]) == [6] * N


def test_an_empty_grid_does_nothing() -> None:
    run(
        traced(lambda k: [k.barrier(), k.output("out", u32).__setitem__(k.local_id + 99, 1)]), 0, out=zeros(1)
    )


# What it is given


def example() -> Kernel:
    def body(k: Tracer) -> None:
        pair = k.input("x", u32x2)[0]
        k.output("out", u32)[k.local_id] = pair.x + to_u32(k.param("scale"))

    return traced(body)


def test_arrays_are_checked() -> None:
    pairs = np.zeros((1, 2), np.uint32)
    run(example(), x=pairs, out=zeros(N))
    with pytest.raises(ExecutionError, match=r"x wants u32x2, got uint32 \(2,\)"):
        run(example(), x=zeros(2), out=zeros(N))
    with pytest.raises(ExecutionError, match="out wants u32, got float32"):
        run(example(), x=pairs, out=np.zeros(N, np.float32))
    with pytest.raises(ExecutionError, match="no array for out"):
        run(example(), x=pairs)
    with pytest.raises(ExecutionError, match="no number for scale"):
        interpret(example(), (1, 1, 1), {"x": pairs, "out": zeros(N)}, {"seq": 1})


def test_the_grid_has_three_axes() -> None:
    def body(k: Tracer) -> None:
        group = k.workgroup_id(0) + k.workgroup_id(1) * 2 + k.workgroup_id(2) * 6
        code = k.workgroup_id(0) + k.workgroup_id(1) * 10 + k.workgroup_id(2) * 100
        k.output("out", u32)[group] = code

    out = zeros(12)
    interpret(traced(body, workgroup=1), (2, 3, 2), {"out": out}, PARAMS)
    assert list(out) == [x + y * 10 + z * 100 for z in range(2) for y in range(3) for x in range(2)]


def test_inputs_may_be_read_by_all() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = k.input("x", u32)[0]

    assert list(run(traced(body), x=zeros(1) + 4, out=zeros(N))["out"]) == [4] * N
