"""A session joins device, tokenizer and template, and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.compiler import CompileOptions
from kernelc.errors import UsageError
from kernelc.pipeline import build_artifact
from kernelc.session import Session, text_of, with_prefix
from runtime.chat.request import CompletionRequest
from runtime.devices import Choice
from runtime.engine.sampling import SamplingParams
from tests.runtime.tiny_artifact import write_tiny

PROMPT = "Once upon a time"


@pytest.fixture(scope="module")
def artifact(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    out = tmp_path_factory.mktemp("session") / "stories"
    options = CompileOptions("wgsl", "f32", context=128)
    return Artifact.open(build_artifact(shared_data / "models" / "stories260K", options, out=out))


@pytest.fixture(scope="module")
def session(artifact: Artifact) -> Iterator[Session]:
    with Session.open(artifact, device="cpu") as opened:
        yield opened


def test_opening_reports_its_progress_and_prints_nothing(
    artifact: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[str, int, int]] = []
    said: list[Choice] = []
    with Session.open(
        artifact.folder,
        device="cpu",
        context=32,
        progress=lambda *step: seen.append(step),
        explain=said.append,
    ) as opened:
        assert opened.engine.context == 32
    what, done, total = seen[-1]
    assert (what, done) == ("weights", total)
    assert said == []  # only `auto` has something to explain
    assert capsys.readouterr() == ("", "")


def test_a_request_that_says_nothing_of_sampling_is_answered_as_in_the_page(session: Session) -> None:
    assert session.artifact.manifest.generation is None
    completer = session.completer()
    done = completer.complete(CompletionRequest(prompt=PROMPT, max_new=40))
    openai = SamplingParams(temperature=1.0, top_p=1.0, seed=done.seed)
    assert completer.complete(CompletionRequest(prompt=PROMPT, max_new=40, sampling=openai)).ids == done.ids


def test_a_completion_is_what_the_engine_generates(session: Session) -> None:
    done = session.completer().complete(
        CompletionRequest(prompt=PROMPT, max_new=30, sampling=SamplingParams())
    )
    ids = with_prefix(session.tokenizer, session.tokenizer.encode(PROMPT))
    assert ids[0] == session.tokenizer.bos_id and done.prompt_tokens == len(ids)
    session.engine.truncate(0)
    session.engine.feed(ids)
    assert [token.id for token in session.engine.generate(30)] == list(done.ids)
    assert done.text == text_of(session.tokenizer, done.ids)


@pytest.mark.parametrize(
    "sampling",
    [
        SamplingParams(),
        SamplingParams(temperature=0.9, top_p=0.9, seed=5),
        SamplingParams(temperature=1.2, top_k=40, min_p=0.02, repetition_penalty=1.2, seed=6),
    ],
)
def test_the_host_samples_what_the_device_does(session: Session, sampling: SamplingParams) -> None:
    request = CompletionRequest(prompt=PROMPT, max_new=40, sampling=sampling)
    on_host = CompletionRequest(prompt=PROMPT, max_new=40, sampling=sampling, top_logprobs=1)
    completer = session.completer()
    first, second = completer.complete(request), completer.complete(on_host)
    assert first.ids == second.ids and len(first.ids) > 20
    assert len(second.logprobs) == len(second.ids) and not first.logprobs
    assert all(each.chosen.logprob <= each.top[0].logprob <= 0 for each in second.logprobs)


def test_a_stop_string_of_several_tokens_ends_the_text(session: Session) -> None:
    completer = session.completer()
    whole = completer.complete(CompletionRequest(prompt=PROMPT, max_new=60, sampling=SamplingParams()))
    stop = whole.text[20:32]
    ids = session.tokenizer.encode(stop)
    done = completer.complete(
        CompletionRequest(prompt=PROMPT, max_new=60, stop=[stop], sampling=SamplingParams())
    )
    assert len(ids) > 1
    assert done.text == whole.text[: whole.text.index(stop)]
    assert (done.finish_reason, done.stop_string) == ("stop", stop)


def test_a_conversation_goes_through_the_template(session: Session) -> None:
    conversation = session.conversation(system=None, policy="slide")
    answer = conversation.ask(PROMPT, 10, SamplingParams())
    text = "".join(answer)
    assert text and answer.new_tokens == 10
    assert [turn.assistant for turn in conversation.turns] == [text]


def test_without_a_tokenizer_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernelc.session.open_engine", lambda *args, **options: pytest.fail("opened"))
    with pytest.raises(UsageError, match="the artifact has no tokenizer") as caught:
        Session.open(write_tiny(tmp_path / "toy"))
    assert "--" not in caught.value.render()
