"""GPTQ and AWQ: the weights are those that were packed, and q4a keeps them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kernelc.errors import CheckpointError, ConfigError
from kernelc.ir.formats import unpack
from model.checkpoints.array_file import ArrayFile
from model.checkpoints.huggingface import open_huggingface
from model.checkpoints.int4_file import Int4File
from model.checkpoints.quantization import Int4, read_quantization
from model.checkpoints.weight_files import open_files
from model.json_fields import Fields
from tests.model.checkpoints import int4_checkpoint as int4
from tests.model.checkpoints.int4_checkpoint import Arrays, Matrix
from tests.model.tiny_checkpoint import write_tiny_checkpoint

GPTQ, GPTQ_V2, AWQ = Int4("gptq", 1), Int4("gptq", 0), Int4("awq")


def packed(settings: Int4, matrix: Matrix) -> Arrays:
    if settings.method == "awq":
        return int4.awq("x", matrix)
    return int4.gptq("x", matrix, version=1 if settings.zero_shift else 2)


def opened(folder: Path, settings: Int4, arrays: Arrays) -> Int4File:
    save_file(arrays, folder / "model.safetensors")
    files: dict[str, ArrayFile] = open_files([folder / "model.safetensors"])
    return Int4File(folder, settings, files)


@pytest.mark.parametrize("settings", [GPTQ, GPTQ_V2, AWQ], ids=["gptq", "gptq_v2", "awq"])
@pytest.mark.parametrize("group", [32, 64, 128, 256])
@pytest.mark.parametrize("sym", [True, False])
def test_values_and_kept_codes(tmp_path: Path, settings: Int4, group: int, sym: bool) -> None:
    matrix = int4.random_matrix(24, 256, group)
    matrix = int4.symmetric(matrix) if sym else matrix
    file = opened(tmp_path, settings, packed(settings, matrix))
    assert (file.tensors["x.weight"].shape, file.tensors["x.weight"].kept_as) == ((24, 256), "q4a")
    np.testing.assert_array_equal(file.rows("x.weight", 3, 17), matrix.values[3:17])
    order = np.array([23, 0, 9, 9, 10])
    np.testing.assert_array_equal(file.take_rows("x.weight", order), matrix.values[order])
    kept = unpack("q4a", file.take_packed("x.weight", order), 256)
    offset = np.abs(matrix.zeros * matrix.scales.astype(np.float64)).max()
    np.testing.assert_allclose(kept, matrix.values[order], rtol=0, atol=offset * 2**-11)
    if sym:  # eight times a scale is an f16, so nothing is rounded
        np.testing.assert_array_equal(kept, matrix.values[order])
    assert file.take_rows("x.weight", order[:0]).shape == (0, 256)


def test_gptq_that_orders_inputs_by_their_activations(tmp_path: Path) -> None:
    matrix = int4.random_matrix(16, 128, 32, shuffled=True)
    file = opened(tmp_path, GPTQ, int4.gptq("x", matrix))
    assert file.tensors["x.weight"].kept_as is None
    np.testing.assert_array_equal(file.rows("x.weight", 0, 16), matrix.values)


def test_groups_whose_order_is_permuted_whole_are_kept(tmp_path: Path) -> None:
    matrix = int4.random_matrix(8, 128, 32)
    matrix = replace(matrix, groups=matrix.groups[::-1].copy())
    file = opened(tmp_path, GPTQ, int4.gptq("x", matrix))
    np.testing.assert_array_equal(file.rows("x.weight", 0, 8), matrix.values)
    kept = unpack("q4a", file.take_packed("x.weight", np.arange(8)), 128)
    np.testing.assert_allclose(kept, matrix.values, rtol=0, atol=0.3 * 2**-11)


def test_gptq_without_an_index_of_groups(tmp_path: Path) -> None:
    matrix = int4.random_matrix(8, 64, 32)
    file = opened(tmp_path, GPTQ, int4.gptq("x", matrix, index=False))
    np.testing.assert_array_equal(file.rows("x.weight", 0, 8), matrix.values)


def test_zeros_of_0_borrow_from_their_neighbours(tmp_path: Path) -> None:
    matrix = int4.random_matrix(16, 64, 32)
    matrix.zeros[::3] = 0
    arrays = int4.gptq("x", matrix, version=2)
    words = arrays["x.qzeros"].view(np.uint32) - np.uint32(0x11111111)
    arrays["x.qzeros"] = words.view(np.int32)
    file = opened(tmp_path, GPTQ, arrays)
    np.testing.assert_array_equal(file.rows("x.weight", 0, 16), matrix.values)


def test_scales_of_f32_are_not_rounded(tmp_path: Path) -> None:
    arrays = int4.gptq("x", int4.random_matrix(8, 64, 32))
    arrays["x.scales"] = arrays["x.scales"].astype(np.float32) * np.float32(1.0001)
    assert opened(tmp_path, GPTQ, arrays).tensors["x.weight"].kept_as is None


FAULTS = {
    "no zeros": (lambda arrays: arrays.pop("x.qzeros"), "got no tensor x.qzeros"),
    "zeros of another shape": (
        lambda arrays: arrays.update({"x.qzeros": arrays["x.qzeros"][:, :1].copy()}),
        "x.qzeros: got I32 of shape [2, 1]",
    ),
    "scales of another shape": (
        lambda arrays: arrays.update({"x.scales": arrays["x.scales"][:, :3].copy()}),
        "x.scales: got F16 of shape [2, 3]",
    ),
    "words of another type": (
        lambda arrays: arrays.update({"x.qweight": arrays["x.qweight"].astype(np.float32)}),
        "x.qweight: got F32",
    ),
    "no inputs": (
        lambda arrays: arrays.update(
            {"x.qweight": np.zeros((0, 16), np.int32), "x.g_idx": np.zeros(0, np.int32)}
        ),
        "x.qweight: got I32 of shape [0, 16], which does not fit a matrix of 16 rows, 0 columns",
    ),
    "a group out of range": (
        lambda arrays: arrays.update({"x.g_idx": arrays["x.g_idx"] + 1}),
        "got groups 1 to 2, wanted 0 to 1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_parts_that_do_not_fit(tmp_path: Path, fault: str) -> None:
    spoil, wanted = FAULTS[fault]
    arrays = int4.gptq("x", int4.random_matrix(16, 64, 32))
    spoil(arrays)
    with pytest.raises(CheckpointError) as caught:
        opened(tmp_path, GPTQ, arrays)
    assert wanted in caught.value.render()


def test_plain_weights_under_settings_of_gptq_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"got no \*\.qweight, although the settings say gptq"):
        opened(tmp_path, GPTQ, {"x.weight": np.ones((8, 8), np.float32)})


def test_scales_that_are_not_finite(tmp_path: Path) -> None:
    arrays = int4.gptq("x", int4.random_matrix(8, 64, 32))
    arrays["x.scales"][1, 2] = np.inf
    file = opened(tmp_path, GPTQ, arrays)
    for read in (file.take_rows, file.take_packed):
        with pytest.raises(CheckpointError, match="not finite"):
            read("x.weight", np.arange(8))


def read(config: object) -> Int4 | None:
    return read_quantization(Fields({"quantization_config": config}, "config.json", ConfigError))


def test_settings() -> None:
    assert read(None) is None and read({}) is None
    assert read({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": True}) == GPTQ
    assert read({"quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2"}) == GPTQ_V2
    assert read({"quant_method": "awq", "bits": 4, "version": "GEMM", "zero_point": True}) == AWQ
    assert read({"quant_method": "awq", "w_bit": 4, "q_group_size": 128}) == AWQ


@pytest.mark.parametrize(
    "config,wanted",
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, '"bitsandbytes"'),
        ({"load_in_8bit": True}, "bitsandbytes"),
        ({"quant_method": "fp8"}, '"fp8"'),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, '"compressed-tensors"'),
        ({"bits": 4}, "does not name"),
        ({"quant_method": "gptq", "bits": 3}, "codes of 3 bits"),
        ({"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}, '"marlin"'),
        ({"quant_method": "awq", "bits": 4, "version": "gemv"}, '"gemv"'),
        ([4], "wanted an object"),
    ],
)
def test_other_methods_are_refused_by_name(config: object, wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(config)
    assert wanted in caught.value.render() and "quantization_config" in caught.value.render()


LLAMA: dict[str, object] = {
    "model_type": "llama", "vocab_size": 32, "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip


@pytest.mark.parametrize("method", ["gptq", "awq"])
@pytest.mark.parametrize("older", [False, True])
def test_a_model_folder(tmp_path: Path, method: str, older: bool) -> None:
    """Linear layers are quantised, embeddings and norms are not; AutoGPTQ adds biases of zeros."""
    write_tiny_checkpoint(tmp_path, LLAMA)
    wanted: Arrays = {}
    arrays: Arrays = {}
    for name, values in load_file(tmp_path / "model.safetensors").items():
        if not name.endswith("_proj.weight"):
            wanted[name] = arrays[name] = values
            continue
        matrix, prefix = int4.rounded(values, 32), name.removesuffix(".weight")
        arrays |= int4.gptq(prefix, matrix) if method == "gptq" else int4.awq(prefix, matrix)
        arrays[f"{prefix}.bias"] = np.zeros(len(values), np.float16)
        wanted[name] = matrix.values
    save_file(arrays, tmp_path / "model.safetensors")
    settings = {"quant_method": method, "bits": 4, "group_size": 32}
    if older:
        file = "quantize_config.json" if method == "gptq" else "quant_config.json"
        settings = {"bits": 4, "group_size": 32} if method == "gptq" else {"w_bit": 4, "q_group_size": 32}
        (tmp_path / file).write_text(json.dumps(settings))
    else:
        (tmp_path / "config.json").write_text(json.dumps({**LLAMA, "quantization_config": settings}))
    model, checkpoint, notes = open_huggingface(tmp_path)
    with checkpoint:
        checkpoint.check_against(model.weights())
        assert notes == ()
        for name, values in wanted.items():
            np.testing.assert_array_equal(checkpoint.read(name), values)
            assert checkpoint.kept_as(name) == ("q4a" if name.endswith("_proj.weight") else None)
