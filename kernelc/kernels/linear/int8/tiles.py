"""The matrix product of coded rows with four bytes at a time: prefill where there are no matrix units.

A workgroup computes results of `tokens` coded rows and `rows` rows of W, whose bytes it stages group by group
(see `byte_panels`). An invocation has tiles of 4 x 4 results, which lie as those of
`kernelc.kernels.linear.matmul_registers`. What a group adds to a result is a whole number, as in `parts`,
which is exact: it becomes an f32 once, and is multiplied by the scales of both sides.

With two terms the products of the codes come first, times 256, and those of the rests go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernelc.ir.coded_rows import PARTS
from kernelc.kernels import step_block
from kernelc.kernels.linear.buffers import LinearBuffers
from kernelc.kernels.linear.int8.byte_panels import (
    BLOCK,
    GROUP_WORDS,
    BytePanel,
    Columns,
    code_lines,
    weight_lines,
)
from kernelc.kernels.linear.int8.tile_operands import Codes, Factors, Staged, Words
from kernelc.kernels.linear.matmul_registers import place_of
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.matmul_tiled import next_step
from kernelc.kernels.parts.dot4 import dot4
from kernelc.kir.functions import bitcast, named, select, splat, to_f32, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, f32x4, i32, u32
from kernelc.kir.values import Number, Value, Variable

Finish = Callable[[Value, Value, Value], None]
"""The epilogue of four results of a token: results, token, first row."""

Sums = Sequence[Sequence[Sequence[Variable]]]
"""A vector of four rows' sums for each line of tiles, each of its tiles, and each of its four tokens."""

Products = Sequence[Sequence[Sequence[Sequence[Variable]]]]
"""A whole number for each line of tiles, each of its tiles, and each of its four tokens and four rows."""


