"""Attention of a chunk of new positions over a KV cache of halves, on matrix units.

A subgroup takes 16 queries, a workgroup several subgroups' and all of them the same tiles of keys. Of each
tile the matrix units give scores, which go through shared memory: there two invocations a query find its
maximum, and turn scores into weights. Those, in f16, multiply the values. Queries stay in registers as
operands, and the sums as sums, which are rescaled by rows where a greater score comes along.

Source: Dao et al., FlashAttention (2022): tiles, online softmax, nothing of size seq x past in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.kernels.cache import CacheShape
from kernelc.kernels.deal import deal
from kernelc.kernels.panel import Panel, row_cells, saturated
from kernelc.kernels.softmax import LOG2_E, LOWEST
from kernelc.kernels.spec import Binding
from kernelc.kir.functions import exp2, maximum, minimum, named, select, vector
from kernelc.kir.nodes import Value
from kernelc.kir.tile import Tile, TileSum, load_tile
from kernelc.kir.tile_types import F16, TileKind
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, f32x4, u32, u32x4
from kernelc.target import Capabilities

PARTS = 2  # invocations that share a query's scores


@dataclass(frozen=True)
class AttentionTilesSchedule:
    """`teams`: subgroups of a workgroup; `tile_keys`: keys whose scores are computed at once."""

    teams: int
    tile_keys: int
    kind: TileKind = F16

    @property
    def rows(self) -> int:
        """Queries of a workgroup."""
        return self.teams * self.kind.m

    @property
    def score_stride(self) -> int:
        """16-byte cells from one query's scores to the next: odd, against bank conflicts."""
        return self.tile_keys // 4 | 1

    def tile(self, head_dim: int) -> int:
        """Keys whose scores are computed at once."""
        return self.tile_keys

    def threads(self, head_dim: int) -> int:
        """Invocations of a workgroup."""
        return self.teams * self.kind.lanes

    def shared_bytes(self, head_dim: int) -> int:
        """Keys or values (at first the queries), scores, weights, and two numbers a query."""
        staged = max(self.rows, self.tile_keys) * row_cells(self.kind, head_dim)
        weights = self.rows * row_cells(self.kind, self.tile_keys)
        return 16 * (staged + self.rows * self.score_stride + weights) + 4 * self.rows * (PARTS + 1)

    def fits(self, capabilities: Capabilities, cache: CacheShape) -> bool:
        """Whether a device of these capabilities runs it on this cache, whose numbers are halves already."""
        whole = cache.head_dim % self.kind.k == 0 and cache.kv_dtype == "f16"
        small = self.shared_bytes(cache.head_dim) <= capabilities.shared_bytes
        registers = cache.head_dim <= 256  # a subgroup keeps 16 sums of so many elements
        threads = self.threads(cache.head_dim) <= capabilities.max_threads
        offered = self.kind in capabilities.tiles and capabilities.scaled_tiles
        return offered and whole and small and registers and threads


def tile_schedules(capabilities: Capabilities, cache: CacheShape) -> Iterator[AttentionTilesSchedule]:
    """Those that fit, the best first."""
    for teams, keys in ((4, 64), (4, 32), (2, 64), (2, 32), (8, 32), (8, 64), (2, 16), (1, 32), (1, 16)):
        schedule = AttentionTilesSchedule(teams, keys)
        if schedule.fits(capabilities, cache):
            yield schedule


