"""The interpreter's account of which workgroup has seen what others wrote to buffers.

A workgroup's accesses are numbered by the fences that it has passed. An atomic operation hands on what its
workgroup wrote before a fence that all of its invocations have passed, and what it has seen itself; whoever
comes to the same cell later has seen all of that after its own next fence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


class FenceOrder:
    """What is ordered between the invocations of `groups` workgroups of `workgroup` invocations."""

    def __init__(self, groups: int, workgroup: int) -> None:
        self.workgroup = workgroup
        self.passed = np.zeros(groups, np.int64)  # fences, by workgroup
        self.met = np.zeros(groups, np.int64)  # fences that a barrier has followed
        # For each workgroup and each other: accesses before this fence of the other have been seen, or will
        # have been after one's own next fence.
        self.seen = np.zeros((groups, groups), np.int64)
        self.learned = np.zeros((groups, groups), np.int64)
        self._left: dict[tuple[object, int], Ints] = {}  # by cell what atomic operations have handed on

    def fence(self, groups: Ints) -> None:
        """These workgroups pass a fence."""
        self.passed[groups] += 1
        self.seen[groups] = np.maximum(self.seen[groups], self.learned[groups])
        if self.workgroup == 1:
            self.barrier(groups)

    def barrier(self, groups: Ints) -> None:
        """All invocations of these workgroups meet."""
        self.met[groups] = self.passed[groups]
        self.seen[groups, groups] = self.met[groups]

    def atomic(self, memory: object, cell: int, group: int) -> None:
        """An invocation of a workgroup counts in a cell, after all that did so before."""
        left = self._left.get((memory, cell))
        if left is not None:
            self.learned[group] = np.maximum(self.learned[group], left)
        mine = self.seen[group] if left is None else np.maximum(left, self.seen[group])
        self._left[memory, cell] = mine.copy()

    def unordered(self, who: Ints, numbers: Ints, lanes: Ints) -> Mask:
        """Whether accesses by the invocations `who`, with these numbers, are not known to come before what
        `lanes` do now."""
        there = who >= 0
        mine, theirs = lanes // self.workgroup, np.where(there, who, 0) // self.workgroup
        unseen = numbers >= self.seen[mine, theirs]
        return (who != lanes) & ((there & unseen) | (who < -1))
