"""A draft changes how fast tokens come, never which: the model's own ids, whatever is guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from runtime.engine.drafts.model import DraftModel
from runtime.engine.drafts.speculation import Speculator
from runtime.engine.engine import Engine
from runtime.engine.generation import Generated
from runtime.engine.rows import RowSteps
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine
from runtime.engine.timings import Timings
from tests.several.asked import ASKED, GREEDY, Asked, ids_of, lone

SAMPLED = SamplingParams(temperature=0.9, top_p=0.95, min_p=0.01, repetition_penalty=1.2, seed=4)


@dataclass
class Scripted:
    """A draft that knows what comes. Each step has a word of its script: how many tokens it guesses, and how
    many of them are right; as `Lengths`, it guesses as many."""

    comes: Sequence[int] = ()
    script: Sequence[tuple[int, int]] = ((1, 1),)
    stretch: int = 1
    known: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self._words = cycle(self.script)
        self._word = (0, 0)

    def choose(self, most: int) -> int:
        self._word = next(self._words)
        return min(self._word[0], most)

    def guessed(self, count: int, right: int, guessing: float, checking: float) -> None:
        assert right <= self._word[1]

    def did_without(self, tokens: int, seconds: float) -> None:
        assert tokens >= 1

    def begin(self, ids: Sequence[int]) -> None:
        self.known = list(ids)

    def propose(self, count: int, sampling: SamplingParams) -> Sequence[int]:
        right = list(self.comes[len(self.known) :][: min(count, self._word[1])])
        return [*right, *([2047] * (count - len(right)))]

    def advance(self, ids: Sequence[int]) -> None:
        assert ids
        self.known += ids


def speculate(engine: SeveralEngine, scripted: Scripted) -> None:
    """Have a script in a draft model's place."""
    steps = RowSteps(*_step_arguments(engine))
    for seat in engine.seats:
        seat.speculator = Speculator(scripted, scripted, steps, len(engine.seats))


def _step_arguments(engine: SeveralEngine) -> Any:
    sequence, sequences = engine.seats[0].sequence, engine.artifact.manifest.sequences
    return sequence.executor, sequence.table, sequence.block, sequences, engine.vocab_size


def answer(
    engine: SeveralEngine, asked: Asked, ends: Sequence[int] = ()
) -> tuple[list[int], str | None, Timings]:
    """The ids of an answer that is alone, why it ended, and its timings."""
    lease = engine.lease()
    timings = lease.start_timing()
    try:
        kept = lease.reuse(asked.prompt[:-1])
        lease.feed(asked.prompt[kept:])
        tokens = lease.generate(asked.new, asked.sampling, ends, choose=asked.choose)
        ids = [token.id for token in tokens if token is not None]
        return ids, tokens.finish_reason, timings
    finally:
        lease.back()


@pytest.fixture(autouse=True)
def without_draft_afterwards(engine: SeveralEngine) -> Iterator[None]:
    yield
    for seat in engine.seats:
        seat.speculator = None


SCRIPTS = st.lists(
    st.integers(0, 3).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=6
)


@given(SCRIPTS, st.sampled_from([GREEDY, SAMPLED]), st.integers(0, 2), st.booleans())
def test_whatever_is_guessed_the_ids_are_those_of_a_lone_engine(
    engine: SeveralEngine,
    alone: Engine,
    script: list[tuple[int, int]],
    sampling: SamplingParams,
    prompt: int,
    ends_early: bool,
) -> None:
    asked = Asked(ids_of(30 + prompt, (5, 40, 507)[prompt]), 14, sampling)  # one across a length of splits
    wanted = lone(alone, asked)
    ends = [wanted[9]] if ends_early else []
    speculate(engine, Scripted([*asked.prompt, *wanted], script))
    ids, reason, timings = answer(engine, asked, ends)
    if ends_early:
        assert (ids, reason) == (wanted[: wanted.index(wanted[9])], "stop")
    else:
        assert (ids, reason) == (wanted, "length")
        assert timings.generated_tokens == 14
    assert timings.accepted_tokens <= timings.drafted_tokens
    if not ends_early and any(right for _, right in script):
        assert timings.accepted_tokens > 0


