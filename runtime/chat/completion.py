"""Stateless requests: a prompt or messages in, an answer out, with nothing remembered but the cache.

    completer = Completer(engine, coder, template, stop_ids=stop_ids)
    done = completer.complete(CompletionRequest(prompt="Once upon a time", max_new=40, stop=["\n\n"]))
    print(done.text, done.finish_reason)

What the next request shares with the beginning of the last one is not computed again.
"""

from __future__ import annotations

import contextlib
import secrets
import string
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kernelc.errors import UsageError
from runtime.chat.answer import Answer, Sequencer, Stopped, load_prompt, stream_text
from runtime.chat.constraints import Constraints
from runtime.chat.planning import Plan, Planner
from runtime.chat.prompt import Template, TextCoder
from runtime.chat.request import CompletionRequest
from runtime.chat.stop_strings import StopMatcher
from runtime.chat.tools.deltas import WAITING, Delta, ToolCall, calls_of, text_of
from runtime.chat.tools.parser import AnswerParser
from runtime.device.executor import Progress
from runtime.engine.chooser import ChosenLogprobs, SamplingChooser
from runtime.engine.sampling import SamplingChanges, SamplingParams
from runtime.engine.timings import Timings
from runtime.grammar.ahead import ForcedTokens

_ID_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 9
"""Of calls: Mistral's templates take no other ids than of nine letters and digits."""


