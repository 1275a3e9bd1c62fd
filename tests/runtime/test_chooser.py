"""Ids chosen on the host: a chooser sees what the model says, and generation goes on from its choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from runtime.device.executor import Executor
from runtime.engine.chooser import SamplingChooser
from runtime.engine.engine import Engine
from runtime.engine.host_sampling import F32, Adjustments
from runtime.engine.sampling import SamplingParams
from tests.runtime.tiny_artifact import BIAS, GAIN, MAX_CONTEXT
from tests.runtime.tiny_kernels import VOCAB, continuation, expected_logits, next_token

PROMPT = [1, 17, 4, 30, 8, 8, 2, 11, 29, 5, 13]


@pytest.fixture
def engine(executor: Executor, tiny: Artifact) -> Engine:
    return Engine(executor, tiny)


def likeliest(logits: F32, ids: Sequence[int]) -> int:
    return int(logits.argmax())


def second_after_a_three(logits: F32, ids: Sequence[int]) -> int:
    """The likeliest token, but after every third one the one beside it. May change the logits."""
    logits[:] = np.roll(logits, len(ids) % 3 == 0)
    return int(logits.argmax())


def test_the_likeliest_token_is_the_greedy_choice(engine: Engine) -> None:
    engine.feed(PROMPT)
    generation = engine.generate(20, choose=likeliest)
    assert [token.id for token in generation] == continuation(PROMPT, 20)
    assert generation.finish_reason == "length"
    assert [token.id for token in engine.generate(3)] == continuation(PROMPT, 23)[20:]


def test_what_was_chosen_is_what_the_model_goes_on_from(engine: Engine) -> None:
    known = list(PROMPT)
    for _ in range(15):
        known.append((next_token(known) + (len(known) % 3 == 0)) % VOCAB)
    engine.feed(PROMPT)
    generation = engine.generate(15, choose=second_after_a_three)
    assert [token.id for token in generation] == known[len(PROMPT) :]
    assert (engine.ids, engine.next_id) == (tuple(known[:-1]), known[-1])
    cache = np.frombuffer(engine.executor.read_buffer("layers.0.cache", 0, 4 * len(known) - 4), "<u4")
    assert cache.tolist() == known[:-1]
    assert [token.id for token in engine.generate(5)] == continuation(known, 5)


def test_a_chooser_sees_the_logits_and_every_id_before(engine: Engine) -> None:
    seen: list[tuple[F32, list[int]]] = []

    def look(logits: F32, ids: Sequence[int]) -> int:
        seen.append((logits.copy(), list(ids)))
        logits[:] = 0  # a copy: what the generation gives out stays
        return 7

    engine.feed(PROMPT)
    tokens = list(engine.generate(4, choose=look, logits=True))
    wanted = expected_logits([*PROMPT, 7, 7, 7, 7], BIAS, GAIN)[len(PROMPT) - 1 :]
    for at, (logits, ids) in enumerate(seen):
        assert ids == [*PROMPT, *[7] * at]
        np.testing.assert_allclose(logits, wanted[at], rtol=1e-6)
        np.testing.assert_array_equal(tokens[at].logits, logits)  # type: ignore[arg-type]
    assert len(seen) == 4


def test_a_stop_id_ends_it_and_the_context_too(engine: Engine) -> None:
    wanted = continuation(PROMPT, 30)
    engine.feed(PROMPT)
    generation = engine.generate(30, stop_ids=[wanted[4]], choose=likeliest)
    assert [token.id for token in generation] == wanted[: wanted.index(wanted[4])]
    assert generation.finish_reason == "stop"
    engine.truncate(len(PROMPT))
    generation = engine.generate(1000, choose=likeliest)
    assert len(list(generation)) == MAX_CONTEXT + 1 - len(PROMPT)
    assert generation.finish_reason == "context"


def test_a_chooser_that_fails_leaves_the_sequence_as_it_was(engine: Engine) -> None:
    def fail(logits: F32, ids: Sequence[int]) -> int:
        return likeliest(logits, ids) if len(ids) < len(PROMPT) + 2 else VOCAB

    engine.feed(PROMPT)
    generation = engine.generate(9, choose=fail)
    got = [next(generation).id, next(generation).id]
    with pytest.raises(UsageError, match="the chooser gave token 32, outside the vocabulary of 32"):
        next(generation)
    assert generation.finish_reason == "cancelled"
    assert [*got, *(token.id for token in engine.generate(5))] == continuation(PROMPT, 7)


def test_only_the_decode_program_is_needed(executor: Executor, tiny: Artifact) -> None:
    engine = Engine(executor, tiny, roles=("prefill", "decode"))
    engine.feed(PROMPT)
    assert [token.id for token in engine.generate(5, choose=likeliest)] == continuation(PROMPT, 5)


def test_biases_and_log_probabilities_on_the_way(engine: Engine) -> None:
    engine.feed(PROMPT)
    best = next_token(PROMPT)
    chooser = SamplingChooser(
        SamplingParams(), Adjustments({best: -100.0, 9: 50.0}), prompt_tokens=len(PROMPT), top_logprobs=2
    )
    ids = [token.id for token in engine.generate(3, choose=chooser)]
    assert ids[0] == 9
    assert [each.chosen.id for each in chooser.logprobs] == ids
    first, logits = chooser.logprobs[0], expected_logits(PROMPT, BIAS, GAIN)[-1].astype(np.float64)
    assert first.top[0].id == best  # of the model itself: the biases come after
    assert first.chosen.logprob == pytest.approx(logits[9] - np.log(np.exp(logits).sum()), abs=1e-5)
    assert [len(each.top) for each in chooser.logprobs] == [2, 2, 2]


def test_penalties_by_count_are_for_what_was_generated() -> None:
    logits = np.zeros(4, np.float32)
    logits[[1, 2]] = [1.0, 0.9]
    adjustments = Adjustments(presence_penalty=0.5)
    chooser = SamplingChooser(SamplingParams(), adjustments, prompt_tokens=2)
    assert chooser(logits.copy(), [1, 1]) == 1
    assert chooser(logits.copy(), [1, 1, 1]) == 2
    assert chooser.logprobs == []


class SaysSeven:
    """Chooses the likeliest token, and knows two that follow it where its position is a multiple of four."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.prepared = 0

    def __call__(self, logits: F32, ids: Sequence[int]) -> int:
        self.asked.append(len(ids))
        assert self.prepared == len(self.asked)  # before each choice, once
        return likeliest(logits, ids)

    def prepare(self) -> None:
        self.prepared += 1

    def ahead(self, most: int) -> Sequence[int]:
        return [7, 9][:most] if self.asked[-1] % 4 == 0 else []


