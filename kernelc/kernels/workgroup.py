"""Sums and maxima over a workgroup that all of its invocations get, as often as a kernel needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernelc.kir.functions import bitcast, maximum, subgroup_max, subgroup_sum
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type, f32, u32

_SMALLEST_SUBGROUP = 4  # of any WebGPU device

Combine = Callable[[Value, Value], Value]


class Workgroup:
    """One shared array of `width` words an invocation, used again by every reduction.

    Each reduction must be reached by all invocations, and leaves the array free for the next one.
    """

    def __init__(self, k: Tracer, width: int, subgroups: bool) -> None:
        self.k, self.subgroups = k, subgroups
        self.stride = max(1, k.workgroup // _SMALLEST_SUBGROUP) if subgroups else k.workgroup
        self.cells = k.shared("partial", u32, width * self.stride)

    @staticmethod
    def shared_bytes(threads: int, width: int, subgroups: bool) -> int:
        """Workgroup memory that an instance takes."""
        return 4 * width * (max(1, threads // _SMALLEST_SUBGROUP) if subgroups else threads)

    def sums(self, values: Sequence[Operators]) -> list[Value]:
        """The sum of each f32 value over the workgroup."""
        return self._all(values, f32, lambda a, b: a + b, subgroup_sum)

    def maximum(self, value: Operators) -> Value:
        """The greatest u32 value of the workgroup."""
        return self._all([value], u32, maximum, subgroup_max)[0]

    def _all(
        self,
        values: Sequence[Operators],
        type: Type,
        combine: Combine,
        over_subgroup: Callable[[Operators], Value],
    ) -> list[Value]:
        if self.subgroups:
            totals = self._across_subgroups([over_subgroup(value) for value in values], type, combine)
        else:
            totals = self._tree(values, type, combine)
        self.k.barrier()  # all have read their result before anyone writes again
        return totals

    def _tree(self, values: Sequence[Operators], type: Type, combine: Combine) -> list[Value]:
        k, lane, count = self.k, self.k.local_id, range(len(values))
        for at, value in enumerate(values):
            self._put(at, lane, value)
        with k.loop(1, k.workgroup.bit_length()) as level:
            k.barrier()
            distance = k.constant(k.workgroup, u32) >> level
            with k.when(lane < distance):
                for at in count:
                    self._put(
                        at, lane, combine(self._get(at, lane, type), self._get(at, lane + distance, type))
                    )
        k.barrier()
        return [self._get(at, k.constant(0, u32), type) for at in count]

    def _across_subgroups(self, values: Sequence[Value], type: Type, combine: Combine) -> list[Value]:
        k, size = self.k, self.k.subgroup_size
        with k.when(k.subgroup_lane.equals(0)):
            for at, value in enumerate(values):
                self._put(at, k.local_id // size, value)
        k.barrier()
        totals = [k.var(self._get(at, k.constant(0, u32), type), name="total") for at in range(len(values))]
        subgroups = (size + (k.workgroup - 1)) // size
        with k.loop(1, subgroups) as subgroup:
            for at, total in enumerate(totals):
                k.assign(total, combine(total.value(), self._get(at, subgroup, type)))
        return [total.value() for total in totals]

    def _put(self, at: int, lane: Value, value: Operators) -> None:
        word = value if value.value().type == u32 else bitcast(value, u32)
        self.cells[lane + at * self.stride] = word

    def _get(self, at: int, lane: Value, type: Type) -> Value:
        word = self.cells[lane + at * self.stride]
        return word if type == u32 else bitcast(word, type)
