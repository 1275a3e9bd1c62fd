"""The interpreter's race detector: which invocation accessed each memory cell since the last barrier."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

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
        self.initialised = initialised

    def read(self, cells: Ints, lanes: Ints, time: Ints) -> str | None:
        """Record reads. Returns the problem that they cause, or None."""
        if not self.initialised and np.any(unwritten := self.writer[cells] == _NOBODY):
            return f"cell {int(cells[unwritten][0])} was never written"
        clash = (self.write_time[cells] == time) & (self.writer[cells] != lanes)
        if np.any(clash):
            at = int(np.flatnonzero(clash)[0])
            reader, writer = int(lanes[at]), int(self.writer[cells[at]])
            return f"race: {_who(reader)} reads what {_who(writer)} wrote, no barrier between"
        fresh = self.read_time[cells] != time
        known = np.where(fresh, lanes, np.where(self.reader[cells] == lanes, lanes, _SEVERAL))
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
        written = (self.write_time[cells] == time) & (self.writer[cells] != lanes)
        read = (self.read_time[cells] == time) & (self.reader[cells] != lanes)
        for clash, other, verb in ((written, self.writer, "wrote"), (read, self.reader, "read")):
            if np.any(clash):
                at = int(np.flatnonzero(clash)[0])
                names = _who(int(lanes[at])), _who(int(other[cells[at]]))
                return f"race: {names[0]} writes what {names[1]} {verb}, no barrier between"
        self.writer[cells] = lanes
        self.write_time[cells] = time
        return None


def tile_accessors(operation: int, subgroups: int) -> Ints:
    """Accessor numbers for the subgroups that perform the `operation`th operation on tiles."""
    return _TILES - operation * subgroups - np.arange(subgroups)


def _who(accessor: int) -> str:
    if accessor == _SEVERAL:
        return "several invocations"
    return "a tile operation" if accessor <= _TILES else f"invocation {accessor}"
