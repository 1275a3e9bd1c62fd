"""Which query heads a workgroup of decode attention serves, and where results go: finished heads, or partial
results that are joined later."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from kernelc.kir.functions import minimum, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.values import Number, Operators, Value


@dataclass(frozen=True)
class GroupRows:
    """The rows of a workgroup: `count` query heads that share a key/value head with all of their `group`.

    The workgroups of a group are neighbours, and the last may have more rows than there are heads left.
    """

    k: Tracer
    group: int
    count: int

    @property
    def blocks(self) -> int:
        """Workgroups that the heads of a group take."""
        return -(-self.group // self.count)

    @property
    def kv_head(self) -> Value:
        return self.k.workgroup_id(0) // self.blocks

    @property
    def ragged(self) -> bool:
        """Whether the last workgroup of a group has surplus rows."""
        return self.group % self.count > 0

    def in_group(self, row: Operators | int) -> Value:
        """The number within its group of the query head that a row computes; may be beyond the last."""
        return self.k.workgroup_id(0) % self.blocks * self.count + row

    def head(self, row: Operators | int) -> Value:
        """The number of the query head that a row computes; there may be none."""
        return self.kv_head * self.group + self.in_group(0) + row

    def head_to_read(self, row: Operators | int) -> Value:
        """The same, and for surplus rows the group's last head."""
        if not self.ragged:
            return self.head(row)
        return self.kv_head * self.group + minimum(self.in_group(row), self.group - 1)

    def where_there(self, row: Operators | int) -> AbstractContextManager[None]:
        """The statements inside run for rows that have a head."""
        return self.k.when(self.in_group(row) < self.group) if self.ragged else nullcontext()


@dataclass(frozen=True)
class HeadResults:
    """`out` [heads * head_dim]: the one place where decode kernels finish the elements of a head."""

    out: Array
    head_dim: int

    def put(self, head: Operators, at: Operators, value: Value) -> None:
        """Finish some neighbouring elements of a head: the vector number `at` of vectors like `value`."""
        self.out[head * (self.head_dim // value.type.lanes) + at] = value


@dataclass(frozen=True)
class Partials:
    """`array` [splits, heads, pairs]: the pairs of a head's sums, then (maximum, total); see `decode`."""

    array: Array
    heads: int
    pairs: int

    def start(self, split: Operators, head: Operators) -> Value:
        """The first pair of a head's partial result."""
        return (split * self.heads + head) * self.pairs

    def put_summary(self, start: Value, maximum: Number, total: Number) -> None:
        """Write what comes after the sums."""
        self.array[start + (self.pairs - 1)] = vector(maximum, total)
