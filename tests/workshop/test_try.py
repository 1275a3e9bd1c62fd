"""`kernelc try`: the original is right, a broken text is wrong by so much, and errors show their lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kernelc import cli
from kernelc.errors import UsageError
from kernelc.workshop.attempt import Attempts, suffix_of_target, target_of_suffix
from kernelc.workshop.bench import Bench
from kernelc.workshop.difference import differences
from kernelc.workshop.subject import Subject, subject_named
from tests.api.test_kernel import DEVICES, require_device

NORM = {"width": 96, "eps": 1e-5, "residual": True}
SUBJECTS: dict[str, Callable[[], Subject]] = {
    "norm": lambda: subject_named("rms_norm", NORM, seq=3),
    "argmax": lambda: subject_named("argmax", {"vocab_size": 300}),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return cli.main(["try", *words])


@pytest.mark.parametrize("device", [device for device in DEVICES if device != "numpy"])
def test_the_original_is_right(device: str) -> None:
    require_device(device)
    with Bench(device) as bench:
        attempts = Attempts(bench, SUBJECTS["norm"]())
        result = attempts.run(attempts.text)
        assert result.right and result.seconds is not None and result.comparison is not None
        assert [each.output for each in result.differences] == ["sum", "normed"]
        assert all(each.count == 3 * 96 and each.first is None for each in result.differences)
        assert all(seconds > 0 for seconds in result.seconds)


def test_a_changed_text_is_wrong_by_so_much() -> None:
    require_device("cpu")
    with Bench("cpu") as bench:
        attempts = Attempts(bench, SUBJECTS["norm"]())
        broken = attempts.text.replace("sum[", "sum[1 + ", 1)
        assert broken != attempts.text
        result = attempts.run(broken, timed=False)
    assert not result.right and result.seconds is None
    shifted = result.differences[0]
    assert shifted.output == "sum" and shifted.wrong > 200 and shifted.first == 0
    assert shifted.absolute > 0.1 and "numbers are wrong, at 0 it has" in shifted.sentence


def test_errors_are_counted_within_what_is_wanted() -> None:
    subject = SUBJECTS["norm"]()
    wanted = {name: np.arange(1, 9, dtype=np.float32) for name in ("sum", "normed")}
    got = {name: array.copy() for name, array in wanted.items()}
    got["sum"][2:4] = (3.5, np.nan)
    got["normed"][7] = 80
    spoken = {"sum": np.ones(8, np.bool_), "normed": np.arange(8) < 7}
    first, second = differences(subject.spec, subject.problem, got, wanted, spoken=spoken)
    assert (first.count, first.wrong, first.first, first.got, first.wanted) == (8, 2, 2, 3.5, 3.0)
    assert first.absolute == np.inf and first.relative == np.inf and first.worst == np.inf
    assert (second.count, second.wrong, second.absolute) == (7, 0, 0.0)
    got["sum"][3] = 4
    (first, _) = differences(subject.spec, subject.problem, got, wanted, spoken=spoken)
    assert first.absolute == 0.5 and first.relative == pytest.approx(1 / 6)


def test_a_text_is_written_changed_and_tried(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_device("cpu")
    asked = ["rms_norm", "--problem", json.dumps(NORM), "--device", "cpu"]
    assert run(*asked) == 0
    (file,) = here.iterdir()
    assert file.name == "rms_norm_residual_96.c" and str(file.name) in capsys.readouterr().out
    assert run(*asked) == 2 and "there is such a file already" in capsys.readouterr().err
    tried = [*asked, "--file", str(file)]
    assert run(*tried, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["right"] and shown["seconds"] > 0 and shown["outputs"][0]["wrong"] == 0
    text = file.read_text()
    file.write_text(text.replace("sum[", "sum[1 + ", 1))
    assert run(*tried) == 1
    out, err = capsys.readouterr()
    assert "numbers are wrong" in out and "something else than the reference" in err
    file.write_text(text.replace("{", "{ what is this;", 1))
    assert run(*tried) == 1
    out, err = capsys.readouterr()
    assert "what is this" in out and err == f"error: {file}: the compiler refuses the text\n"


def test_a_watched_file_runs_again_when_it_is_saved(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_device("cpu")
    asked = ["rms_norm", "--problem", json.dumps(NORM)]
    assert run(*asked, "--device", "cpu") == 0
    (file,) = here.iterdir()
    text, changes = file.read_text(), ["sum[1 + ", "no C", "gone", "sum["]

    def sleep(seconds: float) -> None:
        """What a person does meanwhile."""
        if not changes:
            raise KeyboardInterrupt
        change = changes.pop(0)
        if change == "gone":
            file.unlink()
        else:
            file.write_text(text.replace("sum[", change, 1) if "sum" in change else change)

    monkeypatch.setattr("time.sleep", sleep)
    capsys.readouterr()
    assert run(*asked, "--file", str(file), "--watch") == cli.INTERRUPTED
    out, err = capsys.readouterr()
    assert out.count("sum: 96 numbers are right") == 2 and out.count("numbers are wrong") >= 1
    assert out.count("the compiler refuses the text") == 1 and not err


def test_suffixes_decide_the_target() -> None:
    for target in ("wgsl", "cuda", "spirv", "opencl", "c"):
        assert target_of_suffix(suffix_of_target(target)) == target
    with pytest.raises(UsageError, match=r"the file's suffix is '\.txt', wanted one of \.wgsl"):
        target_of_suffix(".txt")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rms_norm"], "wanted one kernel"),
        (["no_such", "--problem", "{}"], "there is no kernel family no_such"),
        (["rms_norm", "--problem", "{"], "--problem: this is no JSON"),
        (["rms_norm", "--problem", "[]"], "--problem: this is no JSON object"),
        (["rms_norm", "--problem", '{"width": 3}'], "rms_norm|RmsNormProblem|width"),
        (["no-folder", "rms_norm"], "no-folder: there is no such folder"),
        (["rms_norm", "--problem", json.dumps(NORM), "--watch"], "--watch: it watches a --file"),
        (["rms_norm", "--problem", json.dumps(NORM), "--device", "numpy"], "--device numpy takes no texts"),
        (["rms_norm", "--problem", json.dumps(NORM), "--file", "none.c"], "there is no such file"),
        (["rms_norm", "--problem", json.dumps(NORM), "--grid", "1,x"], "wanted up to three numbers"),
    ],
)
def test_mistakes_are_told(
    words: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1
    assert any(part in err for part in message.split("|")), err
