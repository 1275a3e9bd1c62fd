"""One sequence on one device: feeds token ids, keeps their keys and values, generates more.

    with Engine.open("dist/stories260K-q4-wgsl", device="auto") as engine:
        engine.feed([1, 403, 407])
        for token in engine.generate(100, stop_ids={2}):
            print(token.id)

A conversation calls `reuse(ids)`, feeds what that does not find in the cache already, or beside it where the
engine keeps prefixes (`runtime.prefixes`), and generates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from runtime.cpu.kernels import KernelLibrary
from runtime.device.executor import DispatchTime, Executor, Progress, Reference
from runtime.device.program import ProgramTable, StepBlock
from runtime.devices import Explain
from runtime.engine.chooser import Chooser
from runtime.engine.diagnosis import Diagnosis
from runtime.engine.feeding import F32, checked_ids, feed, hidden_width, mean_hidden, score
from runtime.engine.generation import Generated, Generation, Request
from runtime.engine.masked import generation
from runtime.engine.opening import opened_for
from runtime.engine.rings import HeldPositions
from runtime.engine.sampling import SamplingParams
from runtime.engine.sequence import GREEDY_FIELDS, CachedSequence, checked_context
from runtime.engine.timings import Timings
from runtime.prefixes.settings import PrefixSettings, open_prefixes

__all__ = ["ALL_ROLES", "EMBED_ROLES", "GENERATE_ROLES", "SCORE_ROLES", "Engine", "Generated", "Generation"]

GENERATE_ROLES = ("prefill", "decode", "sample_greedy", "sample", "mask")
SCORE_ROLES = ("prefill", "decode", "score")
ALL_ROLES = (*GENERATE_ROLES, "score")
EMBED_ROLES = (*GENERATE_ROLES, "embed")
"""For artifacts that were built with embeddings."""


class Engine:
    """A loaded artifact with one sequence in its cache. Not thread-safe."""

    @classmethod
    def open(
        cls,
        artifact: Artifact | Path | str,
        *,
        device: str = "auto",
        context: int | None = None,
        roles: Sequence[str] = GENERATE_ROLES,
        references: Mapping[str, Reference] | None = None,
        library: KernelLibrary | None = None,
        progress: Progress | None = None,
        ahead: int = 4,
        explain: Explain | None = None,
        without: Collection[str] = (),
        prefixes: PrefixSettings | None = None,
    ) -> Engine:
        """Open `device` (see `runtime.devices`) and load `artifact` on it.

        `context` is in tokens (default: the artifact's own maximum). `references` are the numpy kernels by
        spec name, which device "numpy" needs, and `library` prints those of device "cpu". `ahead` is how many
        decode steps are handed over before the first id is read back. `explain` is told which device "auto"
        took. `without` names optimisations that the device leaves out; "ahead" among them stands for 1 step.
        `prefixes` says how much of prompts is kept beside the cache (default: nothing).
        Raises: ArtifactError, DeviceError, ContextError, UsageError.
        """
        with opened_for(
            artifact,
            roles,
            device=device,
            context=context,
            references=references,
            library=library,
            explain=explain,
            without=without,
        ) as (opened, executor):
            steps = 1 if "ahead" in without else ahead
            return cls(
                executor, opened, context, roles=roles, progress=progress, ahead=steps, prefixes=prefixes
            )

    def __init__(
        self,
        executor: Executor,
        artifact: Artifact,
        context: int | None = None,
        *,
        roles: Sequence[str] = GENERATE_ROLES,
        progress: Progress | None = None,
        ahead: int = 4,
        prefixes: PrefixSettings | None = None,
    ) -> None:
        """Load `artifact` on `executor`, which `close` also closes. See `open` for the rest."""
        if ahead < 1:
            raise UsageError(f"ahead is {ahead}, wanted at least 1 (1 waits for every token)")
        manifest = artifact.manifest
        self.artifact = artifact
        self.executor = executor
        self.context = checked_context(context, manifest.model.max_context)
        self.vocab_size = manifest.model.vocab_size
        held = HeldPositions(manifest.rings)
        self.ahead = ahead
        self._most_ahead = held.spare  # what runs past a stop is cut off
        table, block = ProgramTable(manifest, roles), StepBlock(manifest.params)
        explain = Diagnosis(executor, artifact, self.context).error
        self._sequence = CachedSequence(executor, table, block, self.context, held, explain=explain)
        self._active: Generation | None = None
        executor.load(artifact, self.context, roles, progress)
        kept = open_prefixes(prefixes, artifact, [self._sequence])
        self._prefixes = kept[0] if kept else None
        self.start_timing()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the running generation and release the device."""
        self._stop()
        if self._prefixes:
            self._prefixes.close()
        self.executor.close()

    # ---- the sequence ----

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids whose keys and values are in the cache, by position."""
        return tuple(self._sequence.ids)

    @property
    def next_id(self) -> int | None:
        """The id generated last: it is known, but not in the cache yet; `generate` continues after it."""
        return self._sequence.next_id

    @property
    def timings(self) -> Timings:
        """Times since `start_timing` (or since the engine was opened)."""
        return self._sequence.timings

    def start_timing(self) -> Timings:
        """Start counting from zero, for a turn or a benchmark; returns the new counters."""
        self._sequence.timings = Timings()
        return self._sequence.timings

    def warm_up(self) -> None:
        """Run every program once, for devices that compile a kernel when it first runs.

        Afterwards the first answer is as fast as all others. Does nothing unless the cache is empty.
        """
        if not self.ids and not self.executor.info.ready_when_loaded:
            self._sequence.warm_up()
            self.start_timing()

    def common_prefix(self, ids: Sequence[int]) -> int:
        """Return how many of the first `ids` are in the cache already."""
        return self._sequence.common_prefix(ids)

    def truncate(self, length: int) -> int:
        """Keep the first `length` positions of the cache; return how many were kept: all of them, or none.

        Layers with a window forget positions. Where they have forgotten what the next position would see, the
        cache is emptied, and all must be fed again. This cannot happen where no more positions are cut off
        than the longest step has rows. Raises: UsageError where the cache holds fewer.
        """
        self._stop()
        return self._sequence.truncate(length)

    def reuse(self, ids: Sequence[int]) -> int:
        """Make the cache hold a beginning of `ids` alone, computing nothing; return its length, in tokens."""
        common = self.common_prefix(ids)
        if self._prefixes and common < len(self._sequence.ids):
            self.remember()
        kept = self.truncate(common)
        return self._prefixes.restore(ids, kept) if self._prefixes else kept

    def remember(self) -> None:
        """Keep what the cache holds for later prompts, if the engine keeps prefixes; it ends a generation.

        `reuse` does so before anything is lost, but then a prompt waits for it. Raises: DeviceError.
        """
        self._stop()
        if self._prefixes:
            self._prefixes.save()

    # ---- feeding ----

    def feed(
        self,
        ids: Sequence[int],
        *,
        one_by_one: bool = False,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Append `ids` and wait until their keys and values are in the cache.

        Runs in chunks of as many tokens as the prefill program takes, or of `chunk` if that is less.
        `one_by_one` runs the decode program for each token instead. After an interrupt the cache holds the
        chunks handed over so far. Raises: ContextError where they do not fit; UsageError for no ids or ids
        outside the vocabulary.
        """
        self._stop()
        role = "decode" if one_by_one else "prefill"
        watching = self._prefixes.watching(progress) if self._prefixes else progress
        feed(self._sequence, checked_ids(ids, self.vocab_size), role, chunk, watching)

    def score(self, ids: Sequence[int], *, one_by_one: bool = False, chunk: int | None = None) -> F32:
        """Append `ids` like `feed` and return the logits at each of them. Shapes: f32 [len(ids), vocab]."""
        return np.concatenate(list(self.score_chunks(ids, one_by_one=one_by_one, chunk=chunk)))

    def score_chunks(
        self, ids: Sequence[int], *, one_by_one: bool = False, chunk: int | None = None
    ) -> Iterator[F32]:
        """Append `ids` and yield their logits chunk by chunk, so that no more than one chunk is held.

        Needs the role "score", or with `one_by_one` the role "decode". Shapes: f32 [rows, vocab] each.
        Raises: as `feed`.
        """
        self._stop()
        checked = checked_ids(ids, self.vocab_size)
        yield from score(self._sequence, checked, self.vocab_size, one_by_one=one_by_one, chunk=chunk)

    def embed(self, ids: Sequence[int]) -> F32:
        """Return the mean of the final hidden states at `ids`, scaled to length 1. Shape: f32 [hidden].

        The cache then holds these ids. Needs the role "embed". Raises: as `feed`.
        """
        self._stop()
        checked = checked_ids(ids, self.vocab_size)
        self._sequence.truncate(0)
        return mean_hidden(self._sequence, checked, hidden_width(self.artifact.manifest))

    # ---- generating ----

    def generate(
        self,
        max_new: int,
        sampling: SamplingParams | None = None,
        stop_ids: Iterable[int] = (),
        *,
        logits: bool = False,
        ahead: int | None = None,
        choose: Chooser | None = None,
    ) -> Generation:
        """Start generating at most `max_new` tokens after what was fed; iterate over the result.

        The default sampling is greedy. `logits` adds the logits that each token was drawn from. The text
        depends on the ids, the parameters and the seed alone, not on `ahead`. With `choose`, ids are chosen
        on the host instead of sampled on the device, one step at a time. A later call to any method ends the
        generation. Raises: UsageError where nothing was fed.
        """
        self._stop()
        if max_new < 0:
            raise UsageError(f"`max_new` is {max_new}, wanted 0 or more")
        if not self._sequence.ids and self._sequence.next_id is None:
            raise UsageError("nothing to generate from", help="feed at least one token first, such as BOS")
        request = Request(
            max_new=max_new,
            sampling=(sampling or SamplingParams()).with_seed(),
            stop_ids=frozenset(stop_ids),
            ahead=1 if choose else max(1, min(self.ahead if ahead is None else ahead, self._most_ahead)),
            vocab_size=self.vocab_size,
            keep_logits=logits,
            choose=choose,
        )
        self._active = generation(self._sequence, request)
        return self._active

    def profile(self, role: str = "decode", seq: int = 1) -> list[DispatchTime]:
        """Run one step of `role` over `seq` tokens after the cached ones, timing each dispatch on the device.

        The sequence stays as it is: what the step writes lies after its end. Raises: DeviceError where the
        device has no timestamps, ContextError where the step does not fit.
        """
        self._stop()
        sequence = self._sequence
        sequence.require_room(seq)
        sequence.has_logits = False
        past = len(sequence.ids)
        programs = [sequence.table.select(role, seq, past)]
        env = {"seq": seq, "past": past, "context": self.context}
        sequence.held.written(past, seq)
        return self.executor.profile(programs, env, sequence.block.encode({**GREEDY_FIELDS, **env}))

    def _stop(self) -> None:
        if self._active is not None:
            self._active.close()
            self._active = None
