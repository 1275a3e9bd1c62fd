"""Known tokens on their way into the cache: cut into steps that programs take, a few under way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Manifest
from kernelc.errors import UsageError
from kernelc.ir.dim import evaluate
from runtime.device.executor import Fetch, Progress, Ticket
from runtime.engine.sequence import GREEDY_FIELDS, CachedSequence

F32 = npt.NDArray[np.float32]

_CHUNKS_AHEAD = 2  # prompt chunks under way at once: the device stays busy, and Ctrl-C waits for two at most
_A_WORD = [Fetch("tokens", 0, 4)]  # something small to fetch, for a step that is only waited for


def feed(
    sequence: CachedSequence, ids: Sequence[int], role: str, chunk: int | None, progress: Progress | None
) -> None:
    """Append `ids` by the programs of `role` and wait until they are in the cache; count the time.

    No chunk is longer than `chunk`, where one is given. Left by an exception, the sequence holds the chunks
    handed over so far. Raises: ContextError where `ids` do not fit; UsageError where no program takes them.
    """
    began, flying, done = perf_counter(), deque[Ticket](), 0
    try:
        for part in _parts(sequence, ids, role, chunk):
            flying.append(sequence.run([role], len(sequence.ids), len(part), fetch=_A_WORD))
            sequence.appended(part, logits=True)
            if len(flying) == _CHUNKS_AHEAD:
                flying.popleft().result()
            done += len(part)
            if progress:
                progress("prompt", done, len(ids))
        while flying:
            flying.popleft().result()
    finally:
        for ticket in flying:
            ticket.discard()
    sequence.timings.prompt_tokens += done
    sequence.timings.prefill_seconds += perf_counter() - began


def append(sequence: CachedSequence, ids: Sequence[int]) -> None:
    """Append known ids to a sequence that is being generated, and leave the logits of the last one.

    Raises: ContextError where they do not fit.
    """
    for part in _parts(sequence, ids, "prefill", None):
        sequence.run(["prefill"], len(sequence.ids), len(part)).discard()
        sequence.appended(part, logits=True)


def score(
    sequence: CachedSequence, ids: Sequence[int], vocab_size: int, *, one_by_one: bool, chunk: int | None
) -> Iterator[F32]:
    """Append `ids` and yield the logits at each of them, chunk by chunk.

    Runs the role "score", or with `one_by_one` the role "decode". Shapes: f32 [rows, vocab] each.
    Raises: as `feed`, and DeviceError for scores that are no numbers.
    """
    role, source = ("decode", "logits") if one_by_one else ("score", "all_logits")
    for part in _parts(sequence, ids, role, chunk):
        fetch = [Fetch(source, 0, 4 * vocab_size * len(part))]
        ticket = sequence.run([role], len(sequence.ids), len(part), GREEDY_FIELDS, fetch)
        sequence.appended(part, logits=one_by_one)
        logits = np.frombuffer(ticket.result()[0], dtype="<f4").reshape(len(part), vocab_size)
        _check(sequence, logits, "scores")
        yield logits


def hidden_width(manifest: Manifest) -> int:
    """Return how many numbers a final hidden state has. Raises: UsageError where no program leaves them."""
    rows = [each.symbols["seq"][1] for each in manifest.programs.values() if each.role == "embed"]
    buffer = manifest.buffers.get("hidden")
    if not rows or buffer is None:
        help_ = "build it again, with `embeddings`"
        raise UsageError("the artifact has no program for embeddings", help=help_)
    return evaluate(buffer.bytes, {}) // (4 * max(rows))


def mean_hidden(sequence: CachedSequence, ids: Sequence[int], width: int) -> F32:
    """Append `ids` by the role "embed" and return the mean of their final hidden states, scaled to length 1.

    Shape: f32 [width]. Raises: as `feed`.
    """
    rows = _hidden_rows(sequence, ids, width)
    total = sum((each.sum(axis=0, dtype=np.float64) for each in rows), np.zeros(width))
    length = float(np.linalg.norm(total))
    return (total / (length or 1.0)).astype(np.float32)


def _hidden_rows(sequence: CachedSequence, ids: Sequence[int], width: int) -> Iterator[F32]:
    """Yield the final hidden state at each of `ids`, chunk by chunk. Shapes: f32 [rows, width] each."""
    for part in _parts(sequence, ids, "embed", None):
        fetch = [Fetch("hidden", 0, 4 * width * len(part))]
        ticket = sequence.run(["embed"], len(sequence.ids), len(part), GREEDY_FIELDS, fetch)
        sequence.appended(part, logits=False)
        rows = np.frombuffer(ticket.result()[0], dtype="<f4").reshape(len(part), width)
        _check(sequence, rows, "hidden states")
        yield rows


def _check(sequence: CachedSequence, rows: F32, what: str) -> None:
    """Raises: DeviceError where a row of the last step, f32 [rows, n], has what is no number."""
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise sequence.no_numbers(len(sequence.ids) - len(rows) + int(bad[0]) + 1, what)


def _parts(
    sequence: CachedSequence, ids: Sequence[int], role: str, chunk: int | None
) -> Iterator[Sequence[int]]:
    """Write `ids` to the device, then yield them in parts that a program of `role` takes."""
    if chunk is not None and chunk < 1:
        raise UsageError(f"chunk is {chunk}, wanted at least 1")
    sequence.write_tokens(ids)
    start = 0
    while start < len(ids):
        most = sequence.table.most_rows(role, len(sequence.ids))
        part = ids[start : start + min(most, chunk or most)]
        yield part
        start += len(part)


def checked_ids(ids: Sequence[int], vocab_size: int) -> list[int]:
    """Return the ids of a prompt. Raises: UsageError for no ids, or ids outside the vocabulary."""
    if not len(ids):
        raise UsageError("the prompt is empty", help="give at least one token, such as BOS")
    for position, token in enumerate(ids):
        if not 0 <= token < vocab_size:
            raise UsageError(f"token {token} at {position} is outside the vocabulary of {vocab_size}")
    return [int(token) for token in ids]
