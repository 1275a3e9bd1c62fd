"""stories260K in every layout that a folder can have: the same weights, and the same reference ids."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.pipeline import build_artifact
from model.opening import open_model
from runtime.engine.engine import ALL_ROLES, Engine
from tests import commands
from tests.model.checkpoints import int4_checkpoint as int4
from tests.model.checkpoints.torch_files import write_legacy, write_zip, zip_bytes
from tests.model.meta.meta_folder import write_stories
from tests.model.tiny_checkpoint import write_tiny_checkpoint

Tensors = dict[str, np.ndarray]


def halves(tensors: Tensors) -> tuple[Tensors, Tensors]:
    names = sorted(tensors)
    return {n: tensors[n] for n in names[::2]}, {n: tensors[n] for n in names[1::2]}


def write_shards(folder: Path, tensors: Tensors, stem: str, kind: str, index: bool) -> None:
    files: dict[str, str] = {}
    for number, part in enumerate(halves(tensors), 1):
        file = f"{stem}-0000{number}-of-00002{kind}"
        save_file(part, folder / file) if kind == ".safetensors" else write_zip(folder / file, part)
        files |= dict.fromkeys(part, file)
    if index:
        (folder / f"{stem}{kind}.index.json").write_text(json.dumps({"weight_map": files}))


FORMS: dict[str, Callable[[Path, Tensors], object]] = {
    "bin": lambda folder, tensors: write_zip(folder / "pytorch_model.bin", tensors),
    "legacy bin": lambda folder, tensors: write_legacy(folder / "pytorch_model.bin", tensors),
    "shards": lambda folder, tensors: write_shards(folder, tensors, "model", ".safetensors", True),
    "shards without index": lambda folder, tensors: write_shards(folder, tensors, "x", ".safetensors", False),
    "bin shards": lambda folder, tensors: write_shards(folder, tensors, "pytorch_model", ".bin", True),
    "another name": lambda folder, tensors: save_file(tensors, folder / "stories.safetensors"),
    "meta": lambda folder, tensors: write_stories(folder, tensors),
    "meta shards": lambda folder, tensors: write_stories(folder, tensors, 2),
}


def write_form(source: Path, folder: Path, form: str) -> Path:
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    FORMS[form](folder, load_file(source / "model.safetensors"))
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_the_same_weights(tmp_path: Path, shared_data: Path, form: str) -> None:
    source = shared_data / "models" / "stories260K"
    with open_model(write_form(source, tmp_path / "x", form)) as files, open_model(source) as wanted:
        files.checkpoint.check_against(files.model.weights())
        assert files.model.weights() == wanted.model.weights() and files.notes == ()
        assert files.model.config == wanted.model.config
        for name in wanted.model.weights():
            np.testing.assert_array_equal(files.checkpoint.read(name), wanted.checkpoint.read(name))


@pytest.mark.parametrize("form", ["bin shards", "meta shards"])
def test_the_reference_ids_one_by_one(tmp_path: Path, shared_data: Path, form: str) -> None:
    folder = write_form(shared_data / "models" / "stories260K", tmp_path / "x", form)
    artifact = build_artifact(folder, CompileOptions("wgsl", "f32"), out=tmp_path / "out")
    run = json.loads((shared_data / "reference" / "stories260K.json").read_text())["runs"][0]
    prompt, count = run["prompt_ids"], min(40, len(run["ids"]) - len(run["prompt_ids"]))
    with Engine.open(artifact, device="numpy", roles=ALL_ROLES, references=references()) as engine:
        engine.feed(prompt)
        found = [token.id for token in engine.generate(count, stop_ids={1, 2})]
    assert [*prompt, *found] == run["ids"][: len(prompt) + count]


LLAMA: dict[str, object] = {
    "model_type": "llama", "vocab_size": 32, "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip


class Evil:
    def __reduce__(self):
        return os.system, ("exit 3",)


SPOILT: dict[str, Callable[[Path], object]] = {
    "pytorch_model.bin": lambda path: path.write_bytes(zip_bytes({}, pickled=pickle.dumps(Evil(), 2))),
    "model.pth": lambda path: path.write_bytes(pickle.dumps(Evil(), 4)),
    "x.safetensors": lambda path: path.write_bytes(b"\xff" * 100),
    "model.safetensors": os.mkfifo,
    "y.bin": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_command_refuses_what_is_spoilt_in_one_line(tmp_path: Path, name: str) -> None:
    write_tiny_checkpoint(tmp_path, LLAMA)
    (tmp_path / "model.safetensors").unlink()
    SPOILT[name](tmp_path / name)
    code, out, err = commands.run("build", "--model", tmp_path, "--out", tmp_path / "out")
    assert (code, out, err.count("\n")) == (2, "", 1) and name in err and err.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_nobody_reads(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path, LLAMA)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["model.layers.0.self_attn.q_proj.bias"] = np.ones(32, np.float32)
    save_file(tensors, tmp_path / "model.safetensors")
    code, _, err = commands.run("build", "--model", tmp_path, "--out", tmp_path / "out")
    assert code == 0
    assert "note: 1 tensor of the checkpoint" in err and "q_proj.bias" in err


def test_the_codes_of_a_gptq_model_are_kept_by_default(tmp_path: Path) -> None:
    """With zeros of 8 nothing is rounded: the logits are those of a build in f32."""
    config = {**LLAMA, "hidden_size": 64, "quantization_config": {"quant_method": "gptq", "bits": 4}}
    write_tiny_checkpoint(tmp_path, {**config, "quantization_config": {}})
    arrays: Tensors = {}
    for name, values in load_file(tmp_path / "model.safetensors").items():
        prefix = name.removesuffix(".weight")
        quantised = name.endswith("_proj.weight")
        arrays |= int4.gptq(prefix, int4.rounded(values, 32)) if quantised else {name: values}
    save_file(arrays, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config))
    logits: list[np.ndarray] = []
    for number, quant in enumerate(([], ["--quant", "f32"])):
        code, _, err = commands.run("build", "--model", tmp_path, "--out", tmp_path / f"{number}", *quant)
        assert (code, err) == (0, "")
        with Engine.open(
            tmp_path / f"{number}", device="numpy", roles=ALL_ROLES, references=references()
        ) as engine:
            logits.append(engine.score([1, 2, 3, 4, 5]))
    manifest = json.loads((tmp_path / "0" / "manifest.json").read_text())
    assert manifest["quant"] == "q4a"
    np.testing.assert_allclose(logits[0], logits[1], rtol=0, atol=1e-5)
