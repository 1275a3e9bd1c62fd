"""Attention on a processor: a workgroup is one invocation, which works with vectors of eight.

A workgroup serves all query heads of one key/value head for a few tokens: its *rows*. It advances over the
positions `TILE` at a time, converts their keys and values once for all rows, and then

    scores    of a block of rows by four keys, in registers, lanes added up at the end
    softmax   of each row, with a running maximum (see `kernelc.kernels.attention.softmax`)
    sums      of each row: its vectors are kept in registers while all values of the tile are added

    queries, sums   cell row * vectors + v        rows: token t and head g of the group are row t * group + g
    keys, values    cell position * vectors + v
    scores          cell row * TILE / 4 + q       positions 4 q .. 4 q + 3 of the tile
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.ir.coded_rows import GROUP, CodedRows
from kernelc.kernels import step_block
from kernelc.kernels.attention.cache import CacheRows, CacheShape
from kernelc.kernels.attention.decode.head_results import Partials
from kernelc.kernels.attention.softmax import LOWEST, Scoring
from kernelc.kernels.parts.coded_groups import coded_group, store_group
from kernelc.kernels.parts.wide_rows import WIDE, works_wide
from kernelc.kir.functions import (
    concat,
    dot,
    exp2,
    fma,
    maximum,
    minimum,
    named,
    select,
    splat,
    vector,
)
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x4, f32x8
from kernelc.kir.values import Operators, Value
from kernelc.target import Capabilities

TILE = 32  # positions, whose scores, keys and values are in the first cache
_KEYS = 4  # of a block of scores
_MOST_SUMS = 8  # vectors of a row's sums in registers at once


@dataclass(frozen=True)
class WideSchedule:
    """`tokens` of a workgroup; decoding has one."""

    tokens: int

    @property
    def tile(self) -> int:
        """Positions that are seen at once."""
        return TILE


def fits_wide(capabilities: Capabilities, shape: CacheShape, rows: int) -> bool:
    """Whether so many rows run on a processor: heads are whole vectors, and all of it is in shared memory."""
    small = wide_shared_bytes(shape, rows) <= capabilities.shared_bytes
    return shape.head_dim % WIDE == 0 and works_wide(capabilities) and small


def wide_shared_bytes(shape: CacheShape, rows: int) -> int:
    """Bytes of shared memory for heads of whole vectors: queries and sums of the rows, keys and values of a
    tile, and the rows' scores, maxima and totals."""
    return 4 * (shape.head_dim * (2 * rows + 2 * TILE) + rows * (TILE + 2))


def wide_access_types(shape: CacheShape) -> dict[str, Type]:
    """The element types of all bindings."""
    cached = shape.kind.load_type(WIDE)
    return {"q": f32x8, "out": f32x8, "k_cache": cached, "v_cache": cached}


