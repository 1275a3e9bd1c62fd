"""An engine of several sequences that share the weights: a step makes a token for each that waits for one.

    with SeveralEngine.open("dist/model", device="cpu", references=..., library=...) as engine:
        seat = engine.take(ids)
        kept = seat.reuse(ids[:-1]); seat.feed(ids[kept:]); tokens = seat.generate(...)
        ...                       # the same for others
        engine.step()             # one token for each that waits

Weights are read once for a step, which is what most of its time goes to: eight sequences together get several
times the tokens of one. A sequence's ids are those that it would have alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from kernelc.artifact import SEVERAL_ROLES, Artifact
from kernelc.errors import UsageError
from kernelc.ir.dim import evaluate
from runtime.cpu.kernels import KernelLibrary
from runtime.device.executor import Executor, Progress, Reference
from runtime.device.program import ProgramTable, StepBlock
from runtime.devices import Explain
from runtime.engine.chooser import Chooser
from runtime.engine.diagnosis import Diagnosis
from runtime.engine.drafts.lengths import Lengths, MeasuredLengths
from runtime.engine.drafts.model import DraftModel
from runtime.engine.drafts.speculation import Speculator
from runtime.engine.engine import GENERATE_ROLES
from runtime.engine.opening import opened_for
from runtime.engine.rows import RowSteps
from runtime.engine.sampling import SamplingParams
from runtime.engine.seat import Seat
from runtime.engine.seat_tokens import SeatTokens
from runtime.engine.sequence import CachedSequence, checked_context
from runtime.engine.steps_ahead import StepsAhead
from runtime.engine.timings import Timings
from runtime.prefixes.settings import PrefixSettings, open_prefixes

_ROLES = (*GENERATE_ROLES, *SEVERAL_ROLES)
_AHEAD = 4  # steps that a lone sequence hands over before the first id is read back


class SeveralEngine:
    """A loaded artifact with as many sequences as it was built for. Not thread-safe."""

    @classmethod
    def open(
        cls,
        artifact: Artifact | Path | str,
        device: str = "auto",
        context: int | None = None,
        references: Mapping[str, Reference] | None = None,
        library: KernelLibrary | None = None,
        *,
        progress: Progress | None = None,
        explain: Explain | None = None,
        without: Collection[str] = (),
        prefixes: PrefixSettings | None = None,
    ) -> SeveralEngine:
        """Open `device` and load `artifact` on it; the parameters are those of `Engine.open`.

        Raises: UsageError for an artifact of one sequence; ArtifactError, DeviceError, ContextError.
        """
        with opened_for(
            artifact,
            _ROLES,
            device=device,
            context=context,
            references=references,
            library=library,
            explain=explain,
            without=without,
        ) as (opened, executor):
            steps = 1 if "ahead" in without else _AHEAD
            return cls(executor, opened, context, progress=progress, ahead=steps, prefixes=prefixes)

    def __init__(
        self,
        executor: Executor,
        artifact: Artifact,
        context: int | None = None,
        *,
        progress: Progress | None = None,
        ahead: int = _AHEAD,
        prefixes: PrefixSettings | None = None,
    ) -> None:
        """Load `artifact` on `executor`, which `close` also closes. See `open` for the rest."""
        manifest = artifact.manifest
        if manifest.sequences is None:
            raise UsageError(
                "the artifact has a single sequence", help="build it again with more `sequences`, such as 8"
            )
        self.artifact, self.executor = artifact, executor
        self.context = checked_context(context, manifest.model.max_context)
        self.vocab_size = manifest.model.vocab_size
        table, block = ProgramTable(manifest, _ROLES), StepBlock(manifest.params)
        rows = evaluate(manifest.sequences.rows, {"context": self.context})
        explain = Diagnosis(executor, artifact, self.context).error
        sequences = [
            CachedSequence(executor, table, block, self.context, number=at, first=at * rows, explain=explain)
            for at in range(manifest.sequences.count)
        ]
        for sequence in sequences:
            sequence.share_logits(sequences)
        self._most_rows = manifest.sequences.most_rows
        self._steps = RowSteps(executor, table, block, manifest.sequences, self.vocab_size)
        masks = self._steps.masks
        self.seats = [Seat(each, self.vocab_size, ahead, self._beside, masks=masks) for each in sequences]
        self._ahead = StepsAhead(self._steps, ahead=ahead > 1, vocab=self.vocab_size)
        self._taken = 0
        executor.load(artifact, self.context, _ROLES, progress)
        self.draft: DraftModel | None = None
        self._prefixes = open_prefixes(prefixes, artifact, sequences)
        for seat, kept in zip(self.seats, self._prefixes or (), strict=False):
            seat.prefixes = kept
        if not executor.info.ready_when_loaded:
            self._warm_up()

    def _warm_up(self) -> None:
        """Run the smallest step of every program, for drivers that compile a kernel when it first runs. The
        table is of zeros, so that all rows are of the first sequence, which is empty."""
        self.seats[0].sequence.warm_up()

    def __enter__(self) -> SeveralEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device, and that of the draft."""
        if self._prefixes:
            self._prefixes[0].close()
        if self.draft is not None:
            self.draft.close()
        self.executor.close()

    def speculate(self, draft: DraftModel, lengths: Lengths | None = None) -> None:
        """Have a draft, which `close` also closes, guess the tokens of a sequence that is alone.

        Each gets the ids that it gets without (see `runtime.engine.drafts.speculation`); guesses are only
        right where the draft has the same tokens. `lengths` decides how many are guessed at a time (default:
        as measured). Raises: UsageError where no step of the artifact checks guesses.
        """
        sequences = self.artifact.manifest.sequences
        if sequences is None or sequences.step_rows is None:
            raise UsageError(
                "the artifact has no steps that check what a `draft` guesses",
                where=str(self.artifact.folder),
                help="build it again with 8 `rows`",
            )
        self.draft = draft
        speculator = Speculator(draft, lengths or MeasuredLengths(), self._steps, self._most_rows)
        for seat in self.seats:
            seat.speculator = speculator

    def settle(self) -> None:
        """Keep what free seats hold for later prompts, now that nobody waits. Raises: DeviceError."""
        for seat in self.seats:
            if not seat.taken:
                seat.remember()

    @property
    def places(self) -> int:
        """How many sequences there are."""
        return len(self.seats)

    def _beside(self, seat: Seat) -> bool:
        return any(each.taken for each in self.seats if each is not seat)

    def take(self, ids: Sequence[int]) -> Seat:
        """Return a free seat, taken: of those that gain most for `ids` (see `Seat.gain`), the one that was
        unused for longest, which is an empty one while there are any. Raises: UsageError where all are taken.
        """
        free = [seat for seat in self.seats if not seat.taken]
        if not free:
            raise UsageError(f"all {len(self.seats)} sequences are in use")
        seat = max(free, key=lambda each: (each.gain(ids), not each.ids, -each.used))
        self._taken += 1
        seat.taken, seat.used = True, self._taken
        return seat

    def when_feeding(self, between_chunks: Callable[[], None]) -> None:
        """Have something done after each chunk of a prompt that is fed while other seats are taken."""
        for seat in self.seats:
            seat.between_chunks = between_chunks

    def step(self) -> None:
        """Make the next token of every seat that waits for one. Raises: DeviceError."""
        waiting = [
            tokens
            for tokens in (seat.tokens for seat in self.seats)
            if tokens is not None and tokens.waiting and not tokens.has_made
        ]
        self._ahead.step(waiting)

    def lease(self) -> Lease:
        """Return a sequence for one answer, which takes a seat when its prompt is known."""
        return Lease(self)


