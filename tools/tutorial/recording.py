"""What a kernel loads, as the interpreter sees it: the facts that the tutorial's pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernelc.api.kernel import KernelFunction
from kernelc.kir.interpreter.interpret import Lanes, Machine
from kernelc.kir.memory import Buffer, Shared
from kernelc.kir.nodes import InputsReady, Kernel, Let, values_of
from kernelc.kir.values import Value

SUBGROUP = 32
WORD = 4


@dataclass(frozen=True)
class Load:
    """A load of one subgroup: by which invocations, of which elements of a memory; an element has `bytes`."""

    memory: str
    shared: bool
    invocations: tuple[int, ...]
    elements: tuple[int, ...]
    bytes: int

    def words(self) -> dict[int, int]:
        """The words of four bytes that it loads, each with the invocation that loads it."""
        each = self.bytes // WORD
        pairs = zip(self.invocations, self.elements, strict=True)
        return {at * each + word: invocation for invocation, at in pairs for word in range(each)}


@dataclass(frozen=True)
class Recording:
    """A kernel of the tutorial, and what the first subgroup of a dispatch loads."""

    kernel: Kernel
    loads: tuple[Load, ...]

    def first(self, memory: str) -> Load:
        """The first load from a memory."""
        return next(load for load in self.loads if load.memory == memory)

    def bytes_of(self, *memories: str, invocation: int = 0) -> int:
        """All bytes that an invocation loads from some memories."""
        mine = (load for load in self.loads if load.memory in memories and invocation in load.invocations)
        return sum(load.bytes for load in mine)

    def before_inputs(self) -> int:
        """How many loads are made before the kernel waits for its inputs; 0 where it waits at its start."""
        loads = 0
        for statement in self.kernel.body.statements:
            if isinstance(statement, InputsReady):
                return loads
            loads += isinstance(statement, Let) and statement.value.op == "load"
        return 0

    def operations(self, op: str) -> int:
        """How many operations of a kind stand in the kernel."""
        return sum(value.op == op for value in values_of(self.kernel.body))


class _Watched(Machine):
    """A run whose loads are written down, in order."""

    def __init__(self, kernel: Kernel, grid: tuple[int, int, int], arrays: Mapping[str, Any]) -> None:
        super().__init__(kernel, grid, arrays, {}, SUBGROUP, {})
        self.seen: list[Load] = []

    def load(self, value: Value, mask: Lanes) -> Lanes:
        """As the interpreter loads, and note it where an invocation of the first subgroup takes part."""
        memory, mine = value.attr, mask[:SUBGROUP]
        assert isinstance(memory, Buffer | Shared)
        if mine.any():
            elements = self.cells(memory, value.args[0], mask, value.where)[:SUBGROUP][mine]
            who = tuple(map(int, np.flatnonzero(mine)))
            shared = isinstance(memory, Shared)
            self.seen.append(Load(memory.name, shared, who, tuple(map(int, elements)), memory.type.bytes))
        return super().load(value, mask)


def record(function: KernelFunction, inputs: tuple[Any, ...], outputs: Mapping[str, Any]) -> Recording:
    """Run a kernel in the interpreter, with subgroups of 32, and watch what its first subgroup loads."""
    found = function.recorded(SUBGROUP, *inputs, **outputs)
    run = _Watched(found.kernel, found.grid, found.arrays)
    with np.errstate(all="ignore"):
        run.run()
    return Recording(found.kernel, tuple(run.seen))
