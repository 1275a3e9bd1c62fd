"""A second, smaller model that guesses the next tokens of a sequence (see
`runtime.engine.drafts.speculation`).

It follows the ids of the sequence in a cache of its own. Its guesses are drawn with the sequence's own
sampling parameters, and so with the same random numbers for each position: where both models agree about a
token's probability, they draw the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from kernelc.artifact import Artifact
from runtime.cpu.kernels import KernelLibrary
from runtime.device.executor import Executor, Progress, Reference
from runtime.device.program import ProgramTable, StepBlock
from runtime.devices import Explain
from runtime.engine.diagnosis import Diagnosis
from runtime.engine.engine import GENERATE_ROLES
from runtime.engine.feeding import append
from runtime.engine.opening import opened_for
from runtime.engine.rings import HeldPositions
from runtime.engine.sampling import SamplingParams
from runtime.engine.sequence import CachedSequence, checked_context


class Draft(Protocol):
    """What guesses the tokens of one sequence at a time."""

    def begin(self, ids: Sequence[int]) -> None:
        """Go on from these ids, whatever came before."""
        ...

    def propose(self, count: int, sampling: SamplingParams) -> Sequence[int]:
        """Return guesses at the ids that come next, at most `count`; none where there is nothing to say."""
        ...

    def advance(self, ids: Sequence[int]) -> None:
        """Note the ids that did come next, whatever was proposed."""
        ...


class DraftModel:
    """A `Draft` that is a model of its own: an artifact of one sequence or several, of which it uses one."""

    @classmethod
    def open(
        cls,
        artifact: Artifact | Path | str,
        *,
        device: str = "auto",
        context: int | None = None,
        references: Mapping[str, Reference] | None = None,
        library: KernelLibrary | None = None,
        progress: Progress | None = None,
        explain: Explain | None = None,
        without: Collection[str] = (),
    ) -> DraftModel:
        """Open `device` and load `artifact` on it; the parameters are those of `Engine.open`. Where the
        artifact has fewer than `context` positions, it guesses within those that it has.

        Raises: ArtifactError, DeviceError, ContextError, UsageError.
        """
        opened = artifact if isinstance(artifact, Artifact) else Artifact.open(Path(artifact))
        most = opened.manifest.model.max_context
        with opened_for(
            opened,
            GENERATE_ROLES,
            device=device,
            context=None if context is None else min(context, most),
            references=references,
            library=library,
            explain=explain,
            without=without,
        ) as (_, executor):
            return cls(executor, opened, None if context is None else min(context, most), progress=progress)

    def __init__(
        self,
        executor: Executor,
        artifact: Artifact,
        context: int | None = None,
        *,
        progress: Progress | None = None,
    ) -> None:
        """Load `artifact` on `executor`, which `close` also closes. See `open` for the rest."""
        manifest = artifact.manifest
        self.artifact, self.executor = artifact, executor
        self.context = checked_context(context, manifest.model.max_context)
        self.vocab_size = manifest.model.vocab_size
        table, block = ProgramTable(manifest, GENERATE_ROLES), StepBlock(manifest.params)
        held = HeldPositions(manifest.rings)
        explain = Diagnosis(executor, artifact, self.context).error
        self._sequence = CachedSequence(executor, table, block, self.context, held, explain=explain)
        self._pending: list[int] = []  # ids after those that the cache holds
        self._guessed = 0  # of what the cache holds, how much at its end are guesses
        executor.load(artifact, self.context, GENERATE_ROLES, progress)
        if not executor.info.ready_when_loaded:
            self._sequence.warm_up()

    def close(self) -> None:
        """Release the device."""
        self.executor.close()

    def begin(self, ids: Sequence[int]) -> None:
        """See `Draft.begin`. What the cache has of these ids is kept; the rest is read when it is needed."""
        self._guessed = 0
        kept = self._sequence.truncate(min(self._sequence.common_prefix(ids), len(ids) - 1))
        self._pending = list(ids[kept:])

    def advance(self, ids: Sequence[int]) -> None:
        """See `Draft.advance`."""
        cached = self._sequence.ids
        guesses = cached[len(cached) - self._guessed :]
        right = 0
        while right < min(len(guesses), len(ids)) and guesses[right] == ids[right]:
            right += 1
        if right < len(guesses):
            known = cached[: len(cached) - len(guesses) + right]
            kept = self._sequence.truncate(len(known))  # none where a ring has lost what the next would see
            self._pending = [*known[kept:], *self._pending]
        self._guessed = 0
        self._pending += ids[right:]

    def propose(self, count: int, sampling: SamplingParams) -> Sequence[int]:
        """See `Draft.propose`. `count` steps are handed over before the first id is read back."""
        sequence, known = self._sequence, len(self._sequence.ids) + len(self._pending)
        count = min(count, self.context + 1 - known)  # the last guess may lie just beyond the cache
        if count < 1 or max(self._pending) >= self.vocab_size:
            return ()
        *behind, last = self._pending
        if len(behind) > 1:
            append(sequence, behind)
            behind = []
        sequence.write_tokens_at(len(sequence.ids), [*behind, last])
        for token in behind:  # the last guess, where all were right
            sequence.run(["decode"], len(sequence.ids), 1).discard()
            sequence.appended([token], logits=False)
        roles, fields = ("decode", sampling.role), sampling.step_fields()
        for at in range(known - 1, known + count - 2):
            sequence.run(roles, at, 1, fields).discard()
        fetch = [sequence.fetch_token(known, count)]
        found = sequence.run(roles, known + count - 2, 1, fields, fetch).result()[0]
        guesses: list[int] = np.frombuffer(found, "<u4").tolist()
        sequence.appended([last, *guesses[:-1]], logits=False)
        self._pending, self._guessed = [], count - 1
        return guesses
