"""`kernelc bench`: what is asked for, what is compared, what is left out, and what is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.commands.shared import bench_output
from kernelc.errors import DeviceError
from kernelc.kernels.linear.matvec import MATVEC, Matvec
from kernelc.kernels.spec import Tolerance
from kernelc.measure import bandwidth, speed
from kernelc.measure.bandwidth import Bandwidth
from kernelc.switches import SWITCHES
from kernelc.target import Capabilities
from tests.commands import run
from tests.kernels.executors import require
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES

NUMPY = ("--device", "numpy", "--prompt", 9, "--generate", 4)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_tiny(tmp_path_factory.mktemp("bench") / "toy")


@pytest.fixture(autouse=True)
def toy_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    from kernelc import session

    everyone = session.references()
    monkeypatch.setattr(session, "references", lambda: {**everyone, **REFERENCES})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path / "config.json"


@pytest.fixture
def known_bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Bandwidth("a processor", "a compiler", 1e12, 9e11, 1 << 30)
    for module in (speed, bandwidth):
        monkeypatch.setattr(module, "bandwidth_of", lambda *_, **__: found)


def test_two_artifacts_are_compared_by_turns(toy: Artifact) -> None:
    code, out, err = run("bench", toy.folder, toy.folder, *NUMPY, "--repeat", 6, "--json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert [len(result[side]["runs"]) for side in "ab"] == [6, 6]
    assert result["decode"]["pairs"] == 6 and result["prefill"]["low"] <= result["prefill"]["high"]
    assert result["date"] and result["a"]["driver"]


def test_a_comparison_says_what_it_can_tell(toy: Artifact) -> None:
    code, out, _ = run(
        "bench", toy.folder, *NUMPY, "--repeat", 2, "--versus", "context=40", "--versus", "without=ahead"
    )
    assert code == 0 and "A: as asked" in out and "B: context 40, without ahead" in out
    assert out.count("2 pairs are too few to tell") == 2


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (["--versus", "quant=q8"], "got 'quant=q8', wanted NAME=VALUE with one of: device, context, without"),
        (["--versus", "context=0"], "--versus context: got '0', wanted an integer of at least 1"),
        (["--versus", "without=speed"], "got 'speed', wanted one or more of: f16"),
        (["--without", "speed"], "got 'speed', wanted one or more of: f16"),
        (["--ablation", "speed"], "got 'speed', wanted one or more of: f16"),
        (["--ablation", "--profile"], "--profile does not go with --ablation"),
        (["--versus", "context=9", "--plot", "a.svg"], "--plot does not go with comparing two"),
        (["--plot", "a.png"], "got 'a.png', wanted a file that ends with .svg"),
        (["--plot", "nowhere/a.svg"], "--plot nowhere/a.svg: there is no folder nowhere"),
    ],
)
def test_what_does_not_fit_is_refused(toy: Artifact, more: list[str], wanted: str) -> None:
    code, out, err = run("bench", toy.folder, *NUMPY, *more)
    assert (code, out) == (2, "") and err.count("\n") == 1 and wanted in err


def test_a_bandwidth_that_cannot_be_measured_is_none(toy: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Bandwidth:
        raise DeviceError("the memory is full")

    code, out, _ = run("bench", toy.folder, *NUMPY, "--repeat", 1, "--json")
    whole = json.loads(out)
    monkeypatch.setattr(speed, "bandwidth_of", full)
    code, out, _ = run("bench", toy.folder, *NUMPY, "--repeat", 1, "--json")
    result = json.loads(out)
    assert code == 0 and result.keys() == whole.keys()
    assert result["bandwidth_read"] is None and result["share_of_bandwidth"] is None
    assert result["bandwidth_note"] == "The bandwidth could not be measured: the memory is full"


def test_what_an_artifact_cannot_leave_out_is_named(toy: Artifact) -> None:
    code, out, _ = run("bench", toy.folder, *NUMPY, "--repeat", 1, "--ablation", "--json")
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    assert code == 0 and list(rows) == list(SWITCHES)
    assert "--config NAME --random-weights" in rows["early"]["skipped"]
    assert rows["graphs"]["skipped"] == "makes no difference to this model on this device"


def test_an_ablation_builds_what_it_leaves_out(config: Path) -> None:
    options = ("--random-weights", "--activations", "f32", "--prompt", 9, "--generate", 4, "--repeat", 1)
    code, out, err = run(
        *("bench", "--config", config, *options, "--device", "numpy", "--target", "opencl"),
        *("--ablation", "fuse.pair,f16,early"),
    )
    assert code == 0 and "fuse.pair" in out and "the fuse pattern pair" in out
    assert "with everything: prefill" in out
    assert "f16: makes no difference" in err and "early: makes no difference" in err


@pytest.mark.usefixtures("known_bandwidth")
def test_a_picture_of_a_model(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    monkeypatch.setattr(bench_output, "compute_of", lambda kind: {"f32": 1e12})
    picture = tmp_path / "roof.svg"
    options = ("--random-weights", "--device", "vulkan", "--prompt", 9, "--generate", 4, "--repeat", 1)
    code, out, _ = run("bench", "--config", config, *options, "--plot", picture)
    assert code == 0 and "kernels against numpy, before any was timed" in out
    svg = picture.read_text()
    assert "matvec" in svg and "matmul" in svg and "memory: 1 TB/s" in svg and "f32: 1 Top/s" in svg


@pytest.mark.usefixtures("known_bandwidth")
def test_wrong_kernels_are_not_timed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    reference = MATVEC.reference

    def wrong(self: Matvec, problem: object, arrays: dict, params: object) -> None:  # type: ignore[type-arg]
        reference(problem, arrays, params)  # type: ignore[arg-type]
        for name in ("out", "q"):
            if name in arrays:
                arrays[name][...] += 1

    monkeypatch.setattr(Matvec, "reference", wrong)
    monkeypatch.setattr(Matvec, "tolerance", lambda self, problem: Tolerance(1e-3, 1e-3))
    options = ("--random-weights", "--device", "vulkan", "--prompt", 9, "--generate", 4, "--repeat", 1)
    options = (*options, "--activations", "f32")  # these kernels are Matvec's
    code, out, err = run("bench", "--config", config, *options)
    assert (code, out) == (1, "") and "so nothing was timed: matvec" in err
    code, out, _ = run("bench", "--config", config, *options, "--unchecked")
    assert code == 0 and "nothing, as --unchecked asks" in out


def test_sequences_are_compared_with_one_alone(config: Path) -> None:
    require("vulkan", Capabilities())
    asked = ("--config", config, "--random-weights", "--device", "vulkan", "--prompt", 9, "--generate", 4)
    code, out, err = run("bench", *asked, "--sequences", 3, "--repeat", 2, "--json")
    result = json.loads(out)
    assert (code, err) == (0, "") and result["sequences"] == 3 and result["together"]["pairs"] == 2
    assert min(result["tokens_per_second_of_one"], result["tokens_per_second_of_all"]) > 0
    kernels = int(result["checked"].split()[0])
    code, out, _ = run("bench", *asked, "--repeat", 1, "--json")
    assert kernels > int(json.loads(out)["checked"].split()[0]), "those of several rows, too"


def test_an_artifact_of_one_sequence_is_refused_where_several_are_measured(toy: Artifact) -> None:
    code, _, err = run("bench", toy.folder, *NUMPY, "--sequences", 4)
    assert code == 2 and "a single sequence, wanted 4" in err and "--sequences 4" in err
    code, _, err = run("bench", toy.folder, *NUMPY, "--sequences", 4, "--profile")
    assert code == 2 and "--profile does not go with --sequences" in err
