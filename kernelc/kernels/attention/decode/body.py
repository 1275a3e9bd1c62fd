"""How a workgroup attends to a range of positions, for one new position.

Reading the cache is the whole cost, so a workgroup serves several query heads of one key/value head and reads
each row once, in the widest loads, neighbouring invocations reading neighbouring parts. It advances tile by
tile over the positions:

    keys      position 0 | position 1 | ..     `parts` invocations share a position; each multiplies its loads
              part 0 1 .   part 0 1 .          of the key by the queries
    scores    one per position and query       through shared memory
    values    position 0   columns 0 1 2 ..    an invocation owns one column (a load) of the rows, and takes
              position 1   columns 0 1 2 ..    every `streams`-th position, with a softmax of its own
              ..
    results   the softmaxes of all streams are joined at the end
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kernelc.kernels.attention.cache import AttentionBuffers
from kernelc.kernels.attention.decode.head_results import GroupRows, HeadResults, Partials
from kernelc.kernels.attention.decode.join_splits import SplitJoin, in_the_last_workgroup, split_count
from kernelc.kernels.attention.decode.schedule import UNROLL, AttentionDecodeProblem, AttentionDecodeSchedule
from kernelc.kernels.attention.softmax import LOWEST, Running, join, lane, pack
from kernelc.kernels.parts.distribute import distribute
from kernelc.kir.functions import dot, exp2, minimum, named, select
from kernelc.kir.trace import Tracer
from kernelc.kir.types import f32
from kernelc.kir.values import Value


class DecodeBody:
    """The kernel's shared memory, and its steps."""

    def __init__(
        self,
        k: Tracer,
        problem: AttentionDecodeProblem,
        schedule: AttentionDecodeSchedule,
        buffers: AttentionBuffers,
    ) -> None:
        self.k, self.problem, self.schedule, self.buffers = k, problem, schedule, buffers
        self.keys, self.values = self.buffers.keys, self.buffers.values
        self.vectors = self.buffers.row_vectors
        self.stream_threads = schedule.stream_threads(problem.head_dim)
        self.rows = GroupRows(k, problem.group, schedule.heads)
        rows = f32.with_lanes(schedule.rows)
        self.query = k.shared("query", self.buffers.vector, schedule.heads * self.vectors)
        self.scores = k.shared("scores", rows, schedule.sets * schedule.tile)
        self.exchange = k.shared("exchange", rows, schedule.exchange_cells(problem.head_dim))
        self.score_parts = self.exchange if schedule.parts > 1 else self.scores
        self.results = HeadResults(k, buffers.arrays, problem.head_dim, self.rows, problem.coded)
        self.splits = split_count(k, problem.reduce) if problem.joined else None

    @property
    def partials(self) -> Partials:
        return Partials(self.buffers.arrays["partials"], self.problem.heads, self.problem.reduce.pairs)

    def attend(self, first: Value, end: Value) -> None:
        """Attend to the positions first <= p < end, at least one."""
        k, schedule = self.k, self.schedule
        self._stage_query()
        elements = schedule.width * schedule.columns
        running = [Running(k, schedule.rows, elements) for _ in range(schedule.sets)]
        with k.loop(first, end, schedule.tile) as tile:
            count = minimum(end - tile, schedule.tile)
            self._score(tile, count)
            k.barrier()
            if schedule.parts > 1:
                self._sum_score_parts(count)
                k.barrier()
            self._sum_values(running, tile, count, end)
            if schedule.parts == 1:
                k.barrier()  # the scores have been read
        join(k, running, schedule.streams, self.exchange)
        with distribute(k, self.stream_threads, "column") as column:
            for row in range(schedule.heads):
                self._write(running[row // schedule.rows], row, column)
        if self.splits is None:
            self.results.code()
            return
        with k.when(self.splits > 1):
            self._join_splits(self.splits)
        if self.problem.codes:
            with k.otherwise():
                self.results.code()

    def _join_splits(self, splits: Value) -> None:
        """Join the splits of the workgroup's heads, in the last of the workgroups that have them."""
        k, problem = self.k, self.problem
        with in_the_last_workgroup(k, self.buffers.arrays["arrivals"], splits):
            plan = self.schedule.join_plan(problem.head_dim)
            join = SplitJoin(k, plan, problem.reduce, splits, self.schedule.heads)
            join.run(self.rows, self.partials, self.results)

    def _stage_query(self) -> None:
        """Write the workgroup's queries to shared memory, scaled here once and for all."""
        k, problem, vectors = self.k, self.problem, self.vectors
        rows, first_head = self.rows, named("first_head", self.rows.head(0))
        with distribute(k, self.schedule.heads * vectors, "at") as at:
            element = first_head * vectors + at
            if rows.ragged:  # surplus rows repeat the last one
                element = rows.head_to_read(at // vectors) * vectors + at % vectors
            self.query[at] = self.buffers.arrays["q"][element] * problem.scoring.query_scale
        k.barrier()

    def _score(self, tile: Value, count: Value) -> None:
        """Write each invocation's part of the scores of a tile; beyond `count` the lowest score."""
        k, schedule, parts = self.k, self.schedule, self.schedule.parts
        part = k.local_id % parts
        with k.loop(k.local_id // parts, schedule.tile, k.workgroup // parts) as position:
            cell = position * parts + part
            cells = [cell + number * (schedule.tile * parts) for number in range(schedule.sets)]
            with k.when(position < count):
                scores = self._dot_products(tile + position, part)
                for number, at in enumerate(cells):
                    score = pack(scores[number * schedule.rows :][: schedule.rows])
                    self.score_parts[at] = self.problem.scoring.finished(score) if parts == 1 else score
            with k.otherwise():
                for at in cells:
                    self.score_parts[at] = LOWEST

    def _dot_products(self, position: Value, part: Value) -> list[Value]:
        """The dot product of every query with those loads of a key that fall to `part`."""
        scores = [self.k.var(0.0, f32, name=f"score_{row}") for row in range(self.schedule.heads)]
        scale = self.keys.scale(position, self.rows.kv_head)
        for load in self._loads(part):
            key = self.keys.unscaled(position, self.rows.kv_head, load, "key")
            element = load * self.keys.vectors
            for row, score in enumerate(scores):
                for at, elements in enumerate(key):
                    score += dot(self.query[element + (row * self.vectors + at)], elements)
        return [score.value() if scale is None else score * scale for score in scores]

    def _loads(self, part: Value) -> Iterable[Value]:
        """The numbers of those loads of a key that fall to `part`."""
        loads, parts = self.keys.loads, self.schedule.parts
        if loads <= UNROLL * parts:
            yield part
            yield from (named("load", part + first) for first in range(parts, loads, parts))
        else:
            with self.k.loop(part, loads, parts) as load:
                yield load

    def _sum_score_parts(self, count: Value) -> None:
        """Add up the parts of each score, which is finished then; what lies beyond `count` stays lowest."""
        k, parts, scoring = self.k, self.schedule.parts, self.problem.scoring
        with distribute(k, self.schedule.sets * self.schedule.tile, "cell") as cell:
            score = self.score_parts[cell * parts]
            for part in range(1, parts):
                score = score + self.score_parts[cell * parts + part]
            if scoring.soft_cap:
                score = select(cell % self.schedule.tile < count, scoring.finished(score), LOWEST)
            self.scores[cell] = score

    def _sum_values(self, running: list[Running], tile: Value, count: Value, end: Value) -> None:
        """Add each stream's values of a tile. Beyond `count` the last row is read, with the lowest score.

        place in the tile   0 1 2 3 | 4 5 6 7 | 8 ..       4 streams, for example
        stream              0 1 2 3 | 0 1 2 3 | 0 ..       UNROLL places of a stream are loaded together
        """
        k, streams = self.k, self.schedule.streams
        stream = k.local_id // self.stream_threads
        column = k.local_id % self.stream_threads
        last = end - 1
        with k.loop(0, count, streams * UNROLL) as first:
            places = [named("place", first + stream + at * streams) for at in range(UNROLL)]
            loads = [self._value(minimum(tile + place, last), column) for place in places]
            for number, state in enumerate(running):
                offset = number * self.schedule.tile
                scores = [named("score", self.scores[place + offset]) for place in places]
                highest = state.see(scores)
                for score, (load, scale) in zip(scores, loads, strict=True):
                    weight = named("weight", exp2(score - highest))
                    elements = [part.lane(i) for part in load for i in range(part.type.lanes)]
                    state.add(weight, elements, scale=scale)

    def _value(self, position: Value, column: Value) -> tuple[list[Value], Value | None]:
        """An invocation's loads of a value, `stream_threads` loads apart, and the row's scale where it has
        one. Past a row's end the last load again."""
        vectors = self.values.unscaled(position, self.rows.kv_head, column, "value")
        for number in range(1, self.schedule.columns):
            load = minimum(column + number * self.stream_threads, self.values.loads - 1)
            vectors += self.values.unscaled(position, self.rows.kv_head, load, "value")
        return vectors, self.values.scale(position, self.rows.kv_head)

    def _write(self, state: Running, row: int, column: Value) -> None:
        with self.rows.where_there(row):
            if not self.problem.split:
                self._write_result(state, row, column)
            elif self.splits is None:
                self._write_partial(state, row, column)
            else:
                with self.k.when(self.splits.equals(1)):
                    self._write_result(state, row, column)
                with self.k.otherwise():
                    self._write_partial(state, row, column)

    def _write_result(self, state: Running, row: int, column: Value) -> None:
        lanes, of_state = self.results.lanes, row % state.rows
        vectors = self.schedule.width // lanes
        for load, own in self._own_loads(column):
            for at, sums in enumerate(state.row(of_state, lanes)[own * vectors :][:vectors]):
                head, result = self.rows.head(row), sums / lane(state.total, of_state)
                self.results.put(row, head, load * vectors + at, result)

    def _write_partial(self, state: Running, row: int, column: Value) -> None:
        start, of_state = self.partials.start(self.k.workgroup_id(1), self.rows.head(row)), row % state.rows
        pairs_of_load = self.schedule.width // 2
        for load, own in self._own_loads(column):
            for at, pair in enumerate(state.row(of_state, 2)[own * pairs_of_load :][:pairs_of_load]):
                self.partials.array[start + load * pairs_of_load + at] = pair
        with self.k.when(column.equals(0)):
            self.partials.put_summary(start, lane(state.maximum, of_state), lane(state.total, of_state))

    def _own_loads(self, column: Value) -> Iterator[tuple[Value, int]]:
        """The loads of a row that an invocation has summed: the number in the row, and among its own.

        The last ones of a row may be fewer than invocations: the body runs for those that are there.
        """
        yield column, 0
        for own in range(1, self.schedule.columns):
            load = column + own * self.stream_threads
            with self.k.when(load < self.values.loads):
                yield load, own
