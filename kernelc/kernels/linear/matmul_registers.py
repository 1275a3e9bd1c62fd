"""The matrix product with register tiles, which every device has: one or several of 4 x 4 sums an invocation.

An invocation's tiles lie apart. The same tile of all invocations is a block of neighbouring results:

                      rows of W (packed rows) ->
                      tile column 0           tile column 1
        tokens  +-----------------------+-----------------------+
          |     | column 0  column 1 .. | column 0  column 1 .. |  line 0, 1, ...
          v     +-----------------------+-----------------------+
                | column 0  column 1 .. | ...                   |  line 0, 1, ... once more
                +-----------------------+-----------------------+

For each vector of four columns an invocation loads as many vectors as its tiles have lines and columns, and
multiplies each with each. So several tiles need fewer loads from shared memory for a product than one: two by
two half as many.
"""

from __future__ import annotations

from kernelc.kernels import step_block
from kernelc.kernels.linear.matmul_schedule import MatmulSchedule
from kernelc.kernels.linear.matmul_tiled import Sums, TiledMatmul
from kernelc.kernels.parts.staged_rows import Panel
from kernelc.kir.functions import select
from kernelc.kir.types import u32
from kernelc.kir.values import Number, Value


class RegisterMatmul(TiledMatmul):
    """One kernel being traced; a team is one invocation."""

    def place(self) -> tuple[Value, Value]:
        return place_of(self.k.local_id, self.schedule)

    def trace(self) -> None:
        """Where the upper tiles of all invocations hold all tokens there are, the lower ones are left out."""
        k, (down, across), sums = self.k, self.schedule.tiles, self.sums()
        if down == 1:
            self.add_products(sums)
            self._finish_tiles(sums, k.constant(across, u32))
            return
        more = step_block.rows(k).include(self.first_token + self.schedule.tokens // down)
        with k.when(more):
            self.add_products(sums)
        with k.otherwise():
            self.add_products(sums[:1])
        self._finish_tiles(sums, select(more, k.constant(down * across, u32), across))

    def multiply_part(self, x: Panel, sums: Sums, part: Number) -> None:
        place = x.place(self.line, part)
        a = [x.tile_below("a", place, i, "x") for i in range(x.tiles)]
        place = self.w.place(self.column, part)
        for j in range(self.w.tiles):  # registers hold one tile of weights at a time
            b = self.w.tile_below("b", place, j, "w")
            for tile, row in zip(a, sums, strict=True):
                row[j].add(tile, b)

    def _finish_tiles(self, sums: Sums, count: Value) -> None:
        """Finish the first `count` tiles of every invocation, one tile of all invocations after the other.

        They write their sums to shared memory, token by token, in cells of four neighbouring packed rows, and
        all invocations read them back in the order in which they are stored.
        """
        k, kind, (lines, columns) = self.k, self.schedule.kind, self.schedule.teams
        first = self.line * (kind.m * columns) + self.column
        tiles = [sum for row in sums for sum in row]
        if len(tiles) == 1:
            tiles[0].store(self.shared, first, columns)
            k.barrier()
            self._finish_block(self.first_token, self.first_row)
            return
        down, across = self.schedule.tiles
        with k.loop(0, count) as number:
            for at, sum in enumerate(tiles):
                with k.when(number.equals(at)):
                    sum.store(self.shared, first, columns)
            k.barrier()
            token = self.first_token + (number // across * (lines * kind.m) if down > 1 else 0)
            row = self.first_row + (number % across * (columns * kind.n) if across > 1 else 0)
            self._finish_block(token, row)
            k.barrier()

    def _finish_block(self, first_token: Value, first_row: Value) -> None:
        lines, columns = self.schedule.teams
        cells = lines * self.schedule.kind.m * columns
        with self.k.loop(self.k.local_id, cells, self.schedule.threads) as cell:
            token = first_token + cell // columns
            self.finish(self.shared[cell], token, first_row + cell % columns * 4)


def place_of(invocation: Value, schedule: MatmulSchedule) -> tuple[Value, Value]:
    """The line and the column of an invocation among those of its workgroup."""
    if schedule.teams[0] % 4 == 0 and schedule.teams[1] % 8 == 0:
        return _interleaved(invocation, schedule)
    return invocation // schedule.teams[1], invocation % schedule.teams[1]


def _interleaved(invocation: Value, schedule: MatmulSchedule) -> tuple[Value, Value]:
    """The line and the column of an invocation where 32 of them are 4 lines of 8 columns.

    invocation   0  2  4 ... 14          Shared memory gives eight invocations 16 bytes at a time, and two
                 1  3  5 ... 15          such eights at once where invocation i reads what i ^ 1 reads, or
                 16 18 20 ... 30         what i ^ 2 reads: so it is with columns, and with lines.
                 17 19 21 ... 31
    """
    blocks = schedule.teams[1] // 8
    inside, block = invocation % 32, invocation // 32
    line = inside // 16 * 2 + inside % 2
    column = inside // 2 % 8
    return block // blocks * 4 + line, block % blocks * 8 + column
