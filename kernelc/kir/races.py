"""Who touched which memory cell since the last barrier: the race detector of the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
_NOBODY, _SEVERAL = -1, -2


class CellLog:
    """The last writer and the readers of each cell, with the time (barriers passed) of their access.

    Two accesses of one cell by different invocations at the same time are a race if one of them writes.
    """

    def __init__(self, cells: int, initialised: bool) -> None:
        self.writer = np.full(cells, _NOBODY, np.int64)
        self.write_time = np.full(cells, -1, np.int64)
        self.reader = np.full(cells, _NOBODY, np.int64)
        self.read_time = np.full(cells, -1, np.int64)
        self.initialised = initialised

    def read(self, cells: Ints, lanes: Ints, time: Ints) -> str | None:
        """Note reads; the problem they make, or None."""
        if not self.initialised and np.any(unwritten := self.writer[cells] == _NOBODY):
            return f"cell {int(cells[unwritten][0])} was never written"
        clash = (self.write_time[cells] == time) & (self.writer[cells] != lanes)
        if np.any(clash):
            at = int(np.flatnonzero(clash)[0])
            reader, writer = int(lanes[at]), int(self.writer[cells[at]])
            return f"race: invocation {reader} reads what invocation {writer} wrote, no barrier between"
        fresh = self.read_time[cells] != time
        known = np.where(fresh, lanes, np.where(self.reader[cells] == lanes, lanes, _SEVERAL))
        self.read_time[cells] = time
        self.reader[cells] = known
        # two lanes of one instruction on one cell: fancy assignment kept one of them
        self.reader[cells[self.reader[cells] != known]] = _SEVERAL
        order = np.argsort(cells, kind="stable")
        same = cells[order][1:] == cells[order][:-1]
        self.reader[cells[order][1:][same]] = _SEVERAL
        return None

    def write(self, cells: Ints, lanes: Ints, time: Ints) -> str | None:
        """Note writes; the problem they make, or None."""
        order = np.argsort(cells, kind="stable")
        twice = np.flatnonzero(cells[order][1:] == cells[order][:-1])
        if len(twice):
            first, second = order[twice[0]], order[twice[0] + 1]
            return f"race: invocations {int(lanes[first])} and {int(lanes[second])} write one cell at once"
        written = (self.write_time[cells] == time) & (self.writer[cells] != lanes)
        read = (self.read_time[cells] == time) & (self.reader[cells] != lanes)
        for clash, other, verb in ((written, self.writer, "wrote"), (read, self.reader, "read")):
            if np.any(clash):
                at = int(np.flatnonzero(clash)[0])
                who = int(other[cells[at]])
                name = "several invocations" if who == _SEVERAL else f"invocation {who}"
                return f"race: invocation {int(lanes[at])} writes what {name} {verb}, no barrier between"
        self.writer[cells] = lanes
        self.write_time[cells] = time
        return None
