"""The commands that choose and measure the quality of quantised weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact
from kernelc.commands.evaluate import Sums
from tests.commands import run

TEXT = "text/tinystories_train_sample.txt"


OPTIONS: dict[str, tuple[object, ...]] = {"f32": ("--quant", "f32"), "q4": (), "more": ("--bits", "6")}


class Built(dict[str, Path]):
    """Artifacts of stories260K by name, each built when it is first asked for."""

    def __init__(self, model: Path, folder: Path) -> None:
        super().__init__()
        self.model, self.folder = model, folder

    def __missing__(self, name: str) -> Path:
        given = OPTIONS.get(name, ("--calibrate", self.folder / "text"))
        command = ("build", "--model", self.model, "--target", "opencl", "--out", self.folder / name, *given)
        assert run(*command)[0] == 0
        self[name] = self.folder / name
        return self[name]


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """stories260K in f32, in q4, in q4 of more bits, and calibrated."""
    folder = tmp_path_factory.mktemp("quality")
    (folder / "text").write_text((shared_data / TEXT).read_text()[20_000:60_000])
    return Built(shared_data / "models" / "stories260K", folder)


def compared(built: dict[str, Path], shared_data: Path, name: str) -> dict[str, float]:
    options = ("--device", "cpu", "--text", shared_data / TEXT, "--max-tokens", 256, "--json")
    code, out, err = run("evaluate", built[name], "--against", built["f32"], *options)
    assert code == 0, err
    return json.loads(out)["against"]


def test_an_artifact_does_not_diverge_from_itself(built: dict[str, Path], shared_data: Path) -> None:
    found = compared(built, shared_data, "f32")
    assert found["kl_divergence"] == pytest.approx(0, abs=1e-9) and found["top1_agreement"] == 1


@pytest.mark.nightly
def test_more_bits_and_a_text_bring_the_probabilities_nearer(
    built: dict[str, Path], shared_data: Path
) -> None:
    plain, more, calibrated = (compared(built, shared_data, name) for name in ("q4", "more", "calibrated"))
    assert 0 < more["kl_divergence"] < 0.8 * plain["kl_divergence"]
    assert calibrated["kl_divergence"] < 0.8 * plain["kl_divergence"]
    assert plain["top1_agreement"] < 1 and plain["nll"] == pytest.approx(more["nll"])


def test_the_bits_of_an_artifact_are_shown(built: dict[str, Path]) -> None:
    found = json.loads(run("inspect", built["more"], "--json")[1])
    assert 5.5 < found["bits_per_weight"] <= 6 and set(found["formats"]) > {"q8"}
    assert f"{found['bits_per_weight']:.2f} a weight: " in run("inspect", built["more"])[1]
    assert json.loads(run("inspect", built["q4"], "--json")[1])["bits_per_weight"] < 4.7  # padding
    assert Artifact.open(built["q4"]).manifest.quant == "q4"


@pytest.mark.nightly
def test_the_same_text_gives_the_same_calibrated_bytes(
    built: dict[str, Path], shared_data: Path, tmp_path: Path
) -> None:
    model, text = shared_data / "models" / "stories260K", built["f32"].parent / "text"
    options = ("--model", model, "--target", "opencl", "--calibrate", text, "--out", tmp_path / "again")
    assert run("build", *options)[0] == 0
    first, again = (
        Artifact.open(path).manifest.weights.shards for path in (built["calibrated"], tmp_path / "again")
    )
    assert first == again


def test_what_cannot_be_asked_for_is_refused(
    built: dict[str, Path], shared_data: Path, tmp_path: Path
) -> None:
    model = shared_data / "models" / "stories260K"
    (tmp_path / "short").write_text("Once upon a time")
    build = ("build", "--model", model, "--out", tmp_path / "out")
    for options, said in (
        (("--bits", "3"), "--bits: got 3, wanted 4.5 to 8.5 for q4"),
        (("--quant", "f16", "--bits", "5"), "--bits: f16 has one size"),
        (("--calibrate", tmp_path / "none"), "there is no such file"),
        (("--calibrate", tmp_path / "short"), "wanted at least 512"),
    ):
        code, _, err = run(*build, *options)
        assert code == 2 and said in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_artifacts_of_other_vocabularies_are_not_compared(
    built: dict[str, Path], shared_data: Path, tmp_path: Path
) -> None:
    other = ("--model", "model/demo", "--target", "opencl", "--out", tmp_path / "demo")
    assert run("build", *other)[0] == 0
    code, _, err = run("evaluate", built["f32"], "--against", tmp_path / "demo", "--text", shared_data / TEXT)
    assert code == 2 and "compare artifacts of one model" in err


def test_sums_of_a_comparison() -> None:
    sums = Sums(0, 0.0)
    ours, theirs = (
        np.log(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)),
        np.log(np.array([[0.5, 0.5], [0.9, 0.1]], np.float32)),
    )
    sums.add(ours, theirs, [1])  # the second row predicts nothing
    assert (sums.tokens, sums.agreements) == (1, 0)
    assert sums.nll == pytest.approx(-np.log(0.75)) and sums.other_nll == pytest.approx(np.log(2))
    assert sums.divergence == pytest.approx(0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75), abs=1e-6)
