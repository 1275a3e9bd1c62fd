"""What invocations do together, in numpy: reductions, shuffles, loads of a workgroup, counting."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.kir.interpreter.fences import FenceOrder
from kernelc.kir.interpreter.races import CellLog
from kernelc.kir.memory import Buffer, Memory, SourceLine
from kernelc.kir.nodes import Kernel
from kernelc.kir.operation_table import OPERATIONS
from kernelc.kir.types import Type
from kernelc.kir.values import Value

Lanes = npt.NDArray[Any]


class Machine(Protocol):
    """The part of the interpreter that these operations need."""

    kernel: Kernel
    lanes: int
    groups: int
    group: Lanes
    local: Lanes
    subgroup_size: int
    memory: dict[Memory, Lanes]
    logs: dict[Memory, CellLog]
    order: FenceOrder | None

    def value(self, value: Value) -> Lanes: ...
    def cells(self, memory: Memory, index: Value, mask: Lanes, place: SourceLine) -> Lanes: ...
    def clock(self, memory: Memory, mask: Lanes) -> Lanes: ...
    def load(self, value: Value, mask: Lanes) -> Lanes: ...
    def fail(self, place: SourceLine, message: str) -> InternalError: ...


def shuffle(machine: Machine, value: Value, mask: Lanes) -> Lanes:
    """What each one's partner holds."""
    assert isinstance(value.attr, int)
    lane = machine.local % machine.subgroup_size
    partner = machine.local - lane + (lane ^ np.uint32(value.attr))
    there = ((lane ^ np.uint32(value.attr)) < machine.subgroup_size) & (partner < machine.kernel.workgroup)
    at = np.where(there, machine.group * machine.kernel.workgroup + partner, 0)
    if np.any(alone := mask & ~(there & mask[at])):
        who = f"invocation {machine.local[alone][0]} of workgroup {machine.group[alone][0]}"
        raise machine.fail(value.where, f"{value.op}: no partner takes part, {who}")
    return np.broadcast_to(machine.value(value.args[0]), machine.lanes)[at]


def subgroup(machine: Machine, value: Value, mask: Lanes) -> Lanes:
    """A sum or a maximum over each subgroup, in all of its invocations."""
    lanes = np.broadcast_to(machine.value(value.args[0]), machine.lanes)
    neutral = 0 if value.op == "subgroup_sum" else _lowest(value.type)
    by_group = np.where(mask, lanes, neutral).astype(value.type.dtype).reshape(machine.groups, -1)
    width = machine.subgroup_size
    padding = -machine.kernel.workgroup % width
    padded = np.pad(by_group, ((0, 0), (0, padding)), constant_values=neutral).reshape(
        machine.groups, -1, width
    )
    combined = (
        padded.sum(axis=2, dtype=value.type.dtype) if value.op == "subgroup_sum" else padded.max(axis=2)
    )
    spread = np.repeat(combined, width, axis=1)[:, : machine.kernel.workgroup]
    return spread.reshape(-1)


def mma(machine: Machine, value: Value, mask: Lanes) -> Lanes:
    """The sum of a product of tiles of bytes and a tile (`kernelc.kir.functions.mma_i8`)."""
    lanes = OPERATIONS[value.op].lanes
    if np.any(mask.reshape(-1, lanes).any(axis=1) != mask.reshape(-1, lanes).all(axis=1)):
        raise machine.fail(value.where, f"{value.op} is reached by part of a subgroup only")
    a, b, plus = (
        np.ascontiguousarray(np.broadcast_to(machine.value(arg), (machine.lanes, arg.type.lanes)))
        for arg in value.args
    )
    # axes: subgroup, row / 4, t, word along k, row + 8 or not, byte
    left = a.view(np.int8).reshape(-1, 8, 4, 2, 2, 4).transpose(0, 4, 1, 3, 2, 5).reshape(-1, 16, 32)
    right = b.view(np.int8).reshape(-1, 8, 4, 2, 4).transpose(0, 3, 2, 4, 1).reshape(-1, 32, 8)
    products = (left.astype(np.float64) @ right.astype(np.float64)).astype(np.int32)
    own = products.reshape(-1, 2, 8, 4, 2).transpose(0, 2, 3, 1, 4).reshape(-1, 4)
    return own + plus


def uniform_load(machine: Machine, value: Value, mask: Lanes) -> Lanes:
    """A load whose place is the same for each whole workgroup."""
    groups, places = machine.group[mask], machine.value(value.args[0])
    at = np.broadcast_to(places, machine.lanes)[mask]
    first = np.searchsorted(groups, groups)  # the first active lane of each one's workgroup
    if np.any(at != at[first]):
        raise machine.fail(value.where, "uniform_load at an index that differs within a workgroup")
    return machine.load(value, mask)


def atomic_add(machine: Machine, value: Value, mask: Lanes) -> Lanes:
    """What the cell held before: one invocation after the other, in an order that is no natural one."""
    memory = value.attr
    assert isinstance(memory, Buffer)
    at = machine.cells(memory, value.args[0], mask, value.where)
    amount = np.broadcast_to(machine.value(value.args[1]), machine.lanes)
    before = np.zeros(machine.lanes, np.uint32)
    active = np.flatnonzero(mask)
    times = np.zeros(machine.lanes, np.int64)
    times[mask] = machine.clock(memory, mask)
    for lane in np.random.default_rng(len(active)).permutation(active).tolist():
        cell = int(at[lane])
        if problem := machine.logs[memory].count(cell, lane, int(times[lane])):
            raise machine.fail(value.where, f"atomic_add to {memory.name}: {problem}")
        if machine.order:
            machine.order.atomic(memory, cell, int(machine.group[lane]))
        before[lane] = machine.memory[memory][cell]
        machine.memory[memory][cell] += amount[lane]
    return before


def _lowest(type: Type) -> float:
    return -np.inf if type.is_float else type.integer_range[0]
