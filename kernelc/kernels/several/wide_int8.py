"""The int8 matrix times a few coded rows on a processor: a block's weights are decoded once for all rows.

The bytes of each block of the matrix's rows go to a panel, with their factors, and two rows of activations at
a time are multiplied with it, as `WideInt8Product` multiplies one: lane for lane and group for group, so that
sums are the same to the last bit. As far as they are not too many, the rows of activations are staged before
that, in the order in which the format's bytes are.

    panel            cell (g * ROWS + r) * parts ...     group g of row r of the block
    panel_factors    cell g * ROWS + r                   the factor of that group, in every lane
    panel_shifts     cell g                              of the block's rows, as a vector
    staged           cell (m * groups + g) * terms + t   term (or part) t of group g of row m of activations
    staged_factors   cell m * groups + g                 | scale of the codes : their sum times it |

Activations of two terms are staged as what they stand for, 256 * code + rest, in 16 bits, and weights are put
into the panel in 16 bits, too: the even bytes of each word in one part, the odd ones in the other. So a group
takes two products of halves instead of two of bytes for each term, and every lane still has its own four
sums.

Elsewhere bytes are multiplied by bytes. Those of eight bits have a sign, and processors multiply bytes fast
where one of them has none. So such a byte w is kept as two: w = 2 * half - 128 + rest, with
half = (w >> 1) + 64 and a rest of one bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from kernelc.ir.coded_rows import GROUP, PARTS
from kernelc.ir.formats import groups_of
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.wide import WideInt8Product
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.wide_rows import WIDE, shift_of
from kernelc.kir.functions import bitcast, dot, dot2_i16, dot4_i8, fma, minimum, splat, to_f32, vector
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x2, f32x4, f32x8, i32, u32
from kernelc.kir.values import Value, Variable

OfRow = Callable[[Value], AbstractContextManager[Mapping[str, Array]]]
"""The arrays of a row of activations, while the step block is that row's."""

ROWS = 4  # of the matrix in a block, whose factors are a vector
_TOGETHER = 2  # rows of activations
EVEN, ODD, OF_128, SIGNS = 0x00FF00FF, 0xFF00FF00, 0x00800080, 0x80008000  # bytes and halves of a word

MOST_BYTES = 224 << 10  # of shared memory


def panel_bytes(problem: LinearProblem, blocks: int, most: int) -> int:
    """Bytes of shared memory that a workgroup of so many blocks takes for up to `most` rows of activations,
    besides those that are staged."""
    groups, octets = groups_of(problem.cols), 4 * WIDE
    panel = groups * ROWS * (2 * octets + octets) + groups * 4 * ROWS
    return panel + most * (groups * 8 + 4 * ROWS * blocks + 4)


def staged_bytes(problem: LinearProblem, most: int) -> int:
    """Bytes that the staged rows of activations take."""
    return most * groups_of(problem.cols) * problem.terms * 4 * WIDE


