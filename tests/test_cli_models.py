"""The commands on real models: a checkpoint in, an artifact, text, numbers and errors out."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kernelc import cli
from kernelc.artifact import Artifact
from tests.commands import run
from tests.conftest import REPO

DEVICES = ["cpu", pytest.param("wgpu", marks=pytest.mark.gpu)]
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """stories260K in f32, built by the command."""
    out = tmp_path_factory.mktemp("built") / "stories"
    model = shared_data / "models" / "stories260K"
    assert cli.main(["build", "--model", str(model), "--quant", "f32", "--out", str(out)]) == 0
    return out


@pytest.fixture
def model(shared_data: Path, tmp_path: Path) -> Path:
    """A copy of stories260K to spoil."""
    folder = tmp_path / "model"
    shutil.copytree(shared_data / "models" / "stories260K", folder)
    for file in [folder, *folder.iterdir()]:
        file.chmod(0o755)
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A copy of the artifact to spoil."""
    return Path(shutil.copytree(built, tmp_path / "artifact"))


def test_build_prints_the_folder_it_wrote(model: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("build", "--model", model, "--context", 64) == (0, "dist/model-q4-wgsl\n", "")
    manifest = Artifact.open("dist/model-q4-wgsl").manifest
    assert (manifest.quant, manifest.model.max_context) == ("q4", 64)
    assert manifest.activations == "int8"


def test_evaluate_gives_the_published_loss(built: Path, shared_data: Path) -> None:
    published = json.loads((shared_data / "reference" / "stories260K.json").read_text())["loss_first_window"]
    text = "tinystories_train_sample.txt"
    options = ("--device", "cpu", "--text", shared_data / "text" / text, "--max-tokens", 256, "--json")
    code, out, _ = run("evaluate", built, *options)
    result = json.loads(out)
    assert code == 0
    assert result["tokens"] == published[text]["tokens_scored"]
    assert result["nll"] == pytest.approx(published[text]["mean_nll"], abs=2e-5)
    assert result["perplexity"] == pytest.approx(np.exp(result["nll"]))


def test_the_window_of_evaluate_is_at_most_the_context(built: Path, shared_data: Path) -> None:
    text = shared_data / "text" / "tinystories_train_sample.txt"
    _, out, _ = run("evaluate", built, "--device", "cpu", "--context", 32, "--text", text, "--json")
    assert json.loads(out)["tokens"] == 31


def test_generate_puts_bos_before_a_text(built: Path, shared_data: Path, tmp_path: Path) -> None:
    first = json.loads((shared_data / "reference" / "stories260K.json").read_text())["runs"][0]
    options = ("--device", "cpu", "--max-gen-len", 30)
    _, out, _ = run("generate", built, *options, "--prompt", first["prompt"], "--json")
    result = json.loads(out)
    assert result["prompt_ids"] + result["ids"] == first["ids"][: len(first["prompt_ids"]) + 30]
    assert first["text"].startswith(first["prompt"] + result["text"])
    assert run("generate", built, *options, "--prompt", first["prompt"])[1] == result["text"] + "\n"


def test_a_stop_text_ends_generate(built: Path) -> None:
    options = ("--device", "cpu", "--max-gen-len", 40, "--prompt", "Once upon a time")
    whole = json.loads(run("generate", built, *options, "--json")[1])["text"]
    stop = whole[20:26]
    result = json.loads(run("generate", built, *options, "--stop", "\u2603", "--stop", stop, "--json")[1])
    assert (result["text"], result["finish_reason"]) == (whole[: whole.index(stop)], "stop")
    assert run("generate", built, *options, "--stop", stop)[1] == result["text"] + "\n"
    code, _, err = run("generate", built, *options, "--stop", "")
    assert code == 2 and "--stop[0] has 0 characters, wanted 1 to 1000" in err


def test_control_c_ends_generate_quietly(built: Path) -> None:
    command = [sys.executable, "-m", "kernelc.cli", "generate", str(built), "--device", "cpu"]
    options = ["--prompt", "Once", "--max-gen-len", "500", "--temperature", "1", "--seed", "1"]
    process = subprocess.Popen([*command, *options], cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"")


def test_chat_builds_a_model_folder_once(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = (model, "--quant", "f32", "--device", "cpu", "--temperature", 0, "--max-gen-len", 12)
    code, out, err = run("chat", *options, lines="Once upon a time\n She\n")
    assert code == 0
    assert out.startswith(", there was a little girl named Lily")
    assert "(prefill 5 tokens at" in err and "more were cached) at" in err
    (entry,) = (tmp_path / "cache" / "kernelc" / "artifacts").iterdir()
    inode = entry.stat().st_ino
    assert run("chat", *options, lines="Once upon a time\n")[1] == out.splitlines(keepends=True)[0]
    assert entry.stat().st_ino == inode


def test_chat_tells_when_the_context_is_full(built: Path) -> None:
    options = (built, "--device", "cpu", "--temperature", 0, "--context", 24)
    code, _, err = run("chat", *options, lines="Once upon a time\nOnce upon a time\n")
    assert code == 2
    assert "(the context of 24 tokens is full: /reset starts a new conversation)" in err
    assert "error: the conversation is 3" in err and " tokens, the context holds 24 (help: /reset" in err
    sliding = ("--context-policy", "slide", "--max-gen-len", 8)
    code, _, err = run("chat", *options, *sliding, lines="Once upon a time\n" * 3)
    assert code == 0 and "forgot the oldest turns" in err


@pytest.mark.parametrize("device", DEVICES)
def test_a_conversation_says_the_same_whatever_its_cache_held_before(built: Path, device: str) -> None:
    options = ("chat", built, "--device", device, "--seed", 3, "--max-gen-len", 20)
    once = run(*options, lines="Once upon a time\n Then the cat\n")[1].splitlines()
    again = run(
        *options, lines="A red ball\n And\n/edit 1 Once upon a time\n The end.\n/edit 2  Then the cat\n"
    )
    assert again[0] == 0
    assert again[1].splitlines()[-len(once[1:]) :] == once[1:]
    assert "more were cached) at" in again[2].splitlines()[-1]


@pytest.mark.parametrize("device", DEVICES)
def test_inspect_plans_every_byte(built: Path, device: str) -> None:
    from kernelc.commands.shared import opening

    code, out, _ = run("inspect", built, "--context", 100, "--json")
    memory = json.loads(out)["memory"]
    assert code == 0
    assert memory["totals"]["all programs"] == sum(memory["buffers"].values())
    with opening.open_engine(Artifact.open(built), device, 100) as engine:
        assert memory["totals"]["chat, generate"] == engine.executor.allocated_bytes


def test_inspect_of_a_config_plans_what_the_build_has(built: Path, model: Path) -> None:
    of_artifact = json.loads(run("inspect", built, "--json")[1])
    of_config = json.loads(run("inspect", model / "config.json", "--quant", "f32", "--json")[1])
    for part in ("memory", "programs", "kernels", "graph", "model"):
        assert of_config[part] == of_artifact[part], part


def test_inspect_of_7b_needs_no_weights() -> None:
    code, out, _ = run("inspect", "llama-2-7b", "--context", 4096, "--only", "memory")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    total = next(int(row[2].replace(",", "")) for row in rows if row[:2] == ["all", "programs"])
    sizes = (int(row[2].replace(",", "")) for row in rows if row[1:2] in (["weight"], ["state"], ["slot"]))
    assert total == sum(sizes)
    caches = [line.split() for line in out.splitlines() if "_cache" in line]
    assert len(caches) == 64 and all(each[2] == f"{2 * 4096 * 32 * 128:,}" for each in caches)


def test_bench_of_random_weights(tmp_path: Path) -> None:
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": 96,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 64,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    options = ("--random-weights", "--device", "cpu", "--repeat", 1, "--json")
    code, out, err = run("bench", "--config", tmp_path / "config.json", *options)
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["decode_tokens_per_second"] > 0 and result["quant"] == "q4"
    assert result["activations"] == "int8" and result["dispatches_per_token"] <= 5 * 2 + 5


def test_verify_on_the_reference_itself(built: Path) -> None:
    code, out, err = run("verify", built, "--device", "cpu", "--json")
    result = json.loads(out)
    assert (code, err, result["passed"]) == (0, "", True)
    assert {check["kernel"] for check in result["checks"]} == set(Artifact.open(built).manifest.kernels)


def test_verify_of_coded_activations_on_the_processor(model: Path, tmp_path: Path) -> None:
    """Its kernels multiply bytes, which the C of a processor always can."""
    out = tmp_path / "int8"
    assert run("build", "--model", model, "--target", "c", "--activations", "int8", "--out", out)[0] == 0
    assert "matvec_int8" in {each.spec for each in Artifact.open(out).manifest.kernels.values()}
    code, said, err = run("verify", out, "--device", "cpu", "--json")
    assert (code, err, json.loads(said)["passed"]) == (0, "", True)


@pytest.mark.gpu
def test_verify_passes_on_wgpu(built: Path) -> None:
    code, out, _ = run("verify", built, "--device", "wgpu")
    assert code == 0 and "FAILED" not in out


@pytest.mark.gpu
def test_verify_finds_a_kernel_that_computes_something_else(copy: Path) -> None:
    name = next(name for name in Artifact.open(copy).manifest.kernels if name.startswith("rms_norm_residual"))
    manifest = json.loads((copy / "manifest.json").read_text())
    for variant in manifest["kernels"][name]["variants"]:
        file = copy / variant["file"]
        text = file.read_text()
        assert "inverseSqrt(" in text
        file.write_text(text.replace("inverseSqrt(", "1.01 * inverseSqrt("))
        variant["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        variant["bytes"] = file.stat().st_size
    (copy / "manifest.json").write_text(json.dumps(manifest))
    code, out, err = run("verify", copy, "--device", "wgpu")
    assert code == 1
    assert (
        err.startswith("error: ") and err.count("\n") == 1 and f"differ from their references: {name}" in err
    )
    failed = [line for line in out.splitlines() if line.startswith("FAILED")]
    assert failed and all(name in line and "wanted" in line for line in failed)


# ---- unusable input: one line, exit code 2, nothing left behind ----


def edit_config(**fields: object) -> Change:
    def change(model: Path) -> None:
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, **fields}))

    return change


