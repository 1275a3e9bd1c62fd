"""Operands of the product of bytes on their way to shared memory: coded rows, and packed weights as bytes.

`byte_panels` says where they lie there. An invocation loads a *unit* of each of a block's rows and transposes
them. Units are numbered block by block, so that neighbours write to neighbouring cells.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import gcd

from kernelc.ir.formats import WeightFormat
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.byte_panels import BLOCK, GROUP_WORDS, BytePanel
from kernelc.kernels.parts.packed_rows import byte_words, word_type
from kernelc.kir.functions import bitcast, minimum, named, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import Type, f32, u32
from kernelc.kir.values import Value, Variable

Rows = list[list[Value]]
"""What was loaded of a unit, for each row of a block."""


def unit_words(form: WeightFormat, blocks: int, threads: int) -> int:
    """Words that an invocation loads at once of a row of weights: as few as keep all invocations busy."""
    words = form.unit_words
    while blocks * form.words_per_group // words > threads and 4 % (2 * words) == 0:
        if form.words_per_group % (2 * words):
            break
        words *= 2
    return words


def quants_type(form: WeightFormat, blocks: int, threads: int) -> Type:
    """The type under which packed weights are accessed."""
    return word_type(form, gcd(unit_words(form, blocks, threads), 4))


@dataclass(frozen=True)
class _Place:
    """A unit that an invocation loads: its number, the block's and the unit's there, and the block's rows."""

    number: Value
    block: Value
    unit: Value
    rows: list[Value]


