"""The operands of prefill attention, staged in shared memory in the layout that its tiles need.

Matrix units take halves, eight to a cell of 16 bytes, which is how a cache of halves stores them. Register
tiles take vectors of four f32. A head whose width is no multiple of these is padded in shared memory. Queries
are padded with zeros, so that whatever keys hold there adds nothing to scores; results have surplus elements,
which are not stored.

    staged     | queries of `rows`: chunk | keys of `tile_keys`: chunk |     while scores are computed
    (shared)   | values of `value_keys`: `value_depth` elements        |     afterwards, in the same place
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import AttentionBuffers, CacheRows
from kernelc.kernels.attention.prefill_schedule import AttentionPrefillSchedule
from kernelc.kernels.parts.distribute import distribute
from kernelc.kernels.parts.staged_rows import Panel, cell_elements, cell_type, saturated
from kernelc.kir.functions import concat, minimum, named, select, splat, vector
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Value


class Operands:
    """Queries, keys, values and results of one head. `end`: how many positions the workgroup may see."""

    def __init__(
        self,
        k: Tracer,
        buffers: AttentionBuffers,
        schedule: AttentionPrefillSchedule,
        heads: int,
        first_row: Value,
    ) -> None:
        self.k, self.buffers, self.schedule, self.first_row = k, buffers, schedule, first_row
        self.heads = heads
        self.head_dim = buffers.keys.shape.head_dim
        self.head = k.workgroup_id(1)
        self.kv_head = self.head // (heads // buffers.keys.shape.kv_heads)
        rows = step_block.rows(k)
        self.end = named("end", rows.past + minimum(first_row + schedule.rows, rows.count))
        kind, depth = schedule.kind, schedule.staged_depth(self.head_dim)
        array = k.shared("staged", cell_type(kind), schedule.staged_cells(self.head_dim))
        self.queries = Panel(array, kind, 0, schedule.rows, depth, together=True)
        begin = 0 if schedule.holds_queries else schedule.rows * self.queries.stride
        self.keys = Panel(array, kind, begin, schedule.tile_keys, depth)
        self.values = Panel(array, kind, 0, schedule.value_keys, schedule.value_depth(self.head_dim))

    @property
    def depth(self) -> int:
        """Elements of a head, rounded up to whole tiles."""
        return self.schedule.depth(self.head_dim)

    def stage_queries(self, chunk: Value, scale: float) -> None:
        """Stage cells of each query, scaled, from cell `chunk` on. Rows beyond the last repeat it."""
        k, panel = self.k, self.queries
        cells = panel.depth // cell_elements(panel.kind)
        with distribute(k, panel.rows * cells, "at") as at:
            row = at // cells
            cell = at % cells
            token = named("token", step_block.rows(k).clamped(self.first_row + row))
            fours = [four * scale for four in self._query(token, chunk + cell)]
            if panel.kind.operand == "f16":
                fours = [saturated(four) for four in fours]
            panel.put(row, cell, fours)

    def _query(self, token: Value, cell: Value) -> list[Value]:
        """The elements of one cell of a query, as vectors of four."""
        q, vectors = self.buffers.arrays["q"], self.buffers.row_vectors
        row = (token * self.heads + self.head) * vectors
        if self.buffers.vector.lanes == 4:
            fours = cell_elements(self.schedule.kind) // 4
            return [q[row + cell * fours + at] for at in range(fours)]
        low, high = cell * 2, cell * 2 + 1
        if vectors % 2 == 0:
            return [concat(q[row + low], q[row + high])]
        zeros = splat(self.k.constant(0.0, f32), 2)
        last = select(high < vectors, q[row + minimum(high, vectors - 1)], zeros)
        return [concat(q[row + low], last)]

    def stage_keys(self, tile: Value, chunk: Value) -> None:
        """Stage cells of the tile's keys, from cell `chunk` on. A register tile has four adjacent keys.

        Rows of the panel that neighbouring invocations read are adjacent, so with `spacing` s the keys lie as

            panel row   0  1  2  ..  s-1 | s  s+1  ..
            key         0  4  8  ..      | 1  5    ..
        """
        panel = self.keys
        columns, apart = (panel.kind.n, panel.spacing) if panel.spacing > 1 else (1, 1)
        with self._each(panel, self.buffers.keys, tile) as (key, load, position):
            row = key % columns * apart + key // columns
            self._put(panel, self.buffers.keys, row, load, position, chunk)

    def stage_values(self, first: Value, cell: int = 0) -> None:
        """Stage cells of values, from cell `cell` on, of as many keys as fit from position `first` on."""
        values, panel = self.buffers.values, self.values
        with self._each(panel, values, first) as (key, load, position):
            beyond = cell * cell_elements(panel.kind) + panel.depth > self.depth
            self._put(panel, values, key, load, position, self.k.constant(cell, u32), beyond)

    @contextmanager
    def _each(self, panel: Panel, cache: CacheRows, first: Value) -> Generator[tuple[Value, Value, Value]]:
        """Distribute the loads of a panel: yields a key, a load of it, and the key's position.

        Positions beyond the last repeat it, since the cache holds nothing there yet.
        """
        loads = panel.depth // max(cache.width, cell_elements(panel.kind))
        with distribute(self.k, panel.rows * loads, "at") as at:
            key = at // loads
            load = at % loads
            yield key, load, named("position", minimum(first + key, self.end - 1))

    def _put(
        self,
        panel: Panel,
        cache: CacheRows,
        row: Value,
        load: Value,
        position: Value,
        chunk: Value,
        beyond: bool = False,
    ) -> None:
        """Write one load to the panel: halves for matrix units, otherwise numbers.

        Two loads of two elements make a cell. If the panel extends `beyond` the head, the last load repeats.
        """
        last = cache.loads - 1
        if panel.kind.operand == "f16":
            panel.put_cells(row, load, [cache.halves(position, self.kv_head, chunk + load)])
        elif cache.width >= 4:
            number = chunk // cache.vectors + load
            number = minimum(number, last) if beyond else number
            panel.put(row, load * cache.vectors, cache.load(position, self.kv_head, number, "staged"))
        else:
            numbers = [minimum((chunk + load) * 2 + half, last) for half in range(2)]
            pairs = [cache.load(position, self.kv_head, number, "staged")[0] for number in numbers]
            panel.put(row, load, [concat(*pairs)])

    def write(self, token: Value, cell: Value, four: Value) -> None:
        """Store four elements of a result, except those that only pad the head."""
        out, vectors = self.buffers.arrays["out"], self.buffers.row_vectors
        row = (token * self.heads + self.head) * vectors
        if self.buffers.vector.lanes == 4:
            out[row + cell] = four
            return
        for pair in range(2):
            with self.k.when(cell * 2 + pair < vectors):
                out[row + (cell * 2 + pair)] = vector(four.lane(2 * pair), four.lane(2 * pair + 1))
