"""The operands of a tiled matrix product on their way to shared memory: activations, and packed weights.

A step stages `depth` columns of the panel's rows (see `kernelc.kernels.parts.staged_rows`). They are
distributed over the workgroup in *units*, which is what an invocation loads at once: `load` returns a unit as
it is stored, `put` dequantises or converts it and writes it to the panel. Between the two a kernel can
multiply the previous step's panel, while the loads are under way.

    number of a unit in a step:   staged = block * units + unit
    block  a row of the panel, or for register tiles four: rows first_row + block * lines ... of the matrix,
           or the last row again
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
from kernelc.kernels.linear.half_blocks import CHUNK, COLUMNS, ROWS
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.packed_rows import GROUP, unit_vectors, word_type
from kernelc.kernels.parts.staged_rows import Panel, cell_elements, saturated
from kernelc.kir.functions import concat, minimum, named, splat, unpack_half2, vector
from kernelc.kir.tile_types import TileKind
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type
from kernelc.kir.values import Operators, Value, Variable

Loaded = Sequence[Sequence[Operators]]
"""What was loaded of one unit of some rows, row by row."""


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
    """One side of the product: the units that fill `panel` at each step.

    An invocation loads the same unit of `lines` neighbouring rows at once: of all rows of a register tile,
    which it transposes, or of one.
    """

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel) -> None:
        self.k, self.linear, self.panel = k, linear, panel
        self.registers = panel.kind.operand == "f32"
        self.lines = panel.kind.m if self.registers else 1

    @property
    @abstractmethod
    def units(self) -> int:
        """Units of a row at each step."""

    @property
    def count(self) -> int:
        """What there is to load at each step: units of `lines` rows."""
        return self.panel.rows // self.lines * self.units

    @abstractmethod
    def row(self, line: Value) -> Value:
        """The number by which `load` finds the row of the operand that belongs to row `line` of the panel."""

    @abstractmethod
    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        """Load unit `unit` of a step as it is stored."""

    @abstractmethod
    def vectors(self, row: Value, unit: Value, step: Value, loaded: Sequence[Operators]) -> list[Value]:
        """Dequantise or convert what was loaded: vectors of four elements."""

    def rows(self, block: Value) -> list[Value]:
        """The rows, as `row` gives them, that are loaded together with number `block`."""
        if self.lines == 1:
            return [self.row(block)]
        first = block * self.lines
        return [self.row(first + at if at else first) for at in range(self.lines)]

    def put(self, block: Value, unit: Value, step: Value, rows: Sequence[Value], loaded: Loaded) -> None:
        """Write one loaded unit of some rows to the panel."""
        lines = [self.vectors(row, unit, step, each) for row, each in zip(rows, loaded, strict=True)]
        cells = len(lines[0]) * 4 // cell_elements(self.panel.kind)
        cell = unit * cells if cells > 1 else unit
        if self.lines == 1:
            self.panel.put(block, cell, lines[0])
        else:
            self.panel.put_block(block, cell, lines)

    def stage(self, step: Value) -> None:
        """Load the units of a step and fill the panel with them."""
        with distribute(self.k, self.count, "staged") as staged:
            block = named("block", staged // self.units)
            unit = named("unit", staged % self.units)
            rows = self.rows(block)
            self.put(block, unit, step, rows, [self.load(row, unit, step) for row in rows])

    def ahead(self, step: Value) -> Ahead:
        """Load the units of a step into registers."""
        return Ahead(self, step)


class Ahead:
    """An operand's units in registers, loaded while the previous step is being multiplied."""

    def __init__(self, operand: Operand, step: Value) -> None:
        self.operand, k = operand, operand.k
        self.count = operand.count
        self.places: list[tuple[Value, Value, Value, list[Value]]] = []
        self.loaded: list[list[list[Variable]]] = []
        for first in range(0, self.count, k.workgroup):
            at = k.local_id + first if first else k.local_id
            inside = at if first + k.workgroup <= self.count else minimum(at, self.count - 1)
            block = named("block", inside // operand.units)
            unit = named("unit", inside % operand.units)
            rows = [named("row", row) for row in operand.rows(block)]
            self.places.append((at, block, unit, rows))
            self.loaded.append(
                [[k.var(each, name="loaded") for each in operand.load(row, unit, step)] for row in rows]
            )

    def load(self, step: Value) -> None:
        """Load the units of another step."""
        operand = self.operand
        for (_, _, unit, rows), lines in zip(self.places, self.loaded, strict=True):
            for row, registers in zip(rows, lines, strict=True):
                for register, value in zip(registers, operand.load(row, unit, step), strict=True):
                    operand.k.assign(register, value)

    def put(self, step: Value) -> None:
        """Write the loaded units, which are those of this step, to the panel."""
        k, operand = self.operand.k, self.operand
        for (at, block, unit, rows), registers in zip(self.places, self.loaded, strict=True):
            if self.count % k.workgroup and at is self.places[-1][0]:
                with k.when(at < self.count):
                    operand.put(block, unit, step, rows, registers)
            else:
                operand.put(block, unit, step, rows, registers)


class Activations(Operand):
    """Rows of x; rows past the last one repeat it.

    A unit is one vector of four for register tiles and two, which make a cell, for matrix units.
    """

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel, first_token: Value) -> None:
        super().__init__(k, linear, panel)
        self.first_token = first_token
        self.of_unit = cell_elements(panel.kind) // 4

    @property
    def units(self) -> int:
        return self.panel.depth // (4 * self.of_unit)

    def row(self, line: Value) -> Value:
        return step_block.rows(self.k).clamped(self.first_token + line)

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        first = step * self.units + unit
        if self.linear.problem.blocks is not None:
            return self._pairs(row, first)
        if self.of_unit == 1:
            return [self.linear.four("x", row, first)]
        return [self.linear.four("x", row, first * 2 + at) for at in range(2)]

    def _pairs(self, row: Value, unit: Value) -> list[Value]:
        """Unit number `unit` of a row in blocks of halves, as words of two."""
        blocks, fours = self.linear.problem.blocks, self.of_unit
        assert blocks is not None
        four = unit * fours
        chunk = four % (COLUMNS // 4) // (CHUNK // 4)
        block = blocks.block(row // ROWS, four // (COLUMNS // 4))
        cell = block + four % (CHUNK // 4) * (2 * ROWS) + row % ROWS
        x = self.linear.buffers["x"]
        return [x[(cell + at * ROWS) * 4 + chunk] for at in range(2 * fours)]

    def put(self, block: Value, unit: Value, step: Value, rows: Sequence[Value], loaded: Loaded) -> None:
        if self.registers or self.linear.problem.blocks is None:
            super().put(block, unit, step, rows, loaded)
        else:
            self.panel.put_cells(block, unit, [vector(*(each.value() for each in loaded[0]))])

    def vectors(self, row: Value, unit: Value, step: Value, loaded: Sequence[Operators]) -> list[Value]:
        elements = [each.value() for each in loaded]
        if self.linear.problem.blocks is not None:
            low, high = (unpack_half2(each) for each in elements)
            return [concat(low, high)]
        return elements if self.registers else [saturated(each) for each in elements]


class Weights(Operand):
    """Rows of the packed matrix with their side arrays; rows past the last one repeat it."""

    def __init__(self, k: Tracer, linear: LinearBuffers, panel: Panel, first_row: Value) -> None:
        super().__init__(k, linear, panel)
        self.first_row, self.form = first_row, linear.weights.form
        self.loads = unit_loads(self.form, panel.kind)  # of a unit
        self.of_group = self.form.words_per_group // unit_words(self.form, panel.kind)

    @property
    def units(self) -> int:
        return self.of_group * self.panel.depth // GROUP

    @property
    def steps(self) -> int:
        """Steps through a row."""
        return self.linear.weights.groups * GROUP // self.panel.depth

    def row(self, line: Value) -> Value:
        """The number of the row's first group."""
        row = self.first_row + line
        if self.linear.problem.rows % self.panel.rows:
            row = minimum(row, self.linear.problem.rows - 1)
        return row * self.linear.weights.groups

    def _group(self, row: Value, unit: Value, step: Value) -> tuple[Value, Value]:
        """The group, by its number in the matrix, that has unit `unit` of a step, and which it is there."""
        if self.units == self.of_group:
            return row + step, unit
        if self.units > self.of_group:
            groups = self.units // self.of_group
            return row + (step * groups + unit // self.of_group), unit % self.of_group
        steps = self.of_group // self.units  # go through a group
        group = named("group", step // steps)
        return row + group, step % steps * self.units + unit

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        at, inside = self._group(row, unit, step)
        loaded = self._load_unit(at * self.of_group + inside)
        return [*loaded, *self.linear.weights.stored_sides(at)] if self.form.sides else loaded

    def _load_unit(self, unit: Value) -> list[Value]:
        """The loads of unit number `unit` of the whole matrix."""
        quants = self.linear.weights.quants
        if self.loads == 1:
            words = quants[unit]
            return [words]
        return [quants[unit * self.loads + i] for i in range(self.loads)]

    def put(self, block: Value, unit: Value, step: Value, rows: Sequence[Value], loaded: Loaded) -> None:
        if self.registers or not self.form.holds_halves:
            super().put(block, unit, step, rows, loaded)
            return
        words = [each.value() for each in loaded[0][: self.loads]]
        self.panel.put_cells(block, unit, words)

    def vectors(self, row: Value, unit: Value, step: Value, loaded: Sequence[Operators]) -> list[Value]:
        vectors = unit_vectors(self.form, [each.value() for each in loaded[: self.loads]])
        if not self.form.sides:
            return vectors
        at, _ = self._group(row, unit, step)
        scale, offset = self.linear.weights.factors(loaded[self.loads :], at)
        if scale is not None:
            factor = named("factor", splat(scale, 4))
            vectors = [vector * factor for vector in vectors]
        if offset is not None:
            addend = named("addend", splat(offset, 4))
            vectors = [vector + addend for vector in vectors]
        return vectors