class Staged(ABC):
    """One sort of unit: `units` of each of `blocks` blocks at a step; invocations from `first` load them."""

    def __init__(self, k: Tracer, panel: BytePanel, blocks: int, units: int, first: int) -> None:
        self.k, self.panel, self.blocks = k, panel, blocks
        self.first, self.count = first, blocks * units
        self.last = (first + self.count) % k.workgroup
        self.places: list[_Place] = []
        self._held: list[list[list[Variable]]] = []

    @abstractmethod
    def row(self, number: Value) -> Value:
        """What finds row `number` of the panel in the operand's buffers."""

    @abstractmethod
    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        """Load a unit of a row at a step."""

    @abstractmethod
    def put(self, place: _Place, step: Value, rows: Rows) -> None:
        """Write the unit of a block's rows to the panel."""

    def begin(self) -> None:
        """Find out which units an invocation loads at each step; surplus invocations load the last one."""
        threads = self.k.workgroup
        own = self.k.local_id
        if self.first:
            own = named("own", (own + (threads - self.first)) % threads)
        for begin in range(0, self.count, threads):
            number = own + begin if begin else own
            at = number if begin + threads <= self.count else minimum(number, self.count - 1)
            block, unit = named("block", at % self.blocks), named("unit", at // self.blocks)
            first = block * BLOCK
            rows = [named("row", self.row(first + r if r else first)) for r in range(BLOCK)]
            self.places.append(_Place(number, block, unit, rows))

    def stage(self, step: Value) -> None:
        """Load the units of a step and write them to the panel."""
        for place in self.places:
            with self._where(place):
                self.put(place, step, self._loaded(place, step))

    def hold(self, step: Value) -> None:
        """Load the units of a step into registers."""
        if not self._held:
            self._held = [
                [[self.k.var(each, name="loaded") for each in row] for row in self._loaded(place, step)]
                for place in self.places
            ]
            return
        for place, registers in zip(self.places, self._held, strict=True):
            for row, mine in zip(self._loaded(place, step), registers, strict=True):
                for value, register in zip(row, mine, strict=True):
                    self.k.assign(register, value)

    def put_held(self, step: Value) -> None:
        """Write the units in registers, which are those of `step`, to the panel."""
        for place, registers in zip(self.places, self._held, strict=True):
            with self._where(place):
                self.put(place, step, [[each.value() for each in row] for row in registers])

    def _loaded(self, place: _Place, step: Value) -> Rows:
        return [self.load(row, place.unit, step) for row in place.rows]

    def _where(self, place: _Place) -> AbstractContextManager[None]:
        """The invocations that write a unit."""
        surplus = place is self.places[-1] and self.count % self.k.workgroup
        return self.k.when(place.number < self.count) if surplus else nullcontext()


class Codes(Staged):
    """Coded rows of x; rows past the last one repeat it. A unit is a plane of a group."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, panel: BytePanel, blocks: int, first_row: Value
    ) -> None:
        assert linear.problem.coded is not None
        self.layout, self.x, self.first_row = linear.problem.coded, linear.buffers["x"], first_row
        super().__init__(k, panel, blocks, panel.groups * self.layout.planes, 0)

    def row(self, number: Value) -> Value:
        return step_block.rows(self.k).clamped(self.first_row + number) * self.layout.vectors

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        plane, inside = self._plane(unit)
        group = step if self.panel.groups == 1 else step * self.panel.groups + inside
        return [self.x[row + plane * self.layout.groups + group]]

    def put(self, place: _Place, step: Value, rows: Rows) -> None:
        cells = [vector(*(loaded.lane(lane) for (loaded,) in rows)) for lane in range(4)]
        plane, group = self._plane(place.unit)
        self.panel.put(place.block, group, plane * 4, cells)

    def _plane(self, unit: Value) -> tuple[Value, Value | int]:
        """Which plane a unit is, and of which group of the step."""
        planes = self.layout.planes
        return (unit, 0) if self.panel.groups == 1 else (unit % planes, unit // planes)


class _Weights(Staged):
    """What of the packed matrix is staged, `of_group` units a group; rows past the last one repeat it."""

    def __init__(
        self,
        k: Tracer,
        linear: LinearBuffers,
        panel: BytePanel,
        of_group: int,
        after: Staged,
        first_row: Value,
    ) -> None:
        super().__init__(k, panel, panel.width, of_group * panel.groups, after.last)
        self.weights, self.problem, self.first_row = linear.weights, linear.problem, first_row
        self.form, self.of_group = linear.weights.form, of_group

    def row(self, number: Value) -> Value:
        """The row's first group."""
        row = self.first_row + number
        if self.problem.rows % (self.blocks * BLOCK):
            row = minimum(row, self.problem.rows - 1)
        return row * self.weights.groups

    def _group(self, row: Value, unit: Value, step: Value) -> tuple[Value, Value, Value | int]:
        """The group in the matrix that has a unit, which unit it is there, and which group of the step."""
        if self.panel.groups == 1:
            return row + step, unit, 0
        group = unit // self.of_group if self.of_group > 1 else unit
        return row + (step * self.panel.groups + group), unit % self.of_group, group


class Words(_Weights):
    """The packed words, which become words of bytes on their way."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, panel: BytePanel, after: Staged, first_row: Value
    ) -> None:
        form = linear.weights.form
        self.words = unit_words(form, panel.width * panel.groups, k.workgroup)
        super().__init__(k, linear, panel, form.words_per_group // self.words, after, first_row)

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        at, inside, _ = self._group(row, unit, step)
        quants = self.weights.quants
        loads = self.words // quants.type.lanes
        first = (at * self.of_group + inside) * loads
        return [quants[first + i if i else first] for i in range(loads)]

    def put(self, place: _Place, step: Value, rows: Rows) -> None:
        _, inside, group = self._group(place.rows[0], place.unit, step)
        words = [byte_words(self.form, loads) for loads in rows]
        cells = [vector(*lanes) for lanes in zip(*words, strict=True)]
        self.panel.put(place.block, group, inside * len(cells), cells)


class Factors(_Weights):
    """The scales and offsets of the weights."""

    def __init__(
        self, k: Tracer, linear: LinearBuffers, panel: BytePanel, after: Staged, first_row: Value
    ) -> None:
        super().__init__(k, linear, panel, 1, after, first_row)

    def load(self, row: Value, unit: Value, step: Value) -> list[Value]:
        at, _, _ = self._group(row, unit, step)
        return self.weights.stored_sides(at)

    def put(self, place: _Place, step: Value, rows: Rows) -> None:
        _, _, group = self._group(place.rows[0], place.unit, step)
        scales, offsets = list[Value](), list[Value]()
        for row, sides in zip(place.rows, rows, strict=True):
            at, _, _ = self._group(row, place.unit, step)
            scale, offset = self.weights.factors(sides, at)
            scales.append(self.k.constant(1.0, f32) if scale is None else scale)
            offsets += [] if offset is None else [offset]
        cells = [bitcast(vector(*each), u32) for each in (scales, offsets) if each]
        self.panel.put(place.block, group, GROUP_WORDS, cells)
