"""Sums and maxima over a workgroup that all of its invocations get, as often as a kernel needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernelc.kir.functions import maximum, subgroup_max, subgroup_sum
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Number, Operators
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32

_SMALLEST_SUBGROUP = 4  # of any WebGPU device

Combine = Callable[[Value, Value], Value]


class Workgroup:
    """Shared memory for up to `sums` sums at once (f32) and for one maximum (u32), used again and again.

    Each reduction must be reached by all invocations, and leaves its memory free for the next one.
    """

    def __init__(self, k: Tracer, subgroups: bool, sums: int = 0) -> None:
        self.k, self.subgroups = k, subgroups
        self.stride = _cells(k.workgroup, subgroups)
        self._partial_sums = k.shared("partial_sums", f32, sums * self.stride) if sums else None
        self._partial_maxima = k.shared("partial_maxima", u32, self.stride)

    @staticmethod
    def shared_bytes(threads: int, subgroups: bool, sums: int = 0) -> int:
        """Workgroup memory that an instance takes."""
        return 4 * (sums + 1) * _cells(threads, subgroups)

    def sums(self, values: Sequence[Operators]) -> list[Value]:
        """The sum of each f32 value over the workgroup."""
        assert self._partial_sums is not None
        return self._reduce(self._partial_sums, values, lambda a, b: a + b, subgroup_sum)

    def maximum(self, value: Operators) -> Value:
        """The greatest u32 value of the workgroup."""
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
        """About sqrt(threads) invocations combine a column of the values each, then all combine the columns.

        Fewer barriers than a tree: they are what such a small reduction waits for.
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
        """Cell `first` of each value combined with cells start, start + step .. below stop."""
        k = self.k
        totals = [k.var(cells[k.coerce(first, u32) + at * self.stride], name="total") for at in range(count)]
        with k.loop(start, stop, step) as cell:
            for at, total in enumerate(totals):
                k.assign(total, combine(total.value(), cells[cell + at * self.stride]))
        return [total.value() for total in totals]


def _cells(threads: int, subgroups: bool) -> int:
    """Cells that a reduction needs for each value."""
    return max(1, threads // _SMALLEST_SUBGROUP) if subgroups else threads
