"""How a workgroup attends to a range of positions where the size of subgroups is known.

A position is shared by `lanes` neighbouring invocations of a subgroup, each of which holds its part of the
queries and loads its part of a key and of the value, several positions ahead. The parts of a score are added
up by shuffles, so that all of them know it, and each group of lanes, a *stream*, keeps a softmax of its own:
there is no barrier before the end, where the streams are joined through shared memory.

    subgroup 0   lanes 0 1 .. | 0 1 ..     two streams of a subgroup, for example; stream s takes
    subgroup 1   lanes 0 1 .. | 0 1 ..     positions s, s + streams, ..., `ahead` of them at a time
    ..

Decode kernels of FlashInfer (Ye et al., 2025, arXiv 2501.01005) divide their work alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.kernels.attention.cache import CacheRows
from kernelc.kernels.attention.decode.head_results import GroupRows, HeadResults, Partials
from kernelc.kernels.attention.decode.join_splits import SplitJoin, in_the_last_workgroup, split_count
from kernelc.kernels.attention.decode.schedule import AttentionDecodeProblem
from kernelc.kernels.attention.decode.subgroup_schedule import SubgroupSchedule
from kernelc.kernels.attention.softmax import LOWEST, Running
from kernelc.kernels.parts.distribute import distribute
from kernelc.kir.functions import dot, exp2, maximum, minimum, named, select, subgroup_shuffle_xor
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x2, u32
from kernelc.kir.values import Value, Variable

_TOGETHER = 4  # streams that are joined in one round of a loop


@dataclass(frozen=True)
class _Tile:
    """Positions of a stream that are loaded together, of which some may be beyond the end, and one's own part
    of each key and value as it is stored (`CacheRows.part`)."""

    places: list[Value]
    keys: list[list[Value]]
    values: list[list[Value]]


class SubgroupBody:
    """The kernel's shared memory, and its steps."""

    def __init__(
        self,
        k: Tracer,
        problem: AttentionDecodeProblem,
        schedule: SubgroupSchedule,
        arrays: Mapping[str, Array],
    ) -> None:
        self.k, self.problem, self.schedule, self.arrays = k, problem, schedule, arrays
        self.keys, self.values = (
            CacheRows.of(arrays, name, problem.cache, schedule.width) for name in ("k_cache", "v_cache")
        )
        self.pairs = problem.head_dim // 2
        self.streams = schedule.streams
        lane = k.subgroup_lane
        self.part = named("part", lane % schedule.lanes)
        self.stream = named("stream", k.subgroup_id * schedule.streams_of_subgroup + lane // schedule.lanes)
        cells = schedule.heads * self.streams
        self.sums = k.shared("sums", f32x2, cells * self.pairs)
        self.maxima = k.shared("maxima", f32, cells)
        self.totals = k.shared("totals", f32, cells)
        self.rows = GroupRows(k, problem.group, schedule.heads)
        self.results = HeadResults(k, arrays, problem.head_dim, self.rows, problem.coded)
        self.splits = split_count(k, problem.reduce) if problem.joined else None
        self.early: _Tile | None = None

    @property
    def partials(self) -> Partials:
        return Partials(self.arrays["partials"], self.problem.heads, self.problem.reduce.pairs)

    def load_early(self, first: Value, past: Value) -> None:
        """Load the first tile while the step's own position `past` may still be written, and that position
        afterwards. All invocations come by, even where there are no positions from `first` on."""
        tile = self._load(first, maximum(past, 1) - 1)
        self.k.inputs_ready(*self.keys.arrays, *self.values.arrays)
        keys, values = (
            [self._renewed(rows, *each, past) for each in zip(tile.places, loads, strict=True)]
            for rows, loads in ((self.keys, tile.keys), (self.values, tile.values))
        )
        self.early = _Tile(tile.places, keys, values)

    def _renewed(self, rows: CacheRows, place: Value, loads: list[Value], past: Value) -> list[Value]:
        """What is stored at a place, anew if it is the step's own position, or beyond: what was there may be
        no number, which no weight of zero makes one."""
        registers = [self.k.var(load, name="stored") for load in loads]
        with self.k.when(place >= past):
            own = rows.part(past, self.rows.kv_head, self._own_loads())
            for register, load in zip(registers, own, strict=True):
                self.k.assign(register, load)
        return [register.value() for register in registers]

    def attend(self, first: Value, end: Value) -> None:
        """Attend to the positions first <= p < end, at least one."""
        self.k.resident = 1  # else NVIDIA's compiler loads half of the values after the scores
        queries = [self._query(row) for row in range(self.schedule.heads)]
        elements = self.problem.head_dim // self.schedule.lanes
        running = [Running(self.k, 1, elements) for _ in queries]
        if self.early is not None:
            self._see(queries, running, self.early, end)
            first = first + self.schedule.tile
        if self.early is None and 0 < self.problem.split <= self.schedule.tile:
            self._see(queries, running, self._load(first, end - 1), end)
        elif not 0 < self.problem.split <= self.schedule.tile:
            with self.k.loop(first, end, self.schedule.tile) as tile:
                self._see(queries, running, self._load(tile, end - 1), end)
        self._leave(running)
        self.k.barrier()
        with distribute(self.k, self.schedule.heads * self.pairs, "cell") as cell:
            self._join(cell)
        if self.splits is None:
            self.results.code()
            return
        with self.k.when(self.splits > 1):
            self._join_splits(self.splits)
        if self.problem.codes:
            with self.k.otherwise():
                self.results.code()

    def _join_splits(self, splits: Value) -> None:
        """Join the splits of the workgroup's heads, in the last of the workgroups that have them."""
        k, problem = self.k, self.problem
        with in_the_last_workgroup(k, self.arrays["arrivals"], splits):
            plan = self.schedule.join_plan(problem.head_dim)
            join = SplitJoin(k, plan, problem.reduce, splits, self.schedule.heads)
            join.run(self.rows, self.partials, self.results)

    def _query(self, row: int) -> list[Value]:
        """One's own part of a query, scaled; surplus rows repeat the group's last."""
        vectors, loads = self.keys.vectors, self.keys.loads
        start = self.rows.head_to_read(row) * (loads * vectors)
        scale = self.problem.scoring.query_scale
        return [
            named("query", self.arrays["q"][start + (load * vectors + at)] * scale)
            for load in self._own_loads()
            for at in range(vectors)
        ]

    def _own_loads(self) -> list[Value]:
        """The numbers of the loads of a row that are one's own part."""
        lanes = self.schedule.lanes
        return [self.part + own if own else self.part for own in range(0, self.keys.loads, lanes)]

    def _load(self, first: Value, last: Value) -> _Tile:
        """Load one's own part of the tile that begins with `first`; positions beyond `last` repeat that."""
        ahead, streams = self.schedule.ahead, self.streams
        places = [named("place", first + self.stream + at * streams) for at in range(ahead)]
        positions = [named("position", minimum(place, last)) for place in places]
        keys, values = (
            [rows.part(each, self.rows.kv_head, self._own_loads()) for each in positions]
            for rows in (self.keys, self.values)
        )
        return _Tile(places, keys, values)

    def _see(self, queries: list[list[Value]], running: list[Running], tile: _Tile, end: Value) -> None:
        """Take a tile's positions into every head's softmax; places from `end` on get the lowest score."""
        keys, values = (
            [rows.unpacked(part, name) for part in stored]
            for rows, stored, name in ((self.keys, tile.keys, "key"), (self.values, tile.values, "value"))
        )
        for query, state in zip(queries, running, strict=True):
            scores = [
                named("score", select(place < end, self._score(query, *key), LOWEST))
                for place, key in zip(tile.places, keys, strict=True)
            ]
            highest = state.see(scores)
            for score, (value, scale) in zip(scores, values, strict=True):
                weight = named("weight", exp2(score - highest))
                elements = [part.lane(i) for part in value for i in range(part.type.lanes)]
                state.add(weight, elements, scale=scale)

    def _score(self, query: list[Value], key: list[Value], scale: Value | None) -> Value:
        """The product of a query and a key, in all invocations that share the key."""
        products = [dot(mine, part) for mine, part in zip(query, key, strict=True)]
        total = sum(products[1:], start=products[0])
        distance = self.schedule.lanes // 2
        while distance:
            named("score_part", total)
            total = total + subgroup_shuffle_xor(total, distance)
            distance //= 2
        total = total if scale is None else total * scale
        return self.problem.scoring.finished(total)

    def _leave(self, running: list[Running]) -> None:
        """Write what one's stream has seen to shared memory."""
        for row, state in enumerate(running):
            cell = self.stream + row * self.streams
            with self.k.when(self.part.equals(0)):
                self.maxima[cell] = state.maximum
                self.totals[cell] = state.total
            pairs = iter(state.row(0, 2))
            for load in self._own_loads():
                for at in range(self.schedule.width // 2):
                    self.sums[cell * self.pairs + (load * (self.schedule.width // 2) + at)] = next(pairs)

    def _join(self, cell: Value) -> None:
        """Join the streams for one pair of elements of a head, and write it."""
        k, streams = self.k, self.streams
        row, pair = k.constant(0, u32), cell
        if self.schedule.heads > 1:
            row, pair = named("row", cell // self.pairs), named("pair", cell % self.pairs)
        begin, together = row * streams, min(_TOGETHER, streams)
        highest = k.var(LOWEST, f32, name="highest")
        with k.loop(begin, begin + streams, together) as stream:
            for at in range(together):
                k.assign(highest, maximum(highest, self.maxima[stream + at]))
        total, sums = k.var(0.0, f32, name="total"), k.var(0.0, f32x2, name="joined")
        with k.loop(begin, begin + streams, together) as stream:
            for at in range(together):
                weight = named("weight", exp2(self.maxima[stream + at] - highest))
                total += weight * self.totals[stream + at]
                sums += weight * self.sums[(stream + at) * self.pairs + pair]
        with self.rows.where_there(row):
            self._write(row, self.rows.head(row), pair, sums, highest, total)

    def _write(
        self, row: Value, head: Value, pair: Value, sums: Variable, highest: Variable, total: Variable
    ) -> None:
        if not self.problem.split:
            self.results.put(row, head, pair, sums / total)
        elif self.splits is None:
            self._write_partial(head, pair, sums, highest, total)
        else:
            with self.k.when(self.splits.equals(1)):
                self.results.put(row, head, pair, sums / total)
            with self.k.otherwise():
                self._write_partial(head, pair, sums, highest, total)

    def _write_partial(
        self, head: Value, pair: Value, sums: Variable, highest: Variable, total: Variable
    ) -> None:
        start = self.partials.start(self.k.workgroup_id(1), head)
        self.partials.array[start + pair] = sums
        with self.k.when(pair.equals(0)):
            self.partials.put_summary(start, highest, total)
