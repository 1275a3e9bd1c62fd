"""Stateless requests: texts on an engine without a model, the rest with the toy model on the cpu."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.errors import ContextError, UsageError
from runtime.chat.completion import Completer
from runtime.chat.request import CompletionRequest
from runtime.engine.engine import Engine
from runtime.engine.sampling import SamplingChanges, SamplingParams
from runtime.references.executor import NumpyExecutor
from tests.runtime.fake_engine import BOS, EOS, BytesCoder, FakeEngine, JoinTemplate, TurnsTemplate, show
from tests.runtime.letters import LettersCoder, letters
from tests.runtime.tiny_artifact import BIAS, GAIN
from tests.runtime.tiny_kernels import REFERENCES, VOCAB, continuation, expected_logits

Request = CompletionRequest


def completer(engine: FakeEngine, prefix: Sequence[int] = ()) -> Completer:
    return Completer(engine, BytesCoder(), TurnsTemplate(), stop_ids=[EOS], prefix=prefix)


def ask(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_messages_go_through_the_template() -> None:
    engine = FakeEngine(lambda ids: "hello")
    done = completer(engine).complete(Request(messages=ask("hi")))
    assert show(engine.fed[0]) == "<s>U:hi</s>A:"
    assert (done.text, show(done.ids), done.finish_reason) == ("hello", "hello", "stop")
    assert (done.prompt_tokens, done.reused_tokens, done.logprobs) == (len(engine.fed[0]), 0, ())
    assert done.timings.prompt_tokens == done.prompt_tokens


@pytest.mark.parametrize(("prefix", "fed"), [([BOS], "<s>Once <s>"), ([], "Once <s>")])
def test_a_prompt_is_continued_as_it_is(prefix: list[int], fed: str) -> None:
    engine = FakeEngine(lambda ids: " upon")
    done = completer(engine, prefix).complete(Request(prompt="Once <s>"))
    assert show(engine.fed[0]) == fed and engine.fed[0].count(BOS) == len(prefix)
    assert done.text == " upon"


def test_prompt_ids_are_used_as_they_are() -> None:
    engine = FakeEngine(lambda ids: "x")
    completer(engine, [BOS]).complete(Request(prompt_ids=[70, 71]))
    assert engine.fed == [[70, 71]]


def test_a_request_reuses_what_it_shares_with_the_last_and_remembers_nothing_else() -> None:
    engine = FakeEngine(lambda ids: "yes")
    answers = completer(engine)
    answers.complete(Request(messages=ask("one two")))
    done = answers.complete(Request(messages=ask("one three")))
    assert show(engine.fed[1]) == "hree</s>A:"
    assert done.reused_tokens + len(engine.fed[1]) == done.prompt_tokens
    answers.complete(Request(messages=ask("one three")))
    assert show(engine.fed[2]) == ":"  # one token at least


def test_what_was_generated_keeps_its_ids_in_the_next_request() -> None:
    engine = FakeEngine(lambda ids: "yes")
    answers = completer(engine)
    answers.complete(Request(messages=ask("a")))
    more = [*ask("a"), {"role": "assistant", "content": "yes"}, *ask("b")]
    answers.complete(Request(messages=more))
    assert show(engine.fed[1]) == "</s>U:b</s>A:"


def test_a_stop_string_may_span_tokens_and_is_not_part_of_the_text() -> None:
    engine = FakeEngine(lambda ids: "one two.\n\nUser: three")
    done = completer(engine).complete(Request(prompt="x", stop=["\n\nUser:", "four"]))
    assert (done.text, done.finish_reason, done.stop_string) == ("one two.", "stop", "\n\nUser:")
    assert show(done.ids) == "one two.\n\nUser:"
    assert show(engine.ids).endswith("\n\nUser:")  # nothing was generated after it


def test_what_only_began_like_a_stop_string_is_shown_at_the_end() -> None:
    done = completer(FakeEngine(lambda ids: "one\n\nU")).complete(Request(prompt="x", stop=["\n\nUser:"]))
    assert (done.text, done.stop_string, done.finish_reason) == ("one\n\nU", None, "stop")


def test_a_limit_and_a_full_context_are_reasons() -> None:
    engine = FakeEngine(lambda ids: "x" * 99, context=20)
    done = completer(engine).complete(Request(prompt="ab", max_new=3))
    assert (done.text, done.finish_reason) == ("xxx", "length")
    done = completer(engine).complete(Request(prompt="ab"))
    assert (done.text, done.finish_reason) == ("x" * 18, "context")
    with pytest.raises(ContextError, match="the prompt is 21 tokens, the context holds 20"):
        completer(engine).complete(Request(prompt="a" * 21))


def test_a_stream_gives_pieces_and_may_be_stopped() -> None:
    engine = FakeEngine(lambda ids: "abcdef")
    answer = completer(engine).stream(Request(prompt="x"))
    assert next(answer) == "a"
    answer.stop()
    assert (list(answer), answer.finish_reason, show(answer.ids)) == ([], "stopped", "a")


def test_reading_the_prompt_may_be_stopped_too() -> None:
    engine = FakeEngine(lambda ids: "abc")
    answer = completer(engine).stream(Request(prompt="a long prompt"))
    engine.on_feed = lambda: answer.stop() if len(engine.sequence) == 4 else None
    seen: list[int] = []
    answer.on_progress = lambda what, done, total: seen.append(done)
    assert (list(answer), answer.finish_reason, seen) == ([], "stopped", [1, 2, 3, 4])


def test_leaving_a_stream_early_ends_the_generation() -> None:
    engine = FakeEngine(lambda ids: "abc")
    answer = completer(engine).stream(Request(prompt="x"))
    next(answer)
    answer.close()
    assert (list(answer), answer.finish_reason) == ([], "stopped")


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(UsageError, match="the prompt is empty"):
        completer(FakeEngine(lambda ids: "x")).complete(Request(prompt=""))


def test_messages_may_be_as_openais_api_has_them() -> None:
    engine = FakeEngine(lambda ids: "ok")
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    messages = [
        {"role": "developer", "content": "be kind"},
        {"role": "user", "content": parts, "name": "ann"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "three"},
    ]
    completer(engine).complete(Request(messages=messages))
    assert show(engine.fed[0]) == "<s>S:be kind</s>U:one\ntwo</s>A:</s>U:three</s>A:"


def test_an_answer_of_no_text_leaves_the_next_prompt_alone() -> None:
    engine = FakeEngine(lambda ids: [BOS])  # a token that shows as nothing
    asked = completer(engine)
    first = asked.complete(Request(messages=ask("hello"), max_new=1))
    again = asked.complete(Request(messages=ask("hello"), max_new=1))
    assert first.text == "" and again.prompt_tokens == first.prompt_tokens


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": None}, "got 0 of messages, prompt and prompt_ids"),
        ({"prompt_ids": [1]}, "got 2 of messages, prompt and prompt_ids"),
        ({"prompt": None, "messages": []}, "messages is empty"),
        ({"prompt": None, "messages": [{"role": "judge", "content": "x"}]}, r"messages\[0\].role is 'judge'"),
        ({"prompt": None, "messages": [{"content": "x"}]}, r"messages\[0\].role is None"),
        ({"prompt": None, "messages": [{"role": "user", "content": 3}]}, r"content\[0\] is 3, wanted a text"),
        (
            {"prompt": None, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            r"messages\[0\].content\[0\] is .*image_url.* wanted a text, or parts of type text",
        ),
        ({"max_new": -1}, "max_new is -1"),
        ({"stop": "ab"}, "stop is 'ab', wanted a list"),
        ({"stop": ["a"] * 17}, "at most 16 texts"),
        ({"stop": ["a", ""]}, r"stop\[1\] has 0 characters"),
        ({"top_logprobs": 21}, "top_logprobs is 21, wanted 0 to 20"),
        ({"frequency_penalty": -2.5}, "frequency_penalty is -2.5, wanted a number from -2 to 2"),
        ({"presence_penalty": float("nan")}, "presence_penalty is nan"),
        ({"logit_bias": {3: 101.0}}, r"logit_bias\[3\] is 101.0, wanted a number from -100 to 100"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_field(fields: Mapping[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Request(**{"prompt": "x", **fields})  # type: ignore[arg-type]


# ---- with logits: the toy model on the cpu ----

PROMPT = [1, 17, 4, 30, 8]


@pytest.fixture
def toy(tiny: Artifact) -> Iterator[Completer]:
    with Engine(NumpyExecutor(REFERENCES), tiny) as engine:
        yield Completer(engine, LettersCoder(), JoinTemplate(), stop_ids=())


def test_the_toy_model_says_what_it_says(toy: Completer) -> None:
    done = toy.complete(Request(prompt=letters(PROMPT), max_new=12))
    assert (list(done.ids), done.text) == (continuation(PROMPT, 12), letters(continuation(PROMPT, 12)))
    again = toy.complete(Request(prompt_ids=[*PROMPT, *done.ids], max_new=3))
    assert list(again.ids) == continuation(PROMPT, 15)[12:]
    assert again.reused_tokens == len(PROMPT) + 11


def test_log_probabilities_come_for_every_token(toy: Completer) -> None:
    done = toy.complete(Request(prompt_ids=PROMPT, max_new=6, top_logprobs=3))
    assert list(done.ids) == continuation(PROMPT, 6)
    rows = expected_logits([*PROMPT, *done.ids], BIAS, GAIN)[len(PROMPT) - 1 :].astype(np.float64)
    for each, token, row in zip(done.logprobs, done.ids, rows, strict=False):
        wanted = row - np.log(np.exp(row).sum())
        assert (each.chosen.id, each.top[0].id, len(each.top)) == (token, token, 3)
        np.testing.assert_allclose(each.chosen.logprob, wanted[token], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose([top.logprob for top in each.top], np.sort(wanted)[::-1][:3], rtol=1e-5)
    assert len(done.logprobs) == 6


def test_a_token_that_stops_has_no_log_probability(tiny: Artifact) -> None:
    wanted = continuation(PROMPT, 8)
    with Engine(NumpyExecutor(REFERENCES), tiny) as engine:
        toy = Completer(engine, LettersCoder(), JoinTemplate(), stop_ids=[wanted[5]])
        done = toy.complete(Request(prompt_ids=PROMPT, top_logprobs=0))
    assert list(done.ids) == wanted[: wanted.index(wanted[5])]
    assert [each.chosen.id for each in done.logprobs] == list(done.ids)
    assert done.finish_reason == "stop" and done.stop_string is None


def test_a_bias_changes_what_is_chosen(toy: Completer) -> None:
    done = toy.complete(Request(prompt_ids=PROMPT, max_new=5, logit_bias={11: 100.0}))
    assert done.ids == (11,) * 5
    banned = continuation(PROMPT, 1)[0]
    done = toy.complete(Request(prompt_ids=PROMPT, max_new=5, logit_bias={banned: -100.0}))
    assert banned not in done.ids
    with pytest.raises(UsageError, match=f"logit_bias has token {VOCAB}, outside the vocabulary"):
        toy.complete(Request(prompt_ids=PROMPT, logit_bias={VOCAB: 1.0}))


def test_a_presence_penalty_asks_for_other_tokens(toy: Completer) -> None:
    bias = {3: 100.0, 4: 99.5, 5: 99.0}
    plain = toy.complete(Request(prompt_ids=PROMPT, max_new=4, logit_bias=bias))
    assert plain.ids == (3, 3, 3, 3)
    penalised = toy.complete(Request(prompt_ids=PROMPT, max_new=4, logit_bias=bias, presence_penalty=2.0))
    assert len(set(penalised.ids)) > 1


def test_changes_leave_the_rest_of_sampling_to_the_model(tiny: Artifact) -> None:
    own = SamplingParams(temperature=5.0, seed=3)
    with Engine(NumpyExecutor(REFERENCES), tiny) as engine:
        toy = Completer(engine, LettersCoder(), JoinTemplate(), stop_ids=(), sampling=own)

        def ids(sampling: SamplingParams | SamplingChanges | None) -> list[int]:
            request = Request(prompt_ids=PROMPT, max_new=12, sampling=sampling, top_logprobs=0)
            return list(toy.complete(request).ids)

        drawn = ids(None)
        assert drawn != continuation(PROMPT, 12)
        assert ids(SamplingChanges()) == drawn
        assert ids(SamplingChanges(seed=4)) == ids(SamplingParams(temperature=5.0, seed=4)) != drawn
        assert ids(SamplingChanges(temperature=0)) == continuation(PROMPT, 12)
        assert ids(SamplingChanges(top_k=1)) == continuation(PROMPT, 12)


@pytest.mark.parametrize(
    ("said", "stop", "shown"),
    [
        ("one two.\n\nUser: three", ["\n\nUser:"], len("one two.")),
        ("one\n\nU", ["\n\nUser:"], len("one\n\nU")),  # what only began like a stop string is shown
        ("one", [], 3),
        ("stop", ["stop"], 0),
    ],
)
def test_tokens_are_counted_whose_text_is_shown(said: str, stop: list[str], shown: int) -> None:
    done = completer(FakeEngine(lambda ids: said)).complete(Request(prompt="x", stop=stop))
    assert done.shown_tokens == shown


def test_a_seed_repeats_the_text_and_one_is_drawn(toy: Completer) -> None:
    sampling = SamplingParams(temperature=5.0)
    first = toy.complete(Request(prompt_ids=PROMPT, max_new=20, sampling=sampling, top_logprobs=0))
    again = SamplingParams(temperature=5.0, seed=first.seed)
    assert (
        toy.complete(Request(prompt_ids=PROMPT, max_new=20, sampling=again, top_logprobs=0)).ids == first.ids
    )
