"""One step of several rows, each with its own position and sampling parameters: a row for each of several
sequences, or for each of several positions of one.

The host writes a table of what each row's own step block would say (`kernelc.artifact.Sequences`), and the
device samples an id for each row, which its sequence's next step reads there. Rows whose ids the host chooses
have their logits fetched, and their ids written. Of rows with masks the device draws only what these allow:
the host finds them while the logits are computed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernelc.artifact import RESULTS_BUFFER, TABLE_BUFFER, Sequences
from kernelc.artifact.schema import ROW_MASKS_BUFFER
from runtime.device.executor import Executor, Fetch, Ticket
from runtime.device.finished import FinishedTicket
from runtime.device.program import ProgramTable, StepBlock
from runtime.engine.sampling import SamplingParams
from runtime.engine.sequence import GREEDY_FIELDS, CachedSequence
from runtime.grammar.masks import Mask

MASK_ROLE = "mask_rows"
_LOGITS = "row_logits"
_UNSAMPLED = SamplingParams(seed=0)  # of rows whose ids the host chooses


@dataclass(frozen=True)
class Row:
    """A row of a step: whose id at `position` is sampled. `whole`: its logits are wanted, and no sampling.
    `masked`: only what a mask allows is sampled, which is known later. `watched`: the score of id 0 comes
    back, which matters where that is sampled."""

    sequence: CachedSequence
    position: int
    sampling: SamplingParams
    whole: bool = False
    masked: bool = False
    watched: bool = True


@dataclass(frozen=True)
class RowResult:
    """What came of a row: the id that was sampled, and where they were wanted the score of id 0 and the
    logits [vocab]."""

    token: int
    first_score: float | None
    logits: npt.NDArray[np.float32] | None


class BegunStep:
    """A step that was handed over; where rows have masks, without its sampling (see `sample`)."""

    def __init__(
        self,
        ticket: Ticket,
        rows: Sequence[Row],
        sample: Callable[[Sequence[Mask]], Ticket] | None = None,
        *,
        together: bool = False,
    ) -> None:
        """`sample` hands over the sampling; the masks it is given are those of the first rows. `together`:
        whether the first of what is fetched has the ids and first scores of all rows."""
        self._ticket, self._rows, self._sample = ticket, rows, sample
        self._together = together

    @property
    def over(self) -> bool:
        """Whether the device works while steps are handed over, and is done."""
        return isinstance(self._ticket, FinishedTicket)

    @property
    def masked(self) -> int:
        """How many rows have masks: the first ones."""
        return sum(row.masked for row in self._rows)

    def sample(self, masks: Sequence[Mask]) -> None:
        """Hand over the sampling, with the mask of each row that has one. To be called once, before what
        comes after the step is handed over, where `masked` is not 0. Raises: DeviceError.
        """
        assert self._sample is not None
        decoded, sample, self._sample = self._ticket, self._sample, None
        self._ticket = sample(masks)
        decoded.discard()  # it is done before what follows it

    def finish(self) -> list[RowResult]:
        """Wait for the step, and return what came of each row. Raises: DeviceError."""
        fetched, rows = self._ticket.result(), self._rows
        if self._together:
            words, rest = np.frombuffer(fetched[0], "<u4").reshape(len(rows), 2), iter(fetched[1:])
            return [
                _result(row, token.tobytes(), next(rest) if row.whole else first.tobytes() * row.watched)
                for row, (token, first) in zip(rows, words, strict=True)
            ]
        scores = iter(fetched[len(rows) :])
        return [
            _result(row, token, next(scores) if row.whole or row.watched else b"")
            for row, token in zip(rows, fetched, strict=False)
        ]

    def discard(self) -> None:
        """Do without what comes of it."""
        self._ticket.discard()


class RowSteps:
    """Runs steps of several rows."""

    def __init__(
        self, executor: Executor, table: ProgramTable, block: StepBlock, sequences: Sequences, vocab: int
    ) -> None:
        self._executor, self._table, self._block = executor, table, block
        self._fields = [(field.name, {"u32": "I", "f32": "f"}[field.type]) for field in sequences.fields]
        self._row = struct.Struct("<" + "".join(code for _, code in self._fields))
        self._vocab = vocab
        self.masks = table.has(MASK_ROLE)
        """Whether rows may have masks."""

    def begin(self, rows: Sequence[Row]) -> BegunStep:
        """Hand over the step of two rows or more, each of another sequence. Rows with masks come first."""
        together = RESULTS_BUFFER in self._executor.buffers
        fetch = self._wanted(rows, together=together)
        if not any(row.masked for row in rows):
            return BegunStep(self._run(rows, fetch), rows, together=together)
        self._write_table(rows)
        decoded = self._handed_over([self._decode_role(rows)], rows, len(rows), ())

        def sample(masks: Sequence[Mask]) -> Ticket:
            self._executor.write_buffer(ROW_MASKS_BUFFER, 0, b"".join(mask.tobytes() for mask in masks))
            role = _sampling_role(rows)
            if len(masks) == len(rows):
                return self._handed_over([MASK_ROLE, role], rows, len(rows), fetch)
            self._handed_over([MASK_ROLE], rows, len(masks), ()).discard()
            return self._handed_over([role], rows, len(rows), fetch)

        return BegunStep(decoded, rows, sample, together=together)

    def _wanted(self, rows: Sequence[Row], *, together: bool) -> list[Fetch]:
        """What is fetched after a step: where the device leaves it `together`, one range for all rows."""
        whole = 4 * self._vocab
        logits = [Fetch(_LOGITS, whole * at, whole) for at, row in enumerate(rows) if row.whole]
        if together:
            return [Fetch(RESULTS_BUFFER, 0, 8 * len(rows)), *logits]
        fetch = [row.sequence.fetch_token(row.position) for row in rows]
        for at, row in enumerate(rows):
            if row.whole or row.watched:
                fetch.append(Fetch(_LOGITS, whole * at, whole if row.whole else 4))
        return fetch

    def _decode_role(self, rows: Sequence[Row]) -> str:
        """The role of a step of rows of any positions, or of those of one program's."""
        positions = [row.position - 1 for row in rows]
        alike = self._table.within("alike_rows", len(rows), min(positions), max(positions))
        return "decode_rows" if alike is None else "alike_rows"

    def check(self, rows: Sequence[Row], guesses: Sequence[int]) -> list[RowResult]:
        """Run the step of rows of one sequence, at positions that follow each other, and wait for it.

        `guesses` are the ids of all rows but the first, which has the last id of the sequence. What comes of
        a row is what comes of a step of its own after the ids before it.
        """
        first = rows[0]
        sequence = first.sequence
        sequence.write_tokens_at(first.position, guesses)
        fetch = [sequence.fetch_token(first.position, len(rows))]
        if first.whole:
            fetch.append(Fetch(_LOGITS, 0, 4 * self._vocab * len(rows)))
        fetched = self._run(rows, fetch).result()
        tokens = np.frombuffer(fetched[0], "<u4")
        if first.whole:
            logits = np.frombuffer(fetched[1], "<f4").reshape(len(rows), self._vocab)
            return [
                RowResult(int(token), float(own[0]), own) for token, own in zip(tokens, logits, strict=True)
            ]
        return [
            RowResult(int(token), self._first_score(int(token), at), None) for at, token in enumerate(tokens)
        ]

    def _first_score(self, token: int, at: int) -> float:
        """The score of id 0 in a row of the last step, which matters where that id was sampled."""
        if token:
            return 0.0
        score = self._executor.read_buffer(_LOGITS, 4 * self._vocab * at, 4)
        return float(np.frombuffer(score, "<f4")[0])

    def _run(self, rows: Sequence[Row], fetch: Sequence[Fetch]) -> Ticket:
        self._write_table(rows)
        return self._handed_over([self._decode_role(rows), _sampling_role(rows)], rows, len(rows), fetch)

    def _write_table(self, rows: Sequence[Row]) -> None:
        self._executor.write_buffer(TABLE_BUFFER, 0, b"".join(map(self._encoded, rows)))
        for row in rows:
            row.sequence.held.written(row.position - 1, 1)
            row.sequence.has_logits = False

    def _handed_over(
        self, roles: Sequence[str], rows: Sequence[Row], count: int, fetch: Sequence[Fetch]
    ) -> Ticket:
        """Hand over programs of a step whose table is written, for its first `count` rows."""
        past, context = max(row.position for row in rows) - 1, rows[0].sequence.context
        programs = [self._table.select(role, count, past) for role in roles]
        env = {"seq": count, "past": past, "context": context}
        return self._executor.run(programs, env, self._block.encode({**GREEDY_FIELDS, **env}), fetch)

    def _encoded(self, row: Row) -> bytes:
        sampling = _UNSAMPLED if row.whole else row.sampling
        fields: Mapping[str, int | float] = {
            **sampling.step_fields(),
            "past": row.position - 1,
            "first": row.sequence.first,
        }
        if sampling.greedy:  # beside rows that are not; of equal scores the first, as where all are
            fields = {**fields, "temperature": 0.0, "top_k": 0}
        return self._row.pack(*(fields[name] for name, _ in self._fields))


def _sampling_role(rows: Sequence[Row]) -> str:
    greedy = all(row.whole or row.sampling.greedy for row in rows)
    return "greedy_rows" if greedy else "sample_rows"


def _result(row: Row, token: bytes, scores: bytes) -> RowResult:
    if not scores:
        return RowResult(int.from_bytes(token, "little"), None, None)
    logits = np.frombuffer(scores, "<f4")
    return RowResult(int.from_bytes(token, "little"), float(logits[0]), logits if row.whole else None)
