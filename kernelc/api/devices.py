"""The devices that kernels of one's own run on: each is opened once, and closed with the process."""

from __future__ import annotations

import atexit
from functools import cache

from kernelc.workshop.bench import Bench


@cache
def bench_on(device: str) -> Bench:
    """Return the open device of this name. Raises: as `Bench`."""
    bench = Bench(device)
    atexit.register(bench.close)
    return bench
