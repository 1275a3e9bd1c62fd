"""The devices that kernels of one's own run on: each is opened once, and closed with the process."""

from __future__ import annotations

import atexit
from functools import cache

from kernelc import debug
from kernelc.workshop.bench import Bench


def bench_on(device: str) -> Bench:
    """Return the open device of this name, or the interpreter where it runs all kernels. Raises: as
    `Bench`."""
    return _bench_on("numpy" if debug.interpret_enabled() else device)


@cache
def _bench_on(device: str) -> Bench:
    bench = Bench(device)
    atexit.register(bench.close)
    return bench
