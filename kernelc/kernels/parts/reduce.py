"""Sums over a team: `team` neighbouring invocations of a workgroup that work on the same result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernelc.kir.functions import maximum, subgroup_max, subgroup_sum
from kernelc.kir.nodes import Value, Variable
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32


def power_of_two_up_to(n: int) -> int:
    """The largest power of two that is at most `n`, at least 1: what a team may count."""
    return 1 << max(0, n.bit_length() - 1)


def team_lane(k: Tracer, team: int) -> Value:
    """Number of the invocation in its team."""
    return k.local_id if team == k.workgroup else k.local_id % team


def team_number(k: Tracer, team: int) -> Value:
    """Number of the invocation's team in the workgroup."""
    return k.constant(0, u32) if team == k.workgroup else k.local_id // team


def team_sum(k: Tracer, values: Sequence[Operators], team: int, subgroups: bool) -> list[Value]:
    """The sum of each value over its team, valid in the team's first invocation.

    All invocations must call it. `team` is a power of two that divides the workgroup. With `subgroups`, teams
    that are whole workgroups (or exactly a known subgroup) sum in registers first; otherwise a tree in shared
    memory.
    """
    return _reduce(k, values, team, subgroups, "team_sums", lambda a, b: a + b.value(), subgroup_sum)


def team_max(k: Tracer, values: Sequence[Operators], team: int, subgroups: bool) -> list[Value]:
    """As `team_sum`, the maximum."""
    return _reduce(k, values, team, subgroups, "team_maxima", maximum, subgroup_max)


def broadcast(k: Tracer, values: Sequence[Operators], team: int, name: str = "broadcast") -> list[Value]:
    """The value of each team's first invocation, in all of its invocations."""
    teams = k.workgroup // team
    cells = k.shared(name, f32, len(values) * teams)
    number = team_number(k, team)
    with k.when(team_lane(k, team).equals(0)):
        for at, value in enumerate(values):
            cells[number + at * teams] = value
    k.barrier()
    return [cells[number + at * teams] for at in range(len(values))]


def _reduce(
    k: Tracer,
    values: Sequence[Operators],
    team: int,
    subgroups: bool,
    name: str,
    combine: Callable[[Operators, Operators], Value],
    over_subgroup: Callable[[Operators], Value],
) -> list[Value]:
    if team == 1:
        return [value.value() for value in values]
    if subgroups and k.fixed_subgroup_size == team:
        return [over_subgroup(value) for value in values]
    if subgroups and team == k.workgroup:
        return _across_subgroups(k, [over_subgroup(value) for value in values], name, combine)
    return _tree(k, values, team, name, combine)


def _across_subgroups(
    k: Tracer, values: list[Value], name: str, combine: Callable[[Operators, Operators], Value]
) -> list[Value]:
    """One value a subgroup, through shared memory, to invocation 0. WebGPU's subgroups are 4 or more."""
    most = max(1, k.workgroup // 4)
    cells = k.shared(name, f32, len(values) * most)
    with k.when(k.subgroup_lane.equals(0)):
        for at, value in enumerate(values):
            cells[k.local_id // k.subgroup_size + at * most] = value
    k.barrier()
    count = (k.subgroup_size + (k.workgroup - 1)) // k.subgroup_size
    totals: list[Variable] = []
    for at in range(len(values)):
        total = k.var(cells[at * most])
        with k.loop(1, count) as subgroup:
            k.assign(total, combine(total, cells[subgroup + at * most]))
        totals.append(total)
    return [total.value() for total in totals]


def _tree(
    k: Tracer,
    values: Sequence[Operators],
    team: int,
    name: str,
    combine: Callable[[Operators, Operators], Value],
) -> list[Value]:
    width = k.workgroup
    cells = k.shared(name, f32, len(values) * width)
    here, lane = k.local_id, team_lane(k, team)
    for at, value in enumerate(values):
        cells[here + at * width] = value
    stride = team // 2
    while stride:
        k.barrier()
        with k.when(lane < stride):
            for at in range(len(values)):
                cells[here + at * width] = combine(
                    cells[here + at * width], cells[here + (at * width + stride)]
                )
        stride //= 2
    return [cells[here + at * width] for at in range(len(values))]
