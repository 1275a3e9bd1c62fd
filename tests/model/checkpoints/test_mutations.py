"""Files with damage at random places: refused as a person's file, or read; never a crash or a traceback.

The damage is the same on every run. A few hundred files of each kind by default, 20,000 nightly.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from kernelc.errors import KernelcError
from model.checkpoints.array_file import READABLE, ArrayFile
from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.int4_file import Int4File
from model.checkpoints.quantization import Int4
from model.checkpoints.safetensors_file import SafetensorsFile
from model.checkpoints.torch.file import TorchFile
from model.checkpoints.weight_files import open_files
from model.meta.tokenizer import write_text_files
from model.opening import open_model
from tests.model.checkpoints import int4_checkpoint as int4
from tests.model.checkpoints.torch_files import View, legacy_bytes, zip_bytes
from tests.model.meta.meta_folder import meta_shards

FEW, MANY = 300, 20_000
SECONDS = 2.0
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1)

MATRIX = np.arange(24, dtype=np.float32).reshape(6, 4)
VIEWS = {
    "model.a.weight": View(MATRIX, "0"),
    "model.b.weight": View(MATRIX, "0", offset=1, shape=(4, 5), strides=(1, 4)),
    "model.c.weight": View(MATRIX.astype(np.float16), "1"),
    "model.d.bias": View(np.arange(5, dtype=np.float64), "2"),
}


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """The file with one to four changes of the kinds that broken and hostile files have."""
    data = bytearray(whole)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 2:
            width = rng.choice((2, 4, 8))
            number = rng.choice(NUMBERS) & ((1 << 8 * width) - 1)
            data[at : at + width] = number.to_bytes(width, rng.choice(("little", "big")))
        elif kind == 3:
            del data[at : at + rng.randrange(1, 64)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randrange(1, 64)]
        elif kind == 5:
            other = rng.randrange(len(data) + 1)
            data[at : at + 16] = data[other : other + 16]
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def read_all(file: ArrayFile | Int4File) -> None:
    try:
        for name, tensor in file.tensors.items():
            if tensor.shape and (tensor.dtype in READABLE or isinstance(file, Int4File)):
                assert file.rows(name, 0, tensor.shape[0]).nbytes <= 1 << 20
                file.take_rows(name, np.arange(tensor.shape[0])[::-1])
    finally:
        file.close()


def read_int4(path: Path, kind: Int4) -> None:
    files = open_files([path])
    try:
        read_all(Int4File(path, kind, files))
    finally:
        for file in files.values():
            file.close()


def read_index(path: Path) -> None:
    save_to = path.parent / "model-00001-of-00001.safetensors"
    if not save_to.exists():
        save_to.write_bytes(save({"a": MATRIX}))
    path.rename(path.parent / "model.safetensors.index.json")
    Checkpoint.open(path.parent).close()


def read_meta(path: Path) -> None:
    path.rename(path.parent / "consolidated.00.pth")
    (path.parent / "params.json").write_text(json.dumps(META_PARAMS))
    tokenizer = path.parent / "tokenizer.model"
    if not tokenizer.exists():
        tokenizer.write_bytes(TIKTOKEN)
    with open_model(path.parent) as files:
        files.checkpoint.check_against(files.model.weights())
        for name in files.model.weights():
            files.checkpoint.read(name)


def read_tiktoken(path: Path) -> None:
    (path.parent / "text").mkdir(exist_ok=True)
    for file in (path.parent / "text").iterdir():
        file.unlink()
    write_text_files(path, path.parent / "text")


META_PARAMS = {"dim": 8, "n_layers": 1, "n_heads": 2, "multiple_of": 8, "vocab_size": -1}


def _line(token: bytes, rank: int) -> bytes:
    return base64.b64encode(token) + f" {rank}\n".encode()


TIKTOKEN = (
    b"".join(_line(bytes([byte]), byte) for byte in range(256)) + _line(b"th", 256) + _line(b"the", 257)
)


def meta_bytes() -> bytes:
    rng = np.random.default_rng(0)
    layer = "model.layers.0."
    shapes = {
        "model.embed_tokens.weight": (514, 8), "model.norm.weight": (8,), "lm_head.weight": (514, 8),
        f"{layer}input_layernorm.weight": (8,), f"{layer}post_attention_layernorm.weight": (8,),
        **{f"{layer}self_attn.{part}_proj.weight": (8, 8) for part in "qkvo"},
        f"{layer}mlp.gate_proj.weight": (24, 8), f"{layer}mlp.up_proj.weight": (24, 8),
        f"{layer}mlp.down_proj.weight": (8, 24),
    }  # fmt: skip
    tensors = {name: rng.standard_normal(shape).astype(np.float16) for name, shape in shapes.items()}
    (shard,) = meta_shards(tensors, 4, 1, True)
    return zip_bytes({name: View(values, str(at)) for at, (name, values) in enumerate(shard.items())})


KINDS: dict[str, tuple[Callable[[], bytes], Callable[[Path], object], str]] = {
    "safetensors": (
        lambda: save({"a": MATRIX, "b": MATRIX.astype(np.float16), "c": np.arange(3.0)}),
        lambda path: read_all(SafetensorsFile(path)),
        "x.safetensors",
    ),
    "torch zip": (lambda: zip_bytes(VIEWS), lambda path: read_all(TorchFile(path)), "x.bin"),
    "torch legacy": (lambda: legacy_bytes(VIEWS), lambda path: read_all(TorchFile(path)), "x.bin"),
    "gptq": (
        lambda: save(int4.gptq("x", int4.random_matrix(16, 64, 32))),
        lambda path: read_int4(path, Int4("gptq", 1)),
        "x.safetensors",
    ),
    "awq": (
        lambda: save(int4.awq("x", int4.random_matrix(16, 64, 32))),
        lambda path: read_int4(path, Int4("awq")),
        "x.safetensors",
    ),
    "index": (
        lambda: json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}).encode(),
        read_index,
        "index",
    ),
    "meta": (meta_bytes, read_meta, "shard"),
    "tiktoken": (lambda: TIKTOKEN, read_tiktoken, "tokenizer"),
}


def open_files_of_ours() -> int:
    """How many files this process has open; 0 where the system does not say."""
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0


def sweep(kind: str, folder: Path, seeds: range) -> tuple[int, int]:
    """Read damaged files; return how many were refused and how many read."""
    make, read, name = KINDS[kind]
    whole = make()
    refused = 0
    before = open_files_of_ours()
    for seed in seeds:
        path = folder / name
        path.write_bytes(damaged(whole, random.Random(f"{kind} {seed}")))
        began = time.process_time()
        try:
            read(path)
        except KernelcError as error:
            refused += 1
            line = error.render()
            assert line.isprintable() and len(line) < 8000, f"{kind} {seed}: {line}"
        except BaseException as error:
            raise AssertionError(f"{kind} {seed}: {type(error).__name__}: {error}") from error
        assert time.process_time() - began < SECONDS, f"{kind} {seed}"
    assert open_files_of_ours() <= before + 2  # nothing waits for the collector of circles to be closed
    return refused, len(seeds) - refused


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_refused_or_read(tmp_path: Path, kind: str) -> None:
    refused, read = sweep(kind, tmp_path, range(FEW))
    assert refused > FEW // 10 and read + refused == FEW
    make, reader, name = KINDS[kind]
    (tmp_path / name).write_bytes(make())  # and what is whole is read
    reader(tmp_path / name)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_are_refused_or_read(tmp_path: Path, kind: str) -> None:
    sweep(kind, tmp_path, range(FEW, FEW + MANY))
