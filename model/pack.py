"""Packing a checkpoint's matrices into an artifact, a block of rows at a time.

Whatever the checkpoint's size, a few blocks of `BLOCK_BYTES` and the scales of one matrix are all that is in
memory. Two threads quantise: numpy works outside the interpreter's lock.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kernelc.artifact import WeightsWriter
from kernelc.errors import InternalError
from kernelc.ir.formats import F16, F32, PackedMatrix, scales_to_bytes, weight_format
from model.families.family import WeightRoles
from model.quantize import check_weights, quantize

BLOCK_BYTES = 16 * 2**20
"""Most bytes of f32 weights that are quantised at once, by each thread."""
_THREADS = 2

_RANDOM_TILE_BYTES = 4 * 2**20

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is being done, done, total), in bytes of packed weights."""

Packed: TypeAlias = "tuple[npt.NDArray[Any], F16 | None]"


class RowSource(Protocol):
    """Where matrices come from: `model.weights.Checkpoint`, or anything else that reads rows by name."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, [rows, cols] or [length]."""
        ...

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> F32:
        """Rows of a matrix in the order of `indices`, as f32 [count, cols]."""
        ...

    def read(self, name: str) -> F32:
        """A whole tensor, as f32."""
        ...


def pack_matrices(
    weights: WeightsWriter,
    matrices: Iterable[PackedMatrix],
    source: RowSource,
    progress: Progress | None = None,
    *,
    roles: WeightRoles | None = None,
) -> None:
    """Quantise every matrix from `source` into `NAME.quants` and, for formats with scales, `NAME.scales`.

    `roles` says which weights are the output layer and the norm before it; without it no column of any
    matrix counts more than another.
    Memory: some 200 MB besides the scales of the largest matrix (a sixteenth of its weights' count in f16).
    Raises CheckpointError or QuantizeError, naming the tensor, for weights that are not finite or do not fit.
    """
    listed = list(matrices)
    report = _Report(listed, "packing weights", progress)
    with ThreadPoolExecutor(_THREADS) as pool:
        for matrix in listed:
            importance = _importance(matrix, listed, source, roles) if roles else None
            _write(weights, matrix, _blocks(matrix, source, importance, pool), report)


def random_matrices(
    weights: WeightsWriter,
    matrices: Iterable[PackedMatrix],
    seed: int,
    progress: Progress | None = None,
) -> None:
    """Fill every matrix with random weights of variance 1/cols, the same for the same seed: for measuring
    speed.

    One random tile a format and width is quantised and repeated, each row scaled by a factor of its own.
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
    """Stream the quants into the shards and keep the scales, which follow as a tensor of their own."""
    scales: list[F16] = []

    def quants() -> Iterator[npt.NDArray[Any]]:
        for block, scale in blocks:
            if scale is not None:
                scales.append(scale)
            yield block
            report.add(block.nbytes + (0 if scale is None else scale.nbytes))

    shape = (matrix.stored_rows, matrix.cols)
    weights.add(matrix.quants_name, f"{matrix.format}.quants", shape, quants())
    if weight_format(matrix.format).has_scales:
        packed = scales_to_bytes(np.concatenate(scales))
        weights.add(matrix.scales_name, f"{matrix.format}.scales", shape, [packed])


class _Report:
    """Adds up what is done and tells `progress`; padding of scales is not counted, so the end says so
    itself."""

    def __init__(self, matrices: Sequence[PackedMatrix], what: str, progress: Progress | None) -> None:
        self.what = what
        self.progress = progress
        self.total = sum(_unpadded_bytes(matrix) for matrix in matrices)
        self.done = 0

    def add(self, size_bytes: int) -> None:
        self.done += size_bytes
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)


def _unpadded_bytes(matrix: PackedMatrix) -> int:
    form = weight_format(matrix.format)
    groups = matrix.stored_rows * -(-matrix.cols // 32)
    return groups * (form.words_per_group * 4 + (2 if form.has_scales else 0))


# ---- from a checkpoint
# ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Span:
    """Rows begin..end of the concatenated sources are those of one tensor."""

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


def _blocks(
    matrix: PackedMatrix, source: RowSource, importance: F32 | None, pool: ThreadPoolExecutor
) -> Iterator[Packed]:
    """Quantised blocks of rows in packed order, one more than there are threads under way."""
    spans, index = _spans(matrix, source), matrix.row_index()
    step = max(1, BLOCK_BYTES // (4 * matrix.cols))

    def block(begin: int) -> Packed:
        rows = _gather(source, spans, index[begin : begin + step], matrix)
        return quantize(matrix.format, rows, name=matrix.name, importance=importance)

    under_way: deque[Future[Packed]] = deque()
    for begin in range(0, len(index), step):
        under_way.append(pool.submit(block, begin))
        if len(under_way) > _THREADS:
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


def _importance(
    matrix: PackedMatrix, matrices: Sequence[PackedMatrix], source: RowSource, roles: WeightRoles
) -> F32 | None:
    """Return the squared gain of the final norm for the matrix that reads its output, None for all others.

    That matrix is the output head, or the embedding where no separate head is packed. `model.quantize` says
    why its columns are weighed. Shape: [hidden].
    """
    untied = any(roles.head in other.sources for other in matrices)
    if matrix.sources != ((roles.head if untied else roles.embedding),):
        return None
    return np.square(source.read(roles.final_norm) + np.float32(roles.final_norm_offset))


# ---- random -----------------------------------------------------------------------------------------------


def _random_tile(fmt: str, cols: int, seed: int) -> Packed:
    rows = max(1, _RANDOM_TILE_BYTES // (4 * cols))
    values = np.random.default_rng((seed, cols)).standard_normal((rows, cols), np.float32)
    return quantize(fmt, values / np.float32(np.sqrt(cols)), name="random weights")


def _random_blocks(matrix: PackedMatrix, tile: Packed, seed: int) -> Iterator[Packed]:
    quants, scales = tile
    rng = np.random.default_rng((seed, zlib.crc32(matrix.name.encode())))
    for begin in range(0, matrix.stored_rows, len(quants)):
        count = min(len(quants), matrix.stored_rows - begin)
        if scales is None:
            yield quants[:count], None
            continue
        factors = rng.uniform(0.6, 1.35, (count, 1)) * rng.choice((-1, 1), (count, 1))
        yield quants[:count], (scales[:count] * factors).astype(np.float16)
