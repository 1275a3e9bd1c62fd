"""How much Python does, counted: how long it takes depends on the machine and on what else that does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Calls:
    """How many calls of functions there were, of Python's and of C's."""

    count = 0


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count the calls in the block, of this thread. Loops call something, so this bounds them."""
    calls, before = Calls(), sys.getprofile()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            calls.count += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
