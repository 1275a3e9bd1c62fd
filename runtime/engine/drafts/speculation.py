"""Speculative decoding: a draft guesses tokens, and one step of the model checks all of them.

Such a step has a row for the last token that is known and one for each guess after it, all of one sequence
(see `runtime.engine.rows`). Each row samples the token that comes after its own, exactly as a step of its own
would: from the same bits of the logits, with the sequence's sampling parameters and the random numbers of its
position. A guess is right where it is that very token. So the tokens are those that the model gives without a
draft, greedy or not, whatever is guessed: up to the first wrong guess as many as were guessed, and one more.

The draft draws with the same random numbers, which makes both models draw the same token often: with
probability (1 - d) / (1 + d) or more, where d is the total variation distance of their distributions.
Rejection sampling would keep 1 - d of the guesses, but the tokens would then depend on the draft, not on the
seed alone. What was appended for wrong guesses lies after the end of the sequence, as what a generation hands
over ahead does, and is overwritten.

Sources: Leviathan, Kalman and Matias, Fast Inference from Transformers via Speculative Decoding (2023); Chen
et al., Accelerating Large Language Model Decoding with Speculative Sampling (2023); for drawing with common
random numbers: Daliri, Musco and Suresh, Coupling without Communication and Drafter-Invariant Speculative
Decoding (2024).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter

from runtime.engine.chooser import LooksAhead
from runtime.engine.drafts.lengths import Lengths
from runtime.engine.drafts.model import Draft
from runtime.engine.generation import Generated, Request, check_score, chosen
from runtime.engine.masked import generation
from runtime.engine.rows import Row, RowResult, RowSteps
from runtime.engine.sequence import CachedSequence

_SILENT = 32  # tokens to do without guesses where the draft has none


@dataclass(frozen=True)
class Speculator:
    """A draft for the sequences of an engine, one at a time: `steps` runs up to `most_rows` rows at once."""

    draft: Draft
    lengths: Lengths
    steps: RowSteps
    most_rows: int

    def generation(self, sequence: CachedSequence, request: Request) -> Speculation:
        """Return a generation that checks what the draft guesses."""
        return Speculation(self, sequence, request)


class Speculation(Iterator[Generated]):
    """Iterates over new tokens, as `Generation` does: the same tokens, and the same ends.

    What a chooser knows to follow its choice (`LooksAhead`) is left to the caller, who asks it after each
    token and closes the generation where there is any. `close` may be called at any time; the cache then ends
    at the last token that was yielded.
    """

    def __init__(self, speculator: Speculator, sequence: CachedSequence, request: Request) -> None:
        self.finish_reason: str | None = None
        self.stop_id: int | None = None
        self._draft, self._lengths = speculator.draft, speculator.lengths
        self._steps, self._most_rows = speculator.steps, speculator.most_rows
        self._sequence, self._request = sequence, request
        self._tokens = self._generate()
        self._last_seen = 0.0

    def __next__(self) -> Generated:
        return next(self._tokens)

    def close(self) -> None:
        """Stop. Nothing is kept of what was checked, but not yielded."""
        self._tokens.close()
        self.finish_reason = self.finish_reason or "cancelled"

    @property
    def _position(self) -> int:
        """The position of the next token."""
        return len(self._sequence.ids) + (self._sequence.next_id is not None)

    def _generate(self) -> Generator[Generated]:
        self._last_seen = perf_counter()
        room = self._sequence.context + 1 - self._position  # the last token may lie just beyond the cache
        left = count = min(self._request.max_new, room)
        follows = False
        while left and self.finish_reason is None:
            guesses: Sequence[int] = ()
            most = 0 if self._sequence.has_logits else min(self._most_rows, left) - 1
            wanted = self._lengths.choose(most) if most else 0
            if wanted and not follows:
                self._draft.begin(self._sequence.known_ids)
                follows = True
            began = perf_counter()
            if wanted:
                guesses = self._guesses(wanted)
            plain = 1 if self._sequence.has_logits else self._lengths.stretch or _SILENT
            new: list[int] = []
            with closing(
                self._checked(guesses, began) if guesses else self._plain(min(plain, left))
            ) as tokens:
                for token in tokens:
                    left -= 1
                    new.append(token.id)
                    yield token
            if follows:
                self._draft.advance(new)
        if self.finish_reason is None:
            self.finish_reason = "length" if count == self._request.max_new else "context"

    def _plain(self, count: int) -> Generator[Generated]:
        """Yield tokens without guesses: so many, or one where a chooser may know what follows."""
        if isinstance(self._request.choose, LooksAhead):
            count = 1
        measured = not self._sequence.has_logits
        began, ended = perf_counter(), 0.0
        tokens = generation(self._sequence, replace(self._request, max_new=count))
        try:
            for _ in range(count):
                token = next(tokens, None)
                if token is None:
                    self.stop_id, self.finish_reason = tokens.stop_id, tokens.finish_reason
                    return
                ended = perf_counter()
                yield token
        finally:
            tokens.close()
            self._last_seen = perf_counter()
        if measured:
            self._lengths.did_without(count, ended - began)

    def _guesses(self, count: int) -> Sequence[int]:
        """The draft's guesses, as far as they are tokens of the model."""
        guesses = self._draft.propose(count, self._request.sampling)[:count]
        strange = (at for at, token in enumerate(guesses) if not 0 <= token < self._request.vocab_size)
        return guesses[: next(strange, len(guesses))]

    def _checked(self, guesses: Sequence[int], began: float) -> Generator[Generated]:
        """Yield the tokens of a step that checks guesses, which were begun at the time `began`."""
        sequence, request, first = self._sequence, self._request, self._position
        guessed = perf_counter()
        whole = request.choose is not None
        if isinstance(request.choose, LooksAhead):
            request.choose.prepare()
        rows = [Row(sequence, first + at, request.sampling, whole) for at in range(len(guesses) + 1)]
        sequence.timings.drafted_tokens += len(guesses)
        right = 0
        for at, result in enumerate(self._steps.check(rows, guesses)):
            token = self._token(result, first + at)
            self._last_seen = sequence.timings.count_token(self._last_seen)
            hit = at < len(guesses) and guesses[at] == token
            right += hit
            sequence.timings.accepted_tokens += hit
            if token in request.stop_ids:
                self.stop_id, self.finish_reason = token, "stop"
                return
            yield Generated(token, first + at)
            if not hit:
                break
        # With what its reader did meanwhile, as where tokens come without guesses.
        self._lengths.guessed(len(guesses), right, guessed - began, perf_counter() - guessed)

    def _token(self, result: RowResult, position: int) -> int:
        """The token of a row. Raises: DeviceError where scores are no numbers."""
        token = result.token
        if self._request.choose is not None and result.logits is not None:
            token = chosen(self._request.choose, self._sequence, result.logits.copy(), position)
        if token == 0 and result.first_score is not None:
            check_score(self._sequence, result.first_score, position)
        self._sequence.sampled(token)
        return token
