"""Where a position's rows lie in the buffers of a loaded artifact.

Whatever outlives a step and grows with the context, but for the ids themselves, is a cache: rows of as many
bytes each, one for every position, or a ring of fewer (see `kernelc.ir.rings`). So the layout follows from
the manifest's sizes alone, whatever the rows hold: halves, floats, or codes with their scales beside them.
States whose size is constant (logits, counters) hold nothing that the next step needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernelc.artifact import Buffer, Manifest, Sequences
from kernelc.errors import ShapeError
from kernelc.ir.dim import bounds, evaluate, free_vars
from runtime.device.executor import Fetch

_PROBE = 16  # with so many positions every size is whole vectors of 16 bytes, so that nothing is rounded up
_WORD_BYTES = 4  # what devices copy
_NO_CACHES = ("tokens", "step")


@dataclass(frozen=True)
class CacheRows:
    """One buffer: position p has `row_bytes` bytes in row p mod `rows`, counted from byte `base` on.

    `ring` is 0 where that is row p. Where several sequences share a buffer, each has a `base` of its own.
    """

    buffer: str
    row_bytes: int
    rows: int
    ring: int
    base: int = 0

    def ranges(self, first: int, count: int) -> list[Fetch]:
        """Return the bytes of `count` positions from `first` on, in their order: one range, or two where they
        go round the end of a ring. This is the one place that knows where a sequence's rows begin.

        `count` is at most `rows`.
        """
        row = first % self.rows
        whole = min(count, self.rows - row)
        parts = [(row, whole), (0, count - whole)]
        size = self.row_bytes
        return [Fetch(self.buffer, self.base + at * size, n * size) for at, n in parts if n]


@dataclass(frozen=True)
class CacheLayout:
    """The caches of an artifact at one context length: `full` ones have a row for each position."""

    full: tuple[CacheRows, ...]
    rings: tuple[CacheRows, ...]

    @property
    def longest_ring(self) -> int:
        """Rows of the longest ring, 0 where there is none."""
        return max((each.ring for each in self.rings), default=0)

    def bytes_of(self, caches: Sequence[CacheRows], positions: int) -> int:
        """Return the bytes of so many positions in these caches."""
        return positions * sum(each.row_bytes for each in caches)


def layout_of(
    manifest: Manifest, loaded: Mapping[str, int], context: int, number: int = 0
) -> CacheLayout | None:
    """Return the caches among the loaded buffers (their bytes by name) for a context. Where there are
    several sequences, these are the parts of one.

    None where there is none, or one is made otherwise than this module says: then nothing can be kept.
    """
    names = [
        name
        for name, buffer in manifest.buffers.items()
        if buffer.kind == "state" and name in loaded and name not in _NO_CACHES and free_vars(buffer.bytes)
    ]
    found = [
        _rows_of(manifest, name, manifest.buffers[name], loaded[name], context)
        if manifest.sequences is None
        else _shared_rows(manifest.sequences, name, loaded[name], context, number)
        for name in names
    ]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None
    full, rings = ([each for each in known if bool(each.ring) == ring] for ring in (False, True))
    return CacheLayout(tuple(full), tuple(rings))


def _rows_of(manifest: Manifest, name: str, buffer: Buffer, size: int, context: int) -> CacheRows | None:
    try:
        probed = evaluate(buffer.bytes, {"context": _PROBE})
    except ShapeError:  # a context so short is no use
        return None
    row_bytes, more = divmod(probed, _PROBE)
    if more or row_bytes < 1 or row_bytes % _WORD_BYTES:
        return None
    most = bounds(buffer.bytes)[1] // row_bytes
    ring = 0 if most >= manifest.model.max_context else most
    if ring and all(ring != each.rows for each in manifest.rings):
        return None
    rows = min(context, ring or context)
    fits = rows * row_bytes <= size < (rows + 1) * row_bytes + _PROBE
    return CacheRows(name, row_bytes, rows, ring) if fits else None


def _shared_rows(sequences: Sequences, name: str, size: int, context: int, number: int) -> CacheRows | None:
    """Return the rows of one of several sequences, which have parts of one size and no rings."""
    rows = evaluate(sequences.rows, {"context": context})
    row_bytes, more = divmod(size, sequences.count * rows)
    if name not in sequences.buffers or more or row_bytes < 1 or row_bytes % _WORD_BYTES:
        return None
    return CacheRows(name, row_bytes, rows, 0, number * rows * row_bytes)
