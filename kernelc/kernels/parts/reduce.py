"""Sums and maxima over invocations of a workgroup.

`team_sum` and `team_max` reduce over teams, `team` neighbouring invocations that work on one result (possibly
the whole workgroup), and leave the result in each team's first invocation. They serve one reduction at the
end of a kernel. `Workgroup` reduces over the whole workgroup, gives every invocation the result, and can be
used any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kernelc.kir.functions import (
    logical_and,
    maximum,
    named,
    select,
    subgroup_max,
    subgroup_shuffle_xor,
    subgroup_sum,
)
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Number, Operators, Value, Variable

_SMALLEST_SUBGROUP = 4  # of any WebGPU device

Combine = Callable[[Value, Value], Value]


def power_of_two_up_to(n: int) -> int:
    """The largest power of two that is at most `n`, and at least 1: a size that a team may have."""
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
    """The maximum of each value over its team; otherwise as `team_sum`."""
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


@dataclass(frozen=True)
class SpreadSums:
    """Sums of up to as many values as a subgroup has invocations, one in each: `total` is that of value
    `number`, and where there are fewer values, the same one is in several, of which one `writes`."""

    total: Value
    number: Value
    writes: Value


def spread_sums(k: Tracer, values: Sequence[Operators], size: int) -> SpreadSums:
    """The sums of 1 to `size` values over a subgroup of `size`, spread over its invocations.

    At each distance an invocation adds half of the values to what its partner has of them, and leaves the
    other half to the partner, while there are several; so all sums together take about as many shuffles as
    there are values, where one sum alone takes log2(size). Each is made of the same pairs as a sum by
    butterflies is, so that it has the same bits whatever it is summed with. Needs uniform control flow.
    """
    count = 1 << (len(values) - 1).bit_length()
    left = [value.value() for value in values]
    left += [k.constant(0.0, f32)] * (count - len(left))
    lane, distance = k.subgroup_lane, size // 2
    while distance:
        if len(left) == 1:
            left = [left[0] + subgroup_shuffle_xor(left[0], distance)]
        else:
            half = len(left) // 2
            upper = named("upper", (lane & distance).equals(distance))
            kept = [select(upper, left[at + half], left[at]) for at in range(half)]
            given = [select(upper, left[at], left[at + half]) for at in range(half)]
            left = [
                mine + subgroup_shuffle_xor(other, distance) for mine, other in zip(kept, given, strict=True)
            ]
        distance //= 2
    copies = size // count
    number = lane // copies if copies > 1 else lane
    first = (lane % copies).equals(0) if copies > 1 else lane < size
    writes = logical_and(first, number < len(values)) if count > len(values) else first
    return SpreadSums(named("total", left[0]), named("number", number), writes)


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
    """Combine one value per subgroup through shared memory; invocation 0 holds the result."""
    most = max(1, k.workgroup // _SMALLEST_SUBGROUP)
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
    """Halve the number of values until each team has one left, with a barrier before every step."""
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


class Workgroup:
    """Reductions over the workgroup whose result every invocation gets.

    Holds shared memory for up to `sums` sums at once (f32) and, with `maxima`, for one maximum (u32). All
    invocations must reach each reduction, which leaves the memory free for the next one.
    """

    def __init__(self, k: Tracer, subgroups: bool, sums: int = 0, *, maxima: bool = True) -> None:
        self.k, self.subgroups = k, subgroups
        self.stride = _cells(k.workgroup, subgroups)
        self._partial_sums = k.shared("partial_sums", f32, sums * self.stride) if sums else None
        self._partial_maxima = k.shared("partial_maxima", u32, self.stride) if maxima else None

    @staticmethod
    def shared_bytes(threads: int, subgroups: bool, sums: int = 0) -> int:
        """Bytes of shared memory that an instance takes."""
        return 4 * (sums + 1) * _cells(threads, subgroups)

    def sums(self, values: Sequence[Operators]) -> list[Value]:
        """The sum of each f32 value over the workgroup."""
        assert self._partial_sums is not None
        return self._reduce(self._partial_sums, values, lambda a, b: a + b, subgroup_sum)

    def maximum(self, value: Operators) -> Value:
        """The greatest u32 value of the workgroup."""
        assert self._partial_maxima is not None
        return self._reduce(self._partial_maxima, [value], maximum, subgroup_max)[0]

    def _reduce(
        self,
        cells: Array,
        values: Sequence[Operators],
        combine: Combine,
        over_subgroup: Callable[[Operators], Value],
    ) -> list[Value]:
        if self.subgroups:
            totals = self._across_subgroups(cells, [over_subgroup(value) for value in values], combine)
        else:
            totals = self._through_columns(cells, values, combine)
        self.k.barrier()  # all have read their result before anyone writes again
        return totals

    def _through_columns(self, cells: Array, values: Sequence[Operators], combine: Combine) -> list[Value]:
        """About sqrt(threads) invocations combine a column of the values each; then all combine the columns.

            cells    0  1  2 .. c-1 | c  c+1 ..    | 2c ..     c = columns
            step 1   invocation j < c combines cells j, j + c, j + 2c .. into cell j
            step 2   every invocation combines cells 0 .. c-1

        That is two barriers where a tree has log2(threads), and barriers are what so small a reduction waits
        for.
        """
        k, lane = self.k, self.k.local_id
        columns = 1 << (k.workgroup.bit_length() // 2)
        for at, value in enumerate(values):
            cells[lane + at * self.stride] = value.value()
        k.barrier()
        with k.when(lane < columns):
            totals = self._combined(
                cells, len(values), combine, lane + columns, k.workgroup, columns, first=lane
            )
            for at, total in enumerate(totals):
                cells[lane + at * self.stride] = total
        k.barrier()
        return self._combined(cells, len(values), combine, 1, columns)

    def _across_subgroups(self, cells: Array, values: Sequence[Value], combine: Combine) -> list[Value]:
        k, size = self.k, self.k.subgroup_size
        with k.when(k.subgroup_lane.equals(0)):
            for at, value in enumerate(values):
                cells[k.local_id // size + at * self.stride] = value
        k.barrier()
        subgroups = (size + (k.workgroup - 1)) // size
        return self._combined(cells, len(values), combine, 1, subgroups)

    def _combined(
        self,
        cells: Array,
        count: int,
        combine: Combine,
        start: Number,
        stop: Number,
        step: int = 1,
        first: Number = 0,
    ) -> list[Value]:
        """For each value, cell `first` combined with cells start, start + step .. below stop."""
        k = self.k
        totals = [k.var(cells[k.coerce(first, u32) + at * self.stride], name="total") for at in range(count)]
        with k.loop(start, stop, step) as cell:
            for at, total in enumerate(totals):
                k.assign(total, combine(total.value(), cells[cell + at * self.stride]))
        return [total.value() for total in totals]


def _cells(threads: int, subgroups: bool) -> int:
    """Cells that a reduction needs for each value."""
    return max(1, threads // _SMALLEST_SUBGROUP) if subgroups else threads
