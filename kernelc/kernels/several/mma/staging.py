"""The rows of activations in shared memory, as matrix units take them.

codes      cell j * 33 + 4m + t    group j of the stage, of row m: the numbers of quarter t, two words a term
factors    cell 4j + t             of rows 2t and 2t + 1:  | scale : scale : count : count |

The counts are the sums of a group's numbers, which an offset is multiplied with; of formats that have a zero,
which have no offset, they are what it adds to the products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from kernelc.ir.coded_rows import CodedRows
from kernelc.ir.formats import WeightFormat
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.several.mma.chunks import fours_of
from kernelc.kernels.several.mma.division import CELLS, CHUNK, CHUNKS, COLUMNS, SUBGROUP, Division, Item
from kernelc.kir.functions import minimum, named, select, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32, u32x4
from kernelc.kir.values import Value

OfRow = Callable[[Value], AbstractContextManager[Mapping[str, Array]]]


class StagedRows:
    """Shared memory for the rows of a stage, and afterwards for sums."""

    def __init__(
        self, k: Tracer, division: Division, form: WeightFormat, layout: CodedRows, of_row: OfRow
    ) -> None:
        self.k, self.division, self.form, self.layout = k, division, form, layout
        self.codes = k.shared("staged", u32x4, division.cells)
        self.factors = k.shared("row_factors", u32x4, division.stage_groups * COLUMNS // 2)
        self._of_row, self._last = of_row, k.param("seq") - 1

    def fill(self, first: Item, steps: int) -> None:
        """Stage so many steps of a block, from that of its `first` item on. Surplus rows repeat the last."""
        k, threads = self.k, self.k.workgroup
        groups = steps * self.division.parts * SUBGROUP // self.division.blocks
        for begin in range(0, groups * COLUMNS, threads):
            number = k.local_id + begin if begin else k.local_id
            if begin + threads <= groups * COLUMNS:
                self._fill_codes(first, groups, number)
            else:
                with k.when(number < groups * COLUMNS):
                    self._fill_codes(first, groups, number)
        with distribute(k, groups * (COLUMNS // 2), "pair") as pair:
            self._fill_factors(first, pair)

    def place(self, step: int, part: Value, chunk: Value) -> Value:
        """The number in the stage of the first group of a chunk, by its number among those of the block."""
        division = self.division
        chunks = division.chunks * division.splits
        return ((part + step * division.parts) * chunks + chunk) * CHUNK

    def _group(self, first: Item, number: Value) -> Value:
        """The group of the row that is number `number` of the stage."""
        division, chunks = self.division, CHUNKS // self.division.blocks
        inner, rest = number % (CHUNK * chunks), number // (CHUNK * chunks)
        if division.blocks > 1:
            chunk = division.chunk(
                first.block, inner // CHUNK // division.splits, inner // CHUNK % division.splits
            )
            inner = chunk * CHUNK + inner % CHUNK
        part, step = rest % division.parts, rest // division.parts
        return named("group", step * division.team + part * SUBGROUP + inner + division.first_group(first))

    def _fill_codes(self, first: Item, groups: int, number: Value) -> None:
        staged, row = named("staged_group", number % groups), named("row", number // groups)
        group = minimum(self._group(first, staged), self.layout.groups - 1)
        with self._of_row(minimum(row, self._last)) as arrays:
            halves = [self._plane(arrays["x"], plane, group) for plane in range(2 * self.layout.terms)]
        words = [half.lane(at) for half in halves for at in range(4)]
        terms = [words[first : first + 8] for first in range(0, len(words), 8)]
        nothing = [self.k.constant(0, u32)] * 2
        for quarter in range(4):
            own = [[term[four] for four in fours_of(self.form, quarter)] for term in terms]
            cell = vector(*own[0], *(own[1] if len(own) == 2 else nothing))
            self.codes[staged * CELLS + row * 4 + quarter] = cell

    def _fill_factors(self, first: Item, pair: Value) -> None:
        group, groups = self._group(first, pair // 4), self.layout.groups
        scales, counts = list[Value](), list[Value]()
        for column in (pair % 4 * 2, pair % 4 * 2 + 1):
            with self._of_row(minimum(column, self._last)) as arrays:
                factors = self._plane(arrays["x"], self.layout.planes - 1, minimum(group, groups - 1))
            scales.append(select(group < groups, factors.x, 0))
            zero = self.form.byte_zero or 0
            counts.append(factors.y * (-zero & 0xFFFFFFFF) if zero else factors.y)
        self.factors[pair] = vector(*scales, *counts)

    def _plane(self, x: Array, plane: int, group: Value) -> Value:
        return x[group + plane * self.layout.groups if plane else group]
