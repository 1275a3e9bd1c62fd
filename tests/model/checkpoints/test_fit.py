"""Checkpoints that differ from their config.json load as they do in transformers, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kernelc.errors import CheckpointError
from model.checkpoints.huggingface import open_huggingface
from tests.model.tiny_checkpoint import write_tiny_checkpoint
from tests.steps import counted_calls

CONFIG: dict[str, object] = {
    "model_type": "llama", "vocab_size": 32, "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}  # fmt: skip
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
Tensors = dict[str, np.ndarray]


def write(folder: Path, *, tied: bool = False) -> Tensors:
    write_tiny_checkpoint(folder, {**CONFIG, "tie_word_embeddings": tied})
    return load_file(folder / "model.safetensors")


def save(folder: Path, tensors: Tensors) -> None:
    save_file(tensors, folder / "model.safetensors")


def opened(folder: Path) -> tuple[bool, Tensors, tuple[str, ...]]:
    """Whether the model is tied, every weight that it reads, and the notes."""
    model, checkpoint, notes = open_huggingface(folder)
    with checkpoint:
        checkpoint.check_against(model.weights(), head=HEAD)
        weights = {name: checkpoint.read(name) for name in model.weights()}
    return model.config.tie_word_embeddings, weights, notes


def test_what_is_in_order_says_nothing(tmp_path: Path) -> None:
    tensors = write(tmp_path)
    tied, weights, notes = opened(tmp_path)
    assert (tied, set(weights), notes) == (False, set(tensors), ())


def test_more_layers_than_tensors_are_refused_before_a_graph_of_them_is_made(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": 1024}))
    with pytest.raises(CheckpointError, match="got 21 tensors for 1024 layers"), counted_calls() as calls:
        opened(tmp_path)
    assert calls.count < 20_000


def test_a_tied_model_may_store_the_head_alone(tmp_path: Path) -> None:
    tensors = write(tmp_path, tied=True)
    tensors[HEAD] = tensors.pop(EMBEDDING)
    save(tmp_path, tensors)
    tied, weights, notes = opened(tmp_path)
    np.testing.assert_array_equal(weights[EMBEDDING], tensors[HEAD])
    assert tied and HEAD not in weights and notes == ()


def test_a_tied_model_that_stores_both_alike_is_tied(tmp_path: Path) -> None:
    tensors = write(tmp_path, tied=True)
    tensors[HEAD] = tensors[EMBEDDING].copy()
    save(tmp_path, tensors)
    tied, weights, notes = opened(tmp_path)
    assert tied and HEAD not in weights and notes == ()


def test_a_head_that_differs_is_used_whatever_the_config_says(tmp_path: Path) -> None:
    tensors = write(tmp_path, tied=True)
    tensors[HEAD] = tensors[EMBEDDING].copy()
    tensors[HEAD][-1, -1] += 1
    save(tmp_path, tensors)
    tied, weights, notes = opened(tmp_path)
    np.testing.assert_array_equal(weights[HEAD], tensors[HEAD])
    assert not tied and len(notes) == 1 and "lm_head.weight" in notes[0]


def test_an_untied_model_without_a_head_is_refused(tmp_path: Path) -> None:
    tensors = write(tmp_path)
    del tensors[HEAD]
    save(tmp_path, tensors)
    with pytest.raises(CheckpointError, match=r"no tensor lm_head\.weight"):
        opened(tmp_path)


@pytest.mark.parametrize("tied", [False, True])
def test_names_without_the_prefix(tmp_path: Path, tied: bool) -> None:
    tensors = write(tmp_path, tied=tied)
    save(tmp_path, {name.removeprefix("model."): tensor for name, tensor in tensors.items()})
    _, weights, notes = opened(tmp_path)
    assert notes == ()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(weights[name], tensor)


@pytest.mark.parametrize("prefix", ["language_model.model.", "model.language_model.", "language_model."])
def test_names_of_the_text_part_of_a_model_that_sees_images(tmp_path: Path, prefix: str) -> None:
    tensors = write(tmp_path)
    save(tmp_path, {f"{prefix}{name.removeprefix('model.')}": tensor for name, tensor in tensors.items()})
    _, weights, notes = opened(tmp_path)
    assert notes == ()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(weights[name], tensor)


def test_what_nobody_reads_is_said_once(tmp_path: Path) -> None:
    tensors = write(tmp_path)
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = np.ones(4, np.float32)
    tensors["model.layers.0.self_attn.o_proj.bias"] = np.zeros(32, np.float32)
    save(tmp_path, tensors)
    assert opened(tmp_path)[2] == ()
    tensors["model.layers.0.self_attn.q_proj.bias"] = np.ones(32, np.float32)
    tensors["model.layers.1.self_attn.q_proj.bias"] = np.ones(32, np.float32)
    tensors["steps"] = np.ones(1, np.int64)
    save(tmp_path, tensors)
    _, _, (note,) = opened(tmp_path)
    assert note.startswith("3 tensors of the checkpoint") and "layers.0.self_attn.q_proj.bias" in note


def test_an_adapter_beside_the_model_is_said_not_to_be_applied(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    assert "not applied" in opened(tmp_path)[2][0]
