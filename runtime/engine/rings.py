"""What the caches of windowed layers still hold: how far a sequence may be shortened and then go on.

Such a layer keeps a ring of rows, in which later positions replace those that no query sees any more. For a
sequence of n positions a runtime knows `end`, one after the last position that was written since position 0
was: by steps of this sequence, or of what was cut off it or discarded.

Each step keeps this true: in a ring of R rows the positions from end - R on, up to n, are held. A step at
`past` <= n replaces position j by j + R or by one of a later round, all of which are below the new end;
so what is lost lies before the new end - R. Cutting the sequence replaces nothing. A step at 0 writes all
that its rows and later ones see, so there what was written before no longer counts.

What goes on after n positions computes position n - 1 again, or comes after it. With a window of W it reads
those from n - W on. They are held if n - W >= end - R, or where nothing was ever replaced, end <= R. While it
goes on, end grows only as far as it writes, and R >= W + the rows of any step: so what is held stays enough.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kernelc.artifact import Ring


class HeldPositions:
    """Follows the steps of one cache. `rings`: those of the manifest, none where every position has a row."""

    def __init__(self, rings: Sequence[Ring]) -> None:
        self._rings = rings
        self._end = 0

    @property
    def spare(self) -> int:
        """By how many positions a sequence may be shortened wherever it ends."""
        return min((ring.rows - ring.window for ring in self._rings), default=sys.maxsize)

    def written(self, past: int, seq: int) -> None:
        """Note a step of `seq` rows at position `past`."""
        self._end = max(self._end if past else 0, past + seq)

    @property
    def oldest(self) -> int:
        """The position from which on all rings hold all that was written."""
        return max(0, max((self._end - ring.rows for ring in self._rings), default=0))

    def restored(self, length: int, oldest: int) -> None:
        """Note that the cache was filled with `length` positions, rings with those from `oldest` on that they
        have rows for.

        That is what rings hold after the longest of them replaced what lies before `oldest`.
        """
        longest = max((ring.rows for ring in self._rings), default=0)
        self._end = max(length, oldest + longest if oldest else 0)

    def enough_for(self, length: int) -> bool:
        """Whether the sequence may go on after its first `length` positions."""
        return length == 0 or all(
            self._end <= ring.rows or length - ring.window >= self._end - ring.rows for ring in self._rings
        )
