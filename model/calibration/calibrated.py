"""Codes that a calibration chose, kept on disk until they are packed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernelc.errors import UsageError
from kernelc.ir.formats import F32, Packed, integer_format, unpack, weight_format
from kernelc.ir.types import DType
from model.calibration.feedback import quantize_with_feedback, upper_factor
from model.calibration.stream import Moments, run_calibration
from model.families.registry import AnyModel
from model.pack import RowSource
from model.quantize import check_weights

SEGMENT = 512
"""Tokens of a segment, or as many as the model's context has."""
MOST_SEGMENTS = 16


class Calibrated(RowSource):
    """A source of weights: calibrated matrices are codes, in files of `folder`; the rest is `source`'s."""

    def __init__(self, source: RowSource, folder: Path) -> None:
        self.source, self.folder = source, folder
        self._found: dict[str, tuple[str, int]] = {}  # each matrix's format and the number of its files

    def keep(self, name: str, form: str, packed: Packed) -> None:
        """Write a matrix's codes."""
        number = len(self._found)
        for at, array in enumerate((packed.quants, *packed.sides)):
            np.save(self._file(number, at), array, allow_pickle=False)
        self._found[name] = form, number

    def shape(self, name: str) -> tuple[int, ...]:
        """See `RowSource`."""
        return self.source.shape(name)

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> F32:
        """See `RowSource`: the numbers before calibration."""
        return self.source.take_rows(name, indices)

    def read(self, name: str) -> F32:
        """See `RowSource`."""
        return self.source.read(name)

    def kept_as(self, name: str) -> str | None:
        """See `RowSource`."""
        return self._found[name][0] if name in self._found else self.source.kept_as(name)

    def take_packed(self, name: str, indices: npt.NDArray[np.int64]) -> Packed:
        """See `RowSource`."""
        if name not in self._found:
            return self.source.take_packed(name, indices)
        form, number = self._found[name]
        arrays = [
            np.load(self._file(number, at), mmap_mode="r", allow_pickle=False)[indices]
            for at in range(1 + len(weight_format(form).sides))
        ]
        return Packed(arrays[0], tuple(arrays[1:]))

    def _file(self, number: int, at: int) -> Path:
        return self.folder / f"{number:05d}-{at}.npy"


def calibrate(
    model: AnyModel,
    source: RowSource,
    formats: Mapping[str, str],
    segments: Sequence[npt.NDArray[np.uint32]],
    folder: Path,
    progress: Callable[[str, int, int], None] | None = None,
) -> Calibrated:
    """Quantise the matrices inside a model's layers for the inputs that they read in `segments`.

    `formats` has the format of every matrix. Those of floats or of bytes lose too little to need this, and
    the head and the embedding are left to the packing, as are matrices whose stored codes are kept. The first
    position of a segment counts as half of them: most attention heads rest on it, so that errors in its keys
    and values are felt at every later position.
    Raises: UsageError where no matrix is left; QuantizeError, CheckpointError.
    """
    found = Calibrated(source, folder)
    longest = max(map(len, segments))
    graph = model.graph("score", max_context=longest, chunk=longest, kv_dtype=DType.F32)
    wanted = frozenset(
        name
        for name, form in formats.items()
        if weight_format(form).bits_per_weight < 8
        and name not in (model.roles.head, model.roles.embedding)
        and source.kept_as(name) != form
    )
    if not wanted:
        raise UsageError(
            "no matrix is left to calibrate: all are kept as they are stored, or have 8 bits or more",
            where="`calibrate`",
            help="calibrate what is built with `quant` q4 or q4a",
        )

    def quantise(name: str, matrix: F32, moments: Moments) -> F32:
        form = integer_format(formats[name])  # nothing else has less than 8 bits
        check_weights(form.name, matrix, name)
        if moments.factor is None:
            moments.factor = upper_factor(moments.matrix)
        packed = quantize_with_feedback(form, matrix, moments.factor)
        found.keep(name, form.name, packed)
        return unpack(form.name, packed, matrix.shape[1])

    def done(count: int, total: int) -> None:
        if progress:
            progress("calibrating", count, total)

    run_calibration(graph, segments, source.read, quantise, wanted, done)
    return found


def segments_of(ids: Sequence[int], context: int) -> list[npt.NDArray[np.uint32]]:
    """Cut a text's ids into segments for calibration, spread evenly where there are more than are needed.

    Raises: UsageError where they do not fill one.
    """
    length = min(SEGMENT, context)
    whole = len(ids) // length
    if not whole:
        raise UsageError(
            f"got {len(ids)} tokens, wanted at least {length}",
            where="`calibrate`",
            help=f"give a text like those the model will meet, of {MOST_SEGMENTS * length} tokens or more",
        )
    count = min(whole, MOST_SEGMENTS)
    starts = [at * whole // count * length for at in range(count)]
    return [np.array(ids[start : start + length], np.uint32) for start in starts]
