"""Stages in workgroup memory that weights are copied to some time before they are used.

    stages = BulkStages(k, "weights", 6, quants=(u32x4, 1024), scales=(u32, 512))
    for ahead in range(6):
        stages.request(ahead, quants=(quants, ahead * 1024), scales=(scales, ahead * 512))
    k.inputs_ready()
    with k.loop(0, steps) as step:
        stages.wait(step)
        ... stages.load("quants", step, i) ...
        stages.release(step)
        with k.when(step + 6 < steps):
            stages.request(step + 6, ...)

A device with bulk copies makes them beside the kernel: one invocation asks, and no register holds what is on
its way. So more of it can be under way than in loads, and it can be asked for before the kernel's inputs are
ready. Rows that lie apart are many small copies, of which every invocation asks for some. Requests are
numbered from 0 in the order in which they are made; request n fills stage n modulo their number. The whole
workgroup comes by every call, with the same numbers: it waits for a stage before it reads there, and releases
it after, which every subgroup does for itself. What was requested is waited for before the kernel ends.
"""

from __future__ import annotations

from typing import NamedTuple

from kernelc.kir.memory import Buffer, Shared, Stages
from kernelc.kir.stage_nodes import Copy, StageRelease, StageRequest, StageWait
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, u32
from kernelc.kir.values import Number, Operators, Value


class Rows(NamedTuple):
    """What a request copies to a part: `rows` rows of `elements` each, `stride` apart in the source, from
    element `first + offset` on. Requests that have `first` in common compute an address once."""

    source: Array
    first: Number
    rows: int
    stride: int
    elements: int
    offset: int = 0


class BulkStages:
    """`count` stages, each with so many elements of a type for every part, by the part's name."""

    def __init__(self, k: Tracer, name: str, count: int, **parts: tuple[Type, int]) -> None:
        self.k, self.count = k, count
        self.lengths = {part: length for part, (_, length) in parts.items()}
        self.parts = {
            part: k.shared(f"{name}_{part}", type, count * length) for part, (type, length) in parts.items()
        }
        memories = [array.memory for array in self.parts.values()]
        shared = tuple(memory for memory in memories if isinstance(memory, Shared))
        self.memory = k.add_stages(Stages(name, count, shared))

    def request(self, number: Number, **sources: tuple[Array, Number] | Rows) -> None:
        """Ask for every part of a stage: so many elements of a constant buffer from an element on, which lies
        at a multiple of 16 bytes, or rows of such. Raises: TypeError where a part has no source, or one that
        is no buffer."""
        k, copies = self.k, list[Copy]()
        if sources.keys() != self.parts.keys():
            raise TypeError(f"{k.where()}: stages of {', '.join(self.parts)} asked for {', '.join(sources)}")
        for part, array in self.parts.items():
            source, first, *rows = sources[part]
            if not isinstance(source.memory, Buffer) or not isinstance(array.memory, Shared):
                raise TypeError(f"{k.where()}: stages are copied from buffers, not from {source.memory.name}")
            copies.append(Copy(array.memory, source.memory, k.coerce(first, u32), *rows))
        k.append(StageRequest(self.memory, k.coerce(number, u32), tuple(copies), k.where()))

    def wait(self, number: Number) -> None:
        """Wait until all parts of a request have arrived."""
        self.k.append(StageWait(self.memory, self.k.coerce(number, u32), self.k.where()))

    def release(self, number: Number) -> None:
        """Say that a request's stage has been read, so that another may fill it."""
        self.k.append(StageRelease(self.memory, self.k.coerce(number, u32), self.k.where()))

    def begin(self, part: str, number: Operators | int) -> Value | int:
        """Where in a part's array the stage of a request begins."""
        return number % self.count * self.lengths[part]
