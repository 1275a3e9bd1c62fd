"""The operands of a tiled matrix product on their way to shared memory: activations, and packed weights.

Both are dealt out to a workgroup in *units*, what an invocation loads at once: `load` gives it as it is
stored, `put` dequantises or converts it into a panel. So a kernel can have one step's loads under way while
it multiplies what those of the step before brought.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.parts.distribute import deal
from kernelc.kernels.parts.packed_rows import GROUP, load_vectors, unit_vectors
from kernelc.kernels.parts.packed_rows import unit_type as smallest_unit
from kernelc.kernels.parts.packed_rows import units_per_group as smallest_units
from kernelc.kernels.parts.staged_rows import Panel, cell_elements, saturated
from kernelc.kir.functions import minimum, named
from kernelc.kir.nodes import Value, Variable
from kernelc.kir.operators import Operators
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type, u32x4

_LOAD_UNITS = {"q4": 1, "q8": 2, "f16": 4}  # 16-byte loads of a group


def unit_type(format: str, kind: TileKind) -> Type:
    """What a load of packed weights brings: for register tiles the least that holds whole vectors, so that a
    group is dealt out to several invocations; for matrix units 16 bytes."""
    return smallest_unit(format) if kind.operand == "f32" else u32x4


class Operand(ABC):
    """One side of the product: the units that fill `panel` at each step."""

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel) -> None:
        self.k, self.linear, self.panel = k, linear, panel
        self.registers = panel.kind.operand == "f32"

    @property
    @abstractmethod
    def units(self) -> int:
        """Units of a row at each step."""

    @abstractmethod
    def row(self, line: Value) -> Value:
        """Where row `line` of the panel begins in the operand's memory."""

    @abstractmethod
    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        """Unit `unit` of a step, as it is stored."""

    @abstractmethod
    def put(self, line: Value, unit: Value, loaded: Sequence[Operators]) -> None:
        """Into the panel."""

    def stage(self, step: Value) -> None:
        """Fill the panel."""
        with deal(self.k, self.panel.rows * self.units, "staged") as staged:
            line = staged // self.units
            unit = staged % self.units
            self.put(line, unit, self.load(self.row(line), unit, step))

    def ahead(self, step: Value) -> Ahead:
        """Load the units of a step into registers."""
        return Ahead(self, step)


class Ahead:
    """An operand's units in registers: of each step loaded before the step before has been multiplied."""

    def __init__(self, operand: Operand, step: Value) -> None:
        self.operand, k = operand, operand.k
        self.count = operand.panel.rows * operand.units
        self.places: list[tuple[Value, Value, Value, Value]] = []
        self.loaded: list[list[Variable]] = []
        for first in range(0, self.count, k.workgroup):
            at = k.local_id + first if first else k.local_id
            inside = at if first + k.workgroup <= self.count else minimum(at, self.count - 1)
            line = named("line", inside // operand.units)
            unit = named("unit", inside % operand.units)
            row = named("row", operand.row(line))
            self.places.append((at, line, unit, row))
            self.loaded.append([k.var(value, name="loaded") for value in operand.load(row, unit, step)])

    def load(self, step: Value) -> None:
        """The units of another step."""
        for (_, _, unit, row), registers in zip(self.places, self.loaded, strict=True):
            for register, value in zip(registers, self.operand.load(row, unit, step), strict=True):
                self.operand.k.assign(register, value)

    def put(self) -> None:
        """What is loaded into the panel."""
        k = self.operand.k
        for (at, line, unit, _), registers in zip(self.places, self.loaded, strict=True):
            if self.count % k.workgroup and at is self.places[-1][0]:
                with k.when(at < self.count):
                    self.operand.put(line, unit, registers)
            else:
                self.operand.put(line, unit, registers)


class Activations(Operand):
    """Rows of x; those beyond the last repeat it. Register tiles take a vector at once, matrix units two."""

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel, first_token: Value) -> None:
        super().__init__(k, linear, panel)
        self.first_token = first_token
        self.vectors = cell_elements(panel.kind) // 4

    @property
    def units(self) -> int:
        return self.panel.depth // (4 * self.vectors)

    def row(self, line: Value) -> Value:
        return step_block.rows(self.k).clamped(self.first_token + line)

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        first = step * self.units + unit
        if self.vectors == 1:
            return [self.linear.four("x", row, first)]
        return [self.linear.four("x", row, first * 2 + at) for at in range(2)]

    def put(self, line: Value, unit: Value, loaded: Sequence[Operators]) -> None:
        elements = [each.value() for each in loaded]
        self.panel.put(line, unit, elements if self.registers else [saturated(each) for each in elements])


class Weights(Operand):
    """Rows of the packed matrix, with their scales; those beyond the last repeat it."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, panel: Panel, first_row: Value
    ) -> None:
        super().__init__(k, linear, panel)
        self.first_row, self.format = first_row, linear.problem.format
        self.of_group = smallest_units(self.format) if self.registers else _LOAD_UNITS[self.format]
        self.groups = panel.depth // GROUP  # of a step

    @property
    def units(self) -> int:
        return self.of_group * self.groups

    def row(self, line: Value) -> Value:
        """The number of the row's first group."""
        row = self.first_row + line
        if self.linear.problem.rows % self.panel.rows:
            row = minimum(row, self.linear.problem.rows - 1)
        return row * self.linear.weights.groups

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        if self.groups == 1:
            at = row + step
            inside = unit
        else:
            at = row + (step * self.groups + unit // self.of_group)
            inside = unit % self.of_group
        words = self.linear.buffers["quants"][at * self.of_group + inside]
        weights = self.linear.weights
        return [words, weights.stored_scale(at), at] if weights.scales is not None else [words]

    def put(self, line: Value, unit: Value, loaded: Sequence[Operators]) -> None:
        words = loaded[0].value()
        slot = self.slot(line)
        if not self.registers and self.format == "f16":
            self.panel.put_cells(slot, unit, [words])
            return
        vectors = (unit_vectors if self.registers else load_vectors)(self.format, words)
        if len(loaded) > 1:
            scale = self.linear.weights.scale_of(loaded[1], loaded[2])
            vectors = [vector * scale for vector in vectors]
        cells = len(vectors) * 4 // cell_elements(self.panel.kind)
        self.panel.put(slot, unit * cells, vectors)

    def slot(self, line: Value) -> Value:
        """The panel's row for a row of the matrix: of register tiles an invocation's rows are neighbours in
        the matrix, and those of neighbouring invocations are neighbours in the panel."""
        of_team = self.panel.kind.n * self.panel.tiles
        return line if not self.registers else line % of_team * self.panel.spacing + line // of_team