class TiledPrefill:
    """The kernel's buffers and places, and its steps."""

    def __init__(
        self,
        k: Tracer,
        cache: CacheShape,
        heads: int,
        scale: float,
        schedule: AttentionTilesSchedule,
        bindings: tuple[Binding, ...],
    ) -> None:
        self.k, self.cache, self.heads, self.scale, self.schedule = k, cache, heads, scale, schedule
        types = {"q": f32x4, "out": f32x4, "k_cache": u32x4, "v_cache": u32x4}
        self.arrays = {b.name: k.buffer(b.name, types[b.name], b.access) for b in bindings}
        self.head_dim, kind, keys = cache.head_dim, schedule.kind, schedule.tile_keys
        staged_rows = max(schedule.rows, keys)
        staged = k.shared("staged", u32x4, staged_rows * row_cells(kind, self.head_dim))
        self.staged = Panel(staged, kind, 0, staged_rows, self.head_dim)
        weights = k.shared("weights", u32x4, schedule.rows * row_cells(kind, keys))
        self.weights = Panel(weights, kind, 0, schedule.rows, keys)
        self.scores = k.shared("scores", f32x4, schedule.rows * schedule.score_stride)
        self.shares = k.shared("shares", f32, schedule.rows * PARTS)
        self.factors = k.shared("factors", f32, schedule.rows)

    def attend(self, first_row: Value) -> None:
        """The workgroup's block of queries, of one head."""
        k, schedule = self.k, self.schedule
        head = k.workgroup_id(1)
        kv_head = head // (self.heads // self.cache.kv_heads)
        end = k.param("past") + minimum(first_row + schedule.rows, k.param("seq"))
        self._stage_queries(first_row, head)
        k.barrier()
        team_row = k.subgroup_id * schedule.kind.m
        steps = range(self.head_dim // schedule.kind.k)
        queries = [self.staged.tile("a", team_row, step, f"query_{step}") for step in steps]
        sums = [TileSum(schedule.kind, f"sum_{step}") for step in steps]
        softmax = _Softmax(self, first_row)
        with k.loop(0, end, schedule.tile_keys) as tile:
            k.barrier()  # what was staged before has been read
            self._stage(self.arrays["k_cache"], tile, end, kv_head)
            k.barrier()
            self._score(queries, team_row)
            k.barrier()
            self._stage(self.arrays["v_cache"], tile, end, kv_head)
            softmax.weigh(tile)
            k.barrier()
            self._sum_values(sums, team_row)
        softmax.finish()
        self._write(sums, team_row, first_row, head)

    def _stage_queries(self, first_row: Value, head: Value) -> None:
        """Scaled, so that scores come out in powers of two. Rows beyond the last repeat it."""
        k, cells = self.k, self.head_dim // 8
        with deal(k, self.schedule.rows * cells, "at") as at:
            row = at // cells
            cell = at % cells
            token = minimum(first_row + row, k.param("seq") - 1)
            first = ((token * self.heads + head) * cells + cell) * 2
            both = [self.arrays["q"][first + half] * (self.scale * LOG2_E) for half in range(2)]
            self.staged.put(row, cell, [saturated(four) for four in both])

    def _stage(self, cache: Array, tile: Value, end: Value, kv_head: Value) -> None:
        """A tile's keys or values as they are stored. Positions beyond the last repeat it."""
        cells = self.head_dim // 8
        with deal(self.k, self.schedule.tile_keys * cells, "at") as at:
            key = at // cells
            cell = at % cells
            position = minimum(tile + key, end - 1)
            stored = cache[(position * self.cache.kv_heads + kv_head) * cells + cell]
            self.staged.put_cells(key, cell, [stored])

    def _score(self, queries: list[Tile], team_row: Value) -> None:
        """Of the subgroup's queries with all keys of the tile."""
        k, schedule, kind = self.k, self.schedule, self.schedule.kind
        first = team_row * schedule.score_stride
        with k.loop(0, schedule.tile_keys // kind.n) as column:
            score = TileSum(kind, "score")
            for step, query in enumerate(queries):
                score.add(query, self.staged.tile("b", column * kind.n, step, "key"))
            score.store(self.scores, first + column * (kind.n // 4), schedule.score_stride)

    def _sum_values(self, sums: list[TileSum], team_row: Value) -> None:
        k, kind = self.k, self.schedule.kind
        for sum in sums:
            sum.scale_rows(self.factors, team_row)
        with k.loop(0, self.schedule.tile_keys // kind.k) as step:
            weights = self.weights.tile("a", team_row, step, "weight")
            first = step * (kind.k * self.staged.stride)
            for column, sum in enumerate(sums):
                place = first + column * (kind.n // 8) if column else first
                stride = self.staged.stride
                sum.add(weights, load_tile(kind, "b", self.staged.array, place, stride, name="value"))

    def _write(self, sums: list[TileSum], team_row: Value, first_row: Value, head: Value) -> None:
        """Through the memory of the scores, as many columns at a time as there are keys in a tile."""
        k, schedule, kind = self.k, self.schedule, self.schedule.kind
        width = schedule.tile_keys // kind.n
        for first in range(0, len(sums), width):
            if first:
                k.barrier()
            some = sums[first : first + width]
            for column, sum in enumerate(some):
                sum.scale_rows(self.factors, team_row)
                place = team_row * schedule.score_stride + column * (kind.n // 4)
                sum.store(self.scores, place, schedule.score_stride)
            k.barrier()
            cells = len(some) * kind.n // 4
            with deal(k, schedule.rows * cells, "at") as at:
                row = at // cells
                cell = at % cells
                token = first_row + row
                with k.when(token < k.param("seq")):
                    place = (token * self.heads + head) * (self.head_dim // 4) + cell
                    result = self.scores[row * schedule.score_stride + cell]
                    self.arrays["out"][place + first * (kind.n // 4)] = result


class _Softmax:
    """The running maximum and total of a query, in the registers of the invocations that share it: each has a
    part of every tile's keys, and the total of what it saw itself.

    Source: Milakov and Gimelshein, Online normalizer calculation for softmax (2018).
    """

    def __init__(self, prefill: TiledPrefill, first_row: Value) -> None:
        self.prefill, k = prefill, prefill.k
        rows = prefill.schedule.rows
        row = k.local_id % rows
        part = k.local_id // rows
        self.row, self.part = row, part
        self.position = named("own_position", k.param("past") + first_row + row)
        self.keys = prefill.schedule.tile_keys // PARTS
        self.maximum = k.var(LOWEST, f32, name="maximum")
        self.total = k.var(0.0, f32, name="total")

    def weigh(self, tile: Value) -> None:
        """The tile's scores become weights relative to the greatest score so far; `factors` bring what was
        summed before to the same."""
        k, prefill = self.k, self.prefill
        scores = self._masked(tile)
        own = scores[0]
        for score in scores[1:]:
            own = maximum(own, score)
        prefill.shares[k.local_id] = maximum(maximum(own.x, own.y), maximum(own.z, own.w))
        k.barrier()
        highest = maximum(self.maximum, self._other(prefill.shares[self.row]))
        rescale = exp2(self.maximum - highest)
        self.total *= rescale
        k.assign(self.maximum, highest)
        with k.when(self.part.equals(0)):
            prefill.factors[self.row] = rescale
        weights = [named("weight", exp2(score - highest)) for score in scores]
        for weight in weights:
            self.total += weight.x + weight.y + (weight.z + weight.w)
        prefill.weights.put(self.row, self.part * (self.keys // 8), weights)

    @property
    def k(self) -> Tracer:
        return self.prefill.k

    def _masked(self, tile: Value) -> list[Value]:
        """The part's scores; positions after the query's own count for nothing."""
        k, schedule = self.k, self.prefill.schedule
        cell = self.row * schedule.score_stride + self.part * (self.keys // 4)
        first = tile + self.part * self.keys
        four = first + vector(*(k.constant(at, u32) for at in range(4)))
        found: list[Value] = []
        for at in range(self.keys // 4):
            seen = (four + at * 4 if at else four) <= self.position
            found.append(named("score", select(seen, self.prefill.scores[cell + at], LOWEST)))
        return found

    def _other(self, first: Value) -> Value:
        """The greatest of the parts' shares."""
        for part in range(1, PARTS):
            first = maximum(first, self.prefill.shares[self.row + part * self.prefill.schedule.rows])
        return first

    def finish(self) -> None:
        """`factors` become what brings sums of weighted values to their mean."""
        k, prefill = self.k, self.prefill
        k.barrier()  # the factors of the last tile have been read
        prefill.shares[k.local_id] = self.total
        k.barrier()
        with k.when(self.part.equals(0)):
            total = prefill.shares[self.row]
            for part in range(1, PARTS):
                total = total + prefill.shares[self.row + part * prefill.schedule.rows]
            prefill.factors[self.row] = 1.0 / total
        k.barrier()