class WideAttention:
    """One kernel being traced: `tokens` tokens from `first_token` on, for the query heads of `kv_head`."""

    def __init__(
        self,
        k: Tracer,
        arrays: Mapping[str, Array],
        shape: CacheShape,
        scoring: Scoring,
        group: int,
        tokens: int,
        kv_head: Value,
        first_token: Value,
        coded: CodedRows | None = None,
    ) -> None:
        self.k, self.arrays, self.shape, self.scoring = k, arrays, shape, scoring
        self.coded = coded  # the layout of the result of a single token, where it is coded
        self.group, self.tokens, self.kv_head, self.first_token = group, tokens, kv_head, first_token
        self.vectors, self.rows = shape.head_dim // WIDE, tokens * group
        self.queries = k.shared("queries", f32x8, self.rows * self.vectors)
        self.sums = k.shared("sums", f32x8, self.rows * self.vectors)
        self.keys = k.shared("keys", f32x8, TILE * self.vectors)
        self.values = k.shared("values", f32x8, TILE * self.vectors)
        self.scores = k.shared("scores", f32x4, self.rows * (TILE // 4))
        self.maxima = k.shared("maxima", f32, self.rows)
        self.totals = k.shared("totals", f32, self.rows)
        self.zeros = splat(k.constant(0.0, f32), WIDE)
        self.ones = splat(k.constant(1.0, f32), WIDE)

    @property
    def _together(self) -> int:
        """Rows of a block of scores."""
        return next(rows for rows in (3, 2, 1) if self.rows % rows == 0)

    def attend(self, first: Value, end: Value) -> None:
        """Attend to the positions first <= p < end, at least one, as far as each row sees them."""
        k = self.k
        self._stage_queries()
        with k.loop(first, end, TILE) as tile:
            self._stage(CacheRows.of(self.arrays, "k_cache", self.shape, WIDE), self.keys, tile, end)
            self._stage(CacheRows.of(self.arrays, "v_cache", self.shape, WIDE), self.values, tile, end)
            with k.loop(0, self.rows, self._together) as row:
                self._score(tile, row, end)
            with k.loop(0, self.rows) as row:
                self._add(row, self._weigh(row))

    def element(self, row: Value) -> Value:
        """The vector of q and out at which a row begins."""
        token = step_block.rows(self.k).clamped(self._token(row))
        heads = self.shape.kv_heads * self.group
        return (token * heads + self._head(row)) * self.vectors

    def _token(self, row: Value) -> Value:
        return self.first_token if self.tokens == 1 else self.first_token + row // self.group

    def _head(self, row: Value) -> Value:
        return self.kv_head * self.group + row % self.group

    def write(self) -> None:
        """Write the results of all rows whose tokens there are."""
        k = self.k
        if self.coded is not None:
            self._write_coded(self.coded)
            return
        with k.loop(0, self.rows) as row, k.when(step_block.rows(k).include(self._token(row))):
            start = self.element(row)
            factor = splat(1.0 / self.totals[row], WIDE)
            for at in range(self.vectors):
                self.arrays["out"][start + at] = self.sums[row * self.vectors + at] * factor

    def _write_coded(self, coded: CodedRows) -> None:
        """Code the results of the heads of a single token, each of which is whole groups."""
        k, groups, vectors = self.k, self.shape.head_dim // GROUP, GROUP // WIDE
        with k.loop(0, self.rows) as row:
            factor = splat(1.0 / self.totals[row], WIDE)
            with k.loop(0, groups) as own:
                group = self._head(row) * groups + own
                fours: list[Value] = []
                for at in range(vectors):
                    results = self.sums[(row * groups + own) * vectors + at] * factor
                    lanes = [results.lane(lane) for lane in range(WIDE)]
                    fours += [vector(*lanes[:4]), vector(*lanes[4:])]
                made = coded_group(fours, coded.terms, native=True)
                store_group(self.arrays["coded"], coded, 0, group, made, k.constant(0.0, f32))

    def write_partials(self, partials: Partials, split: Value) -> None:
        """Write sums, maximum and total of all rows as pairs: the results of splits are joined later."""
        k = self.k
        with k.loop(0, self.rows) as row:
            start = partials.start(split, self._head(row))
            for at in range(self.vectors):
                sums = self.sums[row * self.vectors + at]
                for pair in range(WIDE // 2):
                    both = vector(sums.lane(2 * pair), sums.lane(2 * pair + 1))
                    partials.array[start + (at * (WIDE // 2) + pair)] = both
            partials.put_summary(start, self.maxima[row], self.totals[row])

    def join_splits(self, partials: Partials, splits: Value) -> None:
        """Put the partial results of all splits in the place of one's own, and write the rows' results."""
        k = self.k
        with k.loop(0, self.rows) as row:
            highest = k.var(LOWEST, f32, name="highest")
            with k.loop(0, splits) as split:
                start = partials.start(split, self._head(row))
                k.assign(highest, maximum(highest, partials.array[start + (partials.pairs - 1)].x))
            total = k.var(0.0, f32, name="total")
            for at in range(self.vectors):
                self.sums[row * self.vectors + at] = self.zeros
            with k.loop(0, splits) as split:
                start = partials.start(split, self._head(row))
                summary = partials.array[start + (partials.pairs - 1)]
                weight = named("weight", exp2(summary.x - highest))
                total += weight * summary.y
                for at in range(self.vectors):
                    first = start + at * (WIDE // 2)
                    low, high, *others = (partials.array[first + pair] for pair in range(WIDE // 2))
                    sums = concat(concat(low, high), concat(*others))
                    cell = row * self.vectors + at
                    self.sums[cell] = fma(sums, splat(weight, WIDE), self.sums[cell])
            self.totals[row] = total
        self.write()

    def _stage_queries(self) -> None:
        k = self.k
        with k.loop(0, self.rows) as row:
            start = self.element(row)
            scale = splat(k.constant(self.scoring.query_scale, f32), WIDE)
            for at in range(self.vectors):
                self.queries[row * self.vectors + at] = self.arrays["q"][start + at] * scale
                self.sums[row * self.vectors + at] = self.zeros
            self.maxima[row] = LOWEST
            self.totals[row] = 0.0

    def _stage(self, cache: CacheRows, cells: Array, tile: Value, end: Value) -> None:
        """Convert a tile of a cache; positions beyond the last repeat it."""
        with self.k.loop(0, TILE) as position:
            eights = cache.eights(minimum(tile + position, end - 1), self.kv_head)
            for at, eight in enumerate(eights):
                cells[position * self.vectors + at] = eight

    def _score(self, tile: Value, row: Value, end: Value) -> None:
        """Score all keys of the tile for a block of rows; what a row does not see gets the lowest score."""
        k, together = self.k, self._together
        rows = [row + at if at else row for at in range(together)]
        last, first = zip(*(self._seen(each, end) for each in rows), strict=True)
        with k.loop(0, TILE // _KEYS) as quad:
            sums = [
                [k.var(self.zeros, name=f"sum_{r}{key}") for key in range(_KEYS)] for r in range(together)
            ]
            with k.loop(0, self.vectors) as at:
                queries = [self.queries[each * self.vectors + at] for each in rows]
                for key in range(_KEYS):
                    elements = self.keys[(quad * _KEYS + key) * self.vectors + at]
                    for r, query in enumerate(queries):
                        k.assign(sums[r][key], fma(query, elements, sums[r][key].value()))
            position = tile + quad * _KEYS
            for r, four in enumerate(sums):
                score = self.scoring.finished(vector(*(dot(each, self.ones) for each in four)))
                lanes = [
                    select(self._sees(position + key, first[r], last[r]), score.lane(key), LOWEST)
                    for key in range(_KEYS)
                ]
                self.scores[rows[r] * (TILE // _KEYS) + quad] = vector(*lanes)

    def _seen(self, row: Value, end: Value) -> tuple[Value, Value | None]:
        """The end of the positions that a row sees, and the first where that is not 0."""
        position = step_block.rows(self.k).position(step_block.rows(self.k).clamped(self._token(row)))
        return minimum(position + 1, end), self.scoring.first_seen(position)

    def _sees(self, position: Value, first: Value | None, last: Value) -> Value:
        seen = position < last
        return seen if first is None else select(position < first, position < 0, seen)

    def _weigh(self, row: Value) -> Value:
        """Replace a row's scores by weights relative to its new maximum; returns what rescales its sums."""
        k, quads = self.k, TILE // 4
        highest = k.var(self.scores[row * quads], name="highest_of_four")
        with k.loop(1, quads) as quad:
            k.assign(highest, maximum(highest, self.scores[row * quads + quad]))
        pairs = [maximum(highest.lane(at), highest.lane(at + 2)) for at in range(2)]
        new = named("greatest", maximum(self.maxima[row], maximum(*pairs)))
        rescale = named("rescale", exp2(self.maxima[row] - new))
        total = k.var(0.0, f32x4, name="total")
        with k.loop(0, quads) as quad:
            weights = named("weights", exp2(self.scores[row * quads + quad] - splat(new, 4)))
            self.scores[row * quads + quad] = weights
            total += weights
        added = total.x + total.y + (total.z + total.w)
        self.totals[row] = fma(self.totals[row], rescale, added)
        self.maxima[row] = new
        return rescale

    def _add(self, row: Value, rescale: Operators) -> None:
        """Rescale a row's sums and add the weighted values of the tile, a few vectors at a time."""
        k = self.k
        for begin in range(0, self.vectors, _MOST_SUMS):
            columns = range(begin, min(begin + _MOST_SUMS, self.vectors))
            start = row * self.vectors
            factor = splat(rescale, WIDE)
            sums = [k.var(self.sums[start + at] * factor, name=f"sum_{at}") for at in columns]
            with k.loop(0, TILE // 4) as quad:
                four = self.scores[row * (TILE // 4) + quad]
                for lane in range(4):
                    weight = splat(four.lane(lane), WIDE)
                    value = (quad * 4 + lane) * self.vectors
                    for at, total in zip(columns, sums, strict=True):
                        k.assign(total, fma(self.values[value + at], weight, total.value()))
            for at, total in zip(columns, sums, strict=True):
                self.sums[start + at] = total
