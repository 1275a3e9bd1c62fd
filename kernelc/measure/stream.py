"""Kernels that do nothing but go through memory: what every other kernel's use of it is measured by.

They are written, printed, bound and launched as a model's kernels are, so a device gives them what it gives
those: the same queue, the same loads, the same gaps between dispatches. An artifact never has them.

Source of the method: J. McCalpin, Memory Bandwidth and Machine Balance in Current High Performance Computers
(IEEE TCCA Newsletter, 1995), whose kernels copy and add; here one reads alone, as decoding does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.spec import Arrays, Binding, Grid, KernelSpec, Params, Tolerance, empty
from kernelc.kernels.stored_problem import require
from kernelc.kir.functions import minimum, splat, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, u32, u32x4
from kernelc.kir.values import Value
from kernelc.target import Capabilities

FILL, READ, COPY = "fill", "read", "copy"
MOST_SUMS = 1 << 20
"""The most invocations of a kernel that reads: each writes one word, its sum."""
_STEP = 2654435761  # an odd number near 2^32 / golden ratio: word n holds n times that, modulo 2^32


@dataclass(frozen=True)
class StreamProblem:
    """`kind`: "fill" writes a number of its own into each word, "read" adds all words up, "copy" copies them.

    `vectors`: how many times four words.
    """

    kind: str
    vectors: int

    def __post_init__(self) -> None:
        """Raise ShapeError for another kind, or nothing to do."""
        require(self.kind in (FILL, READ, COPY), self, f"{FILL}, {READ} or {COPY}")
        require(1 <= self.vectors < 1 << 30, self, "1 to 2^30 - 1 vectors of four words")

    @property
    def bytes(self) -> int:
        """Bytes of each buffer that is gone through."""
        return self.vectors * u32x4.bytes

    @property
    def bytes_moved(self) -> int:
        """Bytes read and written by one dispatch, without the sums."""
        return self.bytes * (2 if self.kind == COPY else 1)


@dataclass(frozen=True)
class StreamSchedule:
    """`threads` of each of `workgroups` workgroups take `unroll` vectors of `lanes` words in a round.

    `chunks`: whether each workgroup has a piece of its own, instead of all going through memory side by side.
    """

    threads: int
    workgroups: int
    unroll: int = 4
    chunks: bool = False
    lanes: int = 4


class Stream(KernelSpec[StreamProblem, StreamSchedule]):
    """fill: -> data; read: data -> sums, one for each invocation; copy: source -> target."""

    name = "stream"
    problem_type = StreamProblem

    def bindings(self, problem: StreamProblem) -> tuple[Binding, ...]:
        if problem.kind == FILL:
            return (Binding("data", u32x4, "read_write", problem.vectors),)
        if problem.kind == READ:
            read = Binding("data", u32x4, "read", problem.vectors)
            return (read, Binding("sums", u32, "read_write", MOST_SUMS))
        target = Binding("target", u32x4, "read_write", problem.vectors)
        return (Binding("source", u32x4, "read", problem.vectors), target)

    def reference(self, problem: StreamProblem, arrays: Arrays, params: Params) -> None:
        """Which invocation has which part of the sum is the schedule's; here the first has it all."""
        if problem.kind == FILL:
            words = np.arange(4 * problem.vectors, dtype=np.uint32) * np.uint32(_STEP)
            arrays["data"].reshape(-1)[...] = words
        elif problem.kind == READ:
            arrays["sums"][...] = 0
            arrays["sums"][0] = arrays["data"].reshape(-1).sum(dtype=np.uint32)
        else:
            arrays["target"][...] = arrays["source"]

    def space(self, capabilities: Capabilities, problem: StreamProblem) -> Iterable[StreamSchedule]:
        """Numbers of workgroups that keep a small device busy and a large one, and both ways of sharing."""
        if capabilities.serial_workgroups:
            lanes = capabilities.vector_lanes if problem.vectors % 2 == 0 and problem.kind != FILL else 4
            for workgroups in (64, 512):
                yield StreamSchedule(1, workgroups, chunks=True, lanes=lanes)
            return
        threads = min(256, capabilities.max_threads)
        for workgroups in (256, 1024, 4096):
            for chunks in (False, True):
                yield StreamSchedule(threads, workgroups, chunks=chunks)

    def default(self, capabilities: Capabilities, problem: StreamProblem) -> StreamSchedule:
        every = list(self.space(capabilities, problem))
        return every[len(every) // 2]

    def workgroup(self, problem: StreamProblem, schedule: StreamSchedule) -> int:
        return schedule.threads

    def grid(self, problem: StreamProblem, schedule: StreamSchedule) -> Grid:
        return (schedule.workgroups, 1, 1)

    def access_types(self, problem: StreamProblem, schedule: StreamSchedule) -> Mapping[str, Type]:
        names = [each.name for each in self.bindings(problem) if each.type == u32x4]
        return dict.fromkeys(names, u32.with_lanes(schedule.lanes))

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: StreamProblem, schedule: StreamSchedule
    ) -> None:
        walk = _Walk(k, problem.bytes // (4 * schedule.lanes), schedule)
        if problem.kind == FILL:
            walk.each(lambda at, _: self._fill(arrays["data"], at))
        elif problem.kind == COPY:
            walk.each(lambda at, _: arrays["target"].__setitem__(at, arrays["source"][at]))
        else:
            self._add_up(k, walk, arrays, schedule)

    def _fill(self, data: Array, at: Value) -> None:
        word = at * (4 * _STEP % (1 << 32))
        data[at] = vector(*(word + lane * _STEP % (1 << 32) for lane in range(4)))

    def _add_up(self, k: Tracer, walk: _Walk, arrays: Mapping[str, Array], schedule: StreamSchedule) -> None:
        """One running sum for each vector of a round, so that no load waits for the sum before it."""
        data, nothing = arrays["data"], splat(k.constant(0, u32), schedule.lanes)
        totals = [k.var(nothing, name=f"total_{u}") for u in range(schedule.unroll)]

        def add(at: Value, u: int) -> None:
            k.assign(totals[u], totals[u].value() + data[at])

        walk.each(add)
        total = totals[0].value()
        for each in totals[1:]:
            total = total + each.value()
        word = total.lane(0)
        for lane in range(1, schedule.lanes):
            word = word + total.lane(lane)
        arrays["sums"][k.workgroup_id(0) * schedule.threads + k.local_id] = word

    def inputs(
        self, problem: StreamProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        """Random words, and zeros for the sums, of which a kernel writes those of its own invocations."""
        arrays = {each.name: empty(each, env) for each in self.bindings(problem)}
        for name in [each for each in arrays if each != "sums"]:
            arrays[name][...] = rng.integers(0, 1 << 32, arrays[name].shape, np.uint32)
        return arrays

    def tolerance(self, problem: StreamProblem) -> Tolerance:
        return Tolerance(relative=0, absolute=0)

    def describe(self, problem: StreamProblem) -> str:
        return problem.kind


class _Walk:
    """The places that an invocation takes, `unroll` of them in a round, then what is left one by one."""

    def __init__(self, k: Tracer, total: int, schedule: StreamSchedule) -> None:
        """`total`: how many vectors there are, of the schedule's lanes."""
        self.k, self.unroll = k, schedule.unroll
        if schedule.chunks:
            piece = -(-total // schedule.workgroups)
            self.begin = minimum(k.workgroup_id(0) * piece, total)
            self.end = minimum(self.begin + piece, total)
            self.lane, self.step = k.local_id, schedule.threads
        else:
            self.begin, self.end = k.constant(0, u32), k.constant(total, u32)
            self.lane = k.workgroup_id(0) * schedule.threads + k.local_id
            self.step = schedule.threads * schedule.workgroups

    def each(self, visit: Callable[[Value, int], None]) -> None:
        """Call `visit` with each place, and with its number in the round."""
        k, round_ = self.k, self.step * self.unroll
        whole = self.begin + (self.end - self.begin) // round_ * round_
        with k.loop(self.begin + self.lane, whole, round_) as at:
            for u in range(self.unroll):
                visit(at + u * self.step, u)
        with k.loop(whole + self.lane, self.end, self.step) as at:
            visit(at, 0)


def sum_of_filled(vectors: int) -> int:
    """What the sums of all invocations add up to, modulo 2^32, after "fill" wrote so many vectors."""
    words = 4 * vectors
    return words * (words - 1) // 2 * _STEP % (1 << 32)


STREAM = Stream()
