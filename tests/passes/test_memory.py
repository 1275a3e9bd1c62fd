"""The planner: tensors that live at once never share a slot, and every slot holds what is put into it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import InternalError
from kernelc.ir.dim import Dim, Var, bounds, evaluate
from kernelc.passes.memory import merge_slots, plan_slots, rounded, worst_case
from kernelc.passes.select import KernelCall


def call(reads: list[str], writes: list[str], origin: str = "layer") -> KernelCall:
    """A call of no particular kernel: the planner looks at operands and results alone."""
    operands = {f"in{i}": name for i, name in enumerate(reads)} | {
        f"out{i}": name for i, name in enumerate(writes)
    }
    results = tuple(f"out{i}" for i in range(len(writes)))
    return cast(
        KernelCall,
        SimpleNamespace(operands=operands, results=results, origin=origin, spec=None, problem=None),
    )


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[KernelCall], dict[str, Dim]]:
    """Calls that read a few of the tensors written before (or weights) and write one or two new ones."""
    sizes: dict[str, Dim] = {}
    calls: list[KernelCall] = []
    for at in range(draw(st.integers(1, 14))):
        known = [*sorted(sizes)[-6:], "weight"]
        reads = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
        writes = [f"t{at:02d}{suffix}" for suffix in "ab"[: draw(st.integers(1, 2))]]
        for name in writes:
            sizes[name] = draw(st.integers(1, 20)) * 16
        calls.append(call(reads, writes, f"call {at}"))
    return calls, sizes


def lifetimes(calls: list[KernelCall], sizes: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for at, each in enumerate(calls):
        for name in each.operands.values():
            if name in sizes:
                found[name] = (found.get(name, (at, at))[0], at)
    return found


@given(programs())
def test_tensors_that_live_at_once_have_slots_of_their_own(
    program: tuple[list[KernelCall], dict[str, Dim]],
) -> None:
    calls, sizes = program
    plan = plan_slots(calls, sizes)
    alive = lifetimes(calls, sizes)
    assert set(plan.slot_of) == set(sizes)
    for a, (a_first, a_last) in alive.items():
        assert bounds(plan.sizes[plan.slot_of[a]])[1] >= bounds(sizes[a])[1]
        for b, (b_first, b_last) in alive.items():
            if a < b and a_first <= b_last and b_first <= a_last:
                assert plan.slot_of[a] != plan.slot_of[b], (a, b)


@given(st.lists(programs(), min_size=1, max_size=3))
def test_programs_share_slots_that_hold_the_largest_of_each(
    drawn: list[tuple[list[KernelCall], dict[str, Dim]]],
) -> None:
    plans = [plan_slots(calls, sizes) for calls, sizes in drawn]
    merged, names = merge_slots(plans)
    assert len(merged) == max(len(plan.sizes) for plan in plans)
    for (_, sizes), plan, slots in zip(drawn, plans, names, strict=True):
        for tensor, size in sizes.items():
            assert bounds(merged[int(slots[tensor].removeprefix("slot."))])[1] >= bounds(size)[1]
        same = [(a, b) for a in sizes for b in sizes if plan.slot_of[a] == plan.slot_of[b]]
        assert all(slots[a] == slots[b] for a, b in same)


def test_a_chain_needs_two_slots() -> None:
    calls = [call([], ["a"]), call(["a"], ["b"]), call(["b"], ["c"]), call(["c"], ["d"])]
    assert len(plan_slots(calls, dict.fromkeys("abcd", 64)).sizes) == 2


def test_a_tensor_read_before_it_is_written_is_a_bug_in_the_compiler() -> None:
    with pytest.raises(InternalError, match="layer: a is read before it is written"):
        plan_slots([call(["a"], ["b"])], {"a": 16, "b": 16})


def test_worst_case_keeps_the_context_and_takes_the_longest_chunk() -> None:
    seq, context = Var("seq", 1, 100), Var("context", 1, 1000)
    symbols = {"seq": (1, 64), "past": (0, 999), "context": (1, 1000)}
    assert worst_case(seq * 12, symbols) == 768
    size = worst_case(context * 8, symbols)
    assert evaluate(size, {"context": 10}) == 80
    assert evaluate(rounded(size + 4), {"context": 10}) == 96
