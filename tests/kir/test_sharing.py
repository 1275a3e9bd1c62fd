"""Workgroups that see each other's memory: what the interpreter takes for ordered, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kernelc.errors import InternalError
from kernelc.kir.functions import subgroup_shuffle_xor
from kernelc.kir.interpreter.interpret import ExecutionError
from kernelc.kir.nodes import Fence
from kernelc.kir.passes.verify import verify
from kernelc.kir.sharing import atomic_add, fence, uniform_load
from kernelc.kir.text import kernel_text
from kernelc.kir.trace import Tracer
from kernelc.kir.types import u32
from tests.kir.tracing import run, traced, zeros

N, GROUPS = 8, 5


def refuse(body: Callable[[Tracer], object], message: str, groups: int = 1, **arrays: Any) -> None:
    with pytest.raises(ExecutionError) as caught:
        run(verify(traced(body)), groups, **arrays)
    assert message in str(caught.value)
    assert "test_sharing.py:" in str(caught.value)


def sum_of_all(
    k: Tracer, *, before: bool = True, barrier: bool = True, after: bool = True, all_come: bool = True
) -> None:
    """Every workgroup writes its numbers; the last to come adds up all of them."""
    parts, out = k.output("parts", u32), k.output("out", u32)
    count, arrived = k.output("count", u32), k.shared("arrived", u32, 1)
    parts[k.workgroup_id(0) * N + k.local_id] = k.workgroup_id(0) + k.local_id
    if before:
        fence(k)
    if barrier:
        k.barrier()
    with k.when(k.local_id.equals(0)):
        arrived[0] = atomic_add(count, 0, 1)
    k.barrier()
    with k.when(uniform_load(arrived, 0).equals(GROUPS - 1 if all_come else GROUPS - 2)):
        if after:
            fence(k)
        total = k.var(0, u32)
        with k.loop(0, GROUPS) as group:
            total += parts[group * N + k.local_id]
        out[k.local_id] = total
        with k.when(k.local_id.equals(0)):
            count[0] = 0


def shared_arrays() -> dict[str, Any]:
    return {"parts": zeros(GROUPS * N), "out": zeros(N), "count": zeros(1)}


def test_the_last_workgroup_sees_what_all_wrote() -> None:
    got = run(verify(traced(sum_of_all)), GROUPS, **shared_arrays())
    assert list(got["out"]) == [sum(range(GROUPS)) + GROUPS * local for local in range(N)]
    assert got["count"][0] == 0


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ({"before": False}, "load of parts: race"),
        ({"barrier": False}, "load of parts: race"),
        ({"after": False}, "load of parts: race"),
        ({"all_come": False}, "load of parts: race"),
    ],
)
def test_nothing_of_that_may_be_left_out(left_out: dict[str, bool], message: str) -> None:
    refuse(lambda k: sum_of_all(k, **left_out), message, GROUPS, **shared_arrays())


def test_a_fence_alone_orders_nothing_between_workgroups() -> None:
    def body(k: Tracer) -> None:
        out = k.output("out", u32)
        with k.when(k.workgroup_id(0).equals(0)):
            out[k.local_id] = 1
        fence(k)
        k.barrier()
        with k.when(k.workgroup_id(0).equals(1)):
            out[k.local_id] = 2

    refuse(body, "store to out: race", 2, out=zeros(N))


def test_a_fence_and_a_barrier_order_buffers_within_a_workgroup() -> None:
    def body(k: Tracer) -> None:
        out, sums = k.output("out", u32), k.output("sums", u32)
        out[k.local_id] = k.local_id
        fence(k)
        k.barrier()
        sums[k.local_id] = out[(k.local_id + 1) % N]

    assert list(run(verify(traced(body)), out=zeros(N), sums=zeros(N))["sums"]) == [*range(1, N), 0]


def test_an_earlier_read_of_another_workgroup_is_not_forgotten() -> None:
    """Workgroup 1 reads later than workgroup 0, and then writes, which only its own read comes before."""

    def body(k: Tracer) -> None:
        cells, out = k.output("cells", u32), k.output("out", u32)
        for group in range(2):
            with k.when(k.workgroup_id(0).equals(group)), k.when(k.local_id.equals(0)):
                out[group] = cells[0]
            fence(k)
            k.barrier()
        with k.when(k.workgroup_id(0).equals(1)), k.when(k.local_id.equals(0)):
            cells[0] = 7

    refuse(body, "store to cells: race", 2, cells=zeros(1), out=zeros(2))


def test_counting_is_no_race_and_gives_every_number_once() -> None:
    def body(k: Tracer) -> None:
        count, out = k.output("count", u32), k.output("out", u32)
        out[k.workgroup_id(0) * N + k.local_id] = atomic_add(count, 0, 2)

    got = run(verify(traced(body)), 3, count=zeros(1), out=zeros(3 * N))
    assert sorted(got["out"]) == list(range(0, 6 * N, 2)) and got["count"][0] == 6 * N
    assert list(got["out"]) != sorted(got["out"]), "nobody may rely on an order"


@pytest.mark.parametrize("first", [True, False])
def test_what_is_counted_in_is_not_written_or_read_beside_that(first: bool) -> None:
    def body(k: Tracer) -> None:
        count, out = k.output("count", u32), k.output("out", u32)
        if first:
            out[k.local_id] = count[0]
        atomic_add(count, 0, 1)
        if not first:
            out[k.local_id] = count[0]

    refuse(body, "counts in", count=zeros(1), out=zeros(N))


def test_an_atomic_operation_stays_where_its_result_is_unused() -> None:
    kernel = traced(lambda k: atomic_add(k.output("count", u32), 0, 1))
    assert "atomic_add(count, 0, 1)" in kernel_text(kernel)
    assert run(verify(kernel), count=zeros(1))["count"][0] == N


def test_control_flow_may_depend_on_a_uniform_load() -> None:
    def body(k: Tracer, load: Callable[[Any, int], Any]) -> None:
        cells = k.shared("cells", u32, 1)
        with k.when(k.local_id.equals(3)):
            cells[0] = 5
        k.barrier()
        with k.when(load(cells, 0) > 3):
            k.barrier()

    run(verify(traced(lambda k: body(k, uniform_load))))
    with pytest.raises(InternalError, match="barrier in control flow that differs between invocations"):
        verify(traced(lambda k: body(k, lambda cells, at: cells[at])))


def test_a_uniform_load_has_one_place_and_everybody() -> None:
    def at_own_index(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, N), k.output("out", u32)
        cells[k.local_id] = 1
        k.barrier()
        out[k.local_id] = uniform_load(cells, k.local_id)

    def in_a_branch(k: Tracer) -> None:
        cells, out = k.shared("cells", u32, N), k.output("out", u32)
        cells[k.local_id] = 1
        k.barrier()
        with k.when(k.local_id > 3):
            out[k.local_id] = uniform_load(cells, 0)

    with pytest.raises(InternalError, match="at an offset that differs between invocations of a workgroup"):
        verify(traced(at_own_index))
    with pytest.raises(InternalError, match="uniform_load in control flow that differs"):
        verify(traced(in_a_branch))
    with pytest.raises(ExecutionError, match="at an index that differs within a workgroup"):
        run(traced(at_own_index), out=zeros(N))


def test_a_fence_is_passed_by_all() -> None:
    def body(k: Tracer) -> None:
        with k.when(k.local_id > 3):
            fence(k)

    kernel = traced(body)
    assert kernel.fences and any(isinstance(each, Fence) for each in kernel.statements)
    with pytest.raises(InternalError, match="fence in control flow that differs between invocations"):
        verify(kernel)


def test_a_shuffle_needs_a_partner() -> None:
    def body(k: Tracer) -> None:
        k.output("out", u32)[k.local_id] = subgroup_shuffle_xor(k.local_id, distance)

    distance = 2
    assert list(run(traced(body), out=zeros(N))["out"]) == [2, 3, 0, 1, 6, 7, 4, 5]
    distance = 4  # subgroups have four invocations here
    refuse(body, "no partner takes part, invocation 0 of workgroup 0", out=zeros(N))


def test_values_may_not_move_past_a_fence_or_a_count() -> None:
    """Printers write values where they are used; a load stays before what may change it."""
    from kernelc.kir.passes.inline import inlined

    def body(k: Tracer, change: Callable[[Any], object]) -> None:
        count, out = k.output("count", u32), k.output("out", u32)
        before = count.tracer.load(count.memory, k.local_id)
        before.name = ""
        change(count)
        out[k.local_id] = before

    def loads_in_place(change: Callable[[Any], object]) -> list[bool]:
        kernel = traced(lambda k: body(k, change))
        placed = inlined(kernel)
        return [each in placed for each in kernel.values if each.op == "load"]

    assert loads_in_place(lambda count: None) == [True]
    assert loads_in_place(lambda count: fence(count.tracer)) == [False]
    assert loads_in_place(lambda count: atomic_add(count, 0, 1)) == [False]