@pytest.mark.parametrize("asked", ASKED)
def test_a_draft_that_is_the_model_itself_is_always_right(
    engine: SeveralEngine, alone: Engine, artifact: Artifact, device: str, asked: Asked
) -> None:
    draft = DraftModel.open(artifact, device=device, references=references(), library=Library())
    steps = RowSteps(*_step_arguments(engine))
    for seat in engine.seats:
        seat.speculator = Speculator(draft, Scripted(script=((3, 3), (1, 1), (2, 2))), steps, 4)
    asked = replace(asked, begins=0)
    ids, _, timings = answer(engine, asked)
    assert ids == lone(alone, asked)
    assert timings.drafted_tokens > 0
    if not asked.chosen:  # by others than the draft knows
        assert timings.accepted_tokens == timings.drafted_tokens
    draft.close()


@pytest.mark.parametrize("script", [((3, 3),), ((2, 1), (1, 1), (3, 0)), ((3, 2), (0, 0))])
@pytest.mark.parametrize("new", [22, 23, 9])
def test_tokens_that_a_chooser_knows_come_between_guesses(
    engine: SeveralEngine, alone: Engine, script: Sequence[tuple[int, int]], new: int
) -> None:
    asked = Asked(ids_of(45, 7), new, known=True)
    wanted = lone(alone, asked)
    scripted = Scripted([*asked.prompt, *wanted], script)
    speculate(engine, scripted)
    ids, reason, timings = answer(engine, asked)
    assert (ids, reason) == (wanted, "length")
    assert timings.drafted_tokens > 0


@pytest.mark.parametrize(("past", "new"), [(0, 30), (2, 1), (1, 1), (0, 2)])
def test_an_answer_ends_with_the_context_as_it_would(
    engine: SeveralEngine, alone: Engine, past: int, new: int
) -> None:
    """`past` positions are free after the prompt's; the last token may lie just beyond the cache."""
    asked = Asked(ids_of(40, engine.context - past - 3), new)
    alone.truncate(0)
    alone.feed(asked.prompt)
    generation = alone.generate(new)
    wanted = [token.id for token in generation]
    speculate(engine, Scripted([*asked.prompt, *wanted], ((3, 3),)))
    ids, reason, _ = answer(engine, asked)
    assert (ids, reason) == (wanted, generation.finish_reason)


def test_an_answer_that_is_left_early_goes_on_as_if_no_more_had_been_checked(
    engine: SeveralEngine, alone: Engine
) -> None:
    asked = Asked(ids_of(41, 9), 12)
    wanted = lone(alone, asked)
    speculate(engine, Scripted([*asked.prompt, *wanted], ((3, 3),)))
    for taken in (1, 2, 3, 5):
        lease = engine.lease()
        lease.reuse([])
        lease.feed(asked.prompt)
        tokens = lease.generate(12, GREEDY, ())
        got = [token.id for token in islice(tokens, taken) if token is not None]
        tokens.close()
        assert tokens.finish_reason == "cancelled"
        assert list(lease.ids) == [*asked.prompt, *wanted[: taken - 1]]
        got += [token.id for token in lease.generate(12 - taken, GREEDY, ()) if token is not None]
        assert got == wanted
        lease.back()


def test_others_may_come_and_go_while_a_draft_guesses(engine: SeveralEngine, alone: Engine) -> None:
    asked, other = Asked(ids_of(42, 8), 20), Asked(ids_of(43, 6), 5)
    wanted = lone(alone, asked)
    speculate(engine, Scripted([*asked.prompt, *wanted], ((3, 2),)))
    lease, ids = engine.lease(), list[int]()
    lease.reuse([])
    lease.feed(asked.prompt)
    tokens = lease.generate(20, GREEDY, ())
    ids += _ids(islice(tokens, 4))
    assert len(ids) == 4
    second = engine.lease()
    second.reuse([])
    second.feed(other.prompt)
    beside, found = second.generate(5, GREEDY, ()), list[int]()
    while beside.finish_reason is None:
        for each, into in ((tokens, ids), (beside, found)):
            into += _ids(iter(lambda each=each: next(each, None), None))
        engine.step()
    second.back()
    ids += _ids(tokens)
    lease.back()
    assert (ids, found) == (wanted, lone(alone, other))


def test_an_artifact_whose_rows_are_of_other_sequences_takes_no_draft(engine: SeveralEngine) -> None:
    """Its kernels may load keys before rows beside have appended them."""
    nothing: Any = None
    with pytest.raises(UsageError, match="no steps that check what a draft guesses"):
        engine.speculate(nothing)


def _ids(tokens: Iterator[Generated | None]) -> list[int]:
    return [token.id for token in tokens if token is not None]
