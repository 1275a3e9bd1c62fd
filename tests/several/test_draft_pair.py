"""A model and a smaller one that drafts for it: their answers, and what is proved of their tokens."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Artifact
from kernelc.commands.finding import with_draft
from kernelc.compiler import CompileOptions
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Served, Worker
from kernelc.session import Session
from kernelc.shared_session import SharedSession
from kernelc.target import Capabilities
from runtime.chat.completion import Completed
from runtime.chat.request import CompletionRequest
from runtime.chat.terminal import describe
from runtime.engine.drafts.lengths import MeasuredLengths
from runtime.engine.drafts.model import DraftModel
from runtime.engine.engine import Engine
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine
from tests.commands import run
from tests.kernels.executors import require
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tests.several.asked import GREEDY
from tests.several.test_worker import answered

VOCAB, CONTEXT = 64, 96


def config(layers: int, hidden: int, vocab: int = VOCAB) -> dict[str, object]:
    return {
        "model_type": "llama",
        "vocab_size": vocab,
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


Make = Callable[..., Artifact]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    def made(
        name: str,
        layers: int,
        hidden: int,
        vocab: int = VOCAB,
        *,
        context: int | None = None,
        rows: int = 1,
        quant: str = "q8",
    ) -> Artifact:
        folder = tmp_path_factory.mktemp(name)
        write_tiny_checkpoint(folder, config(layers, hidden, vocab), seed=layers)
        options = CompileOptions("c", quant, context=context, rows=rows)
        return Artifact.open(build_artifact(folder, options, out=folder / "out"))

    return made


@pytest.fixture(scope="module")
def target(make: Make) -> Artifact:
    return make("target", 2, 64, rows=5)


@pytest.fixture(scope="module")
def small(make: Make) -> Artifact:
    return make("small", 1, 32)


@pytest.mark.parametrize("device", ["numpy", pytest.param("cpu", marks=pytest.mark.nightly)])
def test_a_pair_answers_as_the_model_alone(device: str, target: Artifact, small: Artifact) -> None:
    if device == "cpu":
        require("c", Capabilities())
    requests = [
        CompletionRequest(prompt_ids=[1, 9, 30], max_new=25, sampling=GREEDY),
        CompletionRequest(prompt_ids=[1, 9, 30, 7], max_new=25, sampling=SamplingParams(0.3, seed=3)),
        CompletionRequest(
            prompt_ids=[1, 5], max_new=20, sampling=GREEDY, top_logprobs=2, logit_bias={7: 2.0}
        ),
        CompletionRequest(prompt_ids=[1, 5, 8], max_new=20, sampling=GREEDY, stop=["J_"]),
        CompletionRequest(prompt_ids=[1, 5, 8, 8], max_new=200, sampling=SamplingParams(1.0, seed=5)),
    ]
    with Session.open(target, device=device) as session:
        wanted = [session.completer().complete(each) for each in requests]
    assert wanted[3].stop_string is not None
    assert wanted[4].finish_reason in ("context", "stop")
    with closing(SharedSession.open(target, device=device, draft=small)) as session:
        completer = session.completer()  # which keeps a sequence
        found = [completer.complete(each) for each in requests]
        answer = completer.stream(requests[0])
        text = "".join(answer)
    for got, want in zip(found, wanted, strict=True):
        for name in ("text", "ids", "finish_reason", "stop_string", "logprobs"):
            assert getattr(got, name) == getattr(want, name)
    assert [each.timings.generated_tokens for each in found] == [
        each.timings.generated_tokens for each in wanted
    ]
    assert all(each.timings.drafted_tokens for each in found[:2])
    assert text == wanted[0].text
    timings = answer.timings
    assert timings.to_json()["drafted_tokens"] == timings.drafted_tokens
    told = f"{timings.accepted_tokens} of {timings.drafted_tokens} guesses right"
    assert describe(answer).endswith(told if timings.drafted_tokens else "tokens/s")


def test_a_server_counts_guesses(target: Artifact, small: Artifact) -> None:
    requests = [
        CompletionRequest(prompt_ids=[1, 9, 30 + at], max_new=25, sampling=SamplingParams(0.5, seed=at))
        for at in range(3)
    ]
    with Session.open(target, device="numpy") as session:
        wanted = [session.completer().complete(each).ids for each in requests]
    metrics = Metrics()
    with closing(SharedSession.open(target, device="numpy", draft=small)) as session:
        served = (session.completer(), VOCAB, CONTEXT, 0, session.tokenizer, str)
        model = Served("tiny", *served, shared=session.engine)
        worker = Worker(lambda: nullcontext(model), most_waiting=9, metrics=metrics)
        done = asyncio.run(answered(worker, requests))
        worker.close()
    assert [each.ids for each in done if isinstance(each, Completed)] == wanted
    counted = dict(line.split() for line in metrics.text().splitlines() if line.startswith("kernelc_"))
    drafted, accepted = (
        float(counted[f'kernelc_{n}_tokens_total{{model="tiny"}}']) for n in ("drafted", "accepted")
    )
    assert 0 <= accepted <= drafted > 0


def test_a_conversation_with_a_draft_is_the_one_without(target: Artifact, small: Artifact) -> None:
    def talk(session: Session | SharedSession) -> list[str]:
        conversation = session.conversation()
        return ["".join(conversation.ask(each, 12, GREEDY)) for each in ("DOG", "CAT AND", "CAT")]

    with Session.open(target, device="numpy") as session:
        wanted = talk(session)
    with closing(SharedSession.open(target, device="numpy", draft=small)) as session:
        assert talk(session) == wanted


def test_a_draft_with_fewer_positions_guesses_within_those(make: Make, target: Artifact) -> None:
    short = make("short", 1, 32, context=16)
    request = CompletionRequest(prompt_ids=[1, 9, 30], max_new=40, sampling=SamplingParams(0.5, seed=1))
    with Session.open(target, device="numpy") as session:
        wanted = session.completer().complete(request).ids
    with closing(SharedSession.open(target, device="numpy", draft=short)) as session:
        assert session.completer().complete(request).ids == wanted


def test_a_draft_must_have_the_tokens_of_its_model(make: Make, target: Artifact) -> None:
    other = make("other", 1, 32, vocab=VOCAB - 1)
    with pytest.raises(UsageError, match="the draft has another vocab size than the model: 63, not 64"):
        SharedSession.open(target, device="numpy", draft=other)


def test_a_model_of_single_rows_takes_no_draft(small: Artifact) -> None:
    with pytest.raises(UsageError, match="no steps that check what") as caught:
        SharedSession.open(small, device="numpy", draft=small)
    assert caught.value.help == "build it again with 8 `rows`"
    code, said, errors = run("chat", small.folder, "--draft", small.folder, "--device", "numpy")
    assert (code, said) == (2, "")
    assert "build it again with 8 --rows" in errors
    code, _, errors = run("serve", "a", "b", "--draft", small.folder)
    assert code == 2 and "--draft: got 2 models, and a draft guesses for one" in errors


def test_a_model_with_windows_is_refused_as_a_target_and_may_be_a_draft(
    make: Make, target: Artifact, tmp_path: Path
) -> None:
    windowed = {
        **config(1, 32),
        "model_type": "mistral",
        "sliding_window": 16,
        "max_position_embeddings": 2048,
    }
    write_tiny_checkpoint(tmp_path, windowed)
    options = CompileOptions("c", "q8", context=2048)
    draft = Artifact.open(build_artifact(tmp_path, options, out=tmp_path / "out"))
    assert draft.manifest.rings
    request = CompletionRequest(prompt_ids=[1, 9, 30], max_new=40, sampling=GREEDY)
    with Session.open(target, device="numpy") as session:
        wanted = session.completer().complete(request).ids
    with closing(SharedSession.open(target, device="numpy", draft=draft)) as session:
        assert session.completer().complete(request).ids == wanted
    with pytest.raises(UsageError, match=r"a ring of positions \(.*\), so steps have a single row") as caught:
        build_artifact(tmp_path, replace(options, rows=8), out=tmp_path / "rows")
    assert caught.value.help == "leave these out, and `draft`"


def test_a_script_hears_of_guesses(target: Artifact, small: Artifact) -> None:
    words = (
        "generate",
        target.folder,
        "--prompt-ids",
        "1,9,30",
        "--max-gen-len",
        25,
        "--device",
        "numpy",
        "--json",
    )
    code, said, errors = run(*words)
    assert code == 0, errors
    wanted = json.loads(said)
    code, said, errors = run(*words, "--draft", small.folder)
    assert code == 0, errors
    found = json.loads(said)
    assert all(found[name] == wanted[name] for name in ("prompt_ids", "ids", "text", "finish_reason"))
    assert wanted["timings"]["drafted_tokens"] == 0 < found["timings"]["drafted_tokens"]
    code, _, errors = run(*words, "--draft", small.folder, "--logits", "x.npz")
    assert code == 2 and "--logits, --draft: logits are of steps without a draft" in errors


def test_models_are_built_for_their_draft(
    target: Artifact, small: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[argparse.Namespace] = []

    def built(text: str | None, args: argparse.Namespace) -> Path:
        asked.append(args)
        return target.folder

    monkeypatch.setattr("kernelc.commands.finding.artifact_of", built)
    args = argparse.Namespace(draft=str(small.folder.parent), context=4000, sequences=0)
    with_draft("model", args)
    of_model, of_draft = asked
    assert (of_model.rows, of_model.sequences, of_model.context) == (8, 0, 4000)
    assert (getattr(of_draft, "rows", 1), of_draft.sequences, of_draft.context) == (1, 1, CONTEXT)


def test_one_cache_suffices_for_several_rows(target: Artifact) -> None:
    sequences = target.manifest.sequences
    assert sequences is not None
    assert (sequences.count, sequences.most_rows) == (1, 5)
    with (
        SeveralEngine.open(target, "numpy", references=references(), library=Library()) as engine,
        Engine.open(target, device="numpy", references=references(), library=Library()) as alone,
    ):
        assert engine.places == 1
        caches = {name for name in engine.executor.buffers if "cache" in name}
        for name in caches:
            assert engine.executor.buffers[name] == alone.executor.buffers[name]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6), st.integers(0, VOCAB - 1)), max_size=6))
def test_a_draft_guesses_as_if_it_had_known_the_ids_all_along(
    pair: tuple[DraftModel, DraftModel], steps: list[tuple[int, int, int]]
) -> None:
    """Whatever it guessed before, and however much of that was right."""
    draft, fresh = pair
    known = [1, 9, 30]
    draft.begin(known)
    for count, right, other in steps:
        guesses = list(draft.propose(count, GREEDY))
        fresh.begin([0])  # so that nothing is left of what it had
        fresh.begin(known)
        assert list(fresh.propose(count, GREEDY)) == guesses
        comes = [*guesses[:right], other]
        draft.advance(comes)
        known += comes


@pytest.fixture(scope="module")
def pair(make: Make) -> Iterator[tuple[DraftModel, DraftModel]]:
    exact = make("exact", 1, 32, quant="f32")  # where prompts are computed as answers are
    opened = [DraftModel.open(exact, device="numpy", references=references()) for _ in range(2)]
    yield opened[0], opened[1]
    for each in opened:
        each.close()


# ---- how many are guessed


def taught(guess: float, rows: dict[int, float], right: float) -> MeasuredLengths:
    """Lengths that have seen guesses of so many seconds, steps of so many rows, and a share of right ones."""
    lengths = MeasuredLengths()
    for seconds in (99.0, 8 * rows[1]):  # it looks at what there is to beat; a first time says nothing
        assert (lengths.choose(7), lengths.stretch) == (0, 8)
        lengths.did_without(8, seconds)
    assert lengths.choose(7) == 4
    lengths.guessed(4, 4, 99.0, 99.0)  # likewise
    assert lengths.choose(7) == 4
    for at in range(40):
        for count, seconds in rows.items():
            if count > 1:
                lengths.guessed(
                    count - 1, (count - 1) if at % 10 < 10 * right else 0, guess * (count - 1), seconds
                )
    return lengths


def test_more_is_guessed_where_guesses_are_cheap_and_right() -> None:
    assert taught(0.01, {1: 1.0, 5: 1.1, 8: 1.2}, 1.0).choose(7) == 7
    assert 1 <= taught(0.2, {1: 1.0, 5: 1.1, 8: 1.2}, 0.5).choose(7) <= 3
    assert taught(0.01, {1: 1.0, 5: 1.1, 8: 1.2}, 1.0).choose(2) == 2


def test_what_there_is_to_beat_is_looked_at_again() -> None:
    lengths = taught(0.01, {1: 1.0, 5: 1.1, 8: 1.2}, 1.0)
    rounds = 0
    while lengths.choose(7):
        lengths.guessed(7, 7, 0.07, 1.2)
        rounds += 1
    assert 100 < rounds < 200
    assert lengths.stretch == 8
    for left in (5, 2, 0):  # where a token at a time is made
        lengths.did_without(3, 0.3)  # ten times as fast as it was
        assert lengths.stretch == left
    assert lengths.choose(7) == 0


def test_nothing_is_guessed_where_it_does_not_pay_but_now_and_then() -> None:
    lengths = taught(0.9, {1: 1.0, 2: 2.0, 8: 8.0}, 0.1)
    chosen, rests = list[int](), list[int]()
    for _ in range(12):
        chosen.append(lengths.choose(7))
        if not chosen[-1]:
            rests.append(lengths.stretch)
            lengths.did_without(lengths.stretch, lengths.stretch * 1.0)
        else:
            lengths.guessed(chosen[-1], 0, 0.9 * chosen[-1], 2.0)
    assert chosen.count(0) == 6 and set(chosen) == {0, 1}
    assert rests == [8, 16, 32, 64, 128, 128]
