"""How the work of decode attention is divided among the invocations of workgroups."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from kernelc.ir.coded_rows import CodedRows
from kernelc.kernels.attention.cache import CacheShape, require_heads
from kernelc.kernels.attention.decode.head_results import HeadResults, require_codes
from kernelc.kernels.attention.decode.join_splits import JoinPlan
from kernelc.kernels.attention.decode.reduce_splits import AttentionReduceProblem
from kernelc.kernels.attention.softmax import Scoring, exchange_cells
from kernelc.kernels.parts.reduce import power_of_two_up_to
from kernelc.kernels.stored_problem import require
from kernelc.target import Capabilities

UNROLL = 4  # loads that an invocation has in flight at once (with 2, an H200 takes 1.3 times as long)
TILE = 64  # positions of a default tile, which costs two or three barriers


@dataclass(frozen=True)
class AttentionDecodeProblem:
    """Query head h uses key/value head h // (heads / kv_heads).

    `split`: positions that a workgroup takes, the last one fewer; 0: one takes all and writes the result.
    With a `window`, splits begin with the first position that is seen. `window`, `soft_cap`: see `Scoring`;
    `ring`: see `CacheShape`. `joined`: the last workgroup of a head joins its splits, see `join_splits`.
    `codes`: terms of the coded row that the result is (`kernelc.ir.coded_rows`); 0: it is f32.
    """

    heads: int
    kv_heads: int
    head_dim: int
    kv_dtype: str
    scale: float
    split: int
    window: int = 0
    soft_cap: float = 0.0
    ring: int = 0
    joined: bool = False
    codes: int = 0

    def __post_init__(self) -> None:
        """Raise ShapeError where the numbers do not fit each other."""
        require_heads(self.heads, self.cache)
        require(not self.joined or self.split > 0, self, "splits to join")
        require_codes(self, self.head_dim, self.codes)
        require(not self.codes or self.joined or not self.split, self, "codes where there is a result")
        require(not self.ring or 1 <= self.window <= self.ring, self, "a ring that holds the window")

    @property
    def scoring(self) -> Scoring:
        return Scoring(self.scale, self.window, self.soft_cap)

    @property
    def group(self) -> int:
        """Query heads that share a key/value head."""
        return self.heads // self.kv_heads

    @property
    def cache(self) -> CacheShape:
        return CacheShape(self.kv_heads, self.head_dim, self.kv_dtype, self.ring)

    @property
    def coded(self) -> CodedRows | None:
        """The layout of the result, where it is coded."""
        return CodedRows(self.heads * self.head_dim, self.codes) if self.codes else None

    @property
    def reduce(self) -> AttentionReduceProblem:
        """The problem of the kernel that joins the splits."""
        return AttentionReduceProblem(self.heads, self.head_dim, self.split, self.window, self.codes)


@dataclass(frozen=True)
class AttentionDecodeSchedule:
    """A workgroup serves `rows` * `sets` query heads, `rows` of them in the lanes of a vector.

    `width`: elements of the cache per load; `streams`: positions whose values are read side by side;
    `rounds`: how often a stream comes round in a tile; `parts`: invocations that share a key; `columns`:
    loads of a value that an invocation takes, more than one where a head has more loads than a workgroup has
    invocations.
    """

    rows: int
    sets: int
    width: int
    streams: int
    rounds: int
    parts: int
    columns: int = 1

    @property
    def heads(self) -> int:
        return self.rows * self.sets

    @property
    def tile(self) -> int:
        """Positions whose scores shared memory holds at once."""
        return self.streams * UNROLL * self.rounds

    def stream_threads(self, head_dim: int) -> int:
        """Invocations that read a value together; the last may have fewer loads of it than `columns`."""
        return -(-head_dim // (self.width * self.columns))

    def threads(self, head_dim: int) -> int:
        """Invocations of a workgroup."""
        return self.stream_threads(head_dim) * self.streams

    def exchange_cells(self, head_dim: int) -> int:
        """Length of the shared array that holds the parts of scores and, at the end, joins the streams."""
        parts = self.sets * self.tile * self.parts if self.parts > 1 else 0
        return max(parts, exchange_cells(self.threads(head_dim), self.width * self.columns))

    def shared_bytes(self, problem: AttentionDecodeProblem) -> int:
        """Bytes of workgroup memory: queries, scores, exchange, and what joining and coding take."""
        dim = problem.head_dim
        joining = self.join_plan(dim).shared_bytes if problem.joined else 0
        coding = HeadResults.shared_bytes(self.heads, dim, problem.codes)
        return joining + coding + 4 * (self.heads * (dim + self.tile) + self.rows * self.exchange_cells(dim))

    def fits(self, capabilities: Capabilities, problem: AttentionDecodeProblem) -> bool:
        head_dim = problem.head_dim
        threads, shared_bytes = self.threads(head_dim), self.shared_bytes(problem)
        small = threads <= capabilities.max_threads and shared_bytes <= capabilities.shared_bytes
        return small and head_dim // self.width % self.parts == 0 and threads % self.parts == 0

    def join_plan(self, head_dim: int) -> JoinPlan:
        return JoinPlan(self.heads, head_dim, self.threads(head_dim))

    def blocks(self, problem: AttentionDecodeProblem) -> int:
        """Workgroups that the query heads of one key/value head take."""
        return -(-problem.group // self.heads)


def every_schedule(
    capabilities: Capabilities, problem: AttentionDecodeProblem
) -> Iterator[AttentionDecodeSchedule]:
    """All schedules that are worth trying."""
    widths, heads = problem.cache.load_widths(), ((1, 1), (2, 1), (4, 1), (4, 2))
    choices = itertools.product(widths, (2, 4, 8, 16, 32), (1, 2, 4), heads, (1, 2, 4))
    for width, streams, rounds, (rows, sets), parts in choices:
        schedule = AttentionDecodeSchedule(rows, sets, width, streams, rounds, parts)
        if rows * sets < 2 * problem.group and schedule.fits(capabilities, problem):
            yield schedule
    yield from _for_wide_heads(capabilities, problem)


def _for_wide_heads(
    capabilities: Capabilities, problem: AttentionDecodeProblem
) -> Iterator[AttentionDecodeSchedule]:
    """Schedules that need little shared memory and few invocations, the best first."""
    most = power_of_two_up_to(2 * problem.group - 1)
    choices = itertools.product((1, 2, 4, 8), (4, 2, 1), (2, 1), problem.cache.load_widths(), (4, 2, 1))
    for columns, rows, streams, width, parts in choices:
        schedule = AttentionDecodeSchedule(rows, 1, width, streams, 1, parts, columns)
        enough = rows <= most and schedule.threads(problem.head_dim) >= 32
        if enough and schedule.fits(capabilities, problem):
            yield schedule


def usual_schedule(capabilities: Capabilities, problem: AttentionDecodeProblem) -> AttentionDecodeSchedule:
    """The widest loads, but no more streams than are cheap to join; as many heads as fit.

    There is one for every even head_dim up to 1024, on every device that WebGPU admits.
    """
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
    fitting = (schedule for schedule in wanted if schedule.fits(capabilities, problem))
    return next(itertools.chain(fitting, _for_wide_heads(capabilities, problem)))
