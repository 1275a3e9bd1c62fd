"""How decode's attention is cut up: query heads, positions and loads of a workgroup's invocations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.reduce_splits import AttentionReduceProblem
from kernelc.kernels.attention.softmax import exchange_cells
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.target import Capabilities

UNROLL = 4  # loads of an invocation that are on their way at once (on an H200, 2 takes 1.3 times as long)
TILE = 64  # positions of a default tile: two or three barriers each


@dataclass(frozen=True)
class AttentionDecodeProblem:
    """Query head h uses key/value head h // (heads / kv_heads).

    `split`: positions that a workgroup takes, the last one fewer; 0: one takes all and writes the result.
    """

    heads: int
    kv_heads: int
    head_dim: int
    kv_dtype: str
    scale: float
    split: int

    @property
    def group(self) -> int:
        """Query heads that share a key/value head."""
        return self.heads // self.kv_heads

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype)

    @property
    def reduce(self) -> AttentionReduceProblem:
        """What joins the splits."""
        return AttentionReduceProblem(self.heads, self.head_dim, self.split)


@dataclass(frozen=True)
class AttentionDecodeSchedule:
    """A workgroup serves `rows` * `sets` query heads, `rows` of them in the lanes of a vector.

    `width`: elements of the cache a load; `streams`: positions whose values are read side by side; `rounds`:
    how often a stream comes round in a tile; `parts`: invocations that share a key.
    """

    rows: int
    sets: int
    width: int
    streams: int
    rounds: int
    parts: int

    @property
    def heads(self) -> int:
        return self.rows * self.sets

    @property
    def tile(self) -> int:
        """Positions whose scores are in shared memory at once."""
        return self.streams * UNROLL * self.rounds

    def threads(self, head_dim: int) -> int:
        return head_dim // self.width * self.streams

    def exchange_cells(self, head_dim: int) -> int:
        """Room for the parts of scores and, later, for joining the streams."""
        parts = self.sets * self.tile * self.parts if self.parts > 1 else 0
        return max(parts, exchange_cells(self.threads(head_dim), self.width))

    def shared_bytes(self, head_dim: int) -> int:
        """Workgroup memory: queries, scores, exchange."""
        return 4 * (self.heads * (head_dim + self.tile) + self.rows * self.exchange_cells(head_dim))

    def fits(self, capabilities: Capabilities, head_dim: int) -> bool:
        threads, shared_bytes = self.threads(head_dim), self.shared_bytes(head_dim)
        return threads <= capabilities.max_threads and shared_bytes <= capabilities.shared_bytes

    def blocks(self, problem: AttentionDecodeProblem) -> int:
        """Workgroups that the query heads of a key/value head take."""
        return -(-problem.group // self.heads)


def every_schedule(
    capabilities: Capabilities, problem: AttentionDecodeProblem
) -> Iterator[AttentionDecodeSchedule]:
    """All that are worth trying."""
    widths, heads = problem.cache.load_widths(), ((1, 1), (2, 1), (4, 1), (4, 2))
    choices = itertools.product(widths, (2, 4, 8, 16, 32), (1, 2, 4), heads, (1, 2, 4))
    for width, streams, rounds, (rows, sets), parts in choices:
        schedule = AttentionDecodeSchedule(rows, sets, width, streams, rounds, parts)
        useful = rows * sets < 2 * problem.group and problem.head_dim // width % parts == 0
        if useful and schedule.fits(capabilities, problem.head_dim):
            yield schedule


def usual_schedule(capabilities: Capabilities, problem: AttentionDecodeProblem) -> AttentionDecodeSchedule:
    """The widest loads, but no more streams than are cheap to join; as many heads as have room."""
    dim, threads = problem.head_dim, 128 if problem.head_dim >= 64 else 64
    widths = problem.cache.load_widths()
    width = next((w for w in widths if threads * w <= 16 * dim), widths[-1])
    streams = max(2, min(16, power_of_two_up_to(threads * width // dim)))
    parts = next(parts for parts in (4, 2, 1) if dim // width % parts == 0)
    rows = min(4, power_of_two_up_to(2 * problem.group - 1))
    choices = itertools.product((2, 1) if problem.group > 4 else (1,), (4, 2, 1))
    wanted = (
        AttentionDecodeSchedule(rows, sets, width, streams, rounds, parts)
        for sets, rounds in choices
        if rounds == 1 or streams * UNROLL * rounds <= TILE
    )
    return next(schedule for schedule in wanted if schedule.fits(capabilities, dim))
