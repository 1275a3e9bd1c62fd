"""The matrix product on matrix units, where a subgroup multiplies tiles: operands in f16, sums in f32.

A team is a subgroup, and its tiles are neighbours:

                      rows of W (packed rows) ->
                      column 0        column 1
        tokens  +-----------------+-----------------+
          |     | tile 00 tile 01 | tile 00 tile 01 |  line 0
          v     | tile 10 tile 11 | tile 10 tile 11 |
                +-----------------+-----------------+
                | ...             |                 |  line 1
"""

from __future__ import annotations

from collections.abc import Sequence

from kernelc.kernels.linear.matmul_tiled import Sums, TiledMatmul
from kernelc.kernels.parts.staged_rows import Panel
from kernelc.kir.functions import bitcast
from kernelc.kir.tile import TileSum
from kernelc.kir.types import f32
from kernelc.kir.values import Number, Value


class UnitMatmul(TiledMatmul):
    """One kernel being traced; a team is a subgroup."""

    def place(self) -> tuple[Value, Value]:
        team, columns = self.k.subgroup_id, self.schedule.teams[1]
        return team // columns, team % columns

    def trace(self) -> None:
        """Multiply, and finish a line of every team's tiles at a time."""
        sums = self.sums()
        self.add_products(sums)
        for i, row in enumerate(sums):
            if i:
                self.k.barrier()
            self._hand_over(row)
            self.k.barrier()
            self._finish_slabs(i)

    def multiply_part(self, x: Panel, sums: Sums, part: Number) -> None:
        kind, (down, across) = self.schedule.kind, self.schedule.tiles
        place = x.place(self.line * (kind.m * down), part)
        a = [x.tile_below("a", place, i, "x") for i in range(down)]
        place = self.w.place(self.column * (kind.n * across), part)
        b = [self.w.tile_below("b", place, j, "w") for j in range(across)]
        for i, row in enumerate(sums):
            for j, sum in enumerate(row):
                sum.add(a[i], b[j])

    # The epilogue. The teams write their sums to shared memory, in 16-byte cells of four neighbouring packed
    # rows of one token, and all invocations read them back in the order in which they are stored. A team has
    # a slab, m tokens of all its tiles side by side, `stride` cells apart (one more than they fill, against
    # bank conflicts):
    #
    #     team 0, token 0   | tile 0: n/4 cells | tile 1: n/4 cells | . |
    #     team 0, token 1   | tile 0: n/4 cells | tile 1: n/4 cells | . |
    #     ...
    #     team 1, token 0   | ...

    def _hand_over(self, row: Sequence[TileSum]) -> None:
        rows, stride = self.schedule.slab
        start = self.k.subgroup_id * (rows * stride)
        for j, sum in enumerate(row):
            sum.store(self.shared, start + j * (self.schedule.kind.n // 4) if j else start, stride)

    def _finish_slabs(self, i: int) -> None:
        k, schedule, kind = self.k, self.schedule, self.schedule.kind
        across = schedule.rows // 4
        lines = schedule.teams[0] * kind.m
        slab_rows, stride = schedule.slab
        of_team = schedule.tiles[1] * kind.n // 4
        with k.loop(k.local_id, lines * across, schedule.threads) as block:
            line = block // across
            column = block % across
            team = line // kind.m * schedule.teams[1] + column // of_team
            cell = (team * slab_rows + line % kind.m) * stride + column % of_team
            token = line // kind.m * (schedule.tiles[0] * kind.m) + line % kind.m + i * kind.m
            results = bitcast(self.shared[cell], f32)
            self.finish(results, self.first_token + token, self.first_row + column * 4)
