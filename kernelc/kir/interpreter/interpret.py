"""A numpy interpreter of the kernel IR: what a kernel means, without a driver and without undefined
behaviour.

All invocations of a dispatch run in lockstep as the lanes of numpy arrays; control flow is a mask. The
interpreter refuses what a GPU would silently do: an index out of bounds, two invocations that access one cell
without a barrier between them (one of them writing), a barrier that not all invocations of a workgroup reach,
a read of shared memory that was never written, and operations on numbers for which targets differ. The errors
name the kernel's Python line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kir.interpreter.bound import ExecutionError, checked, lane_shape
from kernelc.kir.interpreter.fences import FenceOrder
from kernelc.kir.interpreter.probes import Watch, run_probe
from kernelc.kir.interpreter.races import CellLog, FencedLog
from kernelc.kir.interpreter.stages import StagedCopies
from kernelc.kir.interpreter.tiles import Tiles
from kernelc.kir.interpreter.together import atomic_add, shuffle, subgroup, uniform_load
from kernelc.kir.memory import Buffer, Memory, SourceLine
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    For,
    If,
    InputsReady,
    Kernel,
    Let,
    Probe,
    Statement,
    Store,
    TileStore,
)
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.operations import evaluate, undefined
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageWait
from kernelc.kir.tile_types import TileType
from kernelc.kir.values import Value, Variable

Lanes = npt.NDArray[Any]


def interpret(
    kernel: Kernel,
    grid: tuple[int, int, int],
    buffers: Mapping[str, npt.NDArray[Any]],
    params: Mapping[str, int | float] | None = None,
    *,
    subgroup_size: int = 8,
    before: Mapping[str, npt.NDArray[Any]] | None = None,
) -> None:
    """Run a dispatch of grid[0] x grid[1] x grid[2] workgroups and write into the arrays of read_write
    buffers.

    `before`: what buffers hold until the kernel's inputs are ready, where that is something else; a kernel
    that reads it is seen by its results.

    Shapes: a buffer of a vector type is [n, lanes], one of a scalar type [n]; its dtype is `Type.dtype`.
    Numbers: every operation is computed in its own type (f32 as numpy float32).

    Raises: ExecutionError for out-of-bounds indices, races, divergent barriers, and reads of shared memory
    that was never written.
    """
    if kernel.subgroup_size is not None:
        subgroup_size = kernel.subgroup_size
    with np.errstate(all="ignore"):
        Machine(kernel, grid, buffers, params or {}, subgroup_size, before or {}).run()


class Machine:
    """A run of a kernel: all invocations of a dispatch as lanes of arrays."""

    def __init__(
        self,
        kernel: Kernel,
        grid: tuple[int, int, int],
        buffers: Mapping[str, npt.NDArray[Any]],
        params: Mapping[str, int | float],
        subgroup_size: int,
        before: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        self.kernel, self.params, self.subgroup_size = kernel, params, subgroup_size
        self.groups = grid[0] * grid[1] * grid[2]
        self.lanes = self.groups * kernel.workgroup
        lane = np.arange(self.lanes)
        self.group = lane // kernel.workgroup
        self.local = (lane % kernel.workgroup).astype(np.uint32)
        ids = (self.group % grid[0], self.group // grid[0] % grid[1], self.group // (grid[0] * grid[1]))
        self.workgroup_id = [axis.astype(np.uint32) for axis in ids]
        self.values: dict[Value, Lanes] = {}
        self.variables: dict[Variable, Lanes] = {}
        self.memory: dict[Memory, Lanes] = {}
        self.logs: dict[Memory, CellLog] = {}
        self.order = FenceOrder(self.groups, kernel.workgroup) if kernel.fences else None
        for buffer in kernel.buffers:
            self.memory[buffer] = checked(kernel, buffer, buffers)
            if buffer.access == "read_write":
                cells = len(self.memory[buffer])
                self.logs[buffer] = FencedLog(cells, self.order) if self.order else CellLog(cells, True)
        early = [buffer for buffer in kernel.buffers if buffer.name in before and kernel.inputs_ready]
        self.arriving: dict[Memory, Lanes] = {buffer: self.memory[buffer] for buffer in early}
        self.memory |= {buffer: checked(kernel, buffer, before) for buffer in early}
        for shared in kernel.shared:
            shape = (self.groups * shared.length, *lane_shape(shared.type))
            self.memory[shared] = np.zeros(shape, shared.type.dtype)
            self.logs[shared] = CellLog(self.groups * shared.length, initialised=False)
        self.epoch = np.zeros(self.groups, np.int64)  # for each workgroup the barriers that it has passed
        self.tiles, self.stages, self.watch = Tiles(self), StagedCopies(self), Watch()

    def run(self) -> None:
        if self.lanes:
            self.block(self.kernel.body, np.ones(self.lanes, np.bool_))
            self.stages.finish()

    def fail(self, place: SourceLine, message: str) -> ExecutionError:
        return ExecutionError(f"kernel {self.kernel.name}: {place}: {message}")

    # Statements

    def block(self, block: Block, mask: Lanes) -> None:
        for statement in block.statements:
            if self.watch:
                self.watch.before(self, statement, mask)
            self.statement(statement, mask)

    def statement(self, statement: Statement, mask: Lanes) -> None:
        match statement:
            case Let(value=value):
                self.values[value] = self.compute(value, mask)
            case Declare() if isinstance(statement.variable.type, TileType):
                self.variables[statement.variable] = self.value(statement.init).copy()
            case Assign() if isinstance(statement.variable.type, TileType):
                self.tiles.assign(statement, mask)
            case TileStore():
                self.tiles.store(statement, mask)
            case Declare():
                initial = np.broadcast_to(
                    self.value(statement.init), (self.lanes, *lane_shape(statement.variable.type))
                )
                self.variables[statement.variable] = initial.copy()
            case Assign():
                into = self.variables[statement.variable]
                where = mask if into.ndim == 1 else mask[:, None]
                np.copyto(into, self.value(statement.value), where=where)
            case Store():
                self.store(statement, mask)
            case For():
                self.loop(statement, mask)
            case If():
                condition = np.broadcast_to(self.value(statement.condition), self.lanes)
                if np.any(mask & condition):
                    self.block(statement.then, mask & condition)
                if statement.orelse.statements and np.any(mask & ~condition):
                    self.block(statement.orelse, mask & ~condition)
            case Barrier():
                self.barrier(statement.where, mask)
            case InputsReady():
                self.memory |= self.arriving
            case StageRequest():
                self.stages.request(statement, mask)
            case StageWait():
                self.stages.wait(statement, mask)
            case StageRelease():
                self.stages.release(statement, mask)
            case Probe():
                run_probe(self, statement, mask)
            case Fence():
                assert self.order is not None
                self.order.fence(np.unique(self.group[mask]))

    def loop(self, statement: For, mask: Lanes) -> None:
        index = np.broadcast_to(self.value(statement.start), self.lanes).astype(np.uint32)
        stop = np.broadcast_to(self.value(statement.stop), self.lanes)
        step = np.broadcast_to(self.value(statement.step), self.lanes)
        if np.any(step[mask] == 0):
            raise self.fail(statement.where, "loop with step 0")
        while np.any(active := mask & (index < stop)):
            self.values[statement.index] = index
            self.watch.begin_round()
            self.block(statement.body, active)
            index = index + step
            if np.any(active & (index < step)):
                raise self.fail(statement.where, "loop index beyond 32 bits")

    def barrier(self, place: SourceLine, mask: Lanes) -> None:
        reached = mask.reshape(self.groups, -1)
        some, all_ = reached.any(axis=1), reached.all(axis=1)
        if np.any(some & ~all_):
            raise self.fail(
                place, f"barrier reached by part of workgroup {int(np.flatnonzero(some & ~all_)[0])} only"
            )
        self.epoch[some] += 1
        if self.order:
            self.order.barrier(np.flatnonzero(some))

    # Memory

    def cells(self, memory: Memory, index: Value, mask: Lanes, place: SourceLine) -> Lanes:
        """The element index of every lane, 0 for inactive lanes; in shared memory, within the part of the
        lane's workgroup."""
        shared = not isinstance(memory, Buffer)
        length = memory.length if shared else len(self.memory[memory])
        at = np.broadcast_to(self.value(index), self.lanes).astype(np.int64)
        outside = mask & (at >= length)
        if np.any(outside):
            lane = int(np.flatnonzero(outside)[0])
            who = f"invocation {self.local[lane]} of workgroup {self.group[lane]}"
            raise self.fail(
                place, f"{memory.name}[{int(at[lane])}] is out of bounds (length {length}), {who}"
            )
        at = np.where(mask, at, 0)
        return at + self.group * length if shared else at

    def load(self, value: Value, mask: Lanes) -> Lanes:
        memory = value.attr
        assert isinstance(memory, Memory)
        at = self.cells(memory, value.args[0], mask, value.where)
        if (log := self.logs.get(memory)) is not None:
            problem = log.read(at[mask], np.flatnonzero(mask), self.clock(memory, mask))
            if problem:
                raise self.fail(value.where, f"load of {memory.name}: {problem}")
        if not len(self.memory[memory]):  # no lane is active, or `cells` would have raised
            return np.zeros((self.lanes, *lane_shape(value.type)), value.type.dtype)
        return self.memory[memory][at]

    def store(self, statement: Store, mask: Lanes) -> None:
        memory = statement.memory
        at = self.cells(memory, statement.index, mask, statement.where)
        problem = self.logs[memory].write(at[mask], np.flatnonzero(mask), self.clock(memory, mask))
        if problem:
            raise self.fail(statement.where, f"store to {memory.name}: {problem}")
        value = np.broadcast_to(self.value(statement.value), (self.lanes, *lane_shape(memory.type)))
        self.memory[memory][at[mask]] = value[mask]

    def clock(self, memory: Memory, mask: Lanes) -> Lanes:
        """The interval between barriers. Barriers order shared memory only: for a storage buffer it is the
        whole dispatch, or what lies between two fences."""
        if isinstance(memory, Buffer) and self.order:
            return self.order.passed[self.group[mask]]
        if isinstance(memory, Buffer):
            return np.zeros(int(mask.sum()), np.int64)
        return self.epoch[self.group[mask]]

    # Expressions

    def value(self, value: Value) -> Lanes:
        if value.op == "const":
            return np.array([value.attr], value.type.dtype)
        return self.values[value]

    def compute(self, value: Value, mask: Lanes) -> Lanes:
        match value.op:
            case "load":
                return self.load(value, mask)
            case "uniform_load":
                return uniform_load(self, value, mask)
            case "atomic_add":
                return atomic_add(self, value, mask)
            case "read":
                assert isinstance(value.attr, Variable)
                return self.variables[value.attr].copy()
            case "local_id":
                return self.local
            case "workgroup_id":
                assert isinstance(value.attr, int)
                return self.workgroup_id[value.attr]
            case "param":
                if value.attr not in self.params:
                    raise self.fail(value.where, f"no number for {value.attr} of the step block")
                return np.array([self.params[str(value.attr)]], value.type.dtype)
            case "subgroup_lane":
                return self.local % np.uint32(self.subgroup_size)
            case "subgroup_size":
                return np.array([self.subgroup_size], np.uint32)
            case "subgroup_sum" | "subgroup_max":
                return subgroup(self, value, mask)
            case "subgroup_shuffle_xor":
                return shuffle(self, value, mask)
            case op if OPERATIONS[op].on_tiles:
                return self.tiles.compute(value, mask)
            case _:
                args = [self.value(arg) for arg in value.args]
                for problem, wrong in undefined(value.op, value.type, args):
                    if np.any(wrong.T & mask):
                        raise self.fail(value.where, problem)
                return evaluate(value.op, value.type, args, value.attr)
