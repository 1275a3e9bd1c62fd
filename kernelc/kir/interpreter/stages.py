"""The meaning of stages that bulk copies fill, in numpy.

What is requested arrives when it is waited for, which is the latest that a device may deliver it. Before
that, and after the stage was released, its cells count as never written, so that whoever reads them is
refused.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.kir.interpreter.races import CellLog
from kernelc.kir.memory import COPY_BYTES, Memory, Shared, SourceLine, Stages
from kernelc.kir.nodes import Kernel
from kernelc.kir.stage_nodes import Copy, StageRelease, StageRequest, StageStatement, StageWait
from kernelc.kir.values import Value

Lanes = npt.NDArray[Any]
_NONE = -1  # instead of a request's number


class Machine(Protocol):
    """The part of the interpreter that stages need."""

    kernel: Kernel
    lanes: int
    groups: int
    memory: dict[Memory, Lanes]
    logs: dict[Memory, CellLog]

    def value(self, value: Value) -> Lanes: ...
    def fail(self, place: SourceLine, message: str) -> InternalError: ...


class _Ring:
    """For each workgroup and stage the last request, and the last that has arrived and been released; what is
    on its way, in the places where it will be; and where the last request was made."""

    def __init__(self, stages: Stages, machine: Machine) -> None:
        shape = (machine.groups, stages.count)
        self.requested, self.arrived, self.released = (np.full(shape, _NONE, np.int64) for _ in range(3))
        self.coming = {part: machine.memory[part].copy() for part in stages.parts}
        self.filled = {
            part: np.zeros((*shape, part.length // stages.count), np.bool_) for part in stages.parts
        }  # which cells of a stage its request copies to
        self.place: SourceLine | None = None


class StagedCopies:
    """Runs the statements on stages of one dispatch."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.rings = {stages: _Ring(stages, machine) for stages in machine.kernel.stages}

    def request(self, statement: StageRequest, mask: Lanes) -> None:
        """Note what is copied. Raises where the stage is still in use."""
        ring, count = self.rings[statement.stages], statement.stages.count
        groups, number = self._together(statement, mask)
        before, stage = np.where(number < count, _NONE, number - count), number % count
        self._require(ring.requested[groups, stage] == before, statement, number, "is not the stage's next")
        message = "fills a stage that was not released"
        self._require(ring.released[groups, stage] == before, statement, number, message)
        ring.requested[groups, stage], ring.place = number, statement.where
        for copy in statement.copies:
            begin = self._by_group(copy.first, statement.where)[groups] + copy.offset
            room = copy.part.length // count // copy.rows
            row, length = np.arange(copy.rows), copy.elements or room
            filled = (row[:, None] * room + np.arange(length)).reshape(-1)
            sources = (row[:, None] * copy.stride + np.arange(length)).reshape(-1)
            cells = self._cells(copy.part, count, groups, stage)[:, filled]
            ring.coming[copy.part][cells] = self._source(copy, begin, sources, statement.where)
            ring.filled[copy.part][groups, stage] = np.isin(np.arange(room * copy.rows), filled)

    def _source(self, copy: Copy, begin: Lanes, elements: Lanes, place: SourceLine) -> Lanes:
        """What each workgroup copies of a part: these elements, counted from the first."""
        array, length = self.machine.memory[copy.source], int(elements[-1]) + 1
        if np.any(outside := begin + length > len(array)):
            end = int(begin[outside][0]) + length
            message = f"a copy of {copy.source.name} ends at [{end}], its length is {len(array)}"
            raise self.machine.fail(place, message)
        if np.any(begin * copy.source.type.bytes % COPY_BYTES):
            message = f"a copy of {copy.source.name} begins at no multiple of {COPY_BYTES} bytes"
            raise self.machine.fail(place, message)
        return array[begin[:, None] + elements]

    def wait(self, statement: StageWait, mask: Lanes) -> None:
        """Let what was requested arrive."""
        ring, count = self.rings[statement.stages], statement.stages.count
        groups, number = self._together(statement, mask)
        stage = number % count
        self._require(ring.requested[groups, stage] == number, statement, number, "was not made")
        self._require(ring.arrived[groups, stage] < number, statement, number, "has arrived before")
        ring.arrived[groups, stage] = number
        for part in statement.stages.parts:
            cells = self._cells(part, count, groups, stage)[ring.filled[part][groups, stage]]
            self.machine.memory[part][cells] = ring.coming[part][cells]
            self.machine.logs[part].filled(cells.reshape(-1))

    def release(self, statement: StageRelease, mask: Lanes) -> None:
        """From here on nobody reads the stage of a request."""
        ring, count = self.rings[statement.stages], statement.stages.count
        groups, number = self._together(statement, mask)
        stage = number % count
        self._require(ring.arrived[groups, stage] == number, statement, number, "has not arrived")
        self._require(ring.released[groups, stage] < number, statement, number, "was released before")
        ring.released[groups, stage] = number
        for part in statement.stages.parts:
            self.machine.logs[part].emptied(self._cells(part, count, groups, stage).reshape(-1))

    def finish(self) -> None:
        """Raises where the kernel ended before a copy had arrived: memory of others could be overwritten."""
        for stages, ring in self.rings.items():
            missing = ring.requested[ring.requested != ring.arrived]
            if len(missing) and ring.place is not None:
                message = f"request {int(missing.min())} of {stages.name} was not waited for"
                raise self.machine.fail(ring.place, message)

    def _together(self, statement: StageStatement, mask: Lanes) -> tuple[Lanes, Lanes]:
        """The workgroups that are here, and each one's number. Raises where part of one is."""
        reached = mask.reshape(self.machine.groups, -1)
        if np.any(reached.any(axis=1) != reached.all(axis=1)):
            raise self.machine.fail(statement.where, f"{statement.stages.name}: part of a workgroup is here")
        groups = np.flatnonzero(reached[:, 0])
        return groups, self._by_group(statement.number, statement.where)[groups]

    def _by_group(self, value: Value, place: SourceLine) -> Lanes:
        """A number for each workgroup, on which its invocations must agree."""
        lanes = np.broadcast_to(self.machine.value(value), self.machine.lanes).astype(np.int64)
        by_group = lanes.reshape(self.machine.groups, -1)
        if np.any(by_group != by_group[:, :1]):
            raise self.machine.fail(place, "a stage's number or place differs between invocations")
        return by_group[:, 0]

    def _cells(self, part: Shared, count: int, groups: Lanes, stage: Lanes) -> Lanes:
        """The cells [workgroups, elements] of a part's stage."""
        length = part.length // count
        return (groups * part.length + stage * length)[:, None] + np.arange(length)

    def _require(self, good: Lanes, statement: StageStatement, number: Lanes, problem: str) -> None:
        if not np.all(good):
            message = f"request {int(number[~good][0])} of {statement.stages.name} {problem}"
            raise self.machine.fail(statement.where, message)