class Completion(Answer):
    """The answer to one request.

    Besides what an `Answer` tells, `ids` are all tokens generated, those of a stop string too; `stop_string`
    is the stop string that ended the answer (with `finish_reason` "stop"); `seed` repeats the text.
    `deltas` are to be iterated over in place of the answer itself, which gives their text alone, by whoever
    wants thoughts and calls, too; `reasoning_tokens` counts the ids of thoughts and their marks.
    `shown_tokens` counts the ids whose text was given so far: it leaves out those that a stop string took.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.ids: list[int] = []
        self.stop_string: str | None = None
        self.shown_tokens = 0
        self.reasoning_tokens = 0
        self.deltas = _no_deltas()
        self.chosen: Sequence[ChosenLogprobs] = ()

    def close(self) -> None:
        """End the answer here, for a caller that stops iterating early."""
        self.deltas.close()

    @property
    def logprobs(self) -> tuple[ChosenLogprobs, ...]:
        """Log probabilities of `ids`; empty where they were not asked for."""
        return tuple(self.chosen[: len(self.ids)])  # an id that stops the answer was chosen too


def _no_deltas() -> Generator[Delta]:
    yield from ()


@dataclass(frozen=True)
class Completed:
    """A whole answer; see `Completion` for the fields."""

    text: str
    ids: tuple[int, ...]
    finish_reason: str
    stop_string: str | None
    shown_tokens: int
    prompt_tokens: int
    reused_tokens: int
    seed: int
    timings: Timings
    logprobs: tuple[ChosenLogprobs, ...]
    reasoning: str
    reasoning_tokens: int
    calls: tuple[ToolCall, ...]


def completed(answer: Completion, deltas: Sequence[Delta]) -> Completed:
    """Return an answer that has come to its end, of which `deltas` are all."""
    assert answer.finish_reason is not None
    return Completed(
        text_of(deltas, "text"),
        tuple(answer.ids),
        answer.finish_reason,
        answer.stop_string,
        answer.shown_tokens,
        answer.prompt_tokens,
        answer.reused_tokens,
        answer.seed,
        answer.timings,
        answer.logprobs,
        text_of(deltas, "reasoning"),
        answer.reasoning_tokens,
        calls_of(deltas),
    )


class Completer:
    """Answers requests, one after the other, on one engine."""

    def __init__(
        self,
        engine: Sequencer,
        coder: TextCoder,
        template: Template,
        *,
        stop_ids: Iterable[int],
        prefix: Sequence[int] = (),
        sampling: SamplingParams | None = None,
    ) -> None:
        """`stop_ids` end every answer. `prefix`, such as BOS, starts every plain prompt.

        `sampling` is for requests that say nothing of it; by default those are answered greedily.
        """
        self._engine = engine
        self._coder = coder
        self._stop_ids = frozenset(stop_ids)
        self._planner = Planner(
            coder, template, prefix=list(prefix), context=engine.context, ends=self._stop_ids
        )
        self._sampling = sampling or SamplingParams()
        self._constraints = Constraints(coder, engine.vocab_size, self._stop_ids)

    def complete(self, request: CompletionRequest, progress: Progress | None = None) -> Completed:
        """Return the whole answer. Raises: as `stream`."""
        answer = self.stream(request)
        answer.on_progress = progress
        return completed(answer, list(answer.deltas))

    def stream(self, request: CompletionRequest, on: Sequencer | None = None) -> Completion:
        """Return the answer, which is generated by iterating over it.

        `on` is one of several sequences of an engine, in place of the completer's own. Its answer is WAITING
        wherever it waits for a step (see `runtime.engine.several`).

        Raises: UsageError for a biased token outside the vocabulary, and for a grammar that the model's
        tokens cannot write; while iterating ContextError, TemplateError, UsageError and DeviceError.
        """
        vocab = self._engine.vocab_size
        for token in request.logit_bias:
            if not 0 <= token < vocab:
                raise UsageError(f"logit_bias has token {token}, outside the vocabulary of {vocab}")
        grammar = self._planner.grammar_of(request)
        if grammar is not None:
            self._constraints.of(grammar)
        asked = request.sampling or self._sampling
        own = asked.over(self._sampling) if isinstance(asked, SamplingChanges) else asked
        sampling = own.with_seed()
        answer = Completion(sampling.seed or 0)
        answer.deltas = self._generated(on or self._engine, answer, request, sampling)
        answer.pieces = (delta.text for delta in answer.deltas if delta.kind == "text")
        return answer

    def settle(self) -> None:
        """Keep what the last answer left, for later prompts, now that nobody waits. Raises: DeviceError."""
        self._engine.remember()

    def _generated(
        self, engine: Sequencer, answer: Completion, request: CompletionRequest, sampling: SamplingParams
    ) -> Generator[Delta]:
        answer.timings = engine.start_timing()
        plan = self._planner.plan(request)
        try:
            load_prompt(engine, answer, plan.ids)
            yield from self._deltas(engine, answer, request, sampling, plan)
        except Stopped:
            pass
        finally:
            answer.finish_reason = answer.finish_reason or "stopped"
            if plan.text is not None and answer.ids:
                self._planner.prompts.remember(plan.text, plan.ids, answer.ids)

    def _deltas(
        self,
        engine: Sequencer,
        answer: Completion,
        request: CompletionRequest,
        sampling: SamplingParams,
        plan: Plan,
    ) -> Generator[Delta]:
        """Yield what the answer consists of, until the tokens end, a stop string is met, or it has as many
        calls as it may have."""
        chooser = self._chooser(request, sampling, plan)
        if chooser is not None:
            answer.chosen = chooser.logprobs
        tokens = engine.generate(request.max_new, sampling, self._stop_ids, choose=chooser)
        decoder, parser, matcher = plan.decoder, plan.parser, StopMatcher(request.stop)
        with contextlib.closing(stream_text(answer, tokens, answer.ids, decoder)) as pieces:
            for piece in matcher.matched(pieces):
                if not piece:
                    yield WAITING
                    continue
                answer.shown_tokens = len(answer.ids)
                yield from _parted(answer, parser, piece)
                if parser is not None and parser.done:
                    break
        rest = matcher.feed(decoder.flush()) + matcher.flush()
        answer.stop_string = matcher.found
        if rest or matcher.found is None:
            answer.shown_tokens = len(answer.ids)
        if rest:
            yield from _parted(answer, parser, rest)
        if parser is not None:
            yield from map(_with_id, parser.flush())
        if parser is not None and parser.done and not answer.stopping:
            answer.finish_reason = "stop"
        else:
            answer.finish_reason = _finish_reason(answer, tokens.finish_reason)

    def _chooser(
        self, request: CompletionRequest, sampling: SamplingParams, plan: Plan
    ) -> SamplingChooser | None:
        """Return the chooser for requests whose tokens must be chosen on the host."""
        if not request.chooses_on_host:
            return None
        matcher = forced = None
        grammar = self._planner.grammar_of(request)
        if grammar is not None:
            constraint = self._constraints.of(grammar)
            matcher = self._planner.matcher_of(request, plan, self._constraints)
            forced = ForcedTokens(self._coder.encode, constraint.vocabulary)
        return SamplingChooser(
            sampling,
            request.adjustments,
            prompt_tokens=len(plan.ids),
            top_logprobs=request.top_logprobs,
            matcher=matcher,
            forced=forced,
        )


def _parted(answer: Completion, parser: AnswerParser | None, piece: str) -> Iterator[Delta]:
    """Yield what a piece of text consists of."""
    if parser is None:
        yield Delta("text", piece)
        return
    was_thinking = parser.thinking
    deltas = parser.feed(piece)
    if was_thinking or parser.thinking or text_of(deltas, "reasoning"):
        answer.reasoning_tokens = len(answer.ids)
    yield from map(_with_id, deltas)


def _with_id(delta: Delta) -> Delta:
    if delta.kind != "call":
        return delta
    made = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    return Delta("call", delta.text, delta.index, made)


def _finish_reason(answer: Completion, of_tokens: str | None) -> str | None:
    if answer.stop_string is not None:
        return "stop"
    return "stopped" if answer.stopping else of_tokens
