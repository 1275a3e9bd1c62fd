"""The operands of a tiled matrix product on their way to shared memory: activations, and packed weights.

A step stages `depth` columns of the panel's rows (see `kernelc.kernels.parts.staged_rows`). They are
distributed over the workgroup in *units*, which is what an invocation loads at once: `load` returns a unit as
it is stored, `put` dequantises or converts it and writes it to the panel. Between the two a kernel can
multiply the previous step's panel, while the loads are under way.

    number of a unit in a step:   staged = line * units + unit
    line   the panel's row        row first_row + line of the matrix, or the last row again
    unit   weights:               group step * groups + unit / of_group, its unit number unit % of_group
           activations:           vectors (step * units + unit) * vectors ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import gcd

from kernelc.ir.formats import WeightFormat, weight_format
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import GROUP, unit_vectors, word_type
from kernelc.kernels.parts.staged_rows import Panel, cell_elements, saturated
from kernelc.kir.functions import minimum, named
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type
from kernelc.kir.values import Operators, Value, Variable


def unit_type(format: str, kind: TileKind) -> Type:
    """The type under which packed weights are accessed: see `unit_loads`."""
    form = weight_format(format)
    return word_type(form, unit_words(form, kind) // unit_loads(form, kind))


def unit_words(form: WeightFormat, kind: TileKind) -> int:
    """Words that an invocation loads at once.

    For register tiles these are the format's own units, so that a group is distributed over several
    invocations; for matrix units 16 bytes, where these are whole units of the format.
    """
    if kind.operand == "f32":
        return form.unit_words
    if form.words_per_group % 4 == 0 and 4 % form.unit_words == 0:
        return 4
    return form.unit_words * (2 if form.vectors_per_unit % 2 else 1)  # a cell holds two vectors as halves


def unit_loads(form: WeightFormat, kind: TileKind) -> int:
    """Loads of one type, of 1, 2 or 4 words, that bring `unit_words`."""
    words = unit_words(form, kind)
    return words // gcd(words, 4)


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
        """The number by which `load` finds the row of the operand that belongs to row `line` of the panel."""

    @abstractmethod
    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        """Load unit `unit` of a step as it is stored."""

    @abstractmethod
    def put(self, line: Value, unit: Value, loaded: Sequence[Operators]) -> None:
        """Dequantise or convert one loaded unit and write it to row `line` of the panel."""

    def stage(self, step: Value) -> None:
        """Load the units of a step and fill the panel with them."""
        with distribute(self.k, self.panel.rows * self.units, "staged") as staged:
            line = staged // self.units
            unit = staged % self.units
            self.put(line, unit, self.load(self.row(line), unit, step))

    def ahead(self, step: Value) -> Ahead:
        """Load the units of a step into registers."""
        return Ahead(self, step)


class Ahead:
    """An operand's units in registers, loaded while the previous step is being multiplied."""

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
        """Load the units of another step."""
        for (_, _, unit, row), registers in zip(self.places, self.loaded, strict=True):
            for register, value in zip(registers, self.operand.load(row, unit, step), strict=True):
                self.operand.k.assign(register, value)

    def put(self) -> None:
        """Write the loaded units to the panel."""
        k = self.operand.k
        for (at, line, unit, _), registers in zip(self.places, self.loaded, strict=True):
            if self.count % k.workgroup and at is self.places[-1][0]:
                with k.when(at < self.count):
                    self.operand.put(line, unit, registers)
            else:
                self.operand.put(line, unit, registers)


class Activations(Operand):
    """Rows of x; rows past the last one repeat it.

    A unit is one vector of four for register tiles and two, which make a cell, for matrix units.
    """

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
    """Rows of the packed matrix with their side arrays; rows past the last one repeat it."""

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel, first_row: Value) -> None:
        super().__init__(k, linear, panel)
        self.first_row, self.form = first_row, linear.weights.form
        self.loads = unit_loads(self.form, panel.kind)  # of a unit
        self.of_group = self.form.words_per_group // unit_words(self.form, panel.kind)
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
        loaded = self._load_unit(at * self.of_group + inside)
        return [*loaded, *self.linear.weights.stored_sides(at), at] if self.form.sides else loaded

    def _load_unit(self, unit: Value) -> list[Value]:
        """The loads of unit number `unit` of the whole matrix."""
        quants = self.linear.weights.quants
        if self.loads == 1:
            words = quants[unit]
            return [words]
        return [quants[unit * self.loads + i] for i in range(self.loads)]

    def put(self, line: Value, unit: Value, loaded: Sequence[Operators]) -> None:
        words = [each.value() for each in loaded[: self.loads]]
        slot = self.slot(line)
        if not self.registers and self.form.holds_halves:
            self.panel.put_cells(slot, unit, words)
            return
        vectors = unit_vectors(self.form, words)
        if self.form.sides:
            *stored, at = loaded[self.loads :]
            scale, offset = self.linear.weights.factors(stored, at)
            if scale is not None:
                vectors = [vector * scale for vector in vectors]
            if offset is not None:
                vectors = [vector + offset for vector in vectors]
        cells = len(vectors) * 4 // cell_elements(self.panel.kind)
        self.panel.put(slot, unit * cells, vectors)

    def slot(self, line: Value) -> Value:
        """The panel's row for the matrix's row number `line` of the workgroup.

        The rows of a register tile are neighbours in the matrix, so that four results are one store, and
        `spacing` rows apart in the panel: row i of invocation j's tiles, which is line j * of_team + i, goes
        to row i * spacing + j.
        """
        of_team = self.panel.kind.n * self.panel.tiles
        return line if not self.registers else line % of_team * self.panel.spacing + line // of_team
