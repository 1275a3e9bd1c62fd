"""The interpreter's race detector: which invocation accessed each memory cell since the last barrier."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.interpreter.fences import FenceOrder

Ints = npt.NDArray[Any]
_NOBODY, _SEVERAL = -1, -2
_BEFORE = -1  # a time before all others
_TILES = -3  # and below: one number for each subgroup of each operation on tiles


class CellLog:
    """The last writer and the readers of each cell, with the time of their access, counted in barriers.

    Two accesses to one cell by different invocations at the same time are a race if one of them writes.
    Operations on tiles get accessor numbers of their own (`tile_accessors`), which tell them apart from
    invocations and from each other.
    """

    def __init__(self, cells: int, initialised: bool) -> None:
        self.writer = np.full(cells, _NOBODY, np.int64)
        self.write_time = np.full(cells, _BEFORE, np.int64)
        self.reader = np.full(cells, _NOBODY, np.int64)
        self.read_time = np.full(cells, _BEFORE, np.int64)
        self.counter = np.full(cells, _NOBODY, np.int64)  # who counted last, with an atomic operation
        self.initialised = initialised

    def unordered(self, who: Ints, times: Ints, lanes: Ints, time: Ints) -> npt.NDArray[np.bool_]:
        """Whether accesses by `who` at `times` are not known to come before those of `lanes` at `time`."""
        return (times == time) & (who != lanes)

    def count(self, cell: int, lane: int, time: int) -> str | None:
        """Record an atomic operation. Returns the problem that it causes, or None."""
        at, by, now = np.array([cell]), np.array([lane]), np.array([time])
        for who, times, verb in (
            (self.writer, self.write_time, "wrote"),
            (self.reader, self.read_time, "read"),
        ):
            if np.any(self.unordered(who[at], times[at], by, now)):
                return f"race: {_who(lane)} counts in what {_who(int(who[cell]))} {verb}, no barrier between"
        self.counter[cell] = lane
        return None

    def _counted(self, cells: Ints, lanes: Ints) -> str | None:
        """Why these may not be accessed plainly: others count in them, and maybe later."""
        clash = (self.counter[cells] != _NOBODY) & (self.counter[cells] != lanes)
        if not np.any(clash):
            return None
        at = int(np.flatnonzero(clash)[0])
        return f"race: {_who(int(lanes[at]))} accesses what {_who(int(self.counter[cells[at]]))} counts in"

    def read(self, cells: Ints, lanes: Ints, time: Ints) -> str | None:
        """Record reads. Returns the problem that they cause, or None."""
        if not self.initialised and np.any(unwritten := self.writer[cells] == _NOBODY):
            return f"cell {int(cells[unwritten][0])} was never written"
        if problem := self._counted(cells, lanes):
            return problem
        clash = self.unordered(self.writer[cells], self.write_time[cells], lanes, time)
        if np.any(clash):
            at = int(np.flatnonzero(clash)[0])
            reader, writer = int(lanes[at]), int(self.writer[cells[at]])
            return f"race: {_who(reader)} reads what {_who(writer)} wrote, no barrier between"
        beside = self.unordered(self.reader[cells], self.read_time[cells], lanes, time)
        known = np.where(beside, _SEVERAL, lanes)  # who comes after this read comes after those before it
        self.read_time[cells] = time
        self.reader[cells] = known
        # several lanes of one instruction read one cell: fancy assignment kept one of them
        self.reader[cells[self.reader[cells] != known]] = _SEVERAL
        order = np.argsort(cells, kind="stable")
        same = cells[order][1:] == cells[order][:-1]
        self.reader[cells[order][1:][same]] = _SEVERAL
        return None

    def filled(self, cells: Ints) -> None:
        """Record that a copy has filled cells before anybody may read them."""
        self.writer[cells], self.write_time[cells] = _SEVERAL, _BEFORE

    def emptied(self, cells: Ints) -> None:
        """Record that the contents of cells are gone."""
        self.writer[cells] = _NOBODY

    def write(self, cells: Ints, lanes: Ints, time: Ints) -> str | None:
        """Record writes. Returns the problem that they cause, or None."""
        order = np.argsort(cells, kind="stable")
        twice = np.flatnonzero(cells[order][1:] == cells[order][:-1])
        if len(twice):
            first, second = order[twice[0]], order[twice[0] + 1]
            both = int(lanes[first]), int(lanes[second])
            who = "two tile operations" if min(both) <= _TILES else f"invocations {both[0]} and {both[1]}"
            return f"race: {who} write one cell at once"
        if problem := self._counted(cells, lanes):
            return problem
        written = self.unordered(self.writer[cells], self.write_time[cells], lanes, time)
        read = self.unordered(self.reader[cells], self.read_time[cells], lanes, time)
        for clash, other, verb in ((written, self.writer, "wrote"), (read, self.reader, "read")):
            if np.any(clash):
                at = int(np.flatnonzero(clash)[0])
                names = _who(int(lanes[at])), _who(int(other[cells[at]]))
                return f"race: {names[0]} writes what {names[1]} {verb}, no barrier between"
        self.writer[cells] = lanes
        self.write_time[cells] = time
        return None


class FencedLog(CellLog):
    """The log of a buffer in a kernel that orders memory between workgroups; times are numbers of fences."""

    def __init__(self, cells: int, order: FenceOrder) -> None:
        super().__init__(cells, initialised=True)
        self.order = order

    def unordered(self, who: Ints, times: Ints, lanes: Ints, time: Ints) -> npt.NDArray[np.bool_]:
        """See `CellLog`."""
        return self.order.unordered(who, times, lanes)


def tile_accessors(operation: int, subgroups: int) -> Ints:
    """Accessor numbers for the subgroups that perform the `operation`th operation on tiles."""
    return _TILES - operation * subgroups - np.arange(subgroups)


def _who(accessor: int) -> str:
    if accessor == _SEVERAL:
        return "several invocations"
    return "a tile operation" if accessor <= _TILES else f"invocation {accessor}"
