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
from kernelc.kir.tile_types import TileType, packed_place
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
            case "tile_pack":
                return self.packed(value.type, args[0])
            case "tile_pack_bytes":
                return self.packed(value.type, _scaled_bytes(args, value.attr))
            case "tile_mma_shared":
                return self.multiplied_shared(value, value.type, args, mask)
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
        turned, columns = statement.transposed, slice(*(statement.columns or (0, type.shape[1])))
        cells, accessors, times = self.cells(
            type, memory, places, turned, active, statement.where, columns.stop - columns.start
        )
        if problem := self.machine.logs[memory].write(cells.reshape(-1), accessors, times):
            raise self.machine.fail(statement.where, f"tile_store to {memory.name}: {problem}")
        tiles = self.machine.value(statement.value)[active][:, :, columns]
        tiles = np.ascontiguousarray(tiles.transpose(0, 2, 1) if turned else tiles).reshape(-1)
        into = self.machine.memory[memory]
        into[cells.reshape(-1)] = tiles.view(into.dtype).reshape(-1, *into.shape[1:])

    def packed(self, type: TileType, words: Lanes) -> Lanes:
        """The tiles made of each invocation's words."""
        lanes = type.kind.lanes
        every = np.broadcast_to(words, (self.machine.lanes, 4)).reshape(-1, lanes, 4)
        halves = np.ascontiguousarray(every).view(type.dtype).reshape(-1, lanes, 4, 2)
        row, column = packed_place(np.arange(lanes))
        tiles = np.zeros((len(halves), *type.shape), type.dtype)
        for word, half in np.ndindex(4, 2):
            tiles[:, row + word % 2 * 8, column + word // 2 * 8 + half] = halves[:, :, word, half]
        return tiles

    def multiplied_shared(self, value: Value, type: TileType, args: list[Lanes], mask: Lanes) -> Lanes:
        """The sum with the products whose b's lie in shared memory, below each other."""
        memory, kind, sum = value.attr, type.kind, args[2]
        assert isinstance(memory, Memory)
        active = self.together(type, mask, value.where)
        places = value.args[:2]
        offset, stride = (self.agreed(place, active, type, value.where) for place in places)
        depth = kind.k * (len(args) - 3)
        lines = np.arange(depth // 8)[:, None]
        at = offset[:, None, None] + stride[:, None, None] * lines + np.arange(kind.n)
        cells, accessors, times = self.accessed(type, memory, at, active, value.where)
        if problem := self.machine.logs[memory].read(cells.reshape(-1), accessors, times):
            raise self.machine.fail(value.where, f"{value.op} of {memory.name}: {problem}")
        stored = np.ascontiguousarray(self.machine.memory[memory][cells])
        halves = stored.view(np.float16).reshape(-1, depth // 8, kind.n, 8)
        b = np.zeros((len(active), depth, kind.n), np.float16)
        b[active] = halves.transpose(0, 1, 3, 2).reshape(-1, depth, kind.n)
        for at, a in enumerate(args[3:]):
            sum = multiplied(a, b[:, at * kind.k : (at + 1) * kind.k], sum)
        return sum

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
        columns: int = 0,
    ) -> tuple[Lanes, Lanes, Lanes]:
        """The cells that the active subgroups access: indices [subgroups, lines, cells of a line], and for
        each cell, flattened, who accesses it and when. `columns`: of the tile, where they are not all."""
        element = memory.type
        offset, stride = (self.agreed(place, active, type, where) for place in places)
        run = type.run(transposed)
        lines = columns if transposed and columns else type.bytes // type.dtype.itemsize // run
        line = run * type.dtype.itemsize // element.bytes
        at = offset[:, None, None] + stride[:, None, None] * np.arange(lines)[:, None] + np.arange(line)
        return self.accessed(type, memory, at, active, where)

    def accessed(
        self, type: TileType, memory: Memory, at: Lanes, active: Lanes, where: SourceLine
    ) -> tuple[Lanes, Lanes, Lanes]:
        """As `cells`, for the places [subgroups, lines, cells of a line] in the workgroup's memory."""
        machine, length = self.machine, getattr(memory, "length", 0)
        if np.any(outside := at >= length):
            first = int(at[outside][0])
            raise machine.fail(where, f"a tile of {memory.name} ends at [{first}], its length is {length}")
        groups = machine.group[:: type.kind.lanes][active]
        self.operations += 1
        accessors = tile_accessors(self.operations, len(active))[active]
        each = (at.shape[1] * at.shape[2],)
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


def _scaled_bytes(args: list[Lanes], less: object) -> Lanes:
    """The words of `tile_pack` that upper and lower bytes and their factors make."""
    every = np.stack(np.broadcast_arrays(*args), axis=-1).astype(np.uint32)
    assert isinstance(less, int)
    codes = every[:, :2].copy().view(np.int8).reshape(-1, 2, 4).astype(np.float64) - less
    factors = every[:, 2:].copy().view(np.float16).reshape(-1, 2, 2)[:, :, :1].astype(np.float64)
    halves = (codes * factors).astype(np.float16)  # [invocations, row, element]
    return (
        np.ascontiguousarray(halves.reshape(-1, 2, 2, 2).transpose(0, 2, 1, 3)).view(np.uint32).reshape(-1, 4)
    )


def multiplied(a: Lanes, b: Lanes, sum: Lanes) -> Lanes:
    """sum + a @ b, in the sum's type."""
    return sum + a.astype(sum.dtype) @ b.astype(sum.dtype)
