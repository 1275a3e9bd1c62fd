"""`kernelc.open`: answers in pieces and whole, conversations, scores and embeddings of the demo model."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import kernelc
from kernelc.commands.shared.options import demo_model
from kernelc.compiler import CompileOptions
from kernelc.errors import UsageError
from kernelc.pipeline import build_artifact
from tests.api.test_kernel import require_device


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("api") / "demo"
    return build_artifact(demo_model(), CompileOptions("c", "q4", embeddings=True), out=out)


@pytest.fixture(scope="module")
def model(artifact: Path) -> Iterator[kernelc.Model]:
    require_device("cpu")
    with kernelc.open(artifact, device="cpu", logits=True, embeddings=True) as opened:
        yield opened


def test_an_answer_comes_in_pieces_or_whole(model: kernelc.Model) -> None:
    pieces = list(model.chat("What is 12 + 30?", temperature=0))
    assert len(pieces) > 3 and "".join(pieces) == "12 + 30 = 42."
    reply = model.chat([{"role": "user", "content": "What is 12 + 30?"}], temperature=0)
    assert reply.finish_reason is None and next(reply) == pieces[0]
    assert str(reply) == reply.text == "".join(pieces)
    assert reply.finish_reason == "stop" and len(reply.ids) >= len(pieces)
    assert reply.reused_tokens == reply.prompt_tokens - 1 or reply.reused_tokens > 0


def test_settings_are_those_of_a_request(model: kernelc.Model) -> None:
    assert len(model.chat("Tell me a story.", max_new=3).text) > 0
    first = model.chat("Tell me a story.", temperature=1.0, seed=7, max_new=12)
    text, seed = first.text, first.seed
    assert model.chat("Tell me a story.", temperature=1.0, seed=seed, max_new=12).text == text
    assert first.finish_reason == "length"
    assert "," not in model.chat("What is 12 + 30?", temperature=0, stop=["="]).text
    number = model.chat("What is 12 + 30?", schema={"type": "integer"}, temperature=0).text
    assert int(number) or number == "0"
    with pytest.raises(UsageError, match="there is no setting temprature"):
        model.chat("Hi", temprature=1)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="temperature is -1"):
        model.chat("Hi", temperature=-1)


def test_another_answer_ends_the_one_before(model: kernelc.Model) -> None:
    first = model.chat("Tell me a story.", temperature=0)
    begun = next(first)
    assert model.chat("What is 12 + 30?", temperature=0).text == "12 + 30 = 42."
    assert first.text == begun


def test_a_conversation_remembers(model: kernelc.Model) -> None:
    talk = model.conversation(system="Be brief.")
    answer = talk.say("What is 5 + 7?", temperature=0).text
    assert [each["role"] for each in talk.messages] == ["system", "user", "assistant"]
    assert talk.messages[-1]["content"] == answer
    second = talk.say("Thank you.", temperature=0)
    next(second)
    second.stop()
    assert talk.messages[-1]["content"] == second.text and len(talk.messages) == 5
    assert second.reused_tokens > 0


def test_scores_are_those_that_generation_takes(model: kernelc.Model) -> None:
    ids = model.encode("Once upon a time", prompt=True)
    scores = model.logits("Once upon a time", one_by_one=True)
    assert scores.shape == (len(ids), model.vocab_size) and scores.dtype == np.float32
    reply = model.generate(ids, max_new=1)
    assert reply.text == model.generate("Once upon a time", max_new=1).text
    assert int(scores[-1].argmax()) == reply.ids[0]


def test_embeddings_of_one_text_and_of_several(model: kernelc.Model) -> None:
    several = model.embed(["a cat", "a dog"])
    np.testing.assert_allclose(np.linalg.norm(several, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.embed("a dog"), several[1])


def test_what_was_not_loaded_is_refused(artifact: Path) -> None:
    with kernelc.open(artifact, device="numpy", context=64) as plain:
        assert plain.name == "demo" and plain.context == 64 and "numpy" in plain.device
        with pytest.raises(UsageError, match="opened without logits"):
            plain.logits("a")
        with pytest.raises(UsageError, match="opened without embeddings"):
            plain.embed("a")
    with pytest.raises(UsageError, match="there is no such model"):
        kernelc.open("no-such-model-here", device="numpy")


def test_a_model_is_built_once_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, artifact: Path
) -> None:
    asked: list[CompileOptions] = []

    def build(model: Path, options: CompileOptions, *, out: Path, **others: object) -> None:
        assert model == demo_model() and set(others) == {"name", "progress", "note"}
        asked.append(options)
        shutil.copytree(artifact, out)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("kernelc.kept.build_artifact", build)
    for quant, context in (("q4", 32), ("q4", 32), ("q8", None)):
        with kernelc.open(device="numpy", quant=quant, context=context) as opened:
            assert opened.session.artifact.folder.is_relative_to(tmp_path)
    assert [(each.target, each.quant, each.context) for each in asked] == [
        ("wgsl", "q4", 32),
        ("wgsl", "q8", None),
    ]


def test_importing_kernelc_loads_nothing() -> None:
    code = "import sys, kernelc; print(sorted(m for m in sys.modules if m.startswith(('kernelc', 'numpy'))))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['kernelc']"
    assert set(kernelc.__all__) <= set(dir(kernelc))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        kernelc.nothing  # type: ignore[attr-defined]  # noqa: B018
