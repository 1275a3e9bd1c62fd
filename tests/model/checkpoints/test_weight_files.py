"""Which files of a folder are the weights, and what is said where none are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from kernelc.errors import CheckpointError
from model.checkpoints.checkpoint import Checkpoint
from tests.model.checkpoints.torch_files import write_zip

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}


def write(path: Path, names: str = "ab") -> None:
    part = {name: TENSORS[name] for name in names}
    save_file(part, path) if path.suffix == ".safetensors" else write_zip(path, part)


def index(folder: Path, name: str, weight_map: object) -> None:
    (folder / name).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def check(folder: Path) -> None:
    with Checkpoint.open(folder) as checkpoint:
        assert set(checkpoint.names()) == set(TENSORS)
        for name, wanted in TENSORS.items():
            np.testing.assert_array_equal(checkpoint.read(name), wanted)


def refusal(folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.open(folder)
    return caught.value.render()


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "pytorch_model.bin",
        "gptq_model-4bit-128g.safetensors",
        "vicuna.bin",
        "ggml.pt",
        "model.pth",
        "model-00001-of-00001.safetensors",
    ],
)
def test_one_file_of_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    for other in ("training_args.bin", "optimizer.pt", "adapter_model.safetensors", "rng_state_0.pth"):
        (tmp_path / other).write_bytes(b"no weights")
    check(tmp_path)


@pytest.mark.parametrize("stem,kind", [("model", ".safetensors"), ("pytorch_model", ".bin")])
def test_shards_with_an_index_and_without(tmp_path: Path, stem: str, kind: str) -> None:
    shards = [f"{stem}-0000{number}-of-00002{kind}" for number in (1, 2)]
    for shard, name in zip(shards, "ab", strict=True):
        write(tmp_path / shard, name)
    check(tmp_path)
    index(tmp_path, f"{stem}{kind}.index.json", dict(zip("ab", shards, strict=True)))
    check(tmp_path)
    (tmp_path / f"{stem}{kind}.index.json").unlink()
    (tmp_path / shards[0]).unlink()
    assert "shards are missing, *-of-00002: 1 of 2 are here" in refusal(tmp_path)


def test_safetensors_come_before_what_torch_saved(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors")
    (tmp_path / "pytorch_model.bin").write_bytes(b"damaged")
    check(tmp_path)


def test_an_index_of_bin_files_names_bin_files(tmp_path: Path) -> None:
    index(tmp_path, "pytorch_model.bin.index.json", {"a": "model.safetensors"})
    assert "wanted a .bin file of this folder" in refusal(tmp_path)


def test_shards_of_two_checkpoints(tmp_path: Path) -> None:
    write(tmp_path / "model-00001-of-00002.safetensors", "a")
    write(tmp_path / "other-00002-of-00002.safetensors", "b")
    assert "shards of two checkpoints" in refusal(tmp_path)


def test_a_tensor_in_two_shards(tmp_path: Path) -> None:
    write(tmp_path / "model-00001-of-00002.safetensors")
    write(tmp_path / "model-00002-of-00002.safetensors", "b")
    assert 'got the tensor "b" a second time' in refusal(tmp_path)


def test_several_files_of_which_one_would_have_to_be_chosen(tmp_path: Path) -> None:
    write(tmp_path / "one.safetensors")
    write(tmp_path / "two.safetensors")
    assert "got 2 files of weights: one.safetensors, two.safetensors" in refusal(tmp_path)


@pytest.mark.parametrize(
    "name,wanted",
    [
        ("adapter_model.safetensors", "only a LoRA adapter"),
        ("x.Q4_K_M.gguf", "give the .gguf file itself"),
        ("consolidated.safetensors", "names of their own"),
        ("consolidated.00.pth", "params.json"),
        ("tf_model.h5", "TensorFlow"),
        ("flax_model.msgpack", "Flax"),
        ("README.md", "*.safetensors files, or pytorch_model*.bin"),
    ],
)
def test_folders_without_weights_say_what_is_there(tmp_path: Path, name: str, wanted: str) -> None:
    (tmp_path / name).touch()
    assert wanted in refusal(tmp_path)


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    assert "this is a file" in refusal(tmp_path / "x")
