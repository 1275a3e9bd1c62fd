"""Weights: values come back exactly, memory stays bounded, and every lie of a file is named."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from kernelc.errors import CheckpointError, InternalError
from kernelc.ir.types import TensorType
from model.checkpoints.checkpoint import Checkpoint, check_finite
from model.families.llama import FAMILY, LlamaConfig
from model.families.registry import load_model

CONFIG = LlamaConfig(
    vocab_size=11, hidden_size=8, intermediate_size=12, layers=2, heads=4, kv_heads=2, head_dim=2
)
Header = dict[str, dict[str, object]]


def write_raw(path: Path, header: object, data: bytes, *, length: int | None = None) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def declared(config: LlamaConfig) -> Mapping[str, TensorType]:
    return FAMILY.model(config).weights()


def random_model(config: LlamaConfig) -> dict[str, npt.NDArray[np.float32]]:
    rng = np.random.default_rng(7)
    sizes = {name: [int(str(dim)) for dim in kind.shape] for name, kind in declared(config).items()}
    return {name: rng.standard_normal(shape, np.float32) for name, shape in sizes.items()}


def save_sharded(folder: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> dict[str, str]:
    """Write two shards and their index; return the index's weight map."""
    names = sorted(tensors)
    files = {name: f"model-{1 + i % 2:05}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(files.values()):
        save_file({name: tensors[name] for name in names if files[name] == file}, folder / file)
    write_index(folder, files)
    return files


def write_index(folder: Path, weight_map: object) -> None:
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def refusal(folder: Path, config: LlamaConfig | None = None) -> str:
    with pytest.raises(CheckpointError) as caught, Checkpoint.open(folder) as checkpoint:
        if config is not None:
            checkpoint.check_against(declared(config), head=FAMILY.roles.head)
    line = caught.value.render()
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", ["stories260K", "babyllama105"])
def test_real_checkpoints_equal_what_safetensors_reads(shared_data: Path, name: str) -> None:
    folder = shared_data / "models" / name
    with Checkpoint.open(folder) as checkpoint:
        assert checkpoint.check_against(load_model(folder).weights()) == ()
        for key, wanted in load_file(folder / "model.safetensors").items():
            np.testing.assert_array_equal(checkpoint.read(key), wanted)


def test_shards_read_as_one_checkpoint(tmp_path: Path) -> None:
    tensors = random_model(CONFIG)
    save_sharded(tmp_path, tensors)
    with Checkpoint.open(tmp_path) as checkpoint:
        assert checkpoint.check_against(declared(CONFIG)) == ()
        assert set(checkpoint.names()) == set(tensors)
        for name, wanted in tensors.items():
            np.testing.assert_array_equal(checkpoint.read(name), wanted)


@given(values=st.lists(st.integers(0, (1 << 16) - 1), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_sixteen_bit_types_widen_exactly(values: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    bits = np.array(values, np.uint16)
    halves, uppers = bits.view(np.float16), (bits.astype(np.uint32) << 16).view(np.float32)
    finite = np.isfinite(halves) & np.isfinite(uppers)
    folder = tmp_path_factory.mktemp("halves")
    size, stored = 2 * int(finite.sum()), bits[finite].tobytes()
    header = {"half": entry("F16", [size // 2], 0, size), "brain": entry("BF16", [size // 2], size, 2 * size)}
    write_raw(folder / "model.safetensors", header, stored * 2)
    with Checkpoint.open(folder) as checkpoint:
        np.testing.assert_array_equal(checkpoint.read("half"), halves[finite].astype(np.float32))
        np.testing.assert_array_equal(checkpoint.read("brain"), uppers[finite])


def test_row_ranges_gathers_and_blocks(tmp_path: Path) -> None:
    matrix = np.arange(60, dtype=np.float32).reshape(12, 5)
    # An odd header length leaves the data unaligned, which the format allows.
    header = json.dumps({"m": entry("F32", [12, 5], 0, 240)}).encode()
    write_raw(tmp_path / "model.safetensors", header + b" " * (1 - len(header) % 2), matrix.tobytes())
    with Checkpoint.open(tmp_path) as checkpoint:
        assert (checkpoint.shape("m"), checkpoint.dtype("m")) == ((12, 5), "F32")
        np.testing.assert_array_equal(checkpoint.rows("m", 3, 7), matrix[3:7])
        assert checkpoint.rows("m", 4, 4).shape == (0, 5)
        order = np.array([11, 0, 3, 3])
        np.testing.assert_array_equal(checkpoint.take_rows("m", order), matrix[order])
        parts = list(checkpoint.blocks("m", max_bytes=100))
        assert [(begin, len(part)) for begin, part in parts] == [(0, 5), (5, 5), (10, 2)]
        np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), matrix)
        assert [len(part) for _, part in checkpoint.blocks("m", max_bytes=1)] == [1] * 12
        checkpoint.rows("m", 0, 1)[:] = -1.0  # a copy: the file is not writable through it
        assert checkpoint.rows("m", 0, 1)[0, 0] == 0.0
        for begin, end in [(-1, 2), (3, 2), (0, 13)]:
            with pytest.raises(InternalError):
                checkpoint.rows("m", begin, end)
        with pytest.raises(InternalError):
            checkpoint.take_rows("m", [12])


def test_tensors_of_no_numbers(tmp_path: Path) -> None:
    """The package would raise an error of its own for most of these."""
    tensors = {"a.bias": np.zeros(0, np.float32), "m": np.zeros((4, 0), np.float32), "x": np.ones((3, 2))}
    save_file(tensors, tmp_path / "model.safetensors")
    with Checkpoint.open(tmp_path) as checkpoint:
        assert checkpoint.read("a.bias").shape == (0,) and list(checkpoint.blocks("a.bias")) == []
        assert checkpoint.read("m").shape == (4, 0) and checkpoint.rows("m", 1, 3).shape == (2, 0)
        assert checkpoint.take_rows("m", [3, 0, 0]).shape == (3, 0)
        assert checkpoint.take_rows("a.bias", []).shape == (0,)
        assert checkpoint.rows("x", 3, 3).shape == (0, 2) and checkpoint.take_rows("x", []).shape == (0, 2)


def test_unused_tensors_are_listed_not_refused(tmp_path: Path) -> None:
    extra = {"model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(1, np.float32)}
    save_file({**random_model(CONFIG), **extra}, tmp_path / "model.safetensors")
    with Checkpoint.open(tmp_path) as checkpoint:
        assert checkpoint.check_against(declared(CONFIG)) == tuple(extra)
        assert checkpoint.check_against(declared(replace(CONFIG, tie_word_embeddings=True))) == (
            "lm_head.weight",
            *extra,
        )


def test_missing_and_misshapen_tensors_are_named(tmp_path: Path) -> None:
    tensors = random_model(CONFIG)
    save_file(tensors, tmp_path / "model.safetensors")
    line = refusal(tmp_path, replace(CONFIG, layers=3))
    assert "model.layers.2.input_layernorm.weight" in line and "and 6 more" in line
    assert "got shape [11, 8], wanted [13, 8]" in refusal(tmp_path, replace(CONFIG, vocab_size=13))
    del tensors["lm_head.weight"]
    save_file(tensors, tmp_path / "model.safetensors")
    assert "tie_word_embeddings" in refusal(tmp_path, CONFIG)


def test_integer_weights_are_refused(tmp_path: Path) -> None:
    tensors: dict[str, npt.NDArray[np.generic]] = {**random_model(CONFIG)}
    tensors["model.norm.weight"] = np.ones(8, np.int32)
    save_file(tensors, tmp_path / "model.safetensors")
    assert "model.norm.weight: got I32 values, wanted F64, F32, F16, BF16" in refusal(tmp_path, CONFIG)
    with Checkpoint.open(tmp_path) as checkpoint, pytest.raises(CheckpointError, match="got I32"):
        checkpoint.read("model.norm.weight")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_found(tmp_path: Path, bad: float) -> None:
    matrix = np.zeros((6, 4), np.float32)
    matrix[4, 1] = matrix[5, 0] = bad
    save_file({"w": matrix}, tmp_path / "model.safetensors")
    with Checkpoint.open(tmp_path) as checkpoint:
        assert checkpoint.rows("w", 0, 4).shape == (4, 4)
        with pytest.raises(CheckpointError, match=r"at index \[4, 1\], wanted finite"):
            checkpoint.rows("w", 3, 6)
        with pytest.raises(CheckpointError, match=r"at index \[5, 0\]") as caught:
            checkpoint.take_rows("w", [0, 5, 4])
        assert "model.safetensors: w:" in caught.value.render()
    with pytest.raises(CheckpointError, match=r"at index \[4, 1\]"):
        check_finite("w", matrix)
    check_finite("w", matrix[:4])


A = entry("F32", [2, 2], 0, 16)
LIES: dict[str, tuple[object, bytes, int | None, str]] = {
    "cut off": ({"a": A}, bytes(15), None, "tensors and the file's size disagree (the file has 88"),
    "too long": ({"a": A}, bytes(20), None, "size disagree"),
    "header longer than the file": ({"a": A}, bytes(16), 10_000, "the header claims 10000 bytes"),
    "header of 2^63 bytes": ({"a": A}, bytes(16), 1 << 63, "the header claims 9223372036854775808 bytes"),
    "header cut short": ({"a": A}, bytes(16), 20, "invalid JSON"),
    "no JSON": (b"{]", b"", None, "invalid JSON"),
    "deep JSON": (b"[" * 200_000, b"", None, "invalid JSON"),
    "no object": (b"[1]", b"", None, "invalid type: sequence"),
    "tensor twice": (b'{"a":1,"a":2}', b"", None, "invalid JSON"),
    "unknown type": ({"a": entry("Q4", [2, 2], 0, 16)}, bytes(16), None, "unknown variant `Q4`"),
    "type of a wrong kind": ({"a": {**A, "dtype": ["F32"]}}, bytes(16), None, "invalid type: sequence"),
    "bytes against shape": (
        {"a": entry("F32", [2, 3], 0, 16)},
        bytes(16),
        None,
        "invalid shape, data type, or offset",
    ),
    "shape that overflows": (
        {"a": entry("F32", [1 << 62, 1 << 62], 0, 16)},
        bytes(16),
        None,
        "overflow computing buffer size",
    ),
    "negative shape": ({"a": entry("F32", [-2, -2], 0, 16)}, bytes(16), None, "integer `-2`, expected usize"),
    "fractional shape": ({"a": {**A, "shape": [2.0, 2]}}, bytes(16), None, "floating point `2.0`"),
    "boolean shape": ({"a": {**A, "shape": [True, 4]}}, bytes(16), None, "boolean true"),
    "too many dimensions": ({"a": {**A, "shape": [1] * 5000}}, bytes(16), None, "invalid shape"),
    "offsets backwards": ({"a": entry("F32", [2, 2], 16, 0)}, bytes(16), None, "invalid offset for tensor a"),
    "three offsets": ({"a": {**A, "data_offsets": [0, 8, 16]}}, bytes(16), None, "expected 2 elements"),
    "offsets outside": ({"a": entry("F32", [2, 2], 64, 80)}, bytes(16), None, "invalid offset for tensor a"),
    "overlap": ({"a": A, "b": entry("F32", [2], 8, 16)}, bytes(16), None, "invalid offset for tensor b"),
    "gap": ({"a": A, "b": entry("F32", [1], 20, 24)}, bytes(24), None, "invalid offset for tensor b"),
    "entry is no object": ({"a": 3}, b"", None, "expected struct TensorInfo"),
    "control characters": ({"a\u001b[2J": A}, bytes(16), None, "all printable"),
    "endless name": ({"a" * 600: A}, bytes(16), None, "a tensor name of 600 characters"),
}


@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie(tmp_path: Path, lie: str) -> None:
    header, data, length, wanted = LIES[lie]
    write_raw(tmp_path / "model.safetensors", header, data, length=length)
    line = refusal(tmp_path)
    assert wanted in line and "model.safetensors" in line


@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_files_too_short_for_a_header(tmp_path: Path, size: int) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\x40" + bytes(7) if size == 8 else bytes(size))
    assert "wanted at " in refusal(tmp_path)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_anywhere_is_refused_or_harmless(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any one byte changed, or the end cut off: an error for people, or the same names and sizes."""
    folder = tmp_path_factory.mktemp("damage")
    path = folder / "model.safetensors"
    save_file({"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float16)}, path)
    whole = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[position:]
    else:
        whole[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    try:
        with Checkpoint.open(folder) as checkpoint:
            for name in checkpoint.names():
                checkpoint.read(name)
    except CheckpointError as error:
        assert "\n" not in error.render()


def test_an_index_at_odds_with_its_shards(tmp_path: Path) -> None:
    files = save_sharded(tmp_path, random_model(CONFIG))
    one, two = sorted(set(files.values()))
    write_index(tmp_path, {**files, "model.ghost.weight": one})
    assert f'{one}: got no tensor "model.ghost.weight"' in refusal(tmp_path)
    write_index(tmp_path, {name: one if file == two else two for name, file in files.items()})
    assert "got no tensor" in refusal(tmp_path)
    write_index(tmp_path, {name: file for name, file in files.items() if "norm" not in name})
    assert "norm" in refusal(tmp_path, CONFIG)
    write_index(tmp_path, files)
    (tmp_path / two).unlink()
    line = refusal(tmp_path)
    assert two in line and "cannot be read: No such file" in line and "help:" in line


@pytest.mark.parametrize(
    "weight_map",
    [
        None,
        {},
        [],
        {"a": 3},
        {"a": "../model.safetensors"},
        {"a": "/etc/x.safetensors"},
        {"a": "x.bin"},
        {"a": "\0.safetensors"},
    ],
)
def test_indexes_that_are_malformed_or_point_elsewhere(tmp_path: Path, weight_map: object) -> None:
    write_index(tmp_path, weight_map)
    assert "model.safetensors.index.json: weight_map" in refusal(tmp_path)


def test_folders_without_safetensors_say_what_to_do(tmp_path: Path) -> None:
    assert "this one does not exist" in refusal(tmp_path / "nowhere")
    assert "give a Hugging Face model folder" in refusal(tmp_path)


def test_a_file_that_shrinks_while_open_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.ones(100_000, np.float32)}, path)
    with Checkpoint.open(tmp_path) as checkpoint:
        with path.open("r+b") as file:
            file.truncate(1000)
        with pytest.raises(CheckpointError, match="shrunk"):
            checkpoint.read("a")


MEASURE = """
import pathlib, re, sys
from model.checkpoints.checkpoint import Checkpoint
def peak_kilobytes():  # not ru_maxrss: that begins with the peak of the process that started this one
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
with Checkpoint.open(sys.argv[1]) as checkpoint:
    list(checkpoint.rows("w", 0, 1))
    before = peak_kilobytes()
    for _, block in checkpoint.blocks("w", max_bytes=1 << 20):
        pass
    print(peak_kilobytes() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
def test_reading_a_large_tensor_in_blocks_keeps_memory_small(tmp_path: Path) -> None:
    size = 96 << 20
    header = json.dumps({"w": entry("F16", [size // 2048, 1024], 0, size)}).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) * 1024 < 48 << 20  # the package holds 16 MB of the file, and what it copies
