"""The meaning of operations on tiles, in numpy: arrays [subgroups, rows, cols] hold one tile for each
subgroup.

Products of halves are exact in f32 and summed in f32; the order of the sum is up to the device.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernelc.errors import InternalError
from kernelc.kir.interpreter.races import CellLog, tile_accessors
from kernelc.kir.memory import Memory, SourceLine
from kernelc.kir.nodes import Assign, Kernel, TileStore
from kernelc.kir.tile_types import TileType
from kernelc.kir.values import Value, Variable

Lanes = npt.NDArray[Any]


class Machine(Protocol):
    """The part of the interpreter that operations on tiles need."""

    kernel: Kernel
    lanes: int
    group: Lanes
    epoch: Lanes
    variables: dict[Variable, Lanes]
    memory: dict[Memory, Lanes]
    logs: dict[Memory, CellLog]

    def value(self, value: Value) -> Lanes: ...
    def fail(self, place: SourceLine, message: str) -> InternalError: ...


class Tiles:
    """Runs the operations on tiles of one dispatch."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.operations = 0

    def compute(self, value: Value, mask: Lanes) -> Lanes:
        """The tiles of a value, one for each subgroup; zeros for subgroups that do not take part."""
        assert isinstance(value.type, TileType)
        args = [self.machine.value(arg) for arg in value.args]
        match value.op:
            case "tile_zero":
                subgroups = self.machine.lanes // value.type.kind.lanes
                return np.zeros((subgroups, *value.type.shape), value.type.dtype)
            case "tile_mma":
                return multiplied(args[0], args[1], args[2])
            case "tile_mul":
                return args[0] * args[1]
            case _:
                return self.load(value, value.type, mask)

    def assign(self, statement: Assign, mask: Lanes) -> None:
        """Change the register in the subgroups that take part."""
        type = statement.variable.type
        assert isinstance(type, TileType)
        active = self.together(type, mask, statement.where)
        tiles = self.machine.value(statement.value)
        np.copyto(self.machine.variables[statement.variable], tiles, where=active[:, None, None])

    def load(self, value: Value, type: TileType, mask: Lanes) -> Lanes:
        transposed = value.op == "tile_load_transposed"
        memory = value.attr
        assert isinstance(memory, Memory)
        active = self.together(type, mask, value.where)
        cells, accessors, times = self.cells(
            type, memory, (value.args[0], value.args[1]), transposed, active, value.where
        )
        if problem := self.machine.logs[memory].read(cells.reshape(-1), accessors, times):
            raise self.machine.fail(value.where, f"{value.op} of {memory.name}: {problem}")
        rows, cols = type.shape
        lines, run = (cols, rows) if transposed else (rows, cols)
        stored = np.ascontiguousarray(self.machine.memory[memory][cells])
        tiles = np.zeros((len(active), lines, run), type.dtype)
        tiles[active] = stored.view(type.dtype).reshape(-1, lines, run)
        return tiles.transpose(0, 2, 1) if transposed else tiles

    def store(self, statement: TileStore, mask: Lanes) -> None:
        """Write the tiles of the subgroups that take part."""
        memory, type = statement.memory, statement.value.type
        assert isinstance(type, TileType)
        active = self.together(type, mask, statement.where)
        places = (statement.offset, statement.stride)
        cells, accessors, times = self.cells(type, memory, places, False, active, statement.where)
        if problem := self.machine.logs[memory].write(cells.reshape(-1), accessors, times):
            raise self.machine.fail(statement.where, f"tile_store to {memory.name}: {problem}")
        tiles = np.ascontiguousarray(self.machine.value(statement.value)[active]).reshape(-1)
        into = self.machine.memory[memory]
        into[cells.reshape(-1)] = tiles.view(into.dtype).reshape(-1, *into.shape[1:])

    def together(self, type: TileType, mask: Lanes, place: SourceLine) -> Lanes:
        """Which subgroups take part. Raises where only some invocations of a subgroup do."""
        lanes, machine = type.kind.lanes, self.machine
        if machine.kernel.workgroup % lanes:
            raise machine.fail(place, f"tiles need whole subgroups of {lanes} invocations")
        by_subgroup = mask.reshape(-1, lanes)
        if np.any(by_subgroup.any(axis=1) != by_subgroup.all(axis=1)):
            raise machine.fail(place, "a tile operation is reached by part of a subgroup only")
        return by_subgroup[:, 0]

    def cells(
        self,
        type: TileType,
        memory: Memory,
        places: tuple[Value, Value],
        transposed: bool,
        active: Lanes,
        where: SourceLine,
    ) -> tuple[Lanes, Lanes, Lanes]:
        """The cells that the active subgroups access: indices [subgroups, lines, cells of a line], and for
        each cell, flattened, who accesses it and when."""
        machine, element = self.machine, memory.type
        offset, stride = (self.agreed(place, active, type, where) for place in places)
        run = type.run(transposed)
        lines, line = type.bytes // type.dtype.itemsize // run, run * type.dtype.itemsize // element.bytes
        at = offset[:, None, None] + stride[:, None, None] * np.arange(lines)[:, None] + np.arange(line)
        length = getattr(memory, "length", 0)
        if np.any(outside := at >= length):
            first = int(at[outside][0])
            raise machine.fail(where, f"a tile of {memory.name} ends at [{first}], its length is {length}")
        groups = machine.group[:: type.kind.lanes][active]
        self.operations += 1
        accessors = tile_accessors(self.operations, len(active))[active]
        each = (lines * line,)
        return (
            at + groups[:, None, None] * length,
            np.repeat(accessors, each),
            np.repeat(machine.epoch[groups], each),
        )

    def agreed(self, value: Value, active: Lanes, type: TileType, where: SourceLine) -> Lanes:
        """An offset or stride for each active subgroup, on which all of its invocations must agree."""
        lanes = np.broadcast_to(self.machine.value(value), self.machine.lanes).astype(np.int64)
        by_subgroup = lanes.reshape(-1, type.kind.lanes)[active]
        if np.any(by_subgroup != by_subgroup[:, :1]):
            raise self.machine.fail(where, "a tile's place differs between invocations of a subgroup")
        return by_subgroup[:, 0]


def multiplied(a: Lanes, b: Lanes, sum: Lanes) -> Lanes:
    """sum + a @ b, in the sum's type."""
    return sum + a.astype(sum.dtype) @ b.astype(sum.dtype)
