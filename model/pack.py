"""Packing a checkpoint's matrices into an artifact, a block of rows at a time.

Whatever the checkpoint's size, memory holds a few blocks of `BLOCK_BYTES` and the side arrays of one matrix.
As many threads quantise as the process may use cores: numpy works outside the interpreter's lock. Blocks are
written in order, so the bytes do not depend on how many there are.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.artifact import WeightsWriter
from kernelc.artifact.shards import Chunk
from kernelc.errors import InternalError
from kernelc.ir.formats import F32, QUANTS, Array, Packed, groups_of
from kernelc.ir.packed_matrix import PackedMatrix
from model.families.family import WeightRoles
from model.quantize import check_weights, quantize
from model.row_source import RowSource

BLOCK_BYTES = 16 * 2**20
"""Most bytes of f32 weights that are quantised at once, by each thread."""
_MOST_WORKERS = 16  # each needs some 60 MB

_RANDOM_TILE_BYTES = 4 * 2**20

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total), in bytes of packed weights."""


def pack_matrices(
    weights: WeightsWriter,
    matrices: Iterable[PackedMatrix],
    source: RowSource,
    progress: Progress | None = None,
    *,
    roles: WeightRoles | None = None,
    workers: int | None = None,
) -> None:
    """Quantise every matrix from `source` into `NAME.quants` and the side arrays of its format.

    `roles` says which weights are the output layer and the norm before it; without it no column of any
    matrix counts more than another. Matrices that `weights` has already are left out. `workers` is the number
    of threads; None stands for one for each core.
    Memory: some 60 MB for each thread, besides the side arrays of the largest matrix (one or two f16 for 32
    of its weights).
    Raises CheckpointError or QuantizeError, naming the tensor, for weights that are not finite or do not fit.
    """
    listed = list(matrices)
    report = _Report(listed, "packing weights", progress)
    count = workers or cores()
    missing = [matrix for matrix in listed if not _is_done(weights, matrix)]
    report.begin(sum(_unpadded_bytes(matrix) for matrix in listed if matrix not in missing))
    with ThreadPoolExecutor(count) as pool:
        jobs = (
            job
            for matrix in missing
            for job in _jobs(matrix, source, _importance(matrix, listed, source, roles) if roles else None)
        )
        blocks = _in_order(pool, jobs, count)
        for matrix in missing:
            _write(weights, matrix, islice(blocks, -(-matrix.stored_rows // _block_rows(matrix))), report)
            weights.checkpoint()


def cores() -> int:
    """Return how many threads quantise: one for each core that this process may use, within reason."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)


def _is_done(weights: WeightsWriter, matrix: PackedMatrix) -> bool:
    return all(weights.has(array.name) for array in matrix.stored_arrays.values())


def random_matrices(
    weights: WeightsWriter,
    matrices: Iterable[PackedMatrix],
    seed: int,
    progress: Progress | None = None,
) -> None:
    """Fill every matrix with random weights of variance 1/cols, the same for the same seed: for measuring
    speed.

    For each format and width one random tile is quantised and repeated, and each row is scaled by a factor of
    its own.
    """
    listed = list(matrices)
    report = _Report(listed, "making random weights", progress)
    tiles: dict[tuple[str, int], Packed] = {}
    for matrix in listed:
        key = (matrix.format, matrix.cols)
        if key not in tiles:
            tiles[key] = _random_tile(*key, seed)
        _write(weights, matrix, _random_blocks(matrix, tiles[key], seed), report)


def _write(weights: WeightsWriter, matrix: PackedMatrix, blocks: Iterator[Packed], report: _Report) -> None:
    """Stream the quants into the shards and keep the side arrays, which follow as tensors of their own."""
    kept: list[tuple[Array, ...]] = []
    size = 0

    def quants() -> Iterator[Chunk]:
        nonlocal size
        for block in blocks:
            kept.append(block.sides)
            size += block.quants.nbytes
            yield block.quants
            report.add(block.nbytes)
        if size < stored[QUANTS].bytes:
            yield bytes(stored[QUANTS].bytes - size)

    shape, stored = (matrix.stored_rows, matrix.cols), matrix.stored_arrays
    weights.add(stored[QUANTS].name, stored[QUANTS].encoding, shape, quants())
    for at, side in enumerate(matrix.form.sides):
        data = side.to_bytes(np.concatenate([sides[at] for sides in kept]))
        weights.add(stored[side.name].name, stored[side.name].encoding, shape, [data])


class _Report:
    """Adds up what is done and tells `progress`. The padding of stored arrays is not counted."""

    def __init__(self, matrices: Sequence[PackedMatrix], what: str, progress: Progress | None) -> None:
        self.what = what
        self.progress = progress
        self.total = sum(_unpadded_bytes(matrix) for matrix in matrices)
        self.done = 0

    def begin(self, size_bytes: int) -> None:
        """Say what is done already, so that the time that remains is estimated from there."""
        self.done = size_bytes
        if self.progress is not None and size_bytes:
            self.progress(self.what, self.done, self.total)

    def add(self, size_bytes: int) -> None:
        self.done += size_bytes
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)


def _unpadded_bytes(matrix: PackedMatrix) -> int:
    groups = matrix.stored_rows * groups_of(matrix.cols)
    sides = sum(side.element_bytes for side in matrix.form.sides)
    return groups * (4 * matrix.form.words_per_group + sides)


# ---- from a checkpoint ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Span:
    """Rows begin..end of the concatenated sources, which are those of one tensor."""

    name: str
    begin: int
    end: int


def _spans(matrix: PackedMatrix, source: RowSource) -> list[_Span]:
    spans: list[_Span] = []
    begin = 0
    for name in matrix.sources:
        rows, cols = source.shape(name)
        if cols != matrix.cols:
            raise InternalError(
                f"packed matrix {matrix.name}: {name} has {cols} columns, wanted {matrix.cols}"
            )
        spans.append(_Span(name, begin, begin + rows))
        begin += rows
    if begin != matrix.rows:
        raise InternalError(
            f"packed matrix {matrix.name}: its sources have {begin} rows, wanted {matrix.rows}"
        )
    return spans


def _block_rows(matrix: PackedMatrix) -> int:
    return max(1, BLOCK_BYTES // (4 * matrix.cols))


def _jobs(matrix: PackedMatrix, source: RowSource, importance: F32 | None) -> Iterator[Callable[[], Packed]]:
    """What quantises each block of rows, in packed order."""
    spans, index = _spans(matrix, source), matrix.row_index()
    step = _block_rows(matrix)
    kept = {span.name for span in spans if source.kept_as(span.name) == matrix.format}

    def part(name: str, rows: npt.NDArray[np.int64]) -> Packed:
        if name in kept:
            return source.take_packed(name, rows)
        return quantize(matrix.format, source.take_rows(name, rows), name=name, importance=importance)

    def block(begin: int) -> Packed:
        wanted = index[begin : begin + step]
        if kept:
            return _gather_packed(part, spans, wanted)
        rows = _gather(source, spans, wanted, matrix)
        return quantize(matrix.format, rows, name=matrix.name, importance=importance)

    for begin in range(0, len(index), step):
        yield partial(block, begin)


def _in_order(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], Packed]], count: int) -> Iterator[Packed]:
    """The results of `jobs` in their order; at most one more than the pool's `count` threads is under way."""
    under_way: deque[Future[Packed]] = deque()
    for job in jobs:
        under_way.append(pool.submit(job))
        if len(under_way) > count:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _gather(source: RowSource, spans: list[_Span], index: npt.NDArray[np.int64], matrix: PackedMatrix) -> F32:
    """Rows `index` of the concatenated sources, each source's own checked. Shape: f32 [len(index), cols]."""
    rows = np.empty((len(index), matrix.cols), np.float32)
    for span in spans:
        here = (index >= span.begin) & (index < span.end)
        if here.any():
            part = source.take_rows(span.name, index[here] - span.begin)
            check_weights(matrix.format, part, span.name)
            rows[here] = part
    return rows


def _gather_packed(
    part: Callable[[str, npt.NDArray[np.int64]], Packed], spans: list[_Span], index: npt.NDArray[np.int64]
) -> Packed:
    """Rows `index` of the concatenated sources; `part` gives rows of one of them, packed."""
    places: list[npt.NDArray[np.int64]] = []
    parts: list[Packed] = []
    for span in spans:
        here = np.flatnonzero((index >= span.begin) & (index < span.end))
        if here.size:
            places.append(here)
            parts.append(part(span.name, index[here] - span.begin))
    back = np.argsort(np.concatenate(places))
    sides = zip(*(part.sides for part in parts), strict=True)
    return Packed(
        np.concatenate([part.quants for part in parts])[back],
        tuple(np.concatenate(side)[back] for side in sides),
    )


def _importance(
    matrix: PackedMatrix, matrices: Sequence[PackedMatrix], source: RowSource, roles: WeightRoles
) -> F32 | None:
    """Return the squared gain of the final norm for the matrix that reads its output, None for all others.

    That matrix is the output head, or the embedding where no separate head is packed. `model.quantize` says
    why its columns are weighed. Shape: [hidden].
    """
    untied = any(roles.head in other.sources for other in matrices)
    if roles.final_norm is None or matrix.sources != ((roles.head if untied else roles.embedding),):
        return None
    return np.square(source.read(roles.final_norm) + np.float32(roles.final_norm_offset))


# ---- random -----------------------------------------------------------------------------------------------


def _random_tile(fmt: str, cols: int, seed: int) -> Packed:
    rows = max(1, _RANDOM_TILE_BYTES // (4 * cols))
    values = np.random.default_rng((seed, cols)).standard_normal((rows, cols), np.float32)
    return quantize(fmt, values / np.float32(np.sqrt(cols)), name="random weights")


def _random_blocks(matrix: PackedMatrix, tile: Packed, seed: int) -> Iterator[Packed]:
    rng = np.random.default_rng((seed, zlib.crc32(matrix.name.encode())))
    for begin in range(0, matrix.stored_rows, len(tile.quants)):
        count = min(len(tile.quants), matrix.stored_rows - begin)
        part = tile.rows(slice(count))
        if part.sides:
            factors = rng.uniform(0.6, 1.35, (count, 1)) * rng.choice((-1, 1), (count, 1))
            part = Packed(part.quants, tuple(_scaled(side, factors[:, 0]) for side in part.sides))
        yield part


def _scaled(side: Array, factors: npt.NDArray[np.float64]) -> Array:
    """Each row of a side array times its factor, scales and offsets alike; integers (exponents) stay."""
    if side.dtype.kind != "f":
        return side
    return (side * factors.reshape(-1, *[1] * (side.ndim - 1))).astype(side.dtype)
