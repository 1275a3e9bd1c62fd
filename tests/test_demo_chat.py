"""The demo model, from the folder in this repository to answers, on every device: the first thing a newcomer
runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.commands.shared.options import demo_model
from kernelc.target import Capabilities
from tests.commands import run
from tests.kernels.executors import EXECUTORS, require

QUESTIONS = "Hello\nMy name is Ada.\nWhat is 123 + 456?\nWhat is the capital of France?\nWhat is my name?\n"
TWO = "My name is Ada.\nWhat is my name?\n"
WANTED = {QUESTIONS: ("123 + 456 = 579", "Paris", "Ada"), TWO: ("Ada",)}
# What every device says at night, the processor says by day, and wgpu the shorter of both.
CHATS = (
    ("cpu", QUESTIONS),
    pytest.param("wgpu", TWO, marks=pytest.mark.gpu),
    pytest.param("wgpu", QUESTIONS, marks=[pytest.mark.gpu, pytest.mark.nightly]),
    *(pytest.param(slow, QUESTIONS, marks=pytest.mark.nightly) for slow in ("vulkan", "opencl")),
)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo model for all targets, as the build command makes it when it is given no model."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    code, _, errors = run("build", "--target", "all", "--out", out)
    assert code == 0, errors
    return out


@pytest.mark.parametrize(("device", "questions"), CHATS)
def test_a_chat_of_several_turns(artifact: Path, device: str, questions: str) -> None:
    if device in EXECUTORS:
        require(device, Capabilities())
    code, said, errors = run("chat", artifact, "--device", device, "--top-k", 1, lines=questions)
    assert code == 0, errors
    assert all(words in said for words in WANTED[questions]), said
    assert "Ada" in said.splitlines()[-1], said


def test_chat_without_a_model_talks_to_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code, said, errors = run("chat", "--device", "cpu", "--top-k", 1, lines="What is 40 + 2?\n")
    assert code == 0, errors
    assert "42" in said


def test_a_chat_that_is_opened_again_reads_its_prompt_from_the_disk(artifact: Path, tmp_path: Path) -> None:
    system = "You are a helpful assistant who answers in few words and knows numbers and cities well. " * 4
    options = ("--device", "cpu", "--top-k", 1, "--system", system, "--prefix-dir", tmp_path / "kept")
    said, notes = zip(*(run("chat", artifact, *options, lines=TWO)[1:] for _ in range(2)), strict=True)
    assert said[0] == said[1]
    assert "more were cached" not in notes[0].splitlines()[0]
    assert "more were cached" in notes[1].splitlines()[0], notes[1]
    assert (
        run("chat", artifact, *options[:-2], lines=TWO)[1] == said[0]
    )  # and nothing is kept unless asked for
    assert len(list(tmp_path.iterdir())) == 1


def test_the_model_fits_in_sixteen_megabytes() -> None:
    assert sum(file.stat().st_size for file in demo_model().iterdir()) <= 16_000_000