class ByteMatmul:
    """A kernel while it is traced."""

    def __init__(self, k: Tracer, schedule: MatmulSchedule, linear: LinearBuffers, finish: Finish) -> None:
        assert linear.problem.coded is not None
        self.k, self.schedule, self.linear, self._finish_cell = k, schedule, linear, finish
        self.layout, self.form = linear.problem.coded, linear.weights.form
        lines = code_lines(self.layout), weight_lines(self.form)
        self.codes = BytePanel.declared(k, "codes", schedule.tokens // BLOCK, schedule.groups, lines[0])
        self.bytes = BytePanel.declared(k, "bytes", schedule.rows // BLOCK, schedule.groups, lines[1])
        self.first_row = k.workgroup_id(0) * schedule.rows
        self.first_token = k.workgroup_id(1) * schedule.tokens
        self.line, self.column = place_of(k.local_id, schedule)

    def trace(self) -> None:
        """Where the upper tiles of all invocations hold all tokens there are, the lower ones are left out."""
        k, (down, across) = self.k, self.schedule.tiles
        sums = [
            [[k.var(0.0, f32x4, name=f"sum_{i}{j}_{t}") for t in range(BLOCK)] for j in range(across)]
            for i in range(down)
        ]
        if down == 1:
            self._add_products(sums)
            self._finish(sums, k.constant(across * BLOCK, u32))
            return
        more = step_block.rows(k).include(self.first_token + self.schedule.tokens // down)
        with k.when(more):
            self._add_products(sums)
        with k.otherwise():
            self._add_products(sums[:1])
        self._finish(sums, select(more, k.constant(down * across * BLOCK, u32), across * BLOCK))

    def _add_products(self, sums: Sums) -> None:
        """Add the products of all columns, for as many lines of tiles as there are sums."""
        k, operands = self.k, self._operands(len(sums))
        steps = self.linear.weights.groups // self.schedule.groups
        for each in operands:
            each.begin()
        if not self.schedule.ahead:
            with k.loop(0, steps) as step:
                for each in operands:
                    each.stage(step)
                k.barrier()
                self._multiply(sums)
                k.barrier()
            return
        for each in operands:
            each.hold(k.constant(0, u32))
        with k.loop(0, steps) as step:
            for each in operands:
                each.put_held(step)
            k.barrier()
            following = next_step(step, steps)
            for each in operands:
                each.hold(following)
            self._multiply(sums)
            k.barrier()

    def _operands(self, down: int) -> list[Staged]:
        """What is staged, each by the invocations after those that stage the one before."""
        k, linear, panel = self.k, self.linear, self.bytes
        blocks = self.codes.width // self.schedule.tiles[0] * down
        codes = Codes(k, linear, self.codes, blocks, self.first_token)
        words = Words(k, linear, panel, codes, self.first_row)
        return [codes, words, Factors(k, linear, panel, words, self.first_row)]

    def _multiply(self, sums: Sums) -> None:
        """Add the products of the groups that are staged."""
        groups = self.schedule.groups
        if self.schedule.unrolled:
            # Drivers that run on the processor take many seconds to compile so long a text.
            self.k.asks_subgroup_size = True
            for group in range(groups):
                self._multiply_group(sums, group)
        elif groups == 1:
            self._multiply_group(sums, 0)
        else:
            with self.k.loop(0, groups) as group:
                self._multiply_group(sums, group)

    def _multiply_group(self, sums: Sums, group: Number) -> None:
        """Add the products of a group; whole numbers are made for all results first."""
        panel, products = self._columns(group), self._start(len(sums))
        self._each_word(lambda word: self._add(panel, products, 0, word))
        self._make_whole(panel, products)
        if self.layout.terms > 1:
            self._each_word(lambda word: self._add(panel, products, 1, word))
        self._weigh(panel, sums, products)

    def _columns(self, group: Number) -> tuple[Columns, Columns]:
        """Where a group lies in the panels of codes and of bytes."""
        places = zip((self.codes, self.bytes), (self.line, self.column), self.schedule.teams, strict=True)
        found = [
            Columns(panel, own, group, apart)
            if isinstance(group, int)
            else Columns(panel, own + group * panel.width, 0, apart)
            for panel, own, apart in places
        ]
        return found[0], found[1]

    def _start(self, down: int) -> Products:
        return [
            [
                [[self.k.var(0, i32, name="products") for _ in range(BLOCK)] for _ in range(BLOCK)]
                for _ in range(self.schedule.tiles[1])
            ]
            for _ in range(down)
        ]

    def _each_word(self, body: Callable[[Number], None]) -> None:
        """Do something for each word of a group's bytes."""
        if self.schedule.unrolled:
            for word in range(GROUP_WORDS):
                body(word)
            return
        with self.k.loop(0, GROUP_WORDS) as word:
            body(word)

    def _add(self, panel: tuple[Columns, Columns], products: Products, term: int, word: Number) -> None:
        """Add the products of a word of each row's bytes and that word of a term of each token's numbers."""
        numbers = [panel[0].cell(word, i, term * GROUP_WORDS) for i in range(len(products))]
        for j in range(self.schedule.tiles[1]):  # registers hold one tile's weights at a time
            weights = panel[1].cell(word, j)
            for made, cell in zip(products, numbers, strict=True):
                for t, row in enumerate(made[j]):
                    for r, product in enumerate(row):
                        so_far = product.value()
                        self.k.assign(product, dot4(weights.lane(r), cell.lane(t), so_far, True))

    def _make_whole(self, panel: tuple[Columns, Columns], products: Products) -> None:
        """Make the products of the codes those of all numbers, and take away what the format adds to its
        codes: times 256 where there are two terms, whose second is added afterwards."""
        zero, terms = self.form.byte_zero or 0, self.layout.terms
        if terms == 1 and not zero:
            return
        for i, tiles in enumerate(products):
            sums = bitcast(panel[0].cell(terms * GROUP_WORDS + 1, i), i32) if zero else None
            for tile in tiles:
                for t, row in enumerate(tile):
                    less = None if sums is None else sums.lane(t) * -zero
                    for product in row:
                        whole = product.value() if terms == 1 else product * PARTS
                        self.k.assign(product, whole if less is None else whole + less)

    def _weigh(self, panel: tuple[Columns, Columns], sums: Sums, products: Products) -> None:
        """Add the products to the sums, times the scales; and the offsets, times the sums of activations."""
        line = self.layout.terms * GROUP_WORDS
        for j in range(self.schedule.tiles[1]):
            scales = named("scales", bitcast(panel[1].cell(GROUP_WORDS, j), f32))
            offsets = None
            if self.form.has_offset:
                offsets = named("offsets", bitcast(panel[1].cell(GROUP_WORDS + 1, j), f32))
            for i, tiles in enumerate(sums):
                code_scales = named("code_scales", bitcast(panel[0].cell(line, i), f32))
                added = None
                if offsets is not None:
                    added = named("added", to_f32(bitcast(panel[0].cell(line + 1, i), i32)) * code_scales)
                for t, total in enumerate(tiles[j]):
                    factors = scales * splat(code_scales.lane(t), BLOCK)
                    numbers = vector(*(product.value() for product in products[i][j][t]))
                    total += to_f32(numbers) * factors
                    if offsets is not None and added is not None:
                        total += offsets * splat(added.lane(t), BLOCK)

    def _finish(self, sums: Sums, count: Value) -> None:
        """Finish the first `count` vectors of sums, one after the other: neighbouring invocations have
        neighbouring rows, so stores are whole lines of memory, and the epilogue's text is there once."""
        k, (lines, columns), across = self.k, self.schedule.teams, self.schedule.tiles[1]
        every = [each for tiles in sums for tile in tiles for each in tile]
        with k.loop(0, count) as number:
            results = k.var(every[0].value(), name="results")
            for at, each in enumerate(every[1:], start=1):
                with k.when(number.equals(at)):
                    k.assign(results, each)
            tile = named("tile", number // BLOCK)
            block = tile // across * lines + self.line
            token = named("token", self.first_token + block * BLOCK + number % BLOCK)
            row = named("row", self.first_row + (tile % across * columns + self.column) * BLOCK)
            with k.when(step_block.rows(k).include(token)):
                self._finish_cell(results.value(), token, row)
