"""The engine on every device: what is fed, kept, generated and given back is what the toy model says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Artifact
from kernelc.errors import ContextError, UsageError
from runtime.device.executor import Executor
from runtime.device.program import plan_load
from runtime.engine.engine import ALL_ROLES, GENERATE_ROLES, Engine
from runtime.engine.sampling import SamplingParams
from tests.runtime.tiny_artifact import BIAS, GAIN, MAX_CONTEXT
from tests.runtime.tiny_kernels import VOCAB, continuation, expected_logits

PROMPT = [1, 17, 4, 30, 8, 8, 2, 11, 29, 5, 13]  # longer than a chunk of 8


@pytest.fixture
def engine(executor: Executor, tiny: Artifact) -> Engine:
    return Engine(executor, tiny, roles=ALL_ROLES)


def greedy(engine: Engine, count: int, **options: int) -> list[int]:
    return [token.id for token in engine.generate(count, **options)]  # type: ignore[arg-type]


def test_greedy_generation_follows_the_model(engine: Engine) -> None:
    engine.feed(PROMPT)
    assert engine.ids == tuple(PROMPT)
    wanted = continuation(PROMPT, 30)
    generation = engine.generate(30)
    tokens = list(generation)
    assert [token.id for token in tokens] == wanted
    assert [token.position for token in tokens] == list(range(11, 41))
    assert generation.finish_reason == "length"
    assert engine.ids == tuple(PROMPT + wanted[:-1])
    assert engine.next_id == wanted[-1]


@pytest.mark.parametrize("ahead", [1, 2, 7, 100])
def test_the_ids_do_not_depend_on_how_many_steps_are_ahead(engine: Engine, ahead: int) -> None:
    engine.feed(PROMPT)
    assert greedy(engine, 40, ahead=ahead) == continuation(PROMPT, 40)


def test_generation_goes_on_where_it_ended(engine: Engine) -> None:
    engine.feed(PROMPT)
    assert greedy(engine, 5) + greedy(engine, 6) + greedy(engine, 1) == continuation(PROMPT, 12)


@pytest.mark.parametrize("options", [{}, {"one_by_one": True}, {"chunk": 1}, {"chunk": 3}, {"chunk": 100}])
def test_every_way_of_feeding_gives_the_same_cache(engine: Engine, options: dict[str, int]) -> None:
    engine.feed(PROMPT[:4], **options)  # type: ignore[arg-type]
    engine.feed(PROMPT[4:], **options)  # type: ignore[arg-type]
    cache = np.frombuffer(engine.executor.read_buffer("layers.0.cache", 0, 4 * len(PROMPT)), "<u4")
    assert cache.tolist() == PROMPT
    assert greedy(engine, 8) == continuation(PROMPT, 8)


def test_feeding_reports_its_progress(engine: Engine) -> None:
    seen: list[tuple[str, int, int]] = []
    engine.feed(PROMPT, progress=lambda *step: seen.append(step))
    assert seen == [("prompt", 8, 11), ("prompt", 11, 11)]


def test_a_stop_id_ends_the_text_and_is_not_part_of_it(engine: Engine) -> None:
    wanted = continuation(PROMPT, 30)
    stop = wanted[9]
    before = wanted[: wanted.index(stop)]
    engine.feed(PROMPT)
    generation = engine.generate(30, stop_ids=[stop, VOCAB + 1])
    assert [token.id for token in generation] == before
    assert (generation.finish_reason, generation.stop_id) == ("stop", stop)
    assert engine.ids == tuple(PROMPT + before)
    assert engine.next_id == stop
    # What ran past the stop leaves no trace in what follows.
    engine.feed([stop, 3, 9])
    assert greedy(engine, 9) == continuation([*PROMPT, *before, stop, 3, 9], 9)


def test_a_generation_cancelled_before_its_first_token_keeps_the_cache(engine: Engine) -> None:
    engine.feed(PROMPT)
    engine.truncate(7)  # the logits are gone, so that the last token must run again

    def fail(*step: object) -> None:
        raise KeyboardInterrupt

    generation = engine.generate(9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "_receive", fail)
        with pytest.raises(KeyboardInterrupt):
            next(generation)
    assert generation.finish_reason == "cancelled"
    assert (engine.ids, engine.next_id) == (tuple(PROMPT[:7]), None)
    assert greedy(engine, 6) == continuation(PROMPT[:7], 6)


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_a_cancelled_generation_leaves_the_tokens_given_out(engine: Engine, taken: int) -> None:
    wanted = continuation(PROMPT, 30)
    engine.feed(PROMPT)
    with engine.generate(30) as generation:
        assert [token.id for token in itertools.islice(generation, taken)] == wanted[:taken]
    assert generation.finish_reason == "cancelled"
    assert greedy(engine, 7) == wanted[taken : taken + 7]


def test_any_other_call_ends_a_generation(engine: Engine) -> None:
    engine.feed(PROMPT)
    generation = engine.generate(30)
    first = next(generation).id
    engine.feed([first, 7])
    assert generation.finish_reason == "cancelled"
    assert list(generation) == []
    assert greedy(engine, 5) == continuation([*PROMPT, first, 7], 5)


def test_a_kept_prefix_is_not_fed_again(engine: Engine) -> None:
    engine.feed(PROMPT)
    greedy(engine, 5)
    other = [*PROMPT[:6], 9, 9, 1]
    assert engine.common_prefix(other) == 6
    engine.truncate(engine.common_prefix(other))
    assert engine.ids == tuple(PROMPT[:6])
    engine.start_timing()
    engine.feed(other[6:])
    assert engine.timings.prompt_tokens == 3
    assert greedy(engine, 9) == continuation(other, 9)


def test_after_truncating_generation_begins_at_the_kept_end(engine: Engine) -> None:
    engine.feed(PROMPT)
    greedy(engine, 12)
    engine.truncate(4)
    assert greedy(engine, 8) == continuation(PROMPT[:4], 8)


def test_truncating_to_nothing_and_beyond(engine: Engine) -> None:
    engine.feed(PROMPT)
    with pytest.raises(UsageError, match="cannot keep 12 of 11 cached tokens"):
        engine.truncate(12)
    engine.truncate(0)
    with pytest.raises(UsageError, match="nothing to generate from"):
        engine.generate(1)
    engine.feed([5])
    assert greedy(engine, 3) == continuation([5], 3)


def test_a_full_context_is_reported(engine: Engine) -> None:
    prompt = [(7 * i) % VOCAB for i in range(60)]
    engine.feed(prompt)
    generation = engine.generate(100)
    # Positions 60..63 are cached; the token after the last of them can still be told.
    assert [token.id for token in generation] == continuation(prompt, 5)
    assert generation.finish_reason == "context"
    assert len(engine.ids) == MAX_CONTEXT
    again = engine.generate(3)
    assert (list(again), again.finish_reason) == ([], "context")
    with pytest.raises(ContextError, match="1 tokens after 64 that are cached do not fit the context of 64"):
        engine.feed([1])
    engine.truncate(30)
    assert greedy(engine, 3) == continuation(prompt[:30], 3)


def test_a_prompt_may_fill_the_context_exactly(engine: Engine) -> None:
    prompt = [3] * MAX_CONTEXT
    engine.feed(prompt)
    generation = engine.generate(1)
    assert [token.id for token in generation] == continuation(prompt, 1)
    assert generation.finish_reason == "length"


def test_a_prompt_longer_than_the_context_is_refused_before_anything_runs(engine: Engine) -> None:
    engine.feed(PROMPT)
    with pytest.raises(ContextError) as caught:
        engine.feed([1] * 54)
    assert "54 tokens after 11 that are cached do not fit the context of 64" in caught.value.message
    assert "`context`" in str(caught.value.help)
    assert greedy(engine, 4) == continuation(PROMPT, 4)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([], "the prompt is empty"),
        ([1, VOCAB], "token 32 at 1 is outside the vocabulary of 32"),
        ([-1], "token -1"),
    ],
)
def test_a_bad_prompt_is_refused(engine: Engine, ids: list[int], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        engine.feed(ids)
    with pytest.raises(UsageError, match=words):
        engine.score(ids)


@pytest.mark.parametrize("context", [0, -1, MAX_CONTEXT + 1])
def test_a_context_that_was_not_built_for_is_refused(
    executor: Executor, tiny: Artifact, context: int
) -> None:
    with pytest.raises(ContextError, match=f"context is {context}, this artifact was built for 1 to 64"):
        Engine(executor, tiny, context)


@pytest.mark.parametrize("options", [{}, {"one_by_one": True}, {"chunk": 3}])
def test_scores_are_the_logits_at_every_position(engine: Engine, options: dict[str, int]) -> None:
    scores = engine.score(PROMPT, **options)  # type: ignore[arg-type]
    assert scores.shape == (len(PROMPT), VOCAB)
    np.testing.assert_allclose(scores, expected_logits(PROMPT, BIAS, GAIN), rtol=1e-6)
    assert greedy(engine, 5) == continuation(PROMPT, 5)


def test_generated_tokens_come_with_the_logits_they_were_drawn_from(engine: Engine) -> None:
    engine.feed(PROMPT)
    tokens = list(engine.generate(20, logits=True))
    wanted = expected_logits(PROMPT + [token.id for token in tokens], BIAS, GAIN)
    for token in tokens:
        assert token.logits is not None
        np.testing.assert_allclose(token.logits, wanted[token.position - 1], rtol=1e-6)


def test_the_same_seed_gives_the_same_text(engine: Engine) -> None:
    texts: dict[tuple[int | None, int], list[int]] = {}
    for seed, ahead in [(1, 1), (1, 6), (2, 4)]:
        engine.truncate(0)
        engine.feed(PROMPT)
        sampling = SamplingParams(temperature=1, top_k=5, seed=seed)
        texts[seed, ahead] = [token.id for token in engine.generate(30, sampling, ahead=ahead)]
    assert texts[1, 1] == texts[1, 6]
    assert texts[1, 1] != texts[2, 4]


def test_a_drawn_seed_repeats_the_text(engine: Engine) -> None:
    engine.feed(PROMPT)
    first = engine.generate(20, SamplingParams(temperature=1, top_k=5))
    text = [token.id for token in first]
    engine.truncate(len(PROMPT))
    again = engine.generate(20, SamplingParams(temperature=1, top_k=5, seed=first.seed))
    assert [token.id for token in again] == text


def test_greedy_with_a_penalty_goes_through_the_sampling_program(engine: Engine) -> None:
    engine.feed(PROMPT)
    sampling = SamplingParams(repetition_penalty=1.1, seed=99)  # the toy kernel knows no penalty
    assert [token.id for token in engine.generate(10, sampling)] == continuation(PROMPT, 10)


def test_nothing_asked_for_is_nothing_generated(engine: Engine) -> None:
    engine.feed(PROMPT)
    generation = engine.generate(0)
    assert (list(generation), generation.finish_reason) == ([], "length")
    with pytest.raises(UsageError, match="max_new is -1"):
        engine.generate(-1)


def test_timings_count_what_was_done(engine: Engine) -> None:
    timings = engine.start_timing()
    engine.feed(PROMPT)
    greedy(engine, 9)
    assert (timings.prompt_tokens, timings.generated_tokens, timings.steps) == (11, 9, 8)
    assert timings.dispatches == 8 * 4
    assert timings.first_token_seconds is not None
    assert 0 < timings.prefill_seconds < timings.first_token_seconds
    assert timings.first_token_seconds < timings.prefill_seconds + timings.decode_seconds + 1
    assert timings.host_us_per_dispatch > 0
    assert timings.to_json()["decode_tokens_per_second"] == timings.decode_rate > 0


def test_profiling_leaves_the_sequence_as_it_was(engine: Engine) -> None:
    engine.feed(PROMPT)
    times = engine.profile()
    assert [(time.kernel, time.origin) for time in times] == [
        (kernel, f"layers.0.{kernel}") for kernel in ("store", "partial", "logits")
    ]
    assert all(0 <= time.seconds < 10 for time in times)
    assert sum(time.seconds for time in times) > 0
    assert [time.program for time in engine.profile("prefill", 8)] == ["prefill"] * 3
    assert greedy(engine, 9) == continuation(PROMPT, 9)


@pytest.mark.parametrize("context", [16, MAX_CONTEXT])
@pytest.mark.parametrize("roles", [GENERATE_ROLES, ALL_ROLES])
def test_exactly_the_plan_is_allocated(
    executor: Executor, tiny: Artifact, context: int, roles: tuple[str, ...]
) -> None:
    engine = Engine(executor, tiny, context, roles=roles)
    assert executor.buffers == plan_load(tiny.manifest, context, roles).buffers
    assert executor.allocated_bytes == sum(executor.buffers.values())
    for name, size in executor.buffers.items():
        assert len(executor.read_buffer(name)) == size
    engine.feed([1, 2])
    assert greedy(engine, 14) == continuation([1, 2], 14)


def test_loading_again_starts_from_zeros(executor: Executor, tiny: Artifact) -> None:
    Engine(executor, tiny).feed(PROMPT)
    Engine(executor, tiny)
    assert executor.read_buffer("layers.0.cache") == bytes(4 * MAX_CONTEXT)
    assert executor.read_buffer("tokens") == bytes(4 * MAX_CONTEXT + 4)


def test_one_kernel_runs_alone(executor: Executor, tiny: Artifact) -> None:
    logits = np.linspace(0, 1, VOCAB, dtype=np.float32)
    logits[19] = 5
    tokens = np.arange(10, dtype=np.uint32)
    step = np.array([2, 4, 0, 0], "<u4").tobytes() + bytes(16)  # seq 2, past 4
    env = {"seq": 2, "past": 4, "context": 9}
    after = executor.run_kernel(tiny, "greedy", [logits, tokens], env, step)
    np.testing.assert_array_equal(after[0], logits)
    assert after[1].tolist() == [0, 1, 2, 3, 4, 5, 19, 7, 8, 9]
    assert tokens.tolist() == list(range(10))


moves = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=20)),
        st.tuples(st.just("one_by_one"), st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=4)),
        st.tuples(st.just("truncate"), st.integers(0, MAX_CONTEXT)),
        st.tuples(st.just("generate"), st.integers(0, 12)),
        st.tuples(st.just("cancel"), st.integers(0, 4)),
        st.tuples(st.just("score"), st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=9)),
        st.tuples(st.just("profile"), st.just(0)),
    ),
    max_size=8,
)


@given(moves=moves, ahead=st.integers(1, 6))
def test_any_order_of_calls_agrees_with_the_model(
    executor: Executor, tiny: Artifact, moves: list[tuple[str, object]], ahead: int
) -> None:
    engine = Engine(executor, tiny, roles=ALL_ROLES, ahead=ahead)
    for call, argument in moves:
        _play(engine, call, argument)
    known = [*engine.ids, *([] if engine.next_id is None else [engine.next_id])]
    if known:
        room = MAX_CONTEXT + 1 - len(known)
        assert greedy(engine, 3) == continuation(known, min(3, room))


def _play(engine: Engine, call: str, argument: object) -> None:
    """Make one call; what does not fit must be refused and leave everything as it was."""
    known = [*engine.ids, *([] if engine.next_id is None else [engine.next_id])]
    if isinstance(argument, list):
        feed = {"feed": engine.feed, "score": engine.score}.get(call)
        before = engine.ids
        if len(before) + len(argument) > MAX_CONTEXT:
            with pytest.raises(ContextError):
                engine.feed(argument)
            assert engine.ids == before
            return
        result = feed(argument) if feed else engine.feed(argument, one_by_one=True)
        assert engine.ids == (*before, *argument)
        if result is not None:
            wanted = expected_logits([*before, *argument], BIAS, GAIN)[len(before) :]
            np.testing.assert_allclose(result, wanted, rtol=1e-6)
    elif call == "truncate":
        engine.truncate(min(int(str(argument)), len(engine.ids)))
    elif call == "profile" and len(engine.ids) < MAX_CONTEXT:
        engine.profile()
    elif call in ("generate", "cancel") and known:
        most = 50 if call == "cancel" else int(str(argument))
        taken = int(str(argument))
        room = max(0, MAX_CONTEXT + 1 - len(known))
        with engine.generate(most) as generation:
            got = [token.id for token in itertools.islice(generation, taken)]
        assert got == continuation(known, min(taken, room))
