"""The cpu's threads: all of a table in order, whoever does it; and what happens when they are gone."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.errors import DeviceError
from kernelc.target import Capabilities
from runtime.cpu.compiler import digest, find_compiler
from runtime.cpu.cores import quota, usable_cores
from runtime.cpu.executor import CpuExecutor
from runtime.cpu.library_cache import compile_all, load_library
from runtime.cpu.loaded import pointers
from runtime.cpu.pool import LaunchEntry, Pool
from runtime.engine.engine import Engine
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_native import LIBRARY

# Adds up the cells that the launch before it wrote, and writes one for each workgroup: a launch that began
# too early, or a workgroup that ran twice or never, changes all that follow.
CHAIN = """
#include <stdint.h>
void chain(void *const *buffers, const uint32_t *grid, uint32_t first, uint32_t last) {
  const uint32_t *before = buffers[0], *count = buffers[2];
  uint32_t *after = buffers[1];
  for (uint32_t at = first; at < last; at++) {
    uint32_t sum = at;
    for (uint32_t i = 0; i < *count; i++) sum = sum * 31 + before[i];
    after[at] += sum;
  }
}
"""


@pytest.fixture(autouse=True)
def needs_compiler() -> None:
    require("c", Capabilities())


class Chain:
    """A table of launches, each of which reads all that the one before it wrote."""

    def __init__(self, pool: Pool, sizes: list[int]) -> None:
        found = find_compiler()
        name = digest(found, CHAIN)
        compile_all(found, {name: ("chain", CHAIN)}, 1)
        self.library = load_library(name, "chain")
        self.sizes, self.pool = sizes, pool
        self.cells = [np.zeros(size, np.uint32) for size in [4, *sizes]]
        self.counts = [np.array([len(each)], np.uint32) for each in self.cells]
        self.table = (LaunchEntry * len(sizes))()
        self.bound: list[Any] = []
        for at, entry in enumerate(self.table):
            used = (self.cells[at], self.cells[at + 1], self.counts[at])
            self.bound.append(pointers([each.ctypes.data for each in used]))
            grid = (sizes[at], 1, 1)
            entry.kernel = ctypes.cast(self.library["chain"], ctypes.c_void_p).value
            entry.buffers = ctypes.addressof(self.bound[-1])
            entry.grid, entry.chunk = (ctypes.c_uint32 * 3)(*grid), pool.chunk(grid)

    def fill(self, seed: int) -> list[np.ndarray[Any, Any]]:
        """Start anew from some numbers; returns what the cells have to be afterwards."""
        for each in self.cells:
            each[:] = 0
        self.cells[0][:] = np.arange(4) + seed
        wanted = [self.cells[0].copy()]
        for size in self.sizes:
            at, sum_ = np.arange(size, dtype=np.uint32), np.uint32(0)
            with np.errstate(over="ignore"):
                for cell in wanted[-1]:
                    at, sum_ = at * np.uint32(31), sum_ * np.uint32(31) + cell
            wanted.append(at + sum_)
        return wanted


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_tables_run_in_order_and_every_workgroup_once(threads: int) -> None:
    """Many short tables one after the other: threads come late to one, and find the next."""
    pool = Pool(find_compiler(), threads)
    chain = Chain(pool, [1, 7, 2, 16, 1, 5, 3, 12])
    wanted = chain.fill(7)
    for _ in range(400):
        for each in chain.cells[1:]:
            each.fill(0)
        pool.run(chain.table)
        for got, want in zip(chain.cells, wanted, strict=True):
            np.testing.assert_array_equal(got, want)
    assert len(pool.time(chain.table)) == 8
    pool.close()


@pytest.mark.nightly
def test_a_million_tables_run_in_order() -> None:
    pool = Pool(find_compiler(), 4)
    chain = Chain(pool, [3, 1, 4, 2])
    wanted = chain.fill(3)
    for _ in range(1_000_000):
        for each in chain.cells[1:]:
            each.fill(0)
        pool.run(chain.table)
        assert (chain.cells[-1] == wanted[-1]).all()
    pool.close()


def test_callers_of_several_threads_take_turns() -> None:
    pool = Pool(find_compiler(), 2)
    wrong: list[int] = []

    def call(seed: int) -> None:
        chain = Chain(pool, [5, 2, 9])
        wanted = chain.fill(seed)
        for _ in range(100):
            for each in chain.cells[1:]:
                each.fill(0)
            pool.run(chain.table)
            wrong.extend([seed] * (not (chain.cells[-1] == wanted[-1]).all()))

    callers = [threading.Thread(target=call, args=(seed,)) for seed in range(3)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert not wrong
    pool.close()


_LIMITED = """
import resource, sys
from tests.runtime.test_cpu_pool import Chain, Pool, find_compiler
Chain(Pool(find_compiler(), 1), [1])  # compiled and loaded, and numpy's own threads are there
pages = int(open("/proc/self/statm").read().split()[0])
room = pages * resource.getpagesize() + (60 << 20)  # for a few stacks
resource.setrlimit(resource.RLIMIT_AS, (room, room))
pool = Pool(find_compiler(), 64)
chain = Chain(pool, [5, 300, 2])
wanted = chain.fill(3)
pool.run(chain.table)
assert all((got == want).all() for got, want in zip(chain.cells, wanted, strict=True))
pool.close()
print(pool.threads)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the limit is made from /proc")
def test_threads_that_cannot_be_started_are_done_without() -> None:
    done = subprocess.run([sys.executable, "-c", _LIMITED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 1 <= int(done.stdout) < 64


def test_threads_may_be_closed_twice_and_come_again() -> None:
    assert usable_cores() >= 1
    for threads in (1, 3):
        pool = Pool(find_compiler(), threads)
        assert pool.threads == threads
        pool.close()
        pool.close()


def test_what_was_closed_says_so(tmp_path: Path) -> None:
    pool = Pool(find_compiler(), 2)
    chain = Chain(pool, [2])
    pool.close()
    executor = CpuExecutor(LIBRARY)
    artifact = write_tiny(tmp_path / "toy")
    engine = Engine(executor, artifact)
    engine.close()
    env = {"seq": 1, "past": 0, "context": 8}
    uses: list[Callable[[], object]] = [
        lambda: pool.run(chain.table),
        lambda: pool.time(chain.table),
        lambda: executor.run(["greedy"], env, bytes(32)),
        lambda: executor.profile(["greedy"], env, bytes(32)),
        lambda: executor.read_buffer("logits"),
        lambda: executor.run_kernel(artifact, "greedy", [], env, bytes(32)),
        lambda: executor.load(artifact, 8, ["decode"]),
        lambda: engine.feed([1, 2]),
    ]
    for use in uses:
        with pytest.raises(DeviceError, match="the device was closed"):
            use()


def test_a_forked_process_is_told_that_it_has_no_threads() -> None:
    pool = Pool(find_compiler(), 2)
    chain = Chain(pool, [2])
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        try:
            pool.run(chain.table)
        except DeviceError as error:
            sending.send(str(error))
        pool.close()
        os._exit(0)
    assert receiving.poll(30) and "opened by another process" in receiving.recv()
    assert os.waitpid(child, 0)[1] == 0
    pool.run(chain.table)
    pool.close()


# ---- how many


def test_control_groups_limit_the_threads(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "cgroup"
    (groups / "a" / "b").mkdir(parents=True)
    own.write_text("0::/a/b\n")
    assert quota(groups, own) == float("inf")
    (groups / "a" / "b" / "cpu.max").write_text("max 100000\n")
    assert quota(groups, own) == float("inf")
    (groups / "a" / "cpu.max").write_text("150000 100000\n")
    assert quota(groups, own) == 1.5
    (groups / "a" / "b" / "cpu.max").write_text("50000 100000\n")
    assert quota(groups, own) == 0.5


def test_older_control_groups_limit_the_threads_too(tmp_path: Path) -> None:
    own, group = tmp_path / "own", tmp_path / "cgroup" / "cpu,cpuacct" / "docker"
    group.mkdir(parents=True)
    own.write_text("4:cpu,cpuacct:/docker\n3:memory:/docker\nnonsense\n")
    for quota_us, cores in (("-1", float("inf")), ("200000", 2.0), ("x", float("inf"))):
        (group / "cpu.cfs_quota_us").write_text(f"{quota_us}\n")
        (group / "cpu.cfs_period_us").write_text("100000\n")
        assert quota(tmp_path / "cgroup", own) == cores
    assert quota(tmp_path / "nowhere", tmp_path / "nothing") == float("inf")
