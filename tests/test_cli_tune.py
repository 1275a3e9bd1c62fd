"""`kernelc tune` on a tiny model, and what its table changes: the cpu's kernels, and builds that ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.native import Library
from kernelc.target import Capabilities
from kernelc.tuned.places import own_file
from kernelc.tuned.table import read_table
from runtime.cpu.instructions import processor_class
from tests.commands import run
from tests.kernels.executors import require
from tests.model.tiny_checkpoint import write_tiny_checkpoint

CONFIG: dict[str, object] = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 40, "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
CLASS = f"cpu-{processor_class()}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), CONFIG)


@pytest.fixture(scope="module")
def artifact(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model for the cpu, with its C."""
    require("c", Capabilities())
    out = tmp_path_factory.mktemp("tuned") / "artifact"
    code, _, err = run("build", "--model", model, "--quant", "f32", "--target", "c", "--out", out)
    assert code == 0, err
    return out


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"


def says(artifact: Path) -> str:
    code, out, err = run("generate", artifact, "--device", "cpu", "--prompt", "ABC", "--max-gen-len", 8)
    assert code == 0, err
    return out


@pytest.mark.usefixtures("own_cache")
def test_a_search_ends_with_a_table_that_the_cpu_looks_into(artifact: Path) -> None:
    command = ("tune", artifact, "--device", "cpu", "--only", "rms_norm", "--json")
    code, out, err = run(*command)
    assert code == 0, err
    result = json.loads(out)
    assert (result["class"], result["table"], result["ended"]) == (CLASS, str(own_file(CLASS)), False)
    table = read_table(own_file(CLASS))
    assert {family for family, _ in table.entries} == {"rms_norm"}
    assert all(entry.tried == entry.of > 0 for entry in table.entries.values())
    (only,) = table.runs
    assert only.command == f"kernelc tune {artifact.name} --device cpu --only rms_norm"
    code, out, _ = run(*command)
    assert code == 0 and read_table(own_file(CLASS)).entries == table.entries, "all had been tried"


@pytest.mark.usefixtures("own_cache")
def test_what_a_table_says_is_run_and_c_of_the_rules_is_still_accepted(
    artifact: Path, own_cache: Path
) -> None:
    """The artifact has the C of the rules' schedules. It must still be that, to the byte."""
    plain = says(artifact)
    assert run("tune", artifact, "--device", "cpu", "--only", "rms_norm")[0] == 0
    table = json.loads(own_file(CLASS).read_text())
    for entry in table["entries"]:
        threads = 64 if entry["rule"]["threads"] == 32 else 32
        entry |= {"schedule": {**entry["rule"], "threads": threads}, "gain": 2.0}
    own_file(CLASS).write_text(json.dumps(table))

    opened = Artifact.open(artifact).manifest
    name = next(name for name, kernel in opened.kernels.items() if kernel.spec == "rms_norm")
    native = Library().kernel(name, "rms_norm", opened.kernels[name].problem)
    assert native.workgroup == threads and native.plain is not None
    assert says(artifact) == plain == says(artifact)
    kept = list((own_cache / "kernelc" / "native").glob("*.plain.c"))
    assert kept, "what the artifact's C is compared with"


def test_a_persons_table_that_is_none_ends_with_one_line(artifact: Path, own_cache: Path) -> None:
    file = own_file(CLASS)
    file.parent.mkdir(parents=True)
    file.write_text('{"format": "a recipe"}')
    for command in (("generate", artifact, "--device", "cpu", "--prompt", "A"), ("devices",)):
        code, _, err = run(*command)
        assert code == 2 and err.startswith(f"error: {file}: ") and err.count("\n") == 1, command
        assert "make it again with `kernelc tune`" in err
    assert run("tune", artifact, "--device", "cpu")[0] == 2


def test_a_build_for_a_table_has_its_schedules(model: Path, tmp_path: Path) -> None:
    from kernelc.kernels.registry import SPECS
    from kernelc.target import TARGETS
    from kernelc.tuned.schedules import schedule_json, stored_problem
    from kernelc.tuned.table import Entry, Run, Table

    def built(name: str, *options: object) -> Artifact:
        out = tmp_path / name
        code, _, err = run("build", "--model", model, "--target", "opencl", "--out", out, *options)
        assert code == 0, err
        return Artifact.open(out)

    def threads(artifact: Artifact) -> dict[str, int]:
        kernels = artifact.manifest.kernels
        return {name: kernel.variants[0].workgroup[0] for name, kernel in kernels.items()}

    plain = built("plain")
    table = Table("a-class", "opencl", (Run("", "", ""),), {})
    spec, capabilities = SPECS["rms_norm"], TARGETS["opencl"].variants[0]
    names = [name for name, kernel in plain.manifest.kernels.items() if kernel.spec == spec.name]
    for name in names:
        problem = spec.problem_from_json(plain.manifest.kernels[name].problem)
        rule = spec.default(capabilities, problem)
        other = next(each for each in spec.space(capabilities, problem) if each.threads > rule.threads)
        stored = stored_problem(spec, problem)
        entry = Entry(spec.name, stored, schedule_json(rule), schedule_json(other), 2.0, 1, 1)
        table = table.with_entry(entry)
    table.write(tmp_path / "t.json")
    tuned = built("tuned", "--tuned", tmp_path / "t.json")
    before, after = threads(plain), threads(tuned)
    assert {name for name in before if before[name] != after[name]} == set(names) != set()
    wrong = ("build", "--model", model, "--target", "wgsl", "--out", tmp_path / "no", "--tuned")
    code, _, err = run(*wrong, tmp_path / "t.json")
    assert code == 2 and "the table is of opencl kernels, the build has wgsl" in err
    code, _, err = run(*wrong, "no-class")
    assert code == 2 and "got 'no-class', wanted a file or a class" in err and "--tuned" in err
    assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("own_cache")
def test_what_cannot_be_tuned_is_said(artifact: Path, tmp_path: Path) -> None:
    for options, wanted in (
        (("--device", "numpy"), "numpy's references have no schedules"),
        (("--device", "cpu", "--only", "soup"), "got 'soup', wanted one of: "),
        (("--device", "cpu", "--budget", "0"), "got '0', wanted an integer of at least 1"),
        (("--device", "opencl"), "the artifact has c"),
    ):
        code, _, err = run("tune", artifact, *options)
        assert code == 2 and wanted in err and err.count("\n") == 1, err
    other = json.dumps({"format": "kernelc-schedules", "version": 1, "class": "x", "target": "c"})
    (tmp_path / "t.json").write_text(other[:-1] + ', "runs": [], "entries": []}')
    code, _, err = run("tune", artifact, "--device", "cpu", "--table", tmp_path / "t.json")
    assert code == 2 and f"the table is for x, this device is {CLASS}" in err
