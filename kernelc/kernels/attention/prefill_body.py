"""Attention of a block of queries of one head, tile by tile over the keys.

A workgroup consists of teams: subgroups where there are matrix units, otherwise single invocations. They form
a grid of lines (along the queries) and columns (along the keys, or the elements of a head):

                 keys of a tile: column 0, 1, .. of teams, again and again
    queries   +--------------------------------+
     line 0   | scores of team (0, 0), (0, 1) ..|    1. scores = queries * keys, to shared memory
     line 1   | scores of team (1, 0), (1, 1) ..|    2. a few invocations per query turn them into weights
              +--------------------------------+    3. sums += weights * values, in the teams' registers

A line keeps its queries throughout. The sums are rescaled row by row whenever a greater score appears.

Source: Dao et al., FlashAttention (2022): tiles, online softmax, nothing of size seq x past in memory.
"""

from __future__ import annotations

from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import AttentionBuffers
from kernelc.kernels.attention.prefill_operands import Operands
from kernelc.kernels.attention.prefill_schedule import AttentionPrefillSchedule
from kernelc.kernels.attention.prefill_softmax import TileSoftmax
from kernelc.kernels.attention.softmax import Scoring
from kernelc.kernels.parts.distribute import distribute, in_steps
from kernelc.kernels.parts.staged_rows import Panel, cell_elements, cell_type
from kernelc.kir.functions import minimum, named
from kernelc.kir.tile import Tile, TileSum, load_tile
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32x4, u32
from kernelc.kir.values import Number, Value


