"""How the work of prefill attention is divided: kinds and numbers of tiles, and what is staged at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.parts.staged_rows import cell_elements, row_cells
from kernelc.kir.tile_types import F16, REGISTERS, TileKind
from kernelc.target import Capabilities

# (Elements of a head up to, teams side by side, tiles that each of them scores).
_BY_HEAD_DIM = ((8, 4, 4), (63, 4, 2), (128, 8, 2), (512, 16, 2), (1024, 32, 1))


@dataclass(frozen=True)
class AttentionPrefillSchedule:
    """`teams`: invocations or subgroups of a workgroup, along queries and along keys or elements of a head.

    `tiles`: how many tiles of `kind` a team scores per tile of keys. `chunk`: elements of the head that are
    staged at once for scores. `values`: keys whose values are staged at once; `columns`: for how many of a
    team's sums. 0 stands for all.
    """

    teams: tuple[int, int]
    tiles: int = 1
    kind: TileKind = REGISTERS
    chunk: int = 0
    values: int = 0
    columns: int = 0

    @property
    def rows(self) -> int:
        """Queries of a workgroup."""
        return self.teams[0] * self.kind.m

    @property
    def tile_keys(self) -> int:
        """Keys whose scores are computed at once."""
        return self.teams[1] * self.tiles * self.kind.n

    @property
    def threads(self) -> int:
        """Invocations of a workgroup."""
        return self.teams[0] * self.teams[1] * self.kind.lanes

    @property
    def parts(self) -> int:
        """Invocations that share a query's scores."""
        return self.threads // self.rows

    @property
    def score_stride(self) -> int:
        """16-byte cells from one query's scores to the next; odd, which avoids bank conflicts."""
        return self.tile_keys // 4 | 1

    @property
    def holds_queries(self) -> bool:
        """Whether a team's registers hold its queries; those of a subgroup have room for them."""
        return self.kind.lanes > 1

    @property
    def scored_together(self) -> int:
        """Tiles whose scores a team computes at once; a subgroup lacks the registers for more than one."""
        return 1 if self.holds_queries else self.tiles

    @property
    def value_keys(self) -> int:
        return self.values or self.tile_keys

    @property
    def weights_cells(self) -> int:
        """Cells for the weights; weights in f32 replace their scores and need none."""
        return 0 if self.kind.operand == "f32" else self.rows * row_cells(self.kind, self.tile_keys)

    def depth(self, head_dim: int) -> int:
        """Elements of a head, rounded up to whole tiles; those beyond the last have no effect."""
        return -(-head_dim // self.kind.k) * self.kind.k

    def staged_depth(self, head_dim: int) -> int:
        """Elements of the head staged at once for scores."""
        return self.chunk or self.depth(head_dim)

    def sums(self, head_dim: int) -> int:
        """Tiles of weighted values that a team sums."""
        return -(-head_dim // (self.kind.n * self.teams[1]))

    def value_depth(self, head_dim: int) -> int:
        """Elements of the head whose values are staged at once."""
        columns = self.columns * self.teams[1] * self.kind.n
        return columns or self.depth(head_dim)

    def values_at_once(self, head_dim: int) -> bool:
        """Whether all values of a tile are staged at once."""
        return self.value_keys == self.tile_keys and self.value_depth(head_dim) == self.depth(head_dim)

    def staged_cells(self, head_dim: int) -> int:
        """Cells for queries and keys, or for values, which follow in the same place.

        Queries that registers hold are staged in the place of the keys.
        """
        rows, keys = self.rows, self.tile_keys
        both = max(rows, keys) if self.holds_queries else rows + keys
        factors = both * row_cells(self.kind, self.staged_depth(head_dim))
        return max(factors, self.value_keys * row_cells(self.kind, self.value_depth(head_dim)))

    def shared_bytes(self, head_dim: int) -> int:
        """Bytes of workgroup memory: staged operands, scores, weights, and a few numbers per query."""
        cells = self.staged_cells(head_dim) + self.weights_cells + self.rows * self.score_stride
        shares = self.parts if self.parts > 1 else 0
        return 16 * cells + 4 * self.rows * (shares + 1)

    def fits(self, capabilities: Capabilities, cache: CacheShape) -> bool:
        """Whether a device of these capabilities can run the schedule on this cache."""
        small = self.shared_bytes(cache.head_dim) <= capabilities.shared_bytes
        return small and self.threads <= capabilities.max_threads and self._suits(capabilities, cache)

    def _suits(self, capabilities: Capabilities, cache: CacheShape) -> bool:
        """Whether the tiles suit the cache and the device.

        Matrix units multiply halves in whole tiles. A subgroup has registers for sums of at most 256 elements
        of a head, an invocation for 8 register tiles.
        """
        if self.kind is REGISTERS:
            return self.sums(cache.head_dim) <= 8
        whole = cache.head_dim % self.kind.k == 0 and cache.head_dim <= 256
        offered = self.kind in capabilities.tiles and capabilities.scaled_tiles
        return offered and cache.kind.halves_do and whole


def matrix_units(capabilities: Capabilities, cache: CacheShape) -> Iterator[AttentionPrefillSchedule]:
    """Schedules on matrix units that fit, the best first."""
    for teams, tiles in ((4, 4), (4, 2), (2, 4), (2, 2), (8, 2), (8, 4), (2, 1), (1, 2), (1, 1)):
        schedule = AttentionPrefillSchedule((teams, 1), tiles, F16)
        if schedule.fits(capabilities, cache):
            yield schedule


def register_tiles(capabilities: Capabilities, cache: CacheShape) -> Iterator[AttentionPrefillSchedule]:
    """Schedules with register tiles that fit."""
    teams = itertools.product((1, 2, 4, 8, 16, 32), (4, 8, 16, 32))
    choices = itertools.product(teams, (1, 2, 4), _chunks(cache), (0, 4, 8, 16, 32), (0, 1, 2, 4))
    for each, tiles, chunk, values, columns in choices:
        schedule = AttentionPrefillSchedule(each, tiles, REGISTERS, chunk, values, columns)
        partly = values < schedule.tile_keys and columns < schedule.sums(cache.head_dim)
        if partly and schedule.fits(capabilities, cache):
            yield schedule


def _chunks(cache: CacheShape) -> list[int]:
    """How many elements of a head can be staged at once: whole loads that divide the head evenly."""
    width = max(cache.staged_width, cell_elements(REGISTERS))
    depth = -(-cache.head_dim // 4) * 4
    return [0, *(chunk for chunk in range(width, min(depth // 2, 64) + 1, width) if depth % chunk == 0)]


def usual_registers(capabilities: Capabilities, cache: CacheShape) -> AttentionPrefillSchedule:
    """The default schedule with register tiles, for every even head_dim up to 1024.

    Mostly 32 queries, since short prompts have few, and at most 64 sums of values per invocation. Two tiles
    of scores share the loads of queries. Chunks of 8 elements leave room for that many queries and keys.
    Large cards, whose subgroups have a known size, do better with half the queries and longer chunks where
    heads are narrow: an H200 takes 1.29 times as long with 32 queries of 64 elements, and chunks of 8.
    """
    dim = cache.head_dim
    narrow = AttentionPrefillSchedule((4, 16), 1, REGISTERS, dim // 2, 16)
    if capabilities.subgroup_size and dim in (32, 64) and narrow.fits(capabilities, cache):
        return narrow
    chunk = 0 if dim <= 8 else max((chunk for chunk in _chunks(cache) if chunk <= 8), default=0)
    across, tiles = next((across, tiles) for most, across, tiles in _BY_HEAD_DIM if dim <= most)
    downs = (min(8, 64 // across), 2, 1)
    wanted = (
        AttentionPrefillSchedule((down, across), tiles, REGISTERS, chunk, values, columns)
        for down, columns, values in itertools.product(downs, (0, 4), (0, 32, 16, 8, 4))
    )
    return next(each for each in wanted if each.fits(capabilities, cache))
