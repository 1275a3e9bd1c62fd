"""How fast a device reads and copies memory, in kernels of our own: the yardstick for decoding.

Each schedule of `kernelc.measure.stream` is first checked (what was written is what is added up and copied),
then timed a little; the fastest few are timed for longer, and the best run counts, since whatever else the
machine does only ever takes time. A run is many dispatches over several buffers, handed over without waiting.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from kernelc.artifact import STEP_BUFFER, Artifact, Buffer, BufferRange, Dispatch, Kernel, Program
from kernelc.errors import DeviceError, WorkFailed
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.measure.clock import Clock
from kernelc.measure.stream import (
    COPY,
    FILL,
    MOST_SUMS,
    READ,
    STREAM,
    StreamProblem,
    StreamSchedule,
    sum_of_filled,
)
from kernelc.native import Library
from kernelc.target import Capabilities
from kernelc.tuning.candidates import capabilities_of
from kernelc.tuning.made import ROLE, made_buffer, made_kernel, made_manifest
from runtime.device.classes import is_software
from runtime.device.executor import DeviceInfo, Executor
from runtime.devices import open_device

SECONDS = 1.5
"""How long a measurement takes, more or less."""
_SUMS = "sums"
_CACHED = 1.25  # times as fast as memory: from here on a cache must have helped
_LEAST_BYTES = 64 << 10  # of a buffer: below, nothing is measured but the start of a kernel
_SPOILED = bytes(64)  # what a copy has to write over


@dataclass(frozen=True)
class Bandwidth:
    """Bytes per second on a device; `device` and `driver` are its own words.

    `read` and `copy` (bytes read plus written) are for `bytes`, which no cache holds. `read_again` is for
    reading `again_bytes` over and over, None where that was not asked for or is as much.
    """

    device: str
    driver: str
    read: float
    copy: float
    bytes: int
    read_again: float | None = None
    again_bytes: int = 0

    @property
    def most(self) -> float:
        """The most that anything was seen to get."""
        return max(self.read, self.copy, self.read_again or 0.0)

    @property
    def from_cache(self) -> bool:
        """Whether what was read over and over came out of a cache."""
        return self.read_again is not None and self.read_again > _CACHED * max(self.read, self.copy)

    def better(self, other: Bandwidth) -> Bandwidth:
        """Return the higher of both numbers each, of two measurements of one device."""
        again = max(self.read_again or 0.0, other.read_again or 0.0) or None
        read, copy = max(self.read, other.read), max(self.copy, other.copy)
        return Bandwidth(self.device, self.driver, read, copy, self.bytes, again, self.again_bytes)


def bandwidth_of(device: str, again_bytes: int | None = None, seconds: float = SECONDS) -> Bandwidth | None:
    """Measure a device, opened by its kind for this alone; None for numpy, which has no kernels.

    `again_bytes`: what a model reads in a step, to see whether that stays in a cache. Raises: DeviceError
    where there is no memory for it, WorkFailed where the device computes wrong sums.
    """
    with BandwidthMeter(device) as meter:
        return meter.measure(again_bytes, seconds)


class BandwidthMeter:
    """An open device whose memory is measured."""

    def __init__(self, device: str) -> None:
        """Open a device by its kind. Raises: DeviceError."""
        self._tried: dict[str, StreamSchedule] = {}  # the cpu's, by kernel
        library = Library(choose=self._chosen, families={STREAM.name: STREAM})
        self.executor: Executor = open_device(device, references={}, library=library)

    def _chosen(self, name: str, family: KernelSpec[Any, Any], problem: Any) -> StreamSchedule:
        return self._tried[name]

    def __enter__(self) -> BandwidthMeter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.executor.close()

    def measure(self, again_bytes: int | None = None, seconds: float = SECONDS) -> Bandwidth | None:
        """See `bandwidth_of`."""
        info = self.executor.info
        if not info.target:
            return None
        far = _far(info)
        while True:
            try:
                rates = self._rates(far, (READ, COPY), seconds)
                break
            except DeviceError:
                if far.size <= _LEAST_BYTES:
                    raise
                far = _Layout(far.size // 2, far.count)  # others use the device's memory too
        again, near = None, _near(far, again_bytes) if again_bytes else None
        if near is not None:
            again = self._rates(near, (READ,), seconds / 2)[READ]
        return Bandwidth(
            info.name, info.driver, rates[READ], rates[COPY], far.bytes, again, near.bytes if near else 0
        )

    def _rates(self, layout: _Layout, kinds: Sequence[str], seconds: float) -> dict[str, float]:
        """The best rate of each kind over these buffers, in bytes per second."""
        with tempfile.TemporaryDirectory(prefix="kernelc-bandwidth-") as scratch:
            trial = _made(Path(scratch), self.executor.info, layout, kinds)
            self._tried |= trial.schedules
            self.executor.load(trial.artifact, 1, [ROLE])
            run = _Run(self.executor, trial, layout)
            run.check(kinds)
            return {kind: run.best(kind, seconds / len(kinds)) for kind in kinds}


@dataclass(frozen=True)
class _Layout:
    """`count` buffers of `size` bytes each, which are 16 times as many as `vectors` of four words."""

    size: int
    count: int

    @property
    def bytes(self) -> int:
        return self.size * self.count

    @property
    def vectors(self) -> int:
        return self.size // 16


def _far(info: DeviceInfo) -> _Layout:
    """What no cache holds, in buffers as large as a kernel may bind, so that their number hardly counts."""
    size, total = (1 << 30, 2 << 30)
    if info.kind == "cpu" or is_software(info):
        size, total = (64 << 20, 256 << 20) if info.kind == "cpu" else (64 << 20, 128 << 20)
    if info.limits is not None:
        size = min(size, info.limits.binding_bytes, info.limits.buffer_bytes)
    if info.memory_bytes is not None:
        total = min(total, info.memory_bytes // 4)
    size = min(size, total // 2)
    return _Layout(max(_LEAST_BYTES, size // 4096 * 4096), max(2, total // size))


def _near(far: _Layout, bytes_: int) -> _Layout | None:
    """Buffers of so many bytes together; None where that is about as much as is measured anyway."""
    if 2 * bytes_ >= far.bytes:
        return None
    count = -(-bytes_ // far.size)
    return _Layout(max(_LEAST_BYTES, bytes_ // count // 4096 * 4096), count)


@dataclass(frozen=True)
class _Made:
    """An artifact with programs for each kind and schedule, and the schedules by kernel."""

    artifact: Artifact
    schedules: Mapping[str, StreamSchedule]
    named: Mapping[str, Sequence[str]]  # by kind, the kernels that differ in their schedules


@dataclass
class _Parts:
    kernels: dict[str, Kernel] = field(default_factory=dict[str, Kernel])
    programs: dict[str, Program] = field(default_factory=dict[str, Program])
    schedules: dict[str, StreamSchedule] = field(default_factory=dict[str, StreamSchedule])
    named: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def _made(folder: Path, info: DeviceInfo, layout: _Layout, kinds: Sequence[str]) -> _Made:
    parts = _Parts()
    names = [f"data.{at}" for at in range(layout.count)]
    buffers: dict[str, Buffer] = {STEP_BUFFER: Buffer("state", 4 * len(STEP))}
    buffers |= dict.fromkeys(names, made_buffer(layout.size))
    buffers[_SUMS] = made_buffer(4 * MOST_SUMS)
    for kind in (FILL, *kinds):
        problem = StreamProblem(kind, layout.vectors)
        capabilities = capabilities_of(info, STREAM, problem)
        if capabilities is None:
            raise DeviceError(f"{info.name} runs none of the kernels that read memory")
        for at, schedule in enumerate(_schedules(kind, problem, capabilities, info)):
            name = f"{kind}_{at}"
            parts.schedules[name] = schedule
            parts.named.setdefault(kind, []).append(name)
            parts.kernels[name] = made_kernel(
                folder, name, info.target, STREAM, problem, schedule, capabilities
            )
            runs = [_dispatch(name, kind, names, buffer, layout) for buffer in range(layout.count)]
            parts.programs[f"all_{name}"] = Program(ROLE, {}, tuple(runs))
            parts.programs[f"first_{name}"] = Program(ROLE, {}, (runs[0],))
            if kind == READ and layout.count > 1:
                parts.programs[f"second_{name}"] = Program(ROLE, {}, (runs[1],))
    manifest = made_manifest(info.target, parts.kernels, buffers, parts.programs)
    return _Made(Artifact(folder, manifest), parts.schedules, parts.named)


def _schedules(
    kind: str, problem: StreamProblem, capabilities: Capabilities, info: DeviceInfo
) -> list[StreamSchedule]:
    if kind == FILL:
        return [STREAM.default(capabilities, problem)]
    every = list(STREAM.space(capabilities, problem))
    if is_software(info):  # slow, and a processor in the end: there pieces of their own are best
        every = [each for each in every if each.chunks]
    return every


def _dispatch(kernel: str, kind: str, names: Sequence[str], at: int, layout: _Layout) -> Dispatch:
    """One dispatch on buffer number `at`; a copy goes to the next one."""
    bound = [(names[at], layout.size)]
    bound += [(_SUMS, 4 * MOST_SUMS)] if kind == READ else []
    bound += [(names[(at + 1) % len(names)], layout.size)] if kind == COPY else []
    return Dispatch(kernel, tuple(BufferRange(name, 0, size) for name, size in bound), kernel)


class _Run:
    """Loaded kernels: checks and times them."""

    def __init__(self, executor: Executor, made: _Made, layout: _Layout) -> None:
        self._executor, self._made, self._layout = executor, made, layout
        self._clock = Clock(executor)

    def check(self, kinds: Sequence[str]) -> None:
        """Fill all buffers, and compare what each kernel makes of them.

        Raises: WorkFailed for a kernel that computes something else.
        """
        reading = self._made.named[READ]
        self._clock.run(*(f"all_{name}" for name in self._made.named[FILL]))
        for name in reading:
            self._clock.run(f"first_{name}")
            self._require(name, name)
        for name in self._made.named[COPY] if COPY in kinds else ():
            for offset in (0, self._layout.size // 8192 * 4096, self._layout.size - len(_SPOILED)):
                self._executor.write_buffer("data.1", offset, _SPOILED)
            self._clock.run(f"first_{name}", f"second_{reading[0]}")
            self._require(name, reading[0])

    def _require(self, name: str, reading: str) -> None:
        """Raise WorkFailed unless the kernel `reading`, which ran last, has added up what was filled."""
        schedule = self._made.schedules[reading]
        sums = self._executor.read_buffer(_SUMS, 0, 4 * schedule.threads * schedule.workgroups)
        got = int(np.frombuffer(sums, np.uint32).sum(dtype=np.uint32))
        if got != (wanted := sum_of_filled(self._layout.vectors)):
            info = self._executor.info
            raise WorkFailed(
                f"{info.name} adds up memory to {got}, wanted {wanted}: nothing that it runs can be trusted",
                where=f"kernel {name} ({self._made.schedules[name]})",
            )

    def best(self, kind: str, seconds: float) -> float:
        """The highest rate of any schedule, in bytes per second, within about so many seconds."""
        moved = StreamProblem(kind, self._layout.vectors).bytes_moved * self._layout.count
        times = self._clock.fastest([f"all_{name}" for name in self._made.named[kind]], seconds)
        return moved / min(times.values())


def share_of(used: float, bandwidth: Bandwidth) -> float | None:
    """Return what share of the bandwidth `used` bytes per second are, from 0 to 1; None where it is more
    than all of it, so that one of both numbers cannot be right."""
    share = used / bandwidth.most
    return share if share <= 1 else None


def again(device: str, known: Bandwidth, again_bytes: int | None) -> Bandwidth:
    """Measure a device once more and for longer, after something was seen to be faster than `known`."""
    with suppress(DeviceError):
        if found := bandwidth_of(device, again_bytes, 4 * SECONDS):
            return known.better(found)
    return known
