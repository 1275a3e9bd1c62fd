"""Which query heads a workgroup of decode attention serves, and where results go: finished heads, or partial
results that are joined later."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.ir.coded_rows import GROUP, MOST_TERMS, CodedRows
from kernelc.kernels.parts.coded_groups import GroupCoder
from kernelc.kernels.spec import Arrays, Binding
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import minimum, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32
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


class HeadResults:
    """`out` [heads * head_dim] or that row as `coded`: the one place where decode kernels finish the elements
    of heads. Those that are coded go to shared memory first."""

    def __init__(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        head_dim: int,
        rows: GroupRows,
        coded: CodedRows | None,
    ) -> None:
        self.out, self.head_dim, self.rows = arrays.get("out"), head_dim, rows
        self.coder = None
        if coded is not None:
            count = rows.count * head_dim
            self.coder = GroupCoder(k, arrays["coded"], coded, count, squares=False, native=False)

    @staticmethod
    def shared_bytes(heads: int, head_dim: int, codes: int) -> int:
        """Bytes of shared memory for a workgroup that serves so many heads."""
        return GroupCoder.shared_bytes(heads * head_dim, squares=False) if codes else 0

    @property
    def lanes(self) -> int:
        """Lanes of the vectors that are best `put`."""
        return 2 if self.out is None else self.out.type.lanes

    def put(self, row: Operators | int, head: Operators, at: Operators, value: Value) -> None:
        """Finish some neighbouring elements of the head that is row `row` of the workgroup: the vector number
        `at` of vectors like `value`."""
        lanes = value.type.lanes
        if self.coder is None:
            assert self.out is not None
            self.out[head * (self.head_dim // lanes) + at] = value
            return
        start = at * lanes + row * self.head_dim
        for lane in range(lanes):
            self.coder.put(start + lane if lane else start, value.lane(lane), None)

    def code(self) -> None:
        """Code the heads of the workgroup, if results are coded. All invocations call this, after each
        element was put by any of them."""
        if self.coder is None:
            return
        groups, rows = self.head_dim // GROUP, self.rows
        end = (rows.kv_head + 1) * (rows.group * groups) if rows.ragged else None
        self.coder.code(rows.head(0) * groups, end)


def require_codes(problem: object, head_dim: int, codes: int) -> None:
    """Raise ShapeError unless heads of that width can be coded with `codes` terms; 0: they are not."""
    require(0 <= codes <= MOST_TERMS, problem, "codes of at most two terms")
    require(codes == 0 or head_dim % GROUP == 0, problem, f"coded heads of whole groups of {GROUP}")


def result_binding(out: Binding, coded: CodedRows | None) -> Binding:
    """`out`, or `coded` where the row of all heads is coded."""
    return out if coded is None else Binding("coded", u32, "read_write", coded.words)


def write_result(arrays: Arrays, coded: CodedRows | None, out: npt.NDArray[np.float64]) -> None:
    """What references do with the result. Shape: as many elements as heads have."""
    if coded is None:
        arrays["out"].reshape(-1)[:] = out.reshape(-1)
    else:
        arrays["coded"].reshape(1, -1)[:] = coded.code(out.astype(np.float32).reshape(1, -1))


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
