"""What the searches for scales and offsets may be handed to: code that is faster than numpy's."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

from kernelc.ir.formats.arrays import F32


class Search(Protocol):
    """The part of a search that tries candidates. It finds what numpy finds, bit for bit."""

    def scales(
        self,
        values: F32,
        weights: F32 | None,
        bounds: tuple[int, int],
        peak: F32,
        positions: Sequence[float],
        lattice: Sequence[int],
    ) -> F32:
        """The best inverse scale of each group: the largest magnitude, `peak`, is put at each of `positions`,
        and at each code of `lattice` in the groups that look like it.

        Shapes: f32 [32, groups] (and `weights`), [groups] -> f32 [groups].
        """
        ...

    def lines(
        self, values: F32, share: F32, code_high: int, ends: Sequence[tuple[float, float]]
    ) -> tuple[F32, F32]:
        """The best inverse scale and shift of each group whose least number is 0.

        `ends`: see `affine_search`. Shapes: f32 [32, groups] (and `share`) -> f32 [groups], f32 [groups].
        """
        ...


_LEAST_GROUPS = 2  # of a single group numpy adds up the numbers in another order

_used: list[Search] = []


@contextmanager
def searching_with(search: Search | None) -> Generator[None]:
    """Let all threads search with `search` meanwhile; None changes nothing."""
    if search is None:
        yield
        return
    _used.append(search)
    try:
        yield
    finally:
        _used.remove(search)


def faster_search(values: F32) -> Search | None:
    """Return what is to search groups [32, groups], None where numpy is."""
    return _used[-1] if _used and values.shape[1] >= _LEAST_GROUPS else None