class TiledPrefill:
    """The kernel's shared memory and places, and its steps."""

    def __init__(
        self,
        k: Tracer,
        buffers: AttentionBuffers,
        schedule: AttentionPrefillSchedule,
        heads: int,
        scoring: Scoring,
        first_row: Value,
    ) -> None:
        self.k, self.schedule, self.first_row = k, schedule, first_row
        self.scoring = scoring
        self.operands = Operands(k, buffers, schedule, heads, first_row)
        kind, keys, rows = schedule.kind, schedule.tile_keys, schedule.rows
        self.cells, self.cells_of_tile = cell_elements(kind), kind.n // cell_elements(kind)
        own = k.shared("weights", cell_type(kind), schedule.weights_cells) if schedule.weights_cells else None
        self.scores = k.shared("scores", f32x4, rows * schedule.score_stride)
        self.weights = Panel(own or self.scores, kind, 0, rows, keys, together=True)
        team = k.local_id if kind.lanes == 1 else k.subgroup_id
        line = team // schedule.teams[1]
        self.column = named("column", team % schedule.teams[1])
        self.team_row = named("team_row", line * kind.m)

    def attend(self) -> None:
        k, operands, schedule = self.k, self.operands, self.schedule
        held = self._held_queries() if schedule.holds_queries else []
        sums = [TileSum(schedule.kind, f"sum_{at}") for at in range(schedule.sums(operands.head_dim))]
        softmax = TileSoftmax(k, schedule, self.scores, self.weights, self.scoring, self.first_row)
        begin = self.scoring.first_seen(step_block.rows(k).position(self.first_row))
        with k.loop(0 if begin is None else begin, operands.end, schedule.tile_keys) as tile:
            self._score(tile, held)
            k.barrier()
            if self._values_at_once:
                operands.stage_values(tile)
            softmax.weigh(tile)
            k.barrier()
            for sum in sums:
                sum.scale_rows(softmax.factors, self.team_row)
            self._sum_values(sums, tile)
        softmax.finish()
        self._write(sums, softmax.factors)

    @property
    def _values_at_once(self) -> bool:
        return self.schedule.values_at_once(self.operands.head_dim)

    def _held_queries(self) -> list[Tile]:
        k, operands = self.k, self.operands
        operands.stage_queries(k.constant(0, u32), self.scoring.query_scale)
        k.barrier()
        steps = range(operands.queries.depth // self.schedule.kind.k)
        return [operands.queries.tile("a", self.team_row, step, f"query_{step}") for step in steps]

    def _score(self, tile: Value, held: list[Tile]) -> None:
        """Compute the scores of the team's queries with its share of the tile's keys."""
        k, schedule, operands = self.k, self.schedule, self.operands
        if held:
            self._stage_chunk(tile, k.constant(0, u32), held)
        first = self.team_row * schedule.score_stride
        with in_steps(k, schedule.tiles, schedule.scored_together) as column:
            together, one = range(schedule.scored_together), schedule.scored_together == 1
            scores = [TileSum(schedule.kind, "score" if one else f"score_{at}") for at in together]
            numbers = [self._tile(column + at) for at in together]
            with in_steps(k, operands.depth // self.cells, operands.keys.depth // self.cells) as chunk:
                if not held:
                    self._stage_chunk(tile, chunk, held)
                self._add_products(scores, held, numbers)
            for score, number in zip(scores, numbers, strict=True):
                score.store(self.scores, first + number * (schedule.kind.n // 4), schedule.score_stride)

    def _stage_chunk(self, tile: Value, chunk: Value, held: list[Tile]) -> None:
        k, operands = self.k, self.operands
        k.barrier()  # what was staged before has been read
        if not held:
            operands.stage_queries(chunk, self.scoring.query_scale)
        operands.stage_keys(tile, chunk)
        k.barrier()

    def _add_products(self, scores: list[TileSum], held: list[Tile], numbers: list[Value]) -> None:
        """Add the products of a chunk. Held queries are registers, one per step, so the steps unroll."""
        queries, kind = self.operands.queries, self.schedule.kind
        for step, query in enumerate(held):
            self._add_product(scores, query, numbers, step)
        if not held:
            with self.k.loop(0, queries.depth // kind.k) as step:
                self._add_product(scores, queries.tile("a", self.team_row, step, "query"), numbers, step)

    def _add_product(self, scores: list[TileSum], query: Tile, numbers: list[Value], step: Number) -> None:
        kind, keys = self.schedule.kind, self.operands.keys
        for score, number in zip(scores, numbers, strict=True):
            row = number if kind.lanes == 1 else number * kind.n
            score.add(query, keys.tile("b", row, step, "key"))

    def _tile(self, number: Number) -> Value:
        """Index of the team's `number`th tile among those of its line, which the teams take in turn."""
        return self.k.coerce(number, u32) * self.schedule.teams[1] + self.column

    def _sum_values(self, sums: list[TileSum], tile: Value) -> None:
        k, schedule, operands = self.k, self.schedule, self.operands
        at_once, columns = self._values_at_once, schedule.columns or len(sums)
        seen = None if at_once else minimum(operands.end - tile, schedule.tile_keys)
        for first_sum in range(0, len(sums), columns):
            with in_steps(k, schedule.tile_keys, schedule.value_keys, seen) as first:
                if not at_once:
                    k.barrier()  # the keys, or the values staged before, have been read
                    operands.stage_values(tile + first, first_sum * schedule.teams[1] * self.cells_of_tile)
                    k.barrier()
                with k.loop(0, schedule.value_keys // schedule.kind.k) as step:
                    self._add_values(sums[first_sum : first_sum + columns], first, step)

    def _add_values(self, sums: list[TileSum], first: Value, step: Value) -> None:
        """Add the weighted values of one step. The tile's keys from `first` on have their values staged."""
        kind, stride, array = self.schedule.kind, self.operands.values.stride, self.operands.values.array
        weights = self.weights.tile("a", self.team_row, first // kind.k + step, "weight")
        row = step * (kind.k * stride)
        for number, sum in enumerate(sums):
            place = row + self._staged_tile(number) * self.cells_of_tile
            sum.add(weights, load_tile(kind, "b", array, place, stride, name="value"))

    def _staged_tile(self, number: int) -> Value:
        """Index of the staged value tile that feeds the team's `number`th sum.

        Past the last tile it is clamped, and that sum is never stored.
        """
        tiles, across = self.operands.values.depth // self.schedule.kind.n, self.schedule.teams[1]
        place = self._tile(number)
        return minimum(place, tiles - 1) if (number + 1) * across > tiles else place

    def _write(self, sums: list[TileSum], factors: Array) -> None:
        """Write the results through the memory of the scores, as many columns at a time as a tile has keys.

        With 2 teams side by side (t0, t1) that score 2 tiles each, and 3 sums per team, there are 2 rounds:

            head      | t0 sum 0 | t1 sum 0 | t0 sum 1 | t1 sum 1 | t0 sum 2 | t1 sum 2 (padding?) |
            round     '-------------- first = 0 -----------------''---------- first = 2 -----------'
            scores    one row per query, `tile_keys` wide: a round's columns from its beginning on

        `_write_cells` then copies the rows to `out`, in vectors of four, without the padding.
        """
        k, schedule, wide = self.k, self.schedule, self.schedule.tile_keys // 4
        stride, quarters = schedule.score_stride, schedule.kind.n // 4
        for first in range(0, len(sums), schedule.tiles):
            if first:
                k.barrier()
            some = sums[first : first + schedule.tiles]
            for at, sum in enumerate(some):
                sum.scale_rows(factors, self.team_row)
                sum.store(self.scores, self.team_row * stride + self._tile(at) * quarters, stride)
            k.barrier()
            begin = first // schedule.tiles * wide
            self._write_cells(begin, min(wide, self.operands.depth // 4 - begin))

    def _write_cells(self, begin: int, cells: int) -> None:
        """Copy a round's part of each result to `out`: `cells` vectors of four, from the `begin`th on."""
        k = self.k
        with distribute(k, self.schedule.rows * cells, "at") as at:
            row = at // cells
            cell = at % cells
            token = self.first_row + row
            with k.when(step_block.rows(k).include(token)):
                result = self.scores[row * self.schedule.score_stride + cell]
                self.operands.write(token, cell + begin, result)