class WideInt8Rows(WideInt8Product):
    """One kernel being traced; `most` rows of activations at once."""

    def __init__(self, k: Tracer, linear: LinearBuffers, blocks: int, of_row: OfRow, most: int) -> None:
        super().__init__(k, linear, ROWS, blocks * most)  # the results that are coded, of all rows
        self.blocks, self.of_row = blocks, of_row
        self.results = ROWS * blocks // self.problem.rows_together
        form, groups, octets = linear.weights.form, linear.weights.groups, u32.with_lanes(WIDE)
        self.signed = 4 * form.words_per_group == GROUP
        self.terms = self.layout.terms
        staged = staged_bytes(self.problem, most)
        fits = panel_bytes(self.problem, blocks, most) + staged <= MOST_BYTES
        self.in_halves = fits and self.terms == 2  # else each block of rows would make them again
        self.parts = 2 if self.signed or self.in_halves else 1
        self.panel = k.shared("panel", octets, groups * ROWS * self.parts)
        self.factors = k.shared("panel_factors", f32x8, groups * ROWS) if form.sides else None
        self.shifts = k.shared("panel_shifts", f32x4, groups) if form.sides and self.shifted else None
        self.staged = k.shared("staged", octets, most * groups * self.terms) if fits else None
        self.staged_factors = k.shared("staged_factors", f32x2, most * groups)
        self.scales = k.shared("row_scales", f32, most) if self.normed else None
        self.count, self.number = k.param("seq"), k.constant(0, u32)

    def trace(self) -> None:
        """Stage the rows of activations, multiply block by block, and code what is to be coded."""
        k = self.k
        with k.loop(0, self.count) as row, self.of_row(row) as arrays:
            self._take(row, arrays)
            self._stage_row(row)
        with k.loop(0, self.blocks) as block:
            first = (k.workgroup_id(0) * self.blocks + block) * ROWS
            with k.when(first < self.problem.rows):
                self._decode(first)
                with k.loop(0, self.count, _TOGETHER) as row:
                    second = minimum(row + 1, self.count - 1)
                    results = self._both(row, second)
                    self._finish_row(row, first, block, results[0])
                    with k.when(row + 1 < self.count):
                        self._finish_row(row + 1, first, block, results[1])
        if self.made is not None:
            with k.loop(0, self.count) as row, self.of_row(row) as arrays:
                self._take(row, arrays)
                self.done()

    def _take(self, row: Value, arrays: Mapping[str, Array]) -> None:
        """Go on with a row of activations."""
        self.linear = LinearBuffers.of(self.k, self.problem, arrays)
        self.x, self.number = arrays["x"], row

    def _stage_row(self, row: Value) -> None:
        k, groups = self.k, self.linear.weights.groups
        if self.scales is not None:
            scale = self.stage()
            assert scale is not None
            self.scales[row] = scale
        with k.loop(0, groups) as group:
            cell = row * groups + group
            if self.staged is not None:
                numbers = [self._numbers(term, group) for term in range(self.terms)]
                for term, words in enumerate(self._sixteen_bits(*numbers) if self.in_halves else numbers):
                    self.staged[cell * self.terms + term] = words
            factors = self._plane(self.layout.planes - 1, group)
            code_scale = bitcast(factors.x, f32)
            x_sum = to_f32(bitcast(factors.y, i32)) * code_scale
            self.staged_factors[cell] = vector(code_scale, x_sum)

    def _decode(self, first: Value) -> None:
        """Fill the panel with the rows of the matrix from `first` on."""
        k, weights, starts = self.k, self.linear.weights, self.starts(first)
        with k.loop(0, weights.groups) as group:
            shifts: list[Value] = []
            for r, start in enumerate(starts):
                at, octets = start + group, self._bytes(start + group)
                cell = (group * ROWS + r) * self.parts
                for part, words in enumerate(self._parts(octets)):
                    self.panel[cell + part] = words
                factor, offset = weights.factors(weights.stored_sides(at), at)
                if factor is not None and self.factors is not None:
                    self.factors[group * ROWS + r] = splat(factor, WIDE)
                    shifts += [shift_of(factor, offset, self.zero)] if self.shifted else []
            if self.shifts is not None:
                self.shifts[group] = vector(*shifts)

    def _parts(self, octets: Value) -> list[Value]:
        """A group's bytes as the panel has them."""
        if self.in_halves:
            evens, odds = octets & self._words(EVEN), (octets >> self._words(8)) & self._words(EVEN)
            if not self.signed:
                return [evens, odds]
            return [self._less_128(part ^ self._words(OF_128)) for part in (evens, odds)]
        if not self.signed:
            return [octets]
        flipped = octets ^ self._words(0x80808080)
        return [(flipped >> self._words(1)) & self._without_signs, octets & self._words(0x01010101)]

    def _sixteen_bits(self, codes: Value, rests: Value) -> list[Value]:
        """256 * code + rest of the even bytes and of the odd ones: a rest plus 128 fits below a code."""
        raised = rests ^ self._words(0x80808080)
        evens = ((codes & self._words(EVEN)) << self._words(8)) | (raised & self._words(EVEN))
        odds = (codes & self._words(ODD)) | ((raised >> self._words(8)) & self._words(EVEN))
        return [self._less_128(evens), self._less_128(odds)]

    def _less_128(self, halves: Value) -> Value:
        """Each half less 128: with its sign bit set nothing is borrowed from the other, and it is put right
        afterwards (Warren, Hacker's Delight, 2-18)."""
        signs = self._words(SIGNS)
        return ((halves | signs) - self._words(OF_128)) ^ ((halves & signs) ^ signs)

    def _words(self, number: int) -> Value:
        return splat(self.k.constant(number, u32), WIDE)

    @property
    def _without_signs(self) -> Value:
        """What says of bytes that they have no sign to whoever prints their products."""
        return self._words(0x7F7F7F7F)

    def _both(self, *rows: Value) -> list[list[Value]]:
        """The results of some rows of activations, as scalars, still without the factor of a norm."""
        k, groups = self.k, self.linear.weights.groups
        arrays = [self._x_of(row) for row in rows]
        sums = [[k.var(self.zeros(), name=f"sum_{m}{r}") for r in range(ROWS)] for m in range(len(rows))]
        nothing = splat(k.constant(0.0, f32), ROWS)
        shifts = [k.var(nothing, name=f"shift_{m}") for m in range(len(rows))] if self.shifts else []
        with k.loop(0, groups) as group:
            cells = [row * groups + group for row in rows]
            factors = [self.staged_factors[cell] for cell in cells]
            if self.shifts is not None:
                shift = self.shifts[group]
                for total, each in zip(shifts, factors, strict=True):
                    k.assign(total, fma(splat(each.y, ROWS), shift, total.value()))
            scales = [splat(each.x, WIDE) for each in factors]
            numbers = [self._terms(*each, group) for each in zip(cells, arrays, strict=True)]
            for r in range(ROWS):
                cell = group * ROWS + r
                octets = [self.panel[cell * self.parts + part] for part in range(self.parts)]
                if not self.in_halves:
                    octets = [words & self._without_signs for words in octets]
                factor = None if self.factors is None else self.factors[cell]
                for m, scale in enumerate(scales):
                    common = scale if factor is None else factor * scale
                    self._add(sums[m][r], octets, numbers[m], common)
        results = [[dot(total, self.ones) for total in each] for each in sums]
        for each, total in zip(results, shifts, strict=False):
            each[:] = [result + total.value().lane(r) for r, result in enumerate(each)]
        return results

    def _x_of(self, row: Value) -> Array:
        with self.of_row(row) as arrays:
            return arrays["x"]

    def _terms(self, cell: Value, x: Array, group: Value) -> list[tuple[Value, Value]]:
        """The terms of a group of a row of activations, and what the products with each begin with."""
        self.x = x
        found: list[tuple[Value, Value]] = []
        for term in range(self.terms):
            if self.staged is None:
                numbers = self._numbers(term, group)
            else:
                numbers = self.staged[cell * self.terms + term]
            found.append((numbers, self._start(numbers)))
        return found

    def _start(self, numbers: Value) -> Value:
        """-64 times the sum of each lane's numbers, where bytes are kept as halves and rests."""
        if not self.signed or self.in_halves:
            return self.nothing
        lanes = dot4_i8(self._words(0x01010101) & self._without_signs, numbers, self.nothing)
        return self.nothing - (lanes << self._words(6))

    def _add(
        self, total: Variable, octets: list[Value], numbers: list[tuple[Value, Value]], common: Value
    ) -> None:
        """Add the products of a group of a row of the matrix and one of activations to a vector of sums."""
        if self.in_halves:
            (evens, _), (odds, _) = numbers
            products = dot2_i16(octets[1], odds, dot2_i16(octets[0], evens, self.nothing))
        else:
            products = self._products(octets, numbers[0])
            if len(numbers) == 2:
                products = products * PARTS + self._products(octets, numbers[1])
        self.k.assign(total, fma(to_f32(products), common, total.value()))

    def _products(self, octets: list[Value], numbers: tuple[Value, Value]) -> Value:
        products = dot4_i8(octets[0], *numbers)
        return products if len(octets) == 1 else dot4_i8(octets[1], numbers[0], products + products)

    def _finish_row(self, row: Value, first: Value, block: Value, results: list[Value]) -> None:
        """The epilogue of a block's results of a row of activations."""
        with self.of_row(row) as arrays:
            self._take(row, arrays)
            if self.scales is not None:
                scale = self.scales[row]
                results = [each * scale for each in results]
            before = row * (self.results * self.problem.rows_together)
            self._finish(first, before + block * ROWS, results)

    def _group(self, start: Value, unit: Value) -> tuple[list[Value], Value]:
        return super()._group(self.number * self.results + start, unit)
