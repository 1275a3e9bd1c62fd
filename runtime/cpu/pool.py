"""Threads that run tables of launches: `native/pool.c`, through ctypes.

A table is a block of memory that stays, so handing over a step costs one call.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelc.errors import DeviceError
from runtime.cpu.compiler import Compiler, compile_all, digest, library_file

_SOURCE = Path(__file__).parent / "native" / "pool.c"
_CHUNKS = 8  # that a thread takes of a launch, so that none waits long for another


class LaunchEntry(ctypes.Structure):
    """A launch as `pool.c` has it."""

    _fields_ = (
        ("kernel", ctypes.c_void_p),
        ("buffers", ctypes.c_void_p),
        ("grid", ctypes.c_uint32 * 3),
        ("chunk", ctypes.c_uint32),
        ("seconds", ctypes.c_double),
    )


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class Pool:
    """Threads, the caller's included, that stay until `close`."""

    def __init__(self, compiler: Compiler, threads: int) -> None:
        """Raises: DeviceError, WorkFailed where the runtime cannot be compiled."""
        text = _SOURCE.read_text(encoding="utf-8")
        name = digest(compiler, text)
        compile_all(compiler, {name: ("pool.c", text)}, 1)
        self._library: Any = ctypes.CDLL(str(library_file(name)))
        for function, result in (
            ("pool_open", ctypes.c_void_p),
            ("pool_run", ctypes.c_int),
            ("pool_time", ctypes.c_int),
        ):
            getattr(self._library, function).restype = result
        self._pool: int | None = self._library.pool_open(ctypes.c_uint32(threads))
        if self._pool is None:
            raise DeviceError("there is no memory for threads", where="`device` cpu")
        self.threads = int(self._library.pool_threads(ctypes.c_void_p(self._pool)))

    def chunk(self, grid: Sequence[int]) -> int:
        """Return how many workgroups of a grid a thread takes at once."""
        return max(1, grid[0] * grid[1] * grid[2] // (self.threads * _CHUNKS))

    def run(self, table: Any) -> None:
        """Run the launches of a table, an array of `LaunchEntry`, in order."""
        self._check(self._library.pool_run(ctypes.c_void_p(self._pool), table, ctypes.c_uint32(len(table))))

    def time(self, table: Any) -> list[float]:
        """Run the launches of a table and return the seconds that each took."""
        self._check(self._library.pool_time(ctypes.c_void_p(self._pool), table, ctypes.c_uint32(len(table))))
        return [entry.seconds for entry in table]

    def _check(self, done: int) -> None:
        if not done:
            raise DeviceError("there is no memory for the counters of a step", where="`device` cpu")

    def close(self) -> None:
        """End the threads. May be called twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            self._library.pool_close(ctypes.c_void_p(pool))