def expected_with_sevens(count: int) -> tuple[list[int], list[int]]:
    """What SaysSeven gives, and the positions that it is asked for."""
    known, asked = list(PROMPT), list[int]()
    while len(known) < len(PROMPT) + count:
        asked.append(len(known))
        known.append(next_token(known))
        known += [7, 9] if asked[-1] % 4 == 0 else []
    return known[: len(PROMPT) + count], asked


def test_tokens_that_a_chooser_knows_are_read_without_asking_it(engine: Engine) -> None:
    wanted, asked = expected_with_sevens(30)
    assert len(asked) < 25
    engine.feed(PROMPT)
    chooser = SaysSeven()
    generation = engine.generate(30, choose=chooser)
    got = list(generation)
    assert [token.id for token in got] == wanted[len(PROMPT) :]
    assert [token.position for token in got] == list(range(len(PROMPT), len(wanted)))
    assert chooser.asked == asked and generation.finish_reason == "length"
    cached = len(engine.ids)
    assert list(engine.ids) == wanted[:cached]
    cache = np.frombuffer(engine.executor.read_buffer("layers.0.cache", 0, 4 * cached), "<u4")
    assert cache.tolist() == wanted[:cached]


@pytest.mark.parametrize("taken", [2, 3, 4, 5])
def test_a_generation_with_known_tokens_may_be_left_anywhere(engine: Engine, taken: int) -> None:
    wanted, _ = expected_with_sevens(30)
    engine.feed(PROMPT)
    with engine.generate(30, choose=SaysSeven()) as generation:
        got = [next(generation).id for _ in range(taken)]
    assert got == wanted[len(PROMPT) :][:taken]
    assert list(engine.ids) == wanted[: len(engine.ids)] and len(engine.ids) < len(PROMPT) + taken
    engine.feed(wanted[len(engine.ids) : len(PROMPT) + taken])
    assert next(engine.generate(1)).id == next_token(wanted[: len(PROMPT) + taken])


def test_known_tokens_end_where_the_context_does(engine: Engine) -> None:
    engine.feed(PROMPT)
    generation = engine.generate(10 * MAX_CONTEXT, choose=SaysSeven())
    got = [token.id for token in generation]
    assert generation.finish_reason == "context" and len(got) == engine.context + 1 - len(PROMPT)
    assert got == expected_with_sevens(len(got))[0][len(PROMPT) :]