class Lease:
    """A sequence for one answer: a seat that is taken once the prompt is known, until it is given `back`."""

    def __init__(self, engine: SeveralEngine) -> None:
        self.seat: Seat | None = None
        self.context, self.vocab_size = engine.context, engine.vocab_size
        self._engine, self._timings = engine, Timings()

    @property
    def ids(self) -> Sequence[int]:
        """The token ids in the cache; none before a prompt is known."""
        return self.seat.ids if self.seat is not None else ()

    def start_timing(self) -> Timings:
        """Start counting from zero; returns the new counters."""
        self._timings = Timings()
        if self.seat is not None:
            self.seat.sequence.timings = self._timings
        return self._timings

    def reuse(self, ids: Sequence[int]) -> int:
        """Take a seat for this prompt, and see `Seat.reuse`."""
        if self.seat is None:
            self.seat = self._engine.take(ids)
            self.seat.sequence.timings = self._timings
        return self.seat.reuse(ids)

    def remember(self) -> None:
        """Does nothing: seats are settled by their engine."""

    def feed(self, ids: Sequence[int], *, progress: Progress | None = None) -> None:
        """See `Seat.feed`."""
        self._own.feed(ids, progress=progress)

    def generate(
        self,
        max_new: int,
        sampling: SamplingParams,
        stop_ids: Iterable[int],
        *,
        choose: Chooser | None = None,
    ) -> SeatTokens:
        """See `Seat.generate`."""
        return self._own.generate(max_new, sampling, stop_ids, choose=choose)

    def back(self) -> None:
        """Give the seat back; its cache stays for whom it serves. May be called twice."""
        if self.seat is not None:
            if self.seat.tokens is not None:
                self.seat.tokens.close()
                self.seat.tokens = None
            self.seat.taken = False
            self.seat = None

    @property
    def _own(self) -> Seat:
        if self.seat is None:
            raise UsageError("no prompt was begun")
        return self.seat
