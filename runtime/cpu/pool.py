"""Threads that run tables of launches: `native/pool.c`, through ctypes.

A table is a block of memory that stays, so handing over a step costs one call.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelc.errors import DeviceError, WorkFailed
from runtime.cpu.compiler import Compiler, digest
from runtime.cpu.library_cache import compile_all, load_library

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


class Pool:
    """Threads, the caller's included, that stay until `close`. Callers in several threads take turns."""

    def __init__(self, compiler: Compiler, threads: int) -> None:
        """Raises: DeviceError where the runtime cannot be compiled or loaded: the compiler does not work."""
        self._library = _library(compiler)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._pool: int | None = self._library.pool_open(ctypes.c_uint32(threads))
        if self._pool is None:
            raise DeviceError("there is no memory for threads", where="`device` cpu")
        self.threads = int(self._library.pool_threads(ctypes.c_void_p(self._pool)))

    def chunk(self, grid: Sequence[int]) -> int:
        """Return how many workgroups of a grid a thread takes at once."""
        return max(1, grid[0] * grid[1] * grid[2] // (self.threads * _CHUNKS))

    def run(self, table: Any) -> None:
        """Run the launches of a table, an array of `LaunchEntry`, in order. Raises: DeviceError."""
        self._call(self._library.pool_run, table)

    def time(self, table: Any) -> list[float]:
        """Run the launches of a table and return the seconds that each took. Raises: DeviceError."""
        self._call(self._library.pool_time, table)
        return [entry.seconds for entry in table]

    def require_open(self) -> None:
        """Raise DeviceError after `close`, and in a forked process, which has none of the threads."""
        if self._process != os.getpid():
            raise DeviceError(
                "the device was opened by another process, which was forked",
                where="`device` cpu",
                help="open the device in the process that uses it",
            )
        if self._pool is None:
            raise DeviceError("the device was closed", where="`device` cpu", help="open it again")

    def _call(self, function: Any, table: Any) -> None:
        self.require_open()  # a forked process may not have the lock
        with self._lock:
            self.require_open()
            if not function(ctypes.c_void_p(self._pool), table, ctypes.c_uint32(len(table))):
                raise DeviceError("there is no memory for the counters of a step", where="`device` cpu")

    def close(self) -> None:
        """End the threads. May be called twice."""
        if self._process != os.getpid():
            return
        with self._lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                self._library.pool_close(ctypes.c_void_p(pool))


def _library(compiler: Compiler) -> Any:
    """`pool.c`, compiled. Raises: DeviceError."""
    text = _SOURCE.read_text(encoding="utf-8")
    name = digest(compiler, text)
    try:
        compile_all(compiler, {name: ("pool.c", text)}, 1)
    except WorkFailed as error:
        raise DeviceError(
            f"the C compiler {compiler.name} does not work: {error}",
            where="`device` cpu",
            help="set CC to another compiler, or use `device` numpy",
        ) from error
    library: Any = load_library(name, "pool.c")
    for function, result in (
        ("pool_open", ctypes.c_void_p),
        ("pool_run", ctypes.c_int),
        ("pool_time", ctypes.c_int),
    ):
        getattr(library, function).restype = result
    return library
