"""Caches of layers whose queries see a window of positions: rings, which forget what no query sees any more.

Every cache of n rows holds position p in row p mod n. With a row for each position of the context that is
row p itself; a ring has min(context, ring) rows. A step appends its rows before they are read: after a step
of `seq` rows at `past`, the positions from past + seq - ring on are held. Its first row sees those from
past - window + 1 on, so a step is right if ring >= window + seq - 1.

Rings are longer than that, so that a sequence may be shortened as well, where a turn is edited or answered
again. Once `end` positions were written, those from end - ring on are held. Going on after the first n of
them computes position n - 1 again at the earliest, which sees those from n - window on: these are held if
end - n <= ring - window.

Source: the rolling buffer cache of Mistral 7B (Jiang et al. 2023, arXiv 2310.06825, section 2).
"""

from __future__ import annotations

from kernelc.ir.dim import Dim, bounds, dim_min

ROUNDED = 16  # rows of a ring come in whole pieces of so many


def ring_for(window: int, spare: int) -> int:
    """Return the rows of a ring for a window, after which a sequence may be shortened by `spare` positions.

    `spare` is at least the number of rows of a step.
    """
    return -(-(window + spare) // ROUNDED) * ROUNDED


def cache_rows(context: Dim, window: int | None, spare: int) -> Dim:
    """Return the first dimension of a cache for a layer with this window, or with none."""
    return context if window is None else dim_min(context, ring_for(window, spare))


def ring_rows(rows: Dim, context: Dim) -> int | None:
    """Return the ring of a cache whose first dimension is `rows`; 0 where that is the context.

    None where it is neither the context nor the smaller of the context and a constant.
    """
    if rows == context:
        return 0
    ring = bounds(rows)[1]
    return ring if rows == dim_min(context, ring) else None