def edit_weights(edit: Callable[[dict[str, np.ndarray]], object]) -> Change:
    def change(model: Path) -> None:
        tensors = load_file(model / "model.safetensors")
        edit(tensors)
        save_file(tensors, model / "model.safetensors")

    return change


def cut(name: str, size: int) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size])


def lying_header(model: Path) -> None:
    file = model / "model.safetensors"
    data = file.read_bytes()
    file.write_bytes(data.replace(b'"data_offsets":[', b'"data_offsets":[9', 1))


def spoil(tensors: dict[str, np.ndarray]) -> None:
    tensors["model.norm.weight"][3] = np.nan


def missing_shard(model: Path) -> None:
    names = load_file(model / "model.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, "model-00001-of-00001.safetensors")}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / "model.safetensors").unlink()


SPOILT: dict[str, tuple[Change, str]] = {
    "no config": (lambda model: (model / "config.json").unlink(), "config.json"),
    "config is no JSON": (cut("config.json", 40), "config.json"),
    "heads that do not divide": (edit_config(num_key_value_heads=3), "num_key_value_heads"),
    "an unknown architecture": (edit_config(architectures=["GPT2LMHeadModel"]), "GPT2LMHeadModel"),
    "a truncated header": (cut("model.safetensors", 100), "model.safetensors"),
    "truncated weights": (cut("model.safetensors", 500_000), "model.safetensors"),
    "a lying header": (lying_header, "model.safetensors"),
    "a missing shard": (missing_shard, "model-00001-of-00001.safetensors"),
    "a missing tensor": (edit_weights(lambda t: t.pop("model.norm.weight")), "model.norm.weight"),
    "a weight that is no number": (edit_weights(spoil), "model.norm.weight"),
    "a tokenizer of another model": (edit_config(vocab_size=500), "tokenizer"),
    "a damaged tokenizer": (cut("tokenizer.json", 1000), "tokenizer.json"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_build_refuses(model: Path, tmp_path: Path, case: str) -> None:
    change, wanted = SPOILT[case]
    change(model)
    code, out, err = run("build", "--model", model, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert wanted in err
    assert [each.name for each in tmp_path.iterdir()] == ["model"]


def flip(folder: Path, pattern: str) -> None:
    file = next(folder.glob(pattern))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda copy: flip(copy, "weights/*"), "weights/0000.bin: the file is corrupted"),
        (lambda copy: flip(copy, "tokenizer.json"), "tokenizer.json: the file is corrupted"),
        (cut("weights/0000.bin", 1000), "weights/0000.bin"),
        (cut("manifest.json", 1000), "manifest.json"),
        (lambda copy: (copy / "tokenizer.json").unlink(), "tokenizer.json"),
    ],
)
def test_generate_refuses_a_damaged_artifact(copy: Path, change: Change, wanted: str) -> None:
    change(copy)
    code, out, err = run("generate", copy, "--device", "cpu", "--prompt", "a")
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and wanted in err


def test_a_prompt_longer_than_the_context(built: Path) -> None:
    code, out, err = run("generate", built, "--device", "cpu", "--context", 8, "--prompt", "word " * 20)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and "do not fit the context of 8" in err
